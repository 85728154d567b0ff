"""Generated files and translations in git are up to date."""

import re

import pytest

from scripts.answers_page import PAGE, page
from scripts.examples import ANSWERS, EXAMPLES, tracked
from tests.conftest import TEMPLATE, Bake


@pytest.mark.parametrize(("name", "answers"), ANSWERS.items(), ids=ANSWERS)
def test_the_examples_are_current(baked: Bake, name: str, answers: dict[str, str]) -> None:
    rendered, kept = tracked(baked(**answers).path), tracked(EXAMPLES / name)
    stale = [path for path in rendered.keys() | kept.keys() if rendered.get(path) != kept.get(path)]
    assert sorted(stale) == [], "run make examples"


def test_there_are_no_other_examples() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == set(ANSWERS)


def test_the_answers_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make examples"


def test_the_spanish_readme_matches_the_english_one() -> None:
    def outline(name: str) -> tuple[list[str], list[str], list[str]]:
        text = (TEMPLATE / name).read_text(encoding="utf-8")
        blocks = re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
        prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        links = re.findall(r"\]\(([^)]+)\)", prose)[1:]  # the first link of each is to the other
        shell = [
            block for block in blocks if block.startswith("```sh")
        ]  # diagrams and sample output are translated too
        return re.findall(r"^#+(?= )", prose, re.MULTILINE), shell, links

    assert outline("README.es.md") == outline("README.md")
