"""What is kept in git beside what it is made from is current."""

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


def test_the_examples_are_all_there_is() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == set(ANSWERS)


def test_the_page_of_answers_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make examples"


def test_the_spanish_readme_keeps_step() -> None:
    def outline(name: str) -> tuple[list[str], list[str], list[str]]:
        text = (TEMPLATE / name).read_text(encoding="utf-8")
        blocks = re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
        prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        links = re.findall(r"\]\(([^)]+)\)", prose)[1:]  # the first of each leads to the other
        return re.findall(r"^#+(?= )", prose, re.MULTILINE), blocks, links

    assert outline("README.es.md") == outline("README.md")
