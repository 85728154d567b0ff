"""The script that reports browsers' errors: small, reproducible, and complete with its license."""

import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import TEMPLATE, Bake

SOURCE = TEMPLATE / "browser"
BUNDLE = TEMPLATE / "optional/browser_errors/yes/browser_errors/static/browser_errors/report.js"
MOST_BYTES = 25_000  # compressed, as a visitor loads it


def test_the_bundle_is_what_its_sources_build(tmp_path: Path) -> None:
    if os.name == "nt" or shutil.which("npm") is None:
        pytest.skip("there is no npm, or this is Windows: that make browser-bundle changes nothing was not checked")
    for name in ("package.json", "package-lock.json", ".npmrc", "build.js", "sentry.js"):
        shutil.copy(SOURCE / name, tmp_path)
    installed = subprocess.run(["npm", "ci"], cwd=tmp_path, capture_output=True, text=True)
    if re.search("ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH", installed.stderr):
        pytest.skip("npm cannot reach its registry: that make browser-bundle changes nothing was not checked")
    assert installed.returncode == 0, installed.stderr
    subprocess.run(["node", "build.js", "built.js"], cwd=tmp_path, check=True)
    assert (tmp_path / "built.js").read_bytes() == BUNDLE.read_bytes(), "run make browser-bundle"


def test_visitors_load_little(baked: Bake) -> None:
    script = baked().read("browser_errors/static/browser_errors/report.js")
    assert len(gzip.compress(script.encode())) < MOST_BYTES


def test_the_script_carries_the_license_and_the_version_of_the_sdk(baked: Bake) -> None:
    script = baked().read("browser_errors/static/browser_errors/report.js")
    version = json.loads((SOURCE / "package.json").read_text())["devDependencies"]["@sentry/browser"]
    banner = script[: script.index("*/")]
    assert banner.startswith(f"/*! @sentry/browser {version}")
    assert "Permission is hereby granted, free of charge" in banner
    assert "Functional Software, Inc. dba Sentry" in banner


def test_every_package_is_pinned_and_no_registry_is_named() -> None:
    pinned = json.loads((SOURCE / "package.json").read_text())["devDependencies"]
    lock = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    for name, version in pinned.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    packages = [package for path, package in lock.items() if path]
    assert all("integrity" in package and "resolved" not in package for package in packages)
