"""answers.py under a name that no other folder has: `python -m cookiecutter` looks in the working folder first."""

import importlib.util
import os

_spec = importlib.util.spec_from_file_location(
    "answers", os.path.join(os.path.dirname(os.path.abspath(__file__)), "answers.py")
)
assert _spec  # noqa: S101 - for mypy: a path that ends with .py always has a spec,
assert _spec.loader  # noqa: S101 - and a loader
_answers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_answers)
AnswersExtension = _answers.AnswersExtension
