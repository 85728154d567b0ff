"""`make screenshots`: takes the screenshots in docs/images/ from a running project."""

import io
import os
import sys
import tempfile
from pathlib import Path

import pexpect
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from scripts.browser import chromium
from scripts.demo import TEMPLATE, bake, free_ports, get, running

IMAGES = TEMPLATE / "docs" / "images"
COLUMNS = 118


def prompts(folder: Path, *answers: str) -> str:
    """Type `answers`, then the defaults, in a real terminal, and return its content with ANSI codes.

    Raises:
        pexpect.ExceptionPexpect: if the bake does not end within 30 seconds.
    """
    screen = io.StringIO()
    command = ["-m", "cookiecutter", str(TEMPLATE), "--default-config"]
    bake = pexpect.spawn(
        *(sys.executable, command),
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color"},
        dimensions=(100, COLUMNS),
        encoding="utf-8",
    )
    bake.logfile_read = screen
    typed = iter(answers)
    while bake.expect([r"\)\S*: $", pexpect.EOF]) == 0:
        bake.sendline(next(typed, ""))
    return screen.getvalue().replace("\r\n", "\n")


def as_page(terminal: str) -> str:
    """Return an HTML page that shows the content of a terminal, a text with ANSI codes."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(terminal))
    return console.export_html(theme=MONOKAI, inline_styles=True)


def main() -> None:
    """Take the screenshots: the prompts, the start page, the list of events, an event, and the 500 page."""
    IMAGES.mkdir(exist_ok=True)
    tracker_port, site_port = free_ports(2)
    site, tracker = f"http://localhost:{site_port}", f"http://localhost:{tracker_port}"
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        page = browser.new_page(viewport={"width": 900, "height": 520})

        def shoot(picture: str, whole: bool = True) -> None:
            page.screenshot(path=IMAGES / f"{picture}.png", full_page=whole)

        folder = Path(name)
        terminal = prompts(folder, "Corner Shop", "", "", "ada@example.com")
        page.set_content(as_page(terminal.replace(f"{folder}/", "")))
        shoot("prompts")
        project = bake(folder / "site", project_name="Corner Shop", glitchtip_port=tracker_port, app_port=site_port)
        with running(project, tracker_port, site_port):
            page.goto(site)
            page.get_by_role("button", name="Raise an error", exact=True).click()
            page.get_by_role("status").get_by_role("link").wait_for()
            shoot("start-page")
            page.get_by_role("button", name="Log an error").click()
            page.get_by_role("status").get_by_role("link", name="Test error from the start page").wait_for()
            page.goto(tracker)
            shoot("events")
            get(f"{site}/glitchtip-debug/?page=2&token=fuchsia-harbour")
            page.get_by_text("2 events").wait_for()
            page.get_by_role("link", name="ZeroDivisionError").click()
            page.set_viewport_size({"width": 900, "height": 960})  # the part that fits the window
            shoot("event-page", whole=False)
        with running(project, tracker_port, site_port, DEBUG="False"):
            page.goto(f"{site}/glitchtip-debug/")
            shoot("error-page")
    print(*sorted(IMAGES.glob("*.png")), sep="\n")


if __name__ == "__main__":
    main()
