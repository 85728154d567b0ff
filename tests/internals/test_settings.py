"""What the settings read from the environment, and what they reject."""

import os
import runpy
import traceback
from typing import Any
from unittest import mock

import django
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.env import Env, port

GOOD = {
    "DJANGO_ENV": "production",
    "SECRET_KEY": "k" * 50,
    "DEBUG": "False",
    "ALLOWED_HOSTS": "example.com",
    "APP_PORT": "8001",
    "DATABASE_URL": "sqlite:////tmp/unused.sqlite3",
    "SENTRY_DSN": "",
    "SENTRY_DEBUG": "False",
    "SENTRY_ENVIRONMENT": "",
    "SENTRY_RELEASE": "",
    "SENTRY_TRACES_SAMPLE_RATE": "0.01",
}


def load(**variables: str) -> dict[str, Any]:
    """Run the settings module with the variables of `GOOD`, changed by `variables`, and return its names."""
    with mock.patch.dict(os.environ, {**GOOD, **variables}, clear=True):
        return runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))


def test_the_sdk_is_configured_from_the_variables():
    with mock.patch("sentry_sdk.init") as init:
        load(
            SENTRY_DSN="https://key@errors.example.com/1",
            SENTRY_RELEASE="shop@1",
            SENTRY_DEBUG="True",
            SENTRY_TRACES_SAMPLE_RATE="0.25",
        )
    init.assert_called_once()
    started = init.call_args.kwargs
    assert started["dsn"] == "https://key@errors.example.com/1"
    assert (started["environment"], started["release"]) == ("production", "shop@1")
    assert (started["debug"], started["traces_sampler"]({})) == (True, 0.25)


def test_without_a_dsn_the_sdk_is_not_started():
    with mock.patch("sentry_sdk.init") as init:
        loaded = load(SENTRY_DSN="")
    init.assert_not_called()
    assert loaded["SENTRY_OPTIONS"]["environment"] == "production"


def test_values_of_secret_variables_are_known_secrets():
    url = "postgres://shop:correct%20horse@db/shop"
    options = load(SHOP_API_TOKEN="hunter2", SHOP_CITY="Leeds", DATABASE_URL=url)["SENTRY_OPTIONS"]
    known = options["event_scrubber"].known
    assert known.sub(f"{GOOD['SECRET_KEY']} hunter2 Leeds") == "[Filtered] [Filtered] Leeds"
    assert "correct horse" in known.special


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "use_ssl"),
    [("smtp+tls", 587, True, False), ("smtp+ssl", 465, False, True), ("smtp", 25, False, False)],
)
def test_mail_goes_to_the_server_in_email_url(url, port, use_tls, use_ssl):
    loaded = load(
        EMAIL_URL=f"{url}://ada%40example.com:hunter%202@mail.example.com:{port}", ADMINS="a@example.com,b@example.com"
    )
    if django.VERSION >= (6, 1):
        mailer = loaded["MAILERS"]["default"]["OPTIONS"]
    else:
        mailer = {name.removeprefix("EMAIL_").lower(): value for name, value in loaded.items()}
        mailer |= {"username": mailer["host_user"], "password": mailer["host_password"]}
    expected = {"host": "mail.example.com", "port": port, "username": "ada@example.com", "password": "hunter 2"}
    expected |= {"use_tls": use_tls, "use_ssl": use_ssl, "timeout": 10}
    assert {name: mailer.get(name, False) for name in expected} == expected
    assert [admin if isinstance(admin, str) else admin[1] for admin in loaded["ADMINS"]] == [
        "a@example.com",
        "b@example.com",
    ]
    assert "hunter 2" in loaded["SENTRY_OPTIONS"]["event_scrubber"].known.special


@pytest.mark.parametrize("url", ["", "consolemail://"])
def test_without_a_mail_server_mail_is_printed(url):
    loaded = load(EMAIL_URL=url)
    backend = loaded["MAILERS"]["default"]["BACKEND"] if django.VERSION >= (6, 1) else loaded["EMAIL_BACKEND"]
    assert backend == "django.core.mail.backends.console.EmailBackend"


def test_a_dollar_sign_in_a_value_is_literal():
    assert load(SECRET_KEY="$" * 50)["SECRET_KEY"] == "$" * 50


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DJANGO_ENV", "prod", "DJANGO_ENV='prod' is unknown"),
        ("DEBUG", "True", "DEBUG is True"),
        ("DEBUG", "Flase", "DEBUG is not valid: must be True or False"),
        ("SECRET_KEY", " ", "SECRET_KEY is not valid: must not be empty"),
        ("ALLOWED_HOSTS", "example.com, *", "ALLOWED_HOSTS is empty or *"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS is empty or *"),
        ("ALLOWED_HOSTS", "", "ALLOWED_HOSTS is empty or *"),
        ("APP_PORT", "eighty", "APP_PORT is not valid: must be a port"),
        ("DATABASE_URL", "postgres//u:hunter2@host/db", "DATABASE_URL is not valid"),
        ("DATABASE_URL", "postgres://u:hunter2@host:port/db", "DATABASE_URL is not valid"),
        ("EMAIL_URL", "mail.example.com", "EMAIL_URL is not valid: must look like smtp+tls://USER:PASSWORD@HOST:587"),
        ("EMAIL_URL", "smtps://u:hunter2@mail.example.com:465", "EMAIL_URL is not valid: must look like smtp+tls://"),
        ("EMAIL_URL", "smtp+tls://u:hunter2@mail.example.com", "EMAIL_URL is not valid: must look like smtp+tls://"),
        ("EMAIL_URL", "smtp://u:hunter2@mail.example.com:port", "EMAIL_URL is not valid: must look like smtp+tls://"),
        ("EMAIL_URL", "smtp://u:123#hunter2@mail.example.com:25", "EMAIL_URL is not valid: must look like smtp+tls://"),
        ("EMAIL_URL", "smtp://u:hunter2%C3%A4@mail.example.com:25", "EMAIL_URL is not valid: must have a user and a"),
        ("ADMINS", "ada@example.com, hunter2", "ADMINS is not valid: must be e-mail addresses"),
        ("DEFAULT_FROM_EMAIL", "a@example.com, b@example.com", "DEFAULT_FROM_EMAIL is not valid: must be an e-mail"),
        ("DEFAULT_FROM_EMAIL", "Shop <a@example.com> x", "DEFAULT_FROM_EMAIL is not valid: must be an e-mail"),
        ("DEFAULT_FROM_EMAIL", "Shop: a@example.com;", "DEFAULT_FROM_EMAIL is not valid: must be an e-mail"),
        ("DEFAULT_FROM_EMAIL", "hunter2", "DEFAULT_FROM_EMAIL is not valid: must be an e-mail address"),
        ("SENTRY_DSN", "https://u:hunter2@/1", "SENTRY_DSN is not valid: must look like https://KEY@"),
        ("SENTRY_TRACES_SAMPLE_RATE", "", "SENTRY_TRACES_SAMPLE_RATE is not valid: must be a number from 0 to 1"),
    ],
)
def test_an_invalid_variable_is_named_with_its_file(variable, value, message):
    with pytest.raises(ImproperlyConfigured) as failure:
        load(**{variable: value})
    assert str(failure.value).startswith(message)
    assert variable == "DJANGO_ENV" or "production.env" in str(failure.value)
    assert "hunter2" not in "".join(traceback.format_exception(failure.value))


def test_a_missing_variable_is_named_with_its_file(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="NO_SUCH_VARIABLE is missing: set it in .*absent.env"):
        Env(tmp_path / "absent.env")("NO_SUCH_VARIABLE")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"A=1\nhunter2\n", "line 2: must be KEY=value"),
        (b"A = hunter2", "line 1: must be KEY=value"),
        (b"A= hunter2", "line 1: must be KEY=value"),
        (b" A=hunter2", "line 1: must be KEY=value"),
        (b"A=1 # hunter2", "line 1: put the comment on its own line"),
        (b'A="hunter2', "line 1: a quoted value must end"),
        (b"A=1\n\nB=\xffhunter2", "line 3: not UTF-8"),
        ("A=hunter2".encode("utf-16-le"), "line 1: contains null characters"),
    ],
)
def test_a_malformed_file_is_named(tmp_path, content, message):
    file = tmp_path / "development.env"
    file.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=f"development.env, {message}") as failure:
        Env(file)
    assert "hunter2" not in str(failure.value)


def test_a_file_may_have_a_byte_order_mark_windows_line_ends_comments_and_quotes(tmp_path):
    file = tmp_path / "development.env"
    file.write_bytes(
        b'\xef\xbb\xbfBARE=a#b\r\n\r\n  # a comment = none\r\nexport DOUBLE="a # \\"b"\r\nSINGLE=\'a # b\'\r\n'
    )
    with mock.patch.dict(os.environ):
        env = Env(file)
        assert [env(name) for name in ("BARE", "DOUBLE", "SINGLE")] == ["a#b", 'a # "b', "a # b"]


@pytest.mark.parametrize("value", ["0", "65536", "-1", "8001.0", ""])
def test_a_port_is_a_whole_number_from_1_to_65535(value):
    with pytest.raises(ValueError, match="must be a port"):
        port(value)


def test_a_directory_is_not_an_env_file(tmp_path):
    with pytest.raises(ImproperlyConfigured, match=r"cannot be read \(.*\): make it a file that this user can read"):
        Env(tmp_path)


def test_an_environment_variable_overrides_the_file(tmp_path):
    file = tmp_path / "development.env"
    file.write_text("ONLY_IN_FILE=file\nIN_BOTH=file\n")
    with mock.patch.dict(os.environ, {"IN_BOTH": "environment"}):
        env = Env(file)
        assert (env("ONLY_IN_FILE"), env("IN_BOTH")) == ("file", "environment")
