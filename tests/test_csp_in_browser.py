"""The Content Security Policy in a real browser: the pages work under it, and what it blocks reaches the tracker."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from scripts.browser import arguments, chromium_path
from scripts.demo import free_ports, received_events, running
from tests.conftest import Site
from tests.test_servers import wait_for

pytestmark = [
    pytest.mark.skipif(
        chromium_path() is None, reason="Chromium is not installed: the Content Security Policy was not checked"
    ),
    pytest.mark.xdist_group("site"),
]

USER, PASSWORD = "ada", "correct horse battery"
ADD_SCRIPT = "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"
ADD_STYLE = "document.body.append(Object.assign(document.createElement('style'), {textContent: 'p {color: red}'}))"


@pytest.fixture(scope="module")
def production(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the site as it is in production, but without TLS: no start page and no debug pages."""
    [port] = free_ports(1)
    folder = tmp_path_factory.mktemp("settings")
    (folder / "production.py").write_text("from config.settings import *\n\nINSTALLED_APPS.remove('development')\n")
    variables = {"DEBUG": "False", "APP_PORT": str(port), "DJANGO_SETTINGS_MODULE": "production"}
    variables["PYTHONPATH"] = os.pathsep.join([str(folder), str(site.project)])
    account = {"DJANGO_SUPERUSER_USERNAME": USER, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    for command in (["collectstatic"], ["createsuperuser", "--email", "ada@example.com"]):
        subprocess.run(
            [".venv/bin/python", "manage.py", *command, "--noinput"],
            cwd=site.project,
            env={**variables, **account},
            check=True,
            capture_output=True,
        )
    with running(site.project, port, command=(".venv/bin/gunicorn", "config.wsgi"), **variables):
        yield f"http://localhost:{port}"
    urlopen(Request(f"{site.tracker}/api/flush/", method="POST")).close()  # other tests count their own events


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Yield Playwright."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Yield a browser without extensions."""
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments())
    yield browser
    browser.close()


@pytest.fixture
def extended(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """Yield a browser with an extension that adds a style to each page, as many extensions do."""
    folder = tmp_path / "extension"
    folder.mkdir()
    script = {"matches": ["http://localhost/*"], "js": ["add.js"], "run_at": "document_end", "world": "MAIN"}
    manifest = {"manifest_version": 3, "name": "Adds a style", "version": "1", "content_scripts": [script]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "add.js").write_text(ADD_STYLE)
    context = playwright.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=chromium_path(),
        args=[*arguments(), f"--load-extension={folder}", f"--disable-extensions-except={folder}"],
        ignore_default_args=["--disable-extensions"],
    )
    yield context
    context.close()


def violations_on(page: Page) -> list[str]:
    """Return a list to which the violations are added that the browser writes to its console from now on."""
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if "Content Security Policy" in line.text else None)
    return found


def reports(site: Site) -> list[dict[str, Any]]:
    """Return the reports of violations that the embedded tracker has received."""
    return [event["csp-report"] for event in received_events(site.tracker, 0) if "csp-report" in event]


def test_the_start_page_works_without_a_violation(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    found = violations_on(page)
    page.goto(f"{site.url}/")
    page.get_by_role("button", name="Log an error").click()
    expect(page.get_by_role("status")).to_contain_text("Test error from the start page")
    expect(page.get_by_role("button", name="Raise an error", exact=True)).to_have_css("cursor", "pointer")
    assert found == []


def test_the_home_page_and_error_pages_work_without_a_violation(browser: Browser, production: str) -> None:
    page = browser.new_page()
    found = violations_on(page)
    for address, heading in (("/", "Corner Shop"), ("/no-such-page/", "Page not found")):
        page.goto(f"{production}{address}")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.locator("body")).to_have_css("max-width", "720px")  # the style in the page
    assert found == []


def test_the_admin_and_the_page_of_an_error_work_without_a_violation(browser: Browser, production: str) -> None:
    page = browser.new_page()
    found = violations_on(page)
    page.goto(f"{production}/admin/")
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Users", exact=True).first.click()
    page.get_by_role("link", name=USER, exact=True).click()
    page.locator("#id_date_joined_0").fill("2001-01-01")
    page.locator(".field-date_joined .datetimeshortcuts a").nth(1).click()
    page.locator(".calendarbox:visible").get_by_role("link", name="15", exact=True).click()
    expect(page.locator("#id_date_joined_0")).to_have_value("2001-01-15")
    expect(page.locator("#id_user_permissions_to")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    page.goto(f"{production}/glitchtip-debug/")
    expect(page.locator("body")).to_have_css("max-width", "720px")
    page.get_by_label("What did you do?").fill("I clicked")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    expect(page.locator("body")).to_have_css("max-width", "720px")
    assert found == []


def test_an_injected_script_is_blocked_and_reported(browser: Browser, site: Site, production: str) -> None:
    page = browser.new_page()
    found = violations_on(page)
    page.goto(f"{production}/?token=Zq8vL2mXp4Tr7Wn1")
    page.evaluate(ADD_SCRIPT)
    wait_for(lambda: found)
    assert page.evaluate("window.ran") is None
    wait_for(lambda: reports(site))
    [report] = reports(site)
    assert (report["blocked-uri"], report["effective-directive"]) == ("inline", "script-src-elem")
    assert report["document-uri"] == f"{production}/?token=[Filtered]"


def test_an_extension_is_blocked_but_not_reported(extended: BrowserContext, site: Site, production: str) -> None:
    page = extended.new_page()
    found = violations_on(page)
    before = len(reports(site))
    page.goto(f"{production}/")
    wait_for(lambda: found)  # the extension's
    page.evaluate(ADD_SCRIPT)
    wait_for(lambda: len(reports(site)) > before)
    assert {report["effective-directive"] for report in reports(site)} == {"script-src-elem"}
