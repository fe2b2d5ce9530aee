"""No view of a shipped table says what is no number, no date, no plural, no layer.

Each rule stands for a fault that was seen on a page; it is asked of every text that a reader can
see, under the pointer too.
"""

import json
import re
from collections.abc import Iterator
from functools import cache

import dashboard_app as app
import pytest

from nullcline import dynamics
from nullcline.data import shipped
from nullcline.experiments.dashboard import _jobs
from nullcline.experiments.dashboard._columns import text_of
from nullcline.experiments.dashboard._dynamics import dynamics_view
from nullcline.experiments.dashboard._extension import table_view
from nullcline.experiments.dashboard._family import family_view
from nullcline.experiments.dashboard._inside import inside_view
from nullcline.experiments.dashboard._overview import overview
from nullcline.experiments.dashboard._scan import scan_view
from nullcline.experiments.formats import plain

PLURALS = (
    "families models pairs benchmarks sizes seeds rows layers heads scores capabilities dimensions "
    "labs questions measurements points lines"
)
#: What no text of a page may hold.
FAULTS = {
    "no number": re.compile(r"\b(nan|NaN|inf|None)\b"),
    "a date as a number": re.compile(r"\b(19|20)\d\d\.\d"),
    "one of many": re.compile(rf"(?<![\d.,–-])1 ({'|'.join(PLURALS.split())})\b"),
    "a share beside nothing": re.compile(r"\b0\.000 \("),
    "one rises and one falls": re.compile(r"one rises and one falls"),
    "a layer in tenths": re.compile(r"\blayers? \d+\.\d\b"),
}
#: The clock of the tables whose dynamics are read.
ALONG = {"uniform": "params", "checkpoints": "tokens"}
#: Axes of what is counted.
COUNTED = ("layer", "head", "dimension")


def shown(view: str) -> dict:
    """A view as the server answers, which one test computes for all."""
    with app.make_client() as client:
        app.wait_for_index(client)
        answer = app.wait_for(client, f"/api/views/{view}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def views_of(name: str) -> Iterator[dict]:
    table = dynamics.load_table(name)
    entry = _jobs.describe(table)
    x, y = entry["reasoning"], entry["truth"]
    found = dynamics.diagnose(table, n_boot=50, reasoning=x, truth=y)
    yield plain(overview(found))
    for family in found.families:
        yield plain(family_view(found, family))
    yield plain(scan_view(table))
    yield plain(table_view(table, found))
    if name in ALONG:  # the slowest view; the others have no further words
        yield shown(f"dynamics?table={name}&along={ALONG[name]}")


def views_of_no_table() -> Iterator[dict]:
    yield shown("frontier")
    yield shown("claims")
    yield plain(inside_view([shipped("records")]))
    typed = {"source": ("typed",), "model": "Mine", "scores": "hellaswag=78 params=7B"}
    yield json.loads(_jobs.run("card", typed)["card"])


@cache
def views(name: str) -> tuple[dict, ...]:
    return tuple(views_of(name) if name else views_of_no_table())


def blocks(view: dict) -> Iterator[dict]:
    for block in view["blocks"]:
        yield block
        if block["kind"] == "details":
            yield from blocks(block)


def texts(value: object) -> Iterator[str]:
    """Every text that a reader may see; files to save are for programs."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("csv", "meta"):
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


#: Last what other tests compute meanwhile.
NAMES = (*sorted(dynamics.table_names(), key=ALONG.__contains__), "")


@pytest.mark.slow(reason="computes every view of every shipped table")
@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_view_has_a_fault(name):
    allowed = {"one rises and one falls"} if not name else set()  # a claim of which it is true
    for view in views(name):
        for text in texts(view):
            for fault, pattern in FAULTS.items():
                if fault not in allowed:
                    assert not pattern.search(text), f"{view['title']}: {fault}: {text}"


@pytest.mark.slow(reason="computes every view of every shipped table")
@pytest.mark.parametrize("name", NAMES)
def test_tables_have_no_empty_column_and_no_negative_gain(name):
    for view in views(name):
        for block in blocks(view):
            if block["kind"] != "table" or not block["rows"]:
                continue
            columns = [
                [text_of(row[i]) for row in block["rows"]] for i in range(len(block["keys"]))
            ]
            for title, cells in list(zip(block["columns"], columns, strict=True))[1:]:
                assert set(cells) - {"", "–"}, f"{view['title']}, {block['title']}: {title}"
                if title == "narrower by":
                    assert not [cell for cell in cells if cell.startswith("-")]


@pytest.mark.slow(reason="computes every view of every shipped table")
@pytest.mark.parametrize("name", NAMES)
def test_axes_count_in_whole_numbers_and_end_at_a_hundred_percent(name):
    for view in views(name):
        for block in blocks(view):
            if block["kind"] != "figure":
                continue
            for axis in (block["layout"]["xaxis"], block["layout"]["yaxis"]):
                title = axis["title"].get("text", "")
                if title in COUNTED:
                    assert axis["dtick"] >= 1, block["title"]
                    assert axis["dtick"] == int(axis["dtick"]), block["title"]
                if title.endswith("(%)"):
                    low = axis.get("minallowed", axis.get("range", [-100])[0])
                    high = axis.get("maxallowed", axis.get("range", [0, 200])[-1])
                    assert low >= -5, block["title"]
                    assert high <= 105, block["title"]


def test_the_rules_see_what_they_are_for():
    seen = {
        "no number": "WSC along LogiQA: nan",
        "a date as a number": "released 2024.5",
        "one of many": "seen in 1 families",
        "a share beside nothing": "0.000 (1 %)",
        "one rises and one falls": "r says only that one rises and one falls.",
        "a layer in tenths": "layer 0.2",
    }
    assert set(seen) == set(FAULTS)
    for fault, text in seen.items():
        assert FAULTS[fault].search(text)
    assert not any(pattern.search("in 21 families, 1.5 pairs") for pattern in FAULTS.values())


def test_both_scores_that_rise_are_said_to_rise(tmp_path):
    rows = ["family,model,params,hellaswag,truthfulqa_mc2"]
    rows += [f"up,up-{i},{10 ** (8 + i / 2):.0f},{30 + 8 * i},{40 + 3 * i}" for i in range(5)]
    rows += [f"down,d-{i},{10 ** (8 + i / 2):.0f},{30 + 8 * i},{50 - 3 * i}" for i in range(5)]
    rows += [f"one,o-{i},{10 ** (8 + i / 2):.0f},{30 + 8 * i},{40 + 3 * (i % 2)}" for i in range(5)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(rows))
    found = dynamics.diagnose(dynamics.read_scores(path), n_boot=50)
    said = {f.family: " ".join(texts(plain(family_view(found, f)))) for f in found.families}
    assert "HellaSwag rises with size (r 1.00) and TruthfulQA MC2 rises with size" in said["up"]
    assert "and TruthfulQA MC2 falls with size (r -1.00): r between the two" in said["down"]
    assert "HellaSwag rises with size (r 1.00): r between the two" in said["one"]
    assert "TruthfulQA MC2 rises" not in said["one"]


@pytest.mark.slow(reason="computes the view of the dynamics")
def test_the_slider_of_the_dynamics_is_where_the_models_are(tmp_path):
    """Along another clock than the size its places were those of sizes."""
    rows = ["family,model,params,date,hellaswag,truthfulqa_mc2"]
    for family in range(5):
        for i in range(4):
            date = f"2024-{1 + 2 * i + family % 2:02d}-15"
            scores = f"{30 + 8 * i + family + i**2 / 2},{45 - 2 * i + family / 3 + i**2 / 4}"
            rows.append(f"f{family},m{family}-{i},{(1 + family) * 2**i}e8,{date},{scores}")
    path = tmp_path / "t.csv"
    path.write_text("\n".join(rows))
    table = dynamics.along_clock(dynamics.read_scores(path), "date")
    view = dynamics_view(table, reasoning="hellaswag", truth="truthfulqa_mc2")
    chart = next(b for b in view["blocks"] if b["kind"] == "figure")
    assert chart["steps"] is not None
    labels = chart["steps"]["labels"]
    assert (labels[0], labels[-1]) == ("2024-01", "2024-08")
    saved = chart["csv"]["text"].splitlines()
    assert saved[0].startswith("family,date,")
    assert all(re.match(r"f\d,2024-\d\d-\d\d,", line) for line in saved[1:])
