"""answers.py under a name that no other folder has: `python -m cookiecutter` looks in the working folder first."""

import importlib.util
import os

_spec = importlib.util.spec_from_file_location(
    "answers", os.path.join(os.path.dirname(os.path.abspath(__file__)), "answers.py")
)
assert _spec and _spec.loader
_answers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_answers)
AnswersExtension = _answers.AnswersExtension
