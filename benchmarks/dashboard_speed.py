"""How soon the dashboard shows something, and how soon it answers a change of a control.

    python benchmarks/dashboard_speed.py [--json] [--repeats 5]

Each start is a process of its own and a fresh page in headless Chromium. Times run from the start
of `nullcline dashboard`, so they hold Python's start, the imports, the page and plotly.js.
`page`: the page with its progress bar is painted; `first numbers`: the table as it was read is,
while its phases are computed; `first view`: the phases are; `its figure`: plotly.js has run and
drawn. `empty cache`: nothing was computed before; `kept views`:
an earlier start had.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from _side_by_side.rows import Row, add_rows_option, write_rows
from playwright.sync_api import sync_playwright

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_DRAWN = "#blocks[aria-busy='false'] .plot[data-drawn]"
_PAINTED = ("page", "first numbers", "first view")
_TIMES_THE_PAGE = 3.0
_CHANGES = ("Pythia", "OPT", "BLOOM", "Qwen1.5", "Falcon", "Llama")


def browser_of(playwright):
    """Headless Chromium, the system's own where there is one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    return playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))


def start(cache: str) -> tuple[subprocess.Popen, str, float]:
    """The server's process, its address, and when it was started."""
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    command = [sys.executable, "-m", "nullcline", "dashboard"]
    begun = time.time()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None  # a pipe
    address = re.search(r"http://\S+", process.stderr.readline())
    if address is None:
        raise SystemExit("the dashboard did not start")
    return process, address[0], begun


def one_start(
    browser, cache: str, families: Sequence[str] = ()
) -> tuple[dict[str, float], list[float]]:
    """Seconds to the page and to its first view with a figure, and of each change of the family."""
    process, address, begun = start(cache)
    found = {"listening": time.time() - begun}
    changes = []
    page = browser.new_page()
    try:
        page.goto(address, wait_until="commit")
        page.locator(_DRAWN).first.wait_for(timeout=300_000)
        found["its figure"] = time.time() - begun
        painted = page.evaluate(
            """() => {
                const at = (...names) => Math.min(...names.flatMap((name) =>
                    performance.getEntriesByName(name).map((entry) => entry.startTime)));
                return [at("first-contentful-paint"), at("look-painted", "view-painted"),
                    at("view-painted")].map((ms) => (performance.timeOrigin + ms) / 1000);
            }"""
        )
        found |= {name: at - begun for name, at in zip(_PAINTED, painted, strict=True)}
        if families:
            page.goto(f"{address}#view=family&family=GPT-2")
            page.locator("h1", has_text="GPT-2").wait_for()
            page.locator(_DRAWN).first.wait_for()
            changes = [_change(page, family) for family in families]
    finally:
        page.close()
        process.terminate()
        process.communicate(timeout=30)
    return found, changes


def _change(page, family: str) -> float:
    """Seconds from choosing a family to its first figure, timed inside the page."""
    return page.evaluate(
        """family => new Promise((resolve) => {
            const begun = performance.now();
            const select = document.getElementById("choose-family");
            select.value = family;
            select.dispatchEvent(new Event("change"));
            const look = () => {
                const shown = document.getElementById("title").textContent === family
                    && document.querySelector(".plot[data-drawn]");
                if (shown) resolve((performance.now() - begun) / 1000);
                else requestAnimationFrame(look);
            };
            look();
        })""",
        family,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    add_rows_option(parser)
    options = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = browser_of(playwright)
        empty = [
            one_start(browser, str(Path(folder) / f"empty{i}")) for i in range(options.repeats)
        ]
        one_start(browser, str(Path(folder) / "kept"), _CHANGES)  # fills the cache
        kept = [
            one_start(browser, str(Path(folder) / "kept"), _CHANGES) for _ in range(options.repeats)
        ]
        browser.close()
    changes = [seconds for _, run in kept for seconds in run]
    result = {
        name: {
            key: {
                "median": statistics.median(run[key] for run, _ in runs),
                "worst": max(run[key] for run, _ in runs),
            }
            for key in ("listening", *_PAINTED, "its figure")
        }
        for name, runs in (("empty cache", empty), ("kept views", kept))
    }
    rows = [
        Row(f"dashboard, {name}: {key}", "seconds from the start", "",
            tuple(run[key] for run, _ in runs))
        for name, runs in (("empty cache", empty), ("kept views", kept))
        for key in (*_PAINTED, "its figure")
    ]  # fmt: skip
    pages, views = (tuple(run[key] for run, _ in empty) for key in ("page", "first view"))
    above = "the page without figures"
    rows.append(Row("dashboard, empty cache: first view above its page", "seconds from the start",
                    above, views, pages, floor=True, target=_TIMES_THE_PAGE))  # fmt: skip
    rows.append(Row("dashboard: a change of family drawn again", "seconds", "", tuple(changes)))
    write_rows(options, rows)
    result["change of a control"] = {
        "re-render": {"median": statistics.median(changes), "worst": max(changes)}
    }
    if options.json:
        print(json.dumps({"repeats": options.repeats, "cpus": os.cpu_count(), **result}, indent=2))
        return
    print(f"{'':22}{'':14}{'median':>9}{'worst':>9}   seconds, {options.repeats} starts")
    for name, rows in result.items():
        for key, times in rows.items():
            print(f"{name:22}{key:14}{times['median']:9.2f}{times['worst']:9.2f}")
            name = ""


if __name__ == "__main__":
    main()
