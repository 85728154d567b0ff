"""`make screenshots`: takes the pictures in docs/images/ of what a user sees, from a project that really runs."""

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
from scripts.demo import TEMPLATE, bake, free_ports, running

IMAGES = TEMPLATE / "docs" / "images"
COLUMNS = 118


def prompts(folder: Path, *answers: str) -> str:
    """Answer the prompts in a real terminal, with the defaults after `answers`, and return what was on it, with ANSI codes.

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
    """Return an HTML page that shows what was on a terminal, a text with ANSI codes."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(terminal))
    return console.export_html(theme=MONOKAI, inline_styles=True)


def main() -> None:
    """Take the pictures: the prompts, the start page, the event in the tracker, the 500 page."""
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
            page.get_by_role("button", name="Raise an error").click()
            page.get_by_role("link", name="Look at it in the tracker").wait_for()
            shoot("start-page")
            page.goto(tracker)
            shoot("tracker", whole=False)  # below is what kent says of itself
        with running(project, tracker_port, site_port, DEBUG="False"):
            page.goto(f"{site}/glitchtip-debug/")
            shoot("error-page")
    print(*sorted(IMAGES.glob("*.png")), sep="\n")


if __name__ == "__main__":
    main()
