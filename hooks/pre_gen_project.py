"""Rejects wrong answers before a file is written: a replay skips the checks at the prompts.

The checks of answers.py run when Cookiecutter renders the next line.
"""

CHECKED = "{{ cookiecutter | check_all }}"
