"""The report: one small file that holds everything and asks for nothing."""

import base64
import gzip
import hashlib
import html
import json
import re
import socket
from importlib.metadata import version
from pathlib import Path

import dashboard_app as app
import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.commands.report import report_path
from nullcline.experiments.dashboard._overview import overview
from nullcline.experiments.dashboard._page import plotly_script, report_page
from nullcline.experiments.dashboard._report import MOST_BYTES, _made
from nullcline.experiments.formats import plain
from nullcline.experiments.schemas import Diagnose

pytestmark = pytest.mark.slow(reason="makes the report of a table, with every view")


@pytest.fixture(scope="module")
def page() -> str:
    return app.report_file().read_text()


def unpacked(page: str, name: str) -> bytes:
    packed = re.search(f'<script type="text/plain" id="{name}">([A-Za-z0-9+/=]*)</script>', page)
    assert packed is not None
    return gzip.decompress(base64.b64decode(packed[1]))


def test_it_is_one_small_file_that_asks_for_nothing(page):
    assert len(page.encode()) < MOST_BYTES
    assert not re.search(r'(src|href)="(?!data:,|#main)', page)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?:|connect-src|'self'", policy[1])


def test_what_runs_is_what_the_policy_names(page):
    policy = re.search(r'content="(default-src[^"]*)"', page)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy is not None
    assert script is not None
    assert style is not None
    plotly = unpacked(page, "report-plotly")
    assert plotly == plotly_script()
    for content in (script[1].encode(), style[1].encode(), plotly):
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert f"'sha256-{digest}'" in policy[1]


def test_it_holds_the_views_of_its_table(page):
    data = json.loads(unpacked(page, "report-data"))
    views = data["views"]
    assert {"overview", "table", "scan", "frontier", "inside", "claims"} <= set(views)
    assert {"family/mine", "family/=1+1", "dynamics/l1", "dynamics/ridge"} <= set(views)
    path = re.search(r"mine\.csv", page)
    assert data["index"]["tables"][0]["title"] == "mine.csv"
    assert path is None or "tmp" not in page[path.start() - 40 : path.start()]
    assert "<script>alert" not in page  # names are inside the packed data only


def test_its_header_says_of_what_it_is_and_when_and_by_which_version(page, monkeypatch):
    made = re.search(r'<p class="made">(.*?)</p>', page)
    assert made is not None
    assert re.fullmatch(
        rf"Report of mine\.csv, 20\d\d-\d\d-\d\d, by nullcline {version('nullcline')}"
        r"(, commit [0-9a-f]{10}(, changed since)?)?",
        made[1],
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert "1970-01-02" in _made("mine.csv")
    assert b"<b>" not in report_page("t", {}, made="<b>mine.csv").split(b"<style>")[0]


def test_views_of_shipped_data_are_marked_in_a_report_of_ones_own_table(page):
    index = json.loads(unpacked(page, "report-data"))["index"]
    assert set(index["shipped"]) == {"frontier", "claims", "inside"}
    assert "Nothing here is about your own table" in index["shipped"]["frontier"]


@pytest.mark.parametrize(
    ("out", "paths", "table", "expected"),
    [
        (None, ["scores/my scores.csv"], "uniform", "my scores_report.html"),
        (None, ["."], "uniform", "{here}_report.html"),
        (None, [], "checkpoints", "checkpoints_report.html"),
        (None, ["a.csv", "b.csv", "c.csv"], "uniform", "a_and_2_more_report.html"),
        (".", ["a.csv"], "uniform", "a_report.html"),
        ("there.html", ["a.csv"], "uniform", "there.html"),
    ],
)
def test_a_report_is_named_after_its_table(out, paths, table, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Diagnose(path=paths or None, table=table)
    found = report_path(None if out is None else Path(out), settings)
    assert str(found) == expected.format(here=tmp_path.name)


def test_the_same_views_as_the_dashboard(page, tmp_path):
    (tmp_path / "mine.csv").write_text(app.GOOD)
    found = dynamics.diagnose(dynamics.read_scores(tmp_path / "mine.csv"), n_boot=500)
    data = json.loads(unpacked(page, "report-data"))
    assert data["views"]["overview"] == json.loads(json.dumps(plain(overview(found))))


def test_the_same_data_give_the_same_bytes():
    data = {"index": {}, "views": {"a": {"title": "</script><b>"}}}
    first, second = report_page("<b>&", data), report_page("<b>&", data)
    assert first == second
    assert b"&lt;b&gt;&amp;" in first
    assert b"</script><b>" not in first


def test_a_hostile_name_is_text_in_the_page():
    name = "</title><script>alert('1')</script>"
    head = report_page(name, {"views": {}}).decode().split("<style>")[0]
    assert head.count("</title>") == 1
    assert "<script" not in head
    assert name in html.unescape(head)


def test_diagnose_writes_the_same_report(page, tmp_path, capsys):
    (tmp_path / "mine.csv").write_text(app.GOOD)
    out = tmp_path / "r.html"
    given = [str(tmp_path / "mine.csv"), "--n-boot", "500", "--report", str(out)]
    assert main(["diagnose", *given]) == 0
    assert "The surest come first" in capsys.readouterr().out
    assert out.read_text() == page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["nowhere.csv"], "no such file"),
        (["x.csv", "--table", "uniform"], "not both"),
        (["-o", "{}/uniform_report.html"], "is a folder"),
    ],
)
def test_mistakes_are_said_on_one_line(given, said, capsys, tmp_path):
    # A folder that has the name which the file would get.
    (tmp_path / "uniform_report.html" / "uniform_report.html").mkdir(parents=True)
    assert main(["report", *(part.format(tmp_path) for part in given)]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.strip().count("\n") == 0


def test_the_dashboard_refuses_what_it_cannot_serve(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["dashboard", "--port", port]) == 2
        assert f"port {port} of 127.0.0.1 is in use" in capsys.readouterr().err
    assert main(["dashboard", "--port", "70000"]) == 2
    assert "no port" in capsys.readouterr().err
    assert main(["dashboard", "--records", "nowhere"]) == 2
    assert "no such folder" in capsys.readouterr().err
