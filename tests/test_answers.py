"""The rules in answers.py, and what users see when they break one."""

import keyword
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sentry_sdk.utils import BadDsn, Dsn

import answers
import django_glitchtip_answers
from tests.conftest import Bake, Command

DSN = "https://key@errors.example.com/1"
BAD = [
    ("project_name", "", "has 0 characters"),
    ("project_name", "x" * 81, "has 81 characters"),
    ("project_name", "!!!", "has no letter"),
    ("project_name", "two\nlines", "control character U+000A"),
    *(
        (name, f"Shop {mark}", f"contains {mark}, which Cookiecutter reads as template syntax")
        for name in ("project_name", "description")
        for mark in ("{{", "{%", "{#")
    ),
    ("project_name", "nul\0", "control character U+0000"),
    ("project_slug", "", "must be lower-case letters"),
    ("project_slug", "../outside", "must be lower-case letters"),
    ("project_slug", "/absolute", "must be lower-case letters"),
    ("project_slug", "Upper", "must be lower-case letters"),
    ("project_slug", "1st", "must be lower-case letters"),
    ("project_slug", "ends_", "must be lower-case letters"),
    ("project_slug", "naïve", "must be lower-case letters"),
    ("project_slug", "x" * 41, "has 41 characters"),
    ("project_slug", "class", "is a Python keyword"),
    ("project_slug", "match", "is a Python keyword"),
    ("project_slug", "json", "is a module of Python's standard library"),
    ("project_slug", "sentry_sdk", "is a package that the project installs"),
    ("project_slug", "con", "is a device on Windows"),
    *(
        ("project_slug", name, "is a folder or module that the project already has")
        for name in ("config", "tests", "pages", "error_tracking", "glitchtip")
    ),
    ("project_slug", "django", "is a package that the project installs"),
    ("description", "two\nlines", "control character U+000A"),
    ("description", "separator\u2028", "control character U+2028"),
    ("admin_email", "", "must be an e-mail address"),
    ("admin_email", "ada", "must be an e-mail address"),
    ("admin_email", "ada@host", "must be an e-mail address"),
    ("admin_email", 'ada"$(x)"@example.com', "must be an e-mail address"),
    ("admin_email", "ada@example.com\nX=1", "must be an e-mail address"),
    ("tracker", "errbit", "must be one of glitchtip, glitchtip-web-and-worker, external"),
    ("browser_errors", "maybe", "must be one of yes, no"),
    ("metrics", "maybe", "must be one of no, yes"),
    ("license", "GPL", "must be one of MIT, Apache-2.0"),
    ("glitchtip_port", "1023", "is a port that needs administrator privileges"),
    ("glitchtip_port", "65536", "must be a whole number from 1024 to 65535"),
    *(
        ("app_port", port, "must be a whole number from 1024 to 65535")
        for port in ("", "0", "eighty", "8001 ", "+8001", "0x1F40", "８００１", "8001\n", "08001", "-8001", "8001.0")
    ),
    ("app_port", "8000", "is already used by the tracker (glitchtip_port); choose another, for example 8001"),
    ("app_port", "65512", "must be at most 65511, because Mailpit uses the port 24 above it"),
    (
        "app_port",
        "7976",
        "is not possible, because Mailpit uses the port 24 above it, which is the tracker's (glitchtip_port)",
    ),
    ("staging_dsn", "errors.example.com", "is not a DSN"),
    ("staging_dsn", "https://KEY@errors.example.com/2", "contains the KEY of the example"),
    *(
        ("production_dsn", dsn, "https://KEY@errors.example.com/1")
        for dsn in (
            "ftp://key@host/1",
            "https://host/1",
            "https://key@host",
            "https://key@host/name",
            "https://key@host:99999/1",
            "https://key@host:0/1",
            "https://key@[::::1::]/1",
            "https://key@host/1 ",
            "https://key@host/1\nX=1",
            'https://k"@host/1',
            "https://$KEY@host/1",
        )
    ),
]
GOOD = [
    ("project_name", "Braces {x} } } 100 %}"),
    ("project_name", "Ünïcode & Söhne 🎉"),
    ("project_name", "x" * 80),
    ("project_slug", "x" * 40),
    ("project_slug", "corner_shop2"),
    ("description", ""),
    ("description", "x" * 10_000),
    ("admin_email", "ada.lovelace+errors@mail.example.co.uk"),
    ("app_port", "1024"),
    ("app_port", "65511"),
    ("staging_dsn", ""),
    ("staging_dsn", DSN),
    ("production_dsn", "http://key:secret@errors.example.com:8443/sentry/path/42"),
    ("production_dsn", "http://key@[::1]:8000/1"),
]


def complete(**changes: str) -> dict[str, str]:
    """Return the default answers with `changes`."""
    defaults = {name: value for name, value in answers.template_variables().items() if not name.startswith("_")}
    first = {name: value[0] if isinstance(value, list) else value for name, value in defaults.items()}
    return {**first, "project_slug": "my_django_project", **changes}


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_an_invalid_answer_is_rejected_by_name(name: str, value: str, message: str) -> None:
    [line] = answers.rejections(complete(**{name: value}))
    assert line.startswith(f"{name} = ")
    assert message in line
    assert line.isascii()
    assert line.isprintable()


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_valid_answer_is_accepted(name: str, value: str) -> None:
    assert answers.rejections(complete(**{name: value})) == []


@pytest.mark.parametrize(
    ("name", "given", "used"),
    [
        ("tracker", "3", "external"),
        ("tracker", "4", "4"),
        ("license", "MIT", "MIT"),
        ("app_port", "1", "1"),
        ("production_dsn", "https://key@errors.example.com/1/", "https://key@errors.example.com/1"),
    ],
)
def test_a_choice_may_be_its_number_and_a_dsn_may_end_with_a_slash(name: str, given: str, used: str) -> None:
    assert answers.canonical(name, given) == used


def test_an_invalid_slug_suggests_a_valid_one() -> None:
    assert answers.rejections(complete(project_slug="Corner_Shop"))[0].endswith("for example corner_shop")


def test_a_missing_answer_is_rejected() -> None:
    given = complete()
    del given["app_port"]
    assert answers.rejections(given) == ["app_port = null is not text; put it in quotes"]


def test_an_error_message_shows_no_password() -> None:
    [line] = answers.rejections(complete(production_dsn="https://user:hun/ter2@host"))
    assert "hun" not in line


@pytest.mark.parametrize("dsn", [value for name, value in GOOD if name.endswith("_dsn") and value])
def test_the_sdk_accepts_the_dsns_that_we_accept(dsn: str) -> None:
    assert Dsn(dsn).project_id


@pytest.mark.parametrize("dsn", ["ftp://key@host/1", "https://host/1", "https://key@host", "https://key@host/name"])
def test_we_reject_the_dsns_that_the_sdk_rejects(dsn: str) -> None:
    with pytest.raises(BadDsn):
        Dsn(dsn)
    assert answers.check_dsn(dsn)


@pytest.mark.parametrize(
    ("project_name", "slug"),
    [
        ("My Django Project", "my_django_project"),
        ("Corner Shop 2", "corner_shop_2"),
        ("1st choice", "site_1st_choice"),
        ("Django", "django_site"),
        ("Tests", "tests_site"),
        ("Проект", "proekt"),
        ("ab " * 26, "ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_a"),
        *((word, f"{word}_site") for word in keyword.softkwlist if word != "_"),
    ],
)
def test_the_slug_is_derived_from_the_name(project_name: str, slug: str) -> None:
    assert answers.project_slug(project_name) == slug
    assert answers.check_project_slug({"project_slug": slug}) == ""


def test_no_slug_hides_a_module_that_the_project_installs(baked: Bake) -> None:
    list_modules = "from importlib.metadata import packages_distributions as p; print(*p())"
    modules = baked().run("python", "-c", list_modules).split()
    assert "sentry_sdk" in modules
    for module in modules:
        assert answers.check_project_slug({"project_slug": module}), module


@pytest.mark.parametrize(
    "text", ["plain", "it's", 'a "quote"', "both ' and \"", "back\\slash", "tab\u00a0", "🎉", "\\N{x}", "%s {x}"]
)
def test_a_python_string_is_as_ruff_formats_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "name.py"
    file.write_text(f"NAME = {django_glitchtip_answers.python_string(text)}\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--check", "--quiet", str(file)], check=True)
    names: dict[str, str] = {}
    exec(file.read_text(encoding="utf-8"), names)
    assert names["NAME"] == text


@pytest.mark.parametrize(
    ("answer", "value", "message"),
    [
        ("app_port", "8000", "is already used by the tracker"),
        ("tracker", "errbit", "must be one of glitchtip, glitchtip-web-and-worker, external"),
        ("project_name", "!!!", "has no letter"),
        ("project_slug", "../outside", "must be lower-case letters"),
        ("project_slug", "{{ cookiecutter.project_name }}", "contains {{, which Cookiecutter reads as template syntax"),
        ("description", "two\nlines", "control character"),
        ("admin_email", "ada", "must be an e-mail address"),
        ("glitchtip_port", "80", "needs administrator privileges"),
        ("staging_dsn", "nowhere", "is not a DSN"),
        ("production_dsn", "https://u:hunter2@host", "is not a DSN"),
    ],
)
def test_the_command_prints_one_line_and_leaves_nothing(
    rejected: Callable[..., str], answer: str, value: str, message: str
) -> None:
    line = rejected(**{answer: value})
    assert message in line
    assert "hunter2" not in line


def test_the_prompts_reject_at_once_and_ask_again(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out" / "shop").mkdir()
    typed = iter(["!!!", "Corner Shop", "../shop", "shop", "corner", "", "ada@example.com", "errbit", "3"])
    asked: list[str] = []

    def type_answer(question: str, **options: str) -> str:
        asked.append(question)
        return next(typed, "") or options["default"]

    monkeypatch.setattr("rich.prompt.Prompt.ask", type_answer)
    result = command()
    assert result.exit_code == 0, result.output
    assert [line.partition(";")[0].partition(",")[0] for line in result.stderr.splitlines()] == [
        'project_name = "!!!" has no letter',
        'project_slug = "../shop" must be lower-case letters',
        'project_slug = "shop" is an existing folder',
        'tracker = "errbit" must be one of glitchtip',
    ]
    others = len(answers.CHECKS) - 5
    assert [asked.count(question) for question in dict.fromkeys(asked)] == [2, 3, 1, 1, 2] + [1] * others
    assert not (tmp_path / "out" / "corner" / "glitchtip").exists()
    assert (tmp_path / "out" / "corner" / "README.md").read_text().startswith("# Corner Shop\n")


def test_every_prompt_has_a_label_for_itself_and_each_choice() -> None:
    variables = answers.template_variables()
    labels = variables["__prompts__"]
    for name, default in variables.items():
        if name.startswith("_"):
            continue
        assert labels[name]
        offered = answers.choices(name)
        assert not offered or default == next(iter(offered))
