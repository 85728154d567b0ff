"""Refuses wrong answers before a file is written.

Cookiecutter skips the checks at the prompts when it replays answers, so this hook is the authority. The checks are
those of answers.py; they have run when Cookiecutter has rendered the line below, which becomes a list of strings.
"""

import sys

REFUSALS: list[str] = {{ cookiecutter | refusals }}  # fmt: skip

if __name__ == "__main__" and REFUSALS:
    sys.exit("\n".join(REFUSALS))
