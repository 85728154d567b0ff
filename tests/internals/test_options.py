"""The configuration of the SDK: options, sampling, release and DSN."""

import subprocess

import pytest
from django.conf import settings

from error_tracking.dsn import dsn
from error_tracking.ignored_errors import IGNORED_ERRORS
from error_tracking.options import sentry_options
from error_tracking.release import release
from error_tracking.sampling import sample_rate, traces_sampler
from error_tracking.scrubbing.event import Scrubber


def test_only_these_options_are_set():
    made = sentry_options(dsn="d", environment="e", release="r", debug=True, traces_sample_rate=0.5)
    assert [integration.identifier for integration in made.pop("integrations")] == ["django", "logging"]
    assert made.pop("before_send") == made.pop("before_send_transaction")
    assert callable(made.pop("before_breadcrumb"))
    assert callable(made.pop("before_send_log"))
    assert callable(made.pop("before_send_metric"))
    assert isinstance(made.pop("event_scrubber"), Scrubber)
    assert made.pop("traces_sampler")({}) == 0.5
    assert made == {
        "dsn": "d",
        "environment": "e",
        "release": "r",
        "debug": True,
        "ignore_errors": IGNORED_ERRORS,
        "transport": None,
        "auto_session_tracking": False,
        "send_client_reports": False,
        "_experiments": {"transport_compression_algo": "gzip"},
    }


def test_a_rate_of_0_turns_off_tracing_and_its_instrumentation():
    made = sentry_options(dsn="", environment="", release="")
    django = made["integrations"][0]
    assert made["traces_sampler"] is None
    assert (django.signals_spans, django.http_methods_to_capture) == (False, ())


@pytest.mark.parametrize(
    ("context", "rate"),
    [
        ({"wsgi_environ": {"PATH_INFO": "/shop/"}, "parent_sampled": None}, 0.25),
        ({"wsgi_environ": {"PATH_INFO": "/health/"}, "parent_sampled": True}, 0.0),
        ({"asgi_scope": {"path": "/static/site.css"}, "parent_sampled": None}, 0.0),
        ({"wsgi_environ": {"PATH_INFO": "/shop/"}, "parent_sampled": True}, 0.25),
        ({"wsgi_environ": {"PATH_INFO": "/shop/"}, "parent_sampled": False}, 0.0),
    ],
)
def test_health_checks_and_static_files_are_never_traced(context, rate):
    assert traces_sampler(0.25, settings.SENTRY_QUIET_PATHS)(context) == rate


def test_a_release_is_name_version_and_commit(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1.2"\n')
    assert release(tmp_path) == "shop@1.2"
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    base, _, short = release(tmp_path).partition("+")
    assert base == "shop@1.2"
    assert short
    assert commit.startswith(short)


@pytest.mark.parametrize(
    "value",
    [
        "ftp://key@host/1",
        "http://host/1",
        "http://key@host/x",
        "http://key@host:port/1",
        "http://key@host:0/1",
        "http://key@host/1 ",
    ],
)
def test_a_malformed_dsn_is_rejected_without_showing_its_key(value):
    with pytest.raises(ValueError, match="^must look like https://KEY@") as failure:
        dsn(value)
    assert "key@host" not in str(failure.value)


@pytest.mark.parametrize("value", ["", "1.1", "-0.1", "nan", "a tenth"])
def test_a_sample_rate_is_a_number_from_0_to_1(value):
    with pytest.raises(ValueError, match="from 0 to 1"):
        sample_rate(value)
