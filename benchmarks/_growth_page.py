"""The dashboard with a table that grows: seconds in headless Chromium, for `scale.py page`.

A table of families of 20 models is given as a file. `load` ends when its own page is drawn, which
holds the diagnosis of all families (the next sizes wait until they are asked for), or is refused.
After it: `listing`, the overview with all families, until its rows and figure are drawn; `filter`,
a family's name typed above its largest table, until the rows that hold it are painted; `family`,
another family chosen, until its figure is drawn. Each is the median of five, every time another
family; `first` is the first time.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _growth_tasks import table
from _side_by_side.rows import Growth
from dashboard_speed import browser_of, start
from playwright.sync_api import Page, sync_playwright

_EACH = 20
_REPEATS = 5
_LIMIT_S = 1.0
_WAIT_MS = 600_000
#: Seconds from a change of the address to the view, with its figures where it has some.
_TURN = """hash => new Promise((resolve) => {
    const begun = performance.now(), before = document.body.dataset.view;
    location.hash = hash;
    const look = () => {
        const blocks = document.getElementById("blocks");
        const plots = [...blocks.querySelectorAll(".plot")];
        const seen = plots.filter((one) => one.getBoundingClientRect().top < innerHeight);
        const drawn = seen.every((one) => one.dataset.drawn !== undefined);
        const shown = document.body.dataset.view !== before && blocks.ariaBusy === "false";
        if (shown && drawn) resolve((performance.now() - begun) / 1000);
        else requestAnimationFrame(look);
    };
    look();
})"""

#: Seconds from a word in the filter of the longest table to its painted rows, all of which hold it.
_FILTER = """word => new Promise((resolve, reject) => {
    const rows = (table) => table.querySelectorAll("tbody tr");
    const filters = [...document.querySelectorAll("#blocks input.filter")];
    const tableOf = (input) => input.closest("section").querySelector("table");
    const input = filters.sort((a, b) => rows(tableOf(b)).length - rows(tableOf(a)).length)[0];
    const begun = performance.now();
    input.value = word;
    input.dispatchEvent(new Event("input"));
    requestAnimationFrame(() => requestAnimationFrame(() => {
        const kept = [...rows(tableOf(input))].filter((row) => !row.hidden);
        const right = kept.length > 0 && kept.every((row) => row.innerText.includes(word));
        if (right) resolve((performance.now() - begun) / 1000);
        else reject(`${kept.length} rows are left of the filter ${word}`);
    }));
})"""


def one_size(browser, rows: int) -> dict[str, list[float]]:
    """Seconds of loading, and of each time that a view was opened."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "grown.csv")
        table(path, rows, each=_EACH)
        process, address, _ = start(folder)
        page = browser.new_page()
        page.set_default_timeout(_WAIT_MS)
        try:
            page.goto(f"{address}#view=table")
            page.locator("#choose-file").wait_for(state="attached")
            begin = time.perf_counter()
            page.set_input_files("#choose-file", path)
            page.locator("h1", has_text=re.compile("grown|Not shown")).wait_for()
            page.locator("#blocks[aria-busy='false']").wait_for()
            found = {"load": [time.perf_counter() - begin]}
            if page.locator("h1", has_text="Not shown").count():  # as where it takes too long
                refused = " ".join(page.locator("#blocks").inner_text().split())
                print(f"scale: {rows:,} rows are not shown: {refused[:300]}", file=sys.stderr)
                found["refused"] = found["load"]
            return found | _views(page, rows // _EACH)
        finally:
            page.close()
            process.terminate()
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _views(page: Page, families: int) -> dict[str, list[float]]:
    """The overview, its filter, and a family, in turn."""
    name = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('table')")
    found: dict[str, list[float]] = {"listing": [], "filter": [], "family": []}
    for turn in range(_REPEATS):
        family = f"F{turn * families // _REPEATS}"
        for view, hash_ in (
            ("listing", f"view=overview&table={name}"),
            ("family", f"view=family&table={name}&family={family}"),
        ):
            found[view].append(page.evaluate(_TURN, hash_))
            if view == "listing":
                found["filter"].append(page.evaluate(_FILTER, family))
    return found


def grow_page(*, quick: bool) -> list[Growth]:
    """Seconds of each step over the number of rows."""
    # Of 8 families or more: below that a table has no filter.
    sizes = (160, 200, 240) if quick else (200, 1_000, 10_000)
    with sync_playwright() as playwright:
        browser = browser_of(playwright)
        found = [one_size(browser, rows) for rows in sizes]
        browser.close()
    late = [f"{rows:,}" for rows, one in zip(sizes, found, strict=True) if "refused" in one]
    note = f"not shown at {', '.join(late)}" if late else ""
    titles = {"load": "a table given to the dashboard",
              "listing": "its overview opened", "filter": "its rows filtered by a family's name",
              "family": "another family chosen"}  # fmt: skip
    return [
        Growth(
            title,
            "rows",
            sizes,
            seconds=tuple(statistics.median(one[step]) for one in found),
            first=() if step == "load" else tuple(one[step][0] for one in found),
            measured="seconds",
            note=f"**{note}**" if note and step == "load" else "",
            limit_s=None if step == "load" else _LIMIT_S,
        )
        for step, title in titles.items()
    ]
