"""The report: one small file that holds everything and asks for nothing."""

import base64
import gzip
import hashlib
import html
import json
import re
import socket

import dashboard_app as app
import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._overview import overview
from nullcline.experiments.dashboard._page import plotly_script, report_page
from nullcline.experiments.dashboard._report import MOST_BYTES
from nullcline.experiments.formats import plain


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
        (["--table", "nowhere"], "no shipped table"),
        (["x.csv", "--table", "uniform"], "not both"),
        (["-o", "."], "is a folder"),
    ],
)
def test_mistakes_are_said_on_one_line(given, said, capsys):
    assert main(["report", *given]) == 2
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
