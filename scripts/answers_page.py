"""Write docs/answers.md from cookiecutter.json and the rules in answers.py (part of `make examples`)."""

import answers
from scripts.demo import TEMPLATE

PAGE = TEMPLATE / "docs" / "answers.md"
#: What each answer changes in the generated project.
CHANGES = {
    "project_name": "heading of the README and of the start page",
    "project_slug": "folder, package, release, databases",
    "description": "README and `pyproject.toml`",
    "admin_email": "`authors` in `pyproject.toml`, GlitchTip's first user",
    "tracker": "services in `compose.yaml`; with `external` there is no GlitchTip",
    "glitchtip_port": "port of the tracker on your machine, in the development DSN",
    "app_port": "port of the site on your machine",
    "database": "the site's database in compose",
    "staging_dsn": "`SENTRY_DSN` of staging",
    "production_dsn": "`SENTRY_DSN` of production",
    "browser_errors": "the app `browser_errors` and its tag in the pages",
    "background_jobs": "`jobs/`, the service `worker`, and with `celery` the service `broker` in `compose.yaml`: see [background jobs](background-jobs.md)",
    "metrics": "`/metrics`, its token, and a Grafana dashboard in `deploy/`",
    "ci": "the workflow",
    "deployment": "the files that deploy the site",
    "license": "`LICENSE`",
}
TEXT = """\
# Which answer does what?

<!-- Written by `make examples` from cookiecutter.json and answers.py. -->

[![The prompts in a terminal, and the commands that come next](images/prompts.png)](images/prompts.png)

Cookiecutter asks these questions in this order. An invalid answer is rejected with one line, and you are asked again.
The same rules, in [answers.py](../answers.py), are checked again before any file is written. For a choice, type its
number or its name.

| answer | prompt | default | allowed values | what it changes |
|---|---|---|---|---|
{rows}

You can also give answers on the command line:

```sh
cookiecutter gh:org/django-glitchtip --no-input project_name="Corner Shop" app_port=8081
```

```console
$ cookiecutter gh:org/django-glitchtip --no-input app_port=8000
app_port = "8000" is already used by the tracker (glitchtip_port); choose another, for example 8001
```

An unknown name is rejected (`aap_port=8081`). In a configuration file, it is ignored, because it may belong to another
template. An answer that contains `{{{{`, `{{%` or `{{#` is rejected, because Cookiecutter would render it.

## What happens to an existing folder?

If a folder with the project's name exists, the bake stops and changes nothing in it. To bake over it, commit your work,
then use `--overwrite-if-exists`. The template's files are overwritten. Your own files and the env files are kept. The
bake lists ports in the env files that differ from your answers, and missing variables.

If you also use `--skip-if-file-exists`, only files that contain an answer are kept. Cookiecutter overwrites the others.

Answers from `--replay` and `--replay-file` are checked too. With `--accept-hooks no`, no env files are created. To
create them, use `make run` or `python scripts/create_env_files.py`.

If the output folder is not writable, the bake stops before anything is written.

## When does Cookiecutter print a traceback?

The template cannot catch two failures:

- A configuration file has a date without quotes, or you replay answers of an older template that asked fewer questions.
- The disk fills up while files are written. The files written so far remain.
"""


def row(name: str) -> str:
    """Return the table row of an answer."""
    variables = answers.template_variables()
    label, default = variables["__prompts__"][name].partition("\n")[0], variables[name]
    offered = " · ".join(f"`{choice}`: {words}" for choice, words in answers.choices(name).items())
    rule = offered or (answers.CHECKS[name].__doc__ or "").strip()
    shown = "from the name" if "{{" in default else f"`{default}`" if default else "empty"
    return f"| `{name}` | {label} | {shown} | {rule} | {CHANGES[name]} |"


def page() -> str:
    """Return the expected content of docs/answers.md."""
    return TEXT.format(rows="\n".join(map(row, answers.CHECKS)))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
