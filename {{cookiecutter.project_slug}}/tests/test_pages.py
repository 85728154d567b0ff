"""The pages of the site."""

import pytest
from django.utils.html import escape


@pytest.mark.urls("pages.urls")
def test_the_home_page_shows_the_name(client, settings):
    assert f"<h1>{escape(settings.PROJECT_NAME)}</h1>" in client.get("/").text


def test_in_development_the_start_page_comes_first(client):
    assert "/glitchtip-debug/" in client.get("/").text
