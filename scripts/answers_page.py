"""`make examples`: writes docs/answers.md from cookiecutter.json and the rules in answers.py."""

import answers
from scripts.demo import TEMPLATE

PAGE = TEMPLATE / "docs" / "answers.md"
#: What each answer changes in the project.
CHANGES = {
    "project_name": "heading of the README and of the start page",
    "project_slug": "folder, package, release, databases",
    "description": "README and `pyproject.toml`",
    "admin_email": "GlitchTip's first login",
    "tracker": "with `external` no tracker is generated, neither GlitchTip nor the embedded one",
    "glitchtip_layout": "services in `compose.yaml`",
    "glitchtip_port": "port of the tracker on your machine, and in the development DSN",
    "app_port": "port of the site on your machine",
    "database": "the site's database in compose; without Docker development uses SQLite",
    "staging_dsn": "`SENTRY_DSN` of staging",
    "production_dsn": "`SENTRY_DSN` of production",
    "ci": "the workflow",
    "license": "`LICENSE`",
}
TEXT = """\
# Which answer does what?

<!-- Written by `make examples` from cookiecutter.json and answers.py. -->

Cookiecutter asks for them in this order. A wrong answer is refused at once, in one line that says what is wrong and what
to type, and asked for again; the same rules run once more before a file is written. They are in
[answers.py](../answers.py).

| answer | what it asks | default | what it may be | what it changes |
|---|---|---|---|---|
{rows}

Answers can be given on the command line:

```sh
cookiecutter gh:org/django-glitchtip --no-input project_name="Corner Shop" app_port=8081
```

Cookiecutter renders answers as templates, so an answer that contains `{{{{`, `{{%` or `{{#` is rejected.

A name that is not in the table is refused (`aap_port=8081`); in a configuration file it is ignored, for it may be another
template's.

## What a bake does to what is there

A folder of the project's name is refused, and nothing in it is touched. With `--overwrite-if-exists` the template's files are
written over, so commit first; your own files stay, and so do the env files, whatever is in them. The bake says where a port
in them is not the one you typed, and which variables they lack. Beside it, `--skip-if-file-exists` keeps only the files that
hold an answer: Cookiecutter copies the others over all the same.

`--replay` and `--replay-file` are checked like answers. With `--accept-hooks no` the env files are missing, and
`make run` or `python scripts/create_env_files.py` makes them.

A folder that cannot be written is rejected before anything is written.

## Where Cookiecutter has the last word

It prints a Python traceback before the template is asked, or behind its back:

- for a choice that does not exist on the command line (`tracker=errbit`): the last line names the choices. In a
  configuration file it warns, and takes none of the answers from there on;
- for a date without quotes in a configuration file, and for a replay of an older template that asked for less;
- when a disk fills up while it writes: it then leaves what it has written.
"""


def row(name: str, default: str | list[str]) -> str:
    """Return the line of the table for one answer."""
    label = answers.template_variables()["__prompts__"][name]
    if isinstance(default, list):
        question, first = label["__prompt__"], default[0]
        rule = " · ".join(f"`{choice}`: {label[choice].removeprefix(choice).strip()}" for choice in default)
    else:
        question, first = label, default
        rule = (answers.CHECKS[name].__doc__ or "").strip()
    shown = "from the name" if "{{" in first else f"`{first}`" if first else "nothing"
    return f"| `{name}` | {question} | {shown} | {rule} | {CHANGES[name]} |"


def page() -> str:
    """Return what docs/answers.md has to be."""
    asked = {name: value for name, value in answers.template_variables().items() if not name.startswith("_")}
    return TEXT.format(rows="\n".join(row(name, default) for name, default in asked.items()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
