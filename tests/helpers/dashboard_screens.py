"""What the dashboard looks like: every view at three widths in both themes, as pictures where
somebody will look at them (NULLCLINE_PICTURES=1)."""

import os
import time
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

Theme = Literal["light", "dark"]

FOLDER = Path(__file__).parents[2] / "artifacts" / "screens"
#: Widths and their themes: figures are drawn anew from a wide page to a narrow one, and in another
#: theme, so that a width begins with the theme of the last.
SCREENS: tuple[tuple[int, tuple[Theme, Theme]], ...] = (
    (1280, ("light", "dark")),
    (2560, ("dark", "light")),
    (400, ("light", "dark")),
)
#: A page that is longer is cut: beyond it are more figures of the same kind.
_MOST_HEIGHT = 5_000


def until(page: Page, condition: str, *, seconds: float = 120.0) -> None:
    """Wait for a condition in the page. Playwright's own wait evaluates text in the page, which the
    page's policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def show_whole(page: Page, width: int) -> None:
    """Make the window as high as the page, and wait until all that is in it is drawn."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(250)  # the layout follows the width
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(height, _MOST_HEIGHT)})
    until(
        page,
        "[...document.querySelectorAll('.plot')].every((plot) => plot.dataset.drawn || "
        "plot.getBoundingClientRect().top > innerHeight)",
    )
    page.wait_for_timeout(150)  # names are put into figures after they are drawn


def save_screen(page: Page, view: str, width: int, theme: str) -> None:
    """The picture of a view that `show_whole` has made ready."""
    if os.environ.get("NULLCLINE_PICTURES") != "1":
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{view}-{width}-{theme}.png")
