"""Faults tried on the dashboard: bad records, other sites, uploads on disk, processes that end."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path

import dashboard_app as app
import httpx
import pytest

from nullcline.experiments.dashboard._inside import inside_view
from nullcline.experiments.dashboard._private_folder import PrivateFolder
from nullcline.experiments.dashboard._uploads import Uploads

DEEP = "[" * 100_000
HEAD = {"layer": 0, "head": 0, "truth": {"effect": 0.3}}
HEADS = {"model": "tiny", "heads": [HEAD], "completeness": {"residual": 1e-6}}
LAYERS = {"layers": [{"layer": 0, "accuracy": 0.6, "low": 0.5, "high": 0.9}]}


def heads_at(layer: object) -> str:
    return json.dumps({**HEADS, "heads": [{**HEAD, "layer": layer}]})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'{{"heads": {DEEP}', "too deep"),
        (heads_at(10**9), "layer 1000000000 is none"),
        (heads_at(-5), "layer -5 is none"),
        (heads_at(float("nan")), "layer nan is none"),
        (heads_at(1.5), "layer 1.5 is none"),
        (heads_at("one"), "layer 'one' is none"),
        (heads_at(10**400), "is none"),
        (json.dumps({**HEADS, "heads": []}), "no heads"),
        (json.dumps({"layers": [{"layer": -1, "accuracy": 0.5}]}), "layer -1 is none"),
        ('{"model": "\\ud800", "layers": [{"layer": 0, "accuracy": 0.5}]}', "surrogates"),
        ('{"layers": [3]}', "no object"),
    ],
)
def test_a_bad_record_is_named_and_the_others_are_shown(tmp_path, content, said):
    (tmp_path / "bad.json").write_text(content)
    (tmp_path / "good.json").write_text(json.dumps(LAYERS))
    with app.make_client(records=(tmp_path,)) as client:
        answer = client.get("/api/views/inside")
    assert answer.status_code == 200
    blocks = answer.json()["blocks"]
    notice = next(b for b in blocks if b["kind"] == "notice")
    assert len(notice["lines"]) == 1
    assert notice["lines"][0].startswith("bad.json: ")
    assert said in notice["lines"][0]
    assert [b["name"] for b in blocks if b["kind"] == "figure"] == ["layer-scan"]


def test_numbers_that_are_none_leave_gaps_in_a_record(tmp_path):
    odd = {"layers": [{"layer": 0, "accuracy": float("nan")}, {"layer": 1, "accuracy": 10**400}]}
    (tmp_path / "odd.json").write_text(json.dumps(odd))
    view = inside_view([tmp_path])
    json.dumps(view, allow_nan=False)
    scan = next(b for b in view["blocks"] if b["kind"] == "figure")
    assert scan["traces"][0]["y"] == [None, None]


def test_records_that_are_not_read_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr("nullcline.experiments.dashboard._inside._MOST_FILES", 2)
    monkeypatch.setattr("nullcline.experiments.dashboard._inside._MOST_BYTES", 1000)
    for number in range(3):
        (tmp_path / f"{number}.json").write_text(json.dumps(LAYERS))
    (tmp_path / "large.json").write_text(json.dumps([0] * 1000))
    said = next(b for b in inside_view([tmp_path])["blocks"] if b["kind"] == "notice")["lines"]
    assert [line.split(";")[0] for line in said] == ["large.json: 0 MB", "1 more files"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/views/frontier", {"sec-fetch-site": "cross-site"}, 403),
        ("/api/index", {"sec-fetch-site": "same-site"}, 403),
        ("/api/index", {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}, 403),
        ("/", {"sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"}, 403),
        ("/", {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}, 200),
        ("/api/progress", {"sec-fetch-site": "same-origin"}, 200),
        ("/api/progress", {"sec-fetch-site": "none"}, 200),
        ("/api/progress", {}, 200),
    ],
)
def test_another_site_starts_no_work(path, headers, status):
    store = app.make_store()
    with app.make_client(store) as client:
        assert client.get(path, headers=headers).status_code == status
    assert store.progress()["total"] == 0


def test_an_upload_that_is_forgotten_leaves_the_disk():
    uploads = Uploads()
    paths = []
    for number in range(20):
        paths.append(uploads.add(f"t{number}", [("a.csv", b"x")])[0])
        uploads.describe(f"t{number}", "{}")
    assert [path.exists() for path in paths] == [False] * 4 + [True] * 16
    uploads.forget("t19")
    assert not paths[19].exists()
    assert len(list(uploads._folder.path.iterdir())) == 16  # the lock, and 15 tables
    uploads.close()
    assert not uploads._folder.path.exists()


def test_a_table_that_cannot_be_read_leaves_the_disk():
    store = app.make_store()
    with app.make_client(store) as client:
        bad = app.files(("bad.csv", app.BAD))
        assert client.post("/api/tables", files=bad).status_code == 422
        assert len(list(store.uploads._folder.path.iterdir())) == 1  # the lock


def test_what_a_killed_server_left_is_removed_and_what_a_living_one_has_is_not(tmp_path):
    living = PrivateFolder(tmp_path)
    code = (
        "import os, sys; from pathlib import Path; "
        "from nullcline.experiments.dashboard._private_folder import PrivateFolder; "
        "made = PrivateFolder(Path(sys.argv[1])); (made.path / 'table.csv').write_text('a'); "
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    (other,) = set(tmp_path.iterdir()) - {living.path}
    assert (other / "table.csv").exists()
    fresh = PrivateFolder(tmp_path)
    assert set(tmp_path.iterdir()) == {living.path, fresh.path}
    living.close()
    fresh.close()
    assert not list(tmp_path.iterdir())


@contextlib.contextmanager
def dashboard(tmp_path):
    """`nullcline dashboard` with a temporary folder of its own, and its address."""
    folders = {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(app.shared())}
    command = [sys.executable, "-m", "nullcline", "dashboard"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **folders}
    ) as process:
        try:
            assert process.stderr is not None
            address = re.search(r"http://\S+", process.stderr.readline())
            assert address is not None
            yield process, address[0]
        finally:
            process.kill()


def of_group(process: subprocess.Popen) -> list[int]:
    """The children of a process."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(child) for file in children for child in file.read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def half_upload(address: str) -> socket.socket:
    """A connection on which an upload has begun and does not go on."""
    host, port = address.removeprefix("http://").strip("/").split(":")
    one = socket.create_connection((host, int(port)))
    head = (
        f"POST /api/tables HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 100000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: "
        'form-data; name="files"; filename="a.csv"\r\n\r\nfamily,model'
    )
    one.sendall(head.encode())
    return one


def test_the_server_ends_soon_when_told_whatever_is_half_sent(tmp_path):
    with dashboard(tmp_path) as (process, address):
        assert httpx.get(address, timeout=60).status_code == 200
        with half_upload(address) as half:
            time.sleep(0.5)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=50)
            # A second of patience, and the end of the processes; it waited for a minute.
            assert time.monotonic() - began < 15
            assert b" 503 " in half.recv(1000)
        assert not list(tmp_path.glob("nullcline-*"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for processes in /proc")
def test_a_server_that_is_killed_takes_its_workers_along(tmp_path):
    with dashboard(tmp_path) as (process, address):
        with httpx.Client(base_url=address, timeout=120) as client:
            assert client.get("/api/index").status_code == 200
            entry = client.post("/api/tables", files=app.files(("mine.csv", app.GOOD)))
            assert entry.status_code == 201, entry.text
            # An equation to fit: a worker that is busy for long.
            name = entry.json()["name"]
            assert client.get(f"/api/views/dynamics?table={name}").status_code == 202
        children = of_group(process)
        assert children
        process.kill()
        process.wait()
        end = time.monotonic() + 20
        while any(map(alive, children)) and time.monotonic() < end:
            time.sleep(0.05)
        assert not any(map(alive, children))
        (left,) = tmp_path.glob("nullcline-uploads-*")
    PrivateFolder(tmp_path).close()  # as the next start does
    assert not left.exists()


class Dies:
    """A worker whose process is ended while it reads the first table."""

    def __init__(self):
        self._worker, self._first = app.ThreadWorker(), True

    def submit(self, name, arguments, *, urgent=True):
        if not self._first:
            return self._worker.submit(name, arguments, urgent=urgent)
        self._first = False
        failed: Future = Future()
        failed.set_exception(RuntimeError("the process that computes has ended"))
        return failed

    def close(self):
        self._worker.close()


def test_a_worker_that_ends_while_it_reads_is_said_and_the_next_table_is_read():
    """That a process which is killed is begun anew, test_dashboard_server.py tries."""
    store = app.make_store(uploaded=Dies())
    with app.make_client(store) as client:
        table = app.files(("own.csv", app.GOOD))
        answer = client.post("/api/tables", files=table)
        assert answer.status_code == 503
        said = "this table was not read: the process that computes has ended; give it again"
        assert answer.json() == {"message": said, "row": None}
        assert client.post("/api/tables", files=table).status_code == 201


def test_a_failure_that_nobody_foresaw_is_one_sentence(monkeypatch):
    store = app.make_store()
    monkeypatch.setattr(store, "progress", lambda: 1 / 0)
    with app.make_client(store) as client:
        answer = client.get("/api/progress")
    assert answer.status_code == 500
    assert (
        answer.json()["message"] == "this could not be answered (ZeroDivisionError); try it again"
    )


def test_the_folder_for_uploads_is_under_the_temporary_one():
    folder = PrivateFolder()
    assert folder.path.parent == Path(tempfile.gettempdir())
    shutil.rmtree(folder.path)
    folder.close()  # somebody cleaned up before: no failure
