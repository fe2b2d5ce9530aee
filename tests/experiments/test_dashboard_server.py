"""The dashboard over HTTP: what it answers, what it refuses, and what it leaves alone."""

import csv
import io
import json
import multiprocessing
import re
import socket
import stat
import threading
import time
from concurrent.futures import Future
from typing import Any

import dashboard_app as app
import httpx
import pytest
import uvicorn

from nullcline import dynamics
from nullcline.experiments.dashboard._cache import ViewCache
from nullcline.experiments.dashboard._choices import Choice, Flow, ask_view
from nullcline.experiments.dashboard._errors import JobError
from nullcline.experiments.dashboard._jobs import run
from nullcline.experiments.dashboard._page import plotly_script, script, static
from nullcline.experiments.dashboard._server import create_app
from nullcline.experiments.dashboard._store import Job
from nullcline.experiments.dashboard._uploads import MOST_BYTES, MOST_FILES, MOST_ROWS, Uploads
from nullcline.experiments.dashboard._worker import ProcessWorker
from nullcline.experiments.studies.ode import reliance
from nullcline.experiments.web import own_names

VIEWS = (*("overview", "family", "table", "scan", "dynamics", "frontier", "inside", "claims"),)


@pytest.fixture(scope="module")
def client():
    with app.make_client() as made:
        app.wait_for_index(made)
        yield made


def upload(client, *given):
    return client.post("/api/tables", files=app.files(*given))


def rows_of(block) -> list[dict]:
    return list(csv.DictReader(io.StringIO(block["csv"]["text"])))


def block_of(view: dict, kind: str, title: str) -> dict:
    return next(b for b in view["blocks"] if b["kind"] == kind and title in b["title"])


def test_the_page_asks_nothing_of_another_host(client):
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    for content in (page.text, client.get("/static/app.js").text, static("style.css").decode()):
        assert not re.search(r"(https?:)?//[a-z]", re.sub(r"(?m)//\s.*$", "", content))
    assert client.get("/static/plotly.min.js").content == plotly_script()
    assert client.get("/static/app.js").content == script()
    assert client.get("/docs").status_code == 404  # its page would load scripts from elsewhere


def test_the_index_lists_what_can_be_chosen(client):
    tables = {entry["name"]: entry for entry in app.wait_for_index(client)["tables"]}
    assert set(tables) == set(dynamics.table_names())
    uniform = dynamics.load_table("uniform")
    assert {name for name, _ in tables["uniform"]["benchmarks"]} == set(uniform.benchmarks)
    assert set(tables["uniform"]["families"]) == set(uniform.families)
    assert (tables["uniform"]["reasoning"], tables["uniform"]["truth"]) == (
        "hellaswag",
        "truthfulqa_mc2",
    )


@pytest.mark.slow(reason="computes every view of a shipped table")
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_a_shipped_table_is_there(client, view):
    table = "organisms" if view in ("dynamics", "table") else "uniform"  # the smaller one
    answer = app.wait_for(client, f"/api/views/{view}?table={table}")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["title"]
    assert shown["question"].endswith("?")
    for block in shown["blocks"]:
        if block["kind"] == "figure":
            assert block["traces"]
            assert len(rows_of(block)) > 0
            assert block["alt"].endswith(".")


def test_a_view_shows_what_the_library_computes(client):
    table = dynamics.load_table("uniform")
    found = dynamics.diagnose(table)
    shown = app.wait_for(client, "/api/views/family?family=Pythia").json()
    pythia = next(f for f in found.families if f.family == "Pythia")
    steps = rows_of(block_of(shown, "table", "Steps"))
    # Written with ten digits.
    assert [float(row["gamma"]) for row in steps] == pytest.approx(
        [step.slope.gamma for step in pythia.steps], rel=1e-9
    )
    assert [row["phase"] for row in steps] == [step.slope.phase for step in pythia.steps]
    overview = app.wait_for(client, "/api/views/overview").json()
    families = rows_of(block_of(overview, "table", "Families"))
    frame = found.to_pandas().set_index("family")
    assert {row["family"]: row["phase"] for row in families} == frame["phase"].to_dict()
    pooled = rows_of(block_of(overview, "table", "All families"))
    turn = next(row for row in pooled if row["axis"] == "reasoning")
    gate = found.common_turn["reasoning"]
    assert float(turn["gate_p"]) == pytest.approx(gate.gate_p, rel=1e-9)
    assert float(turn["within_r2"]) == pytest.approx(gate.within_r2, rel=1e-9)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("overview?table=nobody", 404, "no such table"),
        ("family?family=nobody", 404, "no such family"),
        ("overview?reasoning=nobody", 422, "no such benchmark for reasoning"),
        ("overview?reasoning=hellaswag&truth=hellaswag", 422, "twice"),
        ("elsewhere", 422, "view"),
        ("dynamics?penalty=none", 422, "penalty"),
        ("dynamics?along=date", 422, "not known along date"),
        ("dynamics?along=tokens&unseen=nobody", 404, "no such family along tokens"),
        ("overview?table=" + "x" * 65, 422, "at most 64"),
    ],
)
def test_an_impossible_choice_is_said_in_words(client, query, status, said):
    app.wait_for(client, "/api/views/family")
    answer = client.get(f"/api/views/{query}")
    assert answer.status_code == status
    assert said in answer.json()["message"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1@evil"])
def test_other_hosts_names_are_refused(client, host):
    assert client.get("/", headers={"host": host}).status_code == 403


def test_own_names_are_answered_and_other_sites_posts_are_not(client):
    for host in ("localhost:8080", "127.0.0.1", "[::1]:5"):
        assert client.get("/", headers={"host": host}).status_code == 200
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9"):
        answer = client.post(
            "/api/tables", files=app.files(("own.csv", app.GOOD)), headers={"origin": origin}
        )
        assert answer.status_code == 403, origin
    assert "evil.example" not in own_names("0.0.0.0")
    assert "127.0.0.1" in own_names("0.0.0.0")


@pytest.mark.slow(reason="computes every view of a table")
def test_a_table_of_ones_own_is_read_and_shown(client, tmp_path):
    answer = upload(client, ("my scores.csv", app.GOOD))
    assert answer.status_code == 201, answer.text
    entry = answer.json()
    path = tmp_path / "my scores.csv"
    path.write_text(app.GOOD)
    expected = dynamics.read_scores(path)
    assert entry["title"] == "my scores.csv"
    assert entry["families"] == list(expected.families)
    assert [w["message"] for w in entry["warnings"]] == [w.message for w in expected.warnings]
    assert client.get(f"/api/tables/{entry['name']}").json() == entry
    account = entry["account"]
    assert [file["path"] for file in account["files"]] == ["my scores.csv"]
    assert account["rows"]["used"] == len(expected.frame)
    shown = app.wait_for(client, f"/api/views/table?table={entry['name']}").json()
    assert shown["title"] == "my scores.csv"
    read = rows_of(block_of(shown, "details", "Read: ")["blocks"][0])
    assert {"what": "column", "name": "model", "read as": "model", "remark": ""} in read
    mine = expected.select(["mine"])
    assert block_of(shown, "details", "The next sizes")["ask"] == "next"
    shown = app.wait_for(client, f"/api/views/next?table={entry['name']}").json()
    sizes = rows_of(block_of(shown, "figure", "mine: the next sizes"))
    largest = [float(r["params"]) for r in sizes if r["benchmark"] == "hellaswag"]
    again = dynamics.extend(mine, "mine", params=largest)
    assert reliance(again) in block_of(shown, "figure", "mine: the next sizes")["note"]
    place = again.benchmarks.index("hellaswag")
    assert [float(r["predicted"]) for r in sizes if r["benchmark"] == "hellaswag"] == pytest.approx(
        again.predicted[:, place].tolist(), rel=1e-9
    )


def test_a_name_is_text_wherever_it_is_shown(client):
    entry = upload(client, ("own.csv", app.GOOD)).json()
    shown = app.wait_for(client, f"/api/views/family?table={entry['name']}&family=mine").json()
    plot = block_of(shown, "figure", "against")
    texts = [text for trace in plot["traces"] for text in trace.get("text", [])]
    # plotly reads tags in texts, so there it must be escaped; the page's own cells are text nodes.
    assert any("&lt;script&gt;" in text for text in texts)
    assert not any("<script" in text for text in texts)
    assert "innerHTML" not in script().decode("utf-8")
    families = app.wait_for(client, f"/api/views/overview?table={entry['name']}").json()
    saved = block_of(families, "table", "Families")["csv"]["text"]
    assert "'=1+1," in saved  # not a formula in a spreadsheet


def test_a_bad_table_gets_the_readers_own_message_with_its_row(client, tmp_path):
    (tmp_path / "bad.csv").write_text(app.BAD)
    with pytest.raises(dynamics.TableError) as raised:
        dynamics.read_scores(tmp_path / "bad.csv")
    answer = upload(client, ("bad.csv", app.BAD))
    assert answer.status_code == 422
    said = answer.json()
    assert said["row"] == raised.value.row == 3
    assert said["message"] == str(raised.value).replace(str(tmp_path) + "/", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"{}", "without results"),
        (b"a,b\n1\n", "cells"),
    ],
)
def test_what_is_no_table_is_said_and_names_no_path(client, content, said):
    answer = upload(client, ("thing.csv", content))
    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert "/tmp" not in answer.json()["message"]


def test_a_folder_of_results_is_read_as_the_reader_reads_it(client, tmp_path):
    given = []
    for model, score in (("mine-1b", 0.4), ("mine-7b", 0.6)):
        content = {
            "results": {
                "hellaswag": {"acc_norm,none": score, "acc_norm_stderr,none": 0.005},
                "truthfulqa_mc2": {"acc,none": 0.4, "acc_stderr,none": 0.014},
            },
            "model_name": f"org/{model}",
            "config": {"model_args": f"pretrained=org/{model}"},
        }
        name = f"out/org__{model}/results_2026-01-02T03-04-05.000001.json"
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(json.dumps(content))
        given.append((name, json.dumps(content)))
    given.append(("out/../../../../models.csv", "model,family,params\norg/mine-1b,ours,1e9\n"))
    (tmp_path / "out" / "models.csv").write_text(given[-1][1])
    expected = dynamics.read_scores(tmp_path / "out")
    answer = upload(client, *given)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["families"]) == set(expected.families)


def test_uploads_are_bounded(client):
    rows = "family,model,params,hellaswag,truthfulqa_mc2\n" + "\n" * (MOST_ROWS + 1)
    answer = upload(client, ("rows.csv", rows))
    assert (answer.status_code, "rows" in answer.json()["message"]) == (413, True)
    answer = upload(client, ("big.csv", b"x" * (MOST_BYTES + 1)))
    assert answer.status_code == 413
    form = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post("/api/tables", content=b"x" * 8_000_000, headers=form)
    assert answer.status_code == 413

    def endless():
        for _ in range(100):
            yield b"x" * 100_000

    answer = client.post("/api/tables", content=endless(), headers=form)
    assert answer.status_code == 413  # whatever length was stated
    many = [(f"{i}.json", b"{}") for i in range(MOST_FILES + 1)]
    answer = upload(client, *many)
    assert (answer.status_code, "at most 500 files" in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"a,b", "text/csv", 415, "multipart/form-data"),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 422, "no file was given"),
        (b"--b\r\n", "multipart/form-data", 400, "boundary"),
        (b"nothing", "multipart/form-data; boundary=b", 400, "cannot be read"),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\na,b\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            400,
            "with its file name",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\n1\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            422,
            "no file was given",
        ),
    ],
)
def test_a_body_that_is_no_upload_is_refused_in_words(client, body, kind, status, said):
    answer = client.post("/api/tables", content=body, headers={"content-type": kind})
    assert (answer.status_code, said in answer.json()["message"]) == (status, True), answer.text


def test_no_path_of_a_request_touches_the_disk(tmp_path):
    uploads = Uploads()
    folder = uploads._folder.path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    names = ["../../etc/passwd", "/etc/passwd", "a/../../b.json", "..\\..\\c.json", "x" * 900,
             "a\0b/results_2026-01-02T03-04-05.json", ".ssh/id", "models.csv/results_1.json",
             "models.csv", "", "\ud800/\ud800"]  # fmt: skip
    path, title = uploads.add("one", [(name, b"{}") for name in names])
    written = [file for file in path.rglob("*") if file.is_file()]
    assert len(written) == len(names)
    for file in written:
        assert file.resolve().is_relative_to(path.resolve())
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", file.name)
        assert len(file.name) < 100
    title.encode("utf-8")
    uploads.close()
    assert not folder.exists()


def test_old_uploads_are_forgotten():
    uploads = Uploads()
    for number in range(17):
        uploads.add(f"t{number}", [("a.csv", b"x")])
        uploads.describe(f"t{number}", "{}")
    assert uploads.source("t0") is None
    assert uploads.source("t16") is not None
    uploads.close()


class Stuck:
    """A worker whose jobs never end, or fail."""

    def __init__(self, error: Exception | None = None):
        self.error = error
        self.waiting: list[Future] = []

    def submit(self, name, arguments, *, urgent=True):
        if name == "index":
            future: Future = Future()
            future.set_result(run("index", {}))
            return future
        future = Future()
        if self.error:
            future.set_exception(self.error)
        else:
            self.waiting.append(future)
        return future

    def release(self):
        for future in self.waiting:
            future.set_exception(JobError("ended"))

    def close(self):
        pass


def test_a_computation_that_hangs_holds_back_nobody_else():
    stuck = Stuck()
    store = app.make_store(uploaded=stuck)
    with app.make_client(store) as client:
        app.wait_for_index(client)
        answers = []
        sender = threading.Thread(
            target=lambda: answers.append(upload(client, ("own.csv", app.GOOD))), daemon=True
        )
        sender.start()
        time.sleep(0.2)
        began = time.monotonic()
        assert app.wait_for(client, "/api/views/frontier").status_code == 200
        assert time.monotonic() - began < 30
        assert not answers  # it still waits, alone
        stuck.release()
        sender.join(timeout=20)
        assert answers[0].status_code == 422


@pytest.mark.slow(reason="waits for processes that import the package")
def test_too_much_waiting_is_refused_and_failures_are_errors_with_words():
    stuck = {"shipped": Stuck(), "uploaded": Stuck()}
    with app.make_client(app.make_store(**stuck, cache=ViewCache(None))) as client:
        names = [n for n, _ in app.wait_for_index(client)["tables"][0]["benchmarks"]]
        pairs = [(a, b) for a in names for b in names if a != b]
        statuses = [
            client.get(f"/api/views/overview?reasoning={a}&truth={b}").status_code
            for a, b in pairs[:30]
        ]
        assert statuses[:24] == [202] * 24
        assert set(statuses[24:]) == {429}
        progress = client.get("/api/progress").json()
        assert progress["total"] - progress["done"] == 24
    failing = app.make_store(shipped=Stuck(RuntimeError("broke")), cache=ViewCache(None))
    with app.make_client(failing) as client:
        app.wait_for_index(client)
        answer = app.wait_for(client, "/api/views/frontier")
        assert answer.status_code == 500
        assert "broke" in answer.json()["message"]
    refusing = app.make_store(shipped=Stuck(JobError("not so", 4)), cache=ViewCache(None))
    with app.make_client(refusing) as client:
        app.wait_for_index(client)
        answer = app.wait_for(client, "/api/views/frontier")
        assert (answer.status_code, answer.json()) == (422, {"message": "not so", "row": 4})


def processes() -> list:
    """The processes that compute."""
    return [child for child in multiprocessing.active_children() if "pebble" in child.name]


def test_a_job_that_takes_too_long_is_ended_and_the_next_one_runs(tmp_path):
    (tmp_path / "bad.csv").write_text(app.BAD)
    worker = ProcessWorker(seconds=0.2)  # of a job of several seconds
    with pytest.raises(JobError, match="took more than"):
        worker.submit("claims", {}).result(timeout=60)
    worker._seconds = 120
    arguments = {"path": str(tmp_path / "bad.csv"), "title": "bad.csv", "name": "x"}
    with pytest.raises(JobError, match="row 3") as raised:
        worker.submit("read", arguments).result(timeout=120)
    assert raised.value.row == 3
    assert "tables" in worker.submit("index", {}).result(timeout=60)["index"]
    worker.close()


@pytest.mark.slow(reason="processes that import the package")
def test_a_process_that_is_killed_is_begun_anew():
    worker = ProcessWorker(seconds=120)
    worker.submit("index", {}).result(timeout=60)
    [idle] = processes()
    idle.kill()
    idle.join()
    assert "tables" in worker.submit("index", {}).result(timeout=60)["index"]
    [busy] = processes()
    failing = worker.submit("claims", {})
    time.sleep(0.5)
    busy.kill()
    with pytest.raises(RuntimeError, match="the process that computes has ended"):
        failing.result(timeout=60)
    assert "tables" in worker.submit("index", {}).result(timeout=60)["index"]
    worker.close()


def test_closing_ends_what_runs_and_cancels_what_waits():
    worker = ProcessWorker(seconds=120)
    worker.submit("index", {}).result(timeout=60)
    running, waiting = worker.submit("claims", {}), worker.submit("frontier", {})
    time.sleep(0.5)
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < 10
    assert running.done()
    assert waiting.cancelled()
    assert not processes()


def test_what_somebody_waits_for_comes_before_what_nobody_does():
    stuck = Stuck()
    store = app.make_store(shipped=stuck, cache=ViewCache(None))
    ahead = store.parts("claims", {}, "claims", urgent=False)
    assert store.parts("claims", {}, "claims", urgent=False) is ahead
    asked = store.parts("claims", {}, "claims")
    assert asked is not ahead
    assert isinstance(ahead, Job)
    assert isinstance(asked, Job)
    assert ahead.future.cancelled()
    assert not asked.future.done()
    store.close()


def test_the_cache_keeps_views_of_one_state_of_the_code_only(tmp_path):
    (tmp_path / "older").mkdir()
    cache = ViewCache(tmp_path)
    key = ("overview", ("source", ("shipped", "uniform")))
    assert cache.get(key) is None
    cache.put(key, {"overview": "{}"})
    assert cache.get(key) == {"overview": "{}"}
    assert not (tmp_path / "older").exists()
    for file in tmp_path.rglob("*.json"):
        file.write_text("{broken")
    assert cache.get(key) is None
    assert ViewCache(None).get(key) is None
    (tmp_path / "file").write_text("a file where the folder should be")
    nowhere = ViewCache(tmp_path / "file")
    nowhere.put(key, {"overview": "{}"})
    assert nowhere.get(key) is None


def test_uploads_are_not_cached(client, tmp_path):
    cache = ViewCache(tmp_path / "cache")
    with app.make_client(app.make_store(cache=cache)) as fresh:
        app.wait_for_index(fresh)
        entry = upload(fresh, ("own.csv", app.GOOD)).json()
        assert app.wait_for(fresh, f"/api/views/overview?table={entry['name']}").status_code == 200
    kept = "".join(file.read_text() for file in (tmp_path / "cache").rglob("*.json"))
    assert "mine-30b" not in kept
    assert "uniform" in kept


def test_a_slow_and_a_broken_upload_hold_back_nobody():
    served = create_app(app.make_store(), hosts=own_names("127.0.0.1"), warm=False)
    config = uvicorn.Config(served, log_level="critical", lifespan="on")
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        port = listening.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        head = (
            f"POST /api/tables HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\n"
        )
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for one in slow:
            one.sendall(head.encode())  # and then nothing
        bad = app.files(("a.csv", app.BAD))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as others:
            assert others.get("/").status_code == 200
            assert others.post("/api/tables", files=bad).status_code == 422
            for one in slow:
                one.close()  # broken off in the middle
            assert others.get("/api/progress").status_code == 200
        server.should_exit = True
        thread.join(timeout=30)
    assert not thread.is_alive()


def test_of_many_families_those_near_the_chosen_one_are_computed():
    names = [f"F{i}" for i in range(130)]
    many = Choice(("file", "t.csv", "t"), "x", "y", names, "t", {}, False)
    asked: list[Any] = [ask_view("family", many, Flow(), name).arguments["among"] for name in names]
    assert all(name in among for name, among in zip(names, asked, strict=True))
    assert max(map(len, asked)) == 25
    assert len(set(asked)) == 6  # no family twice
    assert ask_view("family", many, Flow()).arguments["among"] == tuple(names[:25])
    few = many._replace(families=names[:100])
    assert "among" not in ask_view("family", few, Flow(), "F3").arguments
    pair = {"source": ("shipped", "leaderboard"), "reasoning": "hellaswag", "truth": "gsm8k"}
    whole = run("families", pair)
    name = list(whole)[1].removeprefix("family/")
    assert run("families", {**pair, "among": (name, "nobody")}) == {
        f"family/{name}": whole[f"family/{name}"]
    }
