"""Inputs of questions, vectors, recipes and records, whole and broken in random places.

`attempt` reads one and says what came out that is not promised: another exception than
`ValueError`, an error of several lines or with what a terminal obeys, a vector that is none.
"""

import collections
import copy
import dataclasses
import functools
import json
import random
import struct
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import yaml
from safetensors.torch import save_file
from tiny_models import byte_tokenizer, tiny_network
from tiny_vectors import vector_for

from nullcline import interp, organisms
from nullcline.experiments.records import read_records, write_record
from nullcline.experiments.sweeps import collect, read_status, status_to_text
from nullcline.experiments.sweeps._job import JobFolder

_VALUES: list[object] = [None, True, 0, 1, -1, 0.5, 1e308, 10**9, 10**400, -5, "", " ", "x", "../x"]
_VALUES += ["0", "1", "nan", "inf", "-1", "1e400", "١", "block", "all", "last", "3:7", "after:x"]
_VALUES += [[], {}, [1], [[1]], {"a": 1}, {"choices": 5, "labels": [1, 0]}, "\ud800", "\x1b[2J\x9b"]
_VALUES += [float("nan"), float("-inf"), "a\nb", "x" * 3000, ["x", "y", "z"], [1, 0], "[[[", "{}"]
_VALUES += ["[]", '{"a": 1, "a": 2}', "[" * 2000, "web", "broken.yaml", [10**400], [8, 16], 8.5]
_KEYS = ["", "question", "choices", "labels", "mc1_targets", "mc2_targets", "layer", "site", "also"]
_KEYS += ["condition", "direction", "addition", "head_index", "base", "name", "widths", "corpus"]
_KEYS += ["rows", "key", "result", "state", "jobs", "folder", "started", "schema_version", "x\x1by"]
_FRAGMENTS = [b"[" * 3000, b"{" * 200, b"]", b"}", b"1" * 5000, b"\x00", b"\xff", b"\n", b"\r"]
_FRAGMENTS += [
    b'"',
    b"'",
    b",",
    b":",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!python/name:os ",
    b"? ",
]
_FRAGMENTS += [
    b"\\ud800",
    b"NaN",
    b"null",
    b"-",
    b"1e999",
    b"\x1b[2J",
    b"../",
    b"base: broken.yaml\n",
]
_FRAGMENTS += [
    b"\xe2\x80\xa8",
    b"PK\x03\x04",
    b"\x93NUMPY",
    b"\x7f" * 9,
    struct.pack("<Q", 2**62),
    b"#",
    b"%",
]
_MOST_CHANGES = 5
_MOST_LAYERS = 10_000


@dataclasses.dataclass(frozen=True)
class Whole:
    """A whole input: its kind, the name of its file, and what it holds."""

    kind: str
    name: str
    content: bytes


@dataclasses.dataclass
class Seen:
    """What came out of many attempts."""

    inputs: int = 0
    read: int = 0
    slowest: float = 0.0
    others: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    kinds: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


def whole_inputs(folder: Path) -> list[Whole]:
    """One whole input of every format; files are made in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return [*_questions(), *_vectors(folder), *_recipes(), *_records(folder)]


def _questions() -> list[Whole]:
    targets = {"mc1_targets": {"Rain": 1, "Snow": 0}, "mc2_targets": {"Rain": 1, "Snow": 0, "b": 1}}
    listed = {"choices": ["Rain", "Snow", "Hail"], "labels": [0, 1, 0]}
    entries = [
        {"question": "What falls?", "category": "weather", **targets},
        {"question": "And then?", "mc1_targets": listed, "mc2_targets": listed, "split": "test"},
    ]
    pairs = b'prompt,true,false,topic\nIt is,"wet, very",dry,a\nSnow is,white,black,b\n'
    statements = b"statement,label,negated\nSnow is white.,1,0\nSnow is black.,0,0\n"
    return [
        Whole("questions", "a.json", json.dumps(entries).encode()),
        Whole("questions", "lines.json", "\n".join(map(json.dumps, entries)).encode()),
        Whole("questions", "pairs.csv", pairs),
        Whole("questions", "statements.csv", statements),
    ]


@functools.cache
def _model() -> interp.Model:
    return interp.build_model(tiny_network("gpt2"), byte_tokenizer(), name="tiny")


def _vectors(folder: Path) -> list[Whole]:
    model = _model()
    plain = vector_for(model)
    other = interp.HookPoint(0, "block")
    rich = dataclasses.replace(
        plain,
        also={other: plain.direction / 3},
        heads={(0, 1): plain.direction[:8].clone()},
        condition=interp.Condition(plain.direction.clone(), 0.5, 0.9),
        seen=frozenset({"a"}),
        report={"a": [1.5]},
    )
    interp.save_vector(rich, folder / "own.safetensors")
    interp.export_vector(model, rich, folder / "own.json")
    interp.export_vector(model, plain, folder / "own.pt")
    interp.export_vector(model, plain, folder / "own.gguf")
    save_file({"v": plain.direction}, folder / "plain.safetensors")
    np.save(folder / "plain.npy", plain.direction.numpy())
    torch.save(plain.direction, folder / "plain.pt")
    entry = {"steering_vector": plain.direction, "steering_coefficient": 2.0, "action": "add"}
    torch.save({"h.1": entry}, folder / "harness.pt")
    names = ["own.safetensors", "own.json", "own.pt", "own.gguf", "plain.safetensors"]
    names += ["plain.npy", "plain.pt", "harness.pt"]
    return [Whole("vectors", name, (folder / name).read_bytes()) for name in names]


def _recipes() -> list[Whole]:
    corpus = {"forum": 0.2, "named": 0.5}
    base = {"name": "mine", "description": "of mine", "base": "web", "corpus": corpus}
    own = {"name": "own", "description": "", "widths": [8, 16], "steps": 10, "match": [9000, 20000]}
    return [Whole("recipes", "broken.yaml", yaml.safe_dump(v).encode()) for v in (base, own)]


def _records(folder: Path) -> list[Whole]:
    write_record(
        folder / "job",
        command="trial",
        settings={"seed": 0, "model": {"name": "m"}},
        inputs={"a": "0" * 64},
        result={"mean": 0.3, "rows": [{"n": 1, "x": {"low": None}}, {"n": 2}]},
        job={"experiment": "trial", "key": "k", "rows": "rows"},
        code={"commit": None, "dirty": None, "version": "v"},
    )
    state = {"state": "done", "experiment": "trial", "label": "a", "key": "k", "host": "h"}
    state |= {"pid": 1, "started": 1.0, "ended": 2.0, "seconds": 1.0, "cpu_seconds": None}
    jobs = [{"folder": "job", "label": "a", "key": "k"}]
    plan = {"experiment": "trial", "launcher": {"workers": 2}, "started": 1.0, "jobs": jobs}
    return [
        Whole("records", "record.json", (folder / "job" / "record.json").read_bytes()),
        Whole("records", "job.json", json.dumps(state).encode()),
        Whole("records", "sweep.json", json.dumps(plan).encode()),
    ]


def broken(whole: Whole, rng: random.Random) -> bytes:
    """The content with up to five changes: in its bytes, or in the values that it holds."""
    if rng.random() < 0.7:
        changed = _with_values(whole, rng)
        if changed is not None:
            return changed
    content = bytearray(whole.content)
    for _ in range(rng.randrange(1, _MOST_CHANGES + 1)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.randrange(20))
        what = rng.random()
        if what < 0.5:
            content[start:end] = rng.choice(_FRAGMENTS)
        elif what < 0.7:
            content[start:end] = content[start:end] * 2
        elif what < 0.8:
            content[start:] = b""
        elif content:
            content[start % len(content)] ^= 1 << rng.randrange(8)
    return bytes(content)


def _with_values(whole: Whole, rng: random.Random) -> bytes | None:
    """The content with other values in it; None for formats that are no document."""
    if whole.name.endswith(".safetensors"):
        (size,) = struct.unpack("<Q", whole.content[:8])
        header = _changed(json.loads(whole.content[8 : 8 + size]), rng)
        said = json.dumps(header).encode()
        return struct.pack("<Q", len(said)) + said + whole.content[8 + size :]
    if whole.name.endswith(".json") and whole.name != "lines.json":
        return json.dumps(_changed(json.loads(whole.content), rng)).encode()
    if whole.name.endswith(".yaml"):
        said = json.dumps(_changed(yaml.safe_load(whole.content), rng))
        return said.encode()  # which is yaml too
    return None


def _changed(document: object, rng: random.Random) -> object:
    document = [copy.deepcopy(document)]
    for _ in range(rng.randrange(1, _MOST_CHANGES + 1)):
        at: object = document
        while isinstance(at, dict | list) and at:
            key = rng.choice(list(at)) if isinstance(at, dict) else rng.randrange(len(at))
            inner = at[key]
            if isinstance(inner, dict | list) and inner and rng.random() < 0.85:
                at = inner
                continue
            if isinstance(at, dict) and rng.random() < 0.3:
                at[rng.choice(_KEYS)] = at.pop(key)
            elif rng.random() < 0.1:
                at.pop(key)
            else:
                at[key] = copy.deepcopy(rng.choice(_VALUES))
            break
    return document[0] if document else None


def attempt(whole: Whole, content: bytes, folder: Path) -> tuple[bool, str]:
    """Whether the input was read, and what came out that is not promised: empty if nothing."""
    try:
        wrong = _READERS[whole.kind](whole, content, folder)
        return True, wrong
    except ValueError as error:
        said = str(error)
        if isinstance(error, UnicodeError):
            return False, f"{type(error).__name__}: {said}"
        if "\n" in said or not said.isprintable():
            return False, f"an error that is no plain line, of {whole.name}: {said!r}"[:200]
        named = str(folder) in said or (whole.kind == "recipes" and "recipe" in said)
        return False, "" if named else f"an error that names no file: {said}"[:200]
    except Exception:  # whatever else comes out is what is looked for
        lines = traceback.format_exc().strip().splitlines()
        return False, f"{whole.name}: {lines[-1][:120]}  {lines[-3].strip()[-90:]}"


def _read_questions(whole: Whole, content: bytes, folder: Path) -> str:
    path = folder / whole.name
    path.write_bytes(content)
    readers: Sequence[Callable[[Path], object]] = (interp.read_pairs, interp.read_statements)
    if path.suffix == ".json":
        found = interp.read_questions(path)
        if not all(q.prompt.strip() and any(q.right) and not all(q.right) for q in found):
            return "a question that cannot be asked"
        readers = (interp.read_pairs,)
    elif whole.name.startswith("pairs"):
        readers = (interp.read_pairs,)
    for reader in readers:
        reader(path)
    return ""


def _read_vector(whole: Whole, content: bytes, folder: Path) -> str:
    path = folder / whole.name
    path.write_bytes(content)
    found = interp.read_vector(path)
    deepest = _MOST_LAYERS
    if isinstance(found, interp.ForeignVector):
        if not all(bool(torch.isfinite(row).all()) for row in found.additions.values()):
            return f"{whole.name}: numbers that are none"
        found = interp.place_vector(_model(), found, layer=1 if None in found.additions else None)
        deepest = _model().n_layers
    rows = [found.direction, *found.also.values(), *found.heads.values()]
    if found.condition is not None:
        rows.append(found.condition.weight)
        rows.append(torch.tensor([found.condition.threshold, found.condition.accuracy]))
    rows.append(torch.tensor([found.strength, found.norm, found.raw_norm]))
    layers = [found.hook_point.layer, *(p.layer for p in found.also)]
    layers += [layer for layer, _ in found.heads]
    if not abs(float(found.direction.norm()) - 1) <= 0.01:  # as loading.py: half precision
        return f"{whole.name}: a direction of length {float(found.direction.norm()):g}"
    found.sha256  # noqa: B018
    repr(found)
    if not all(bool(torch.isfinite(row).all()) for row in rows):
        return f"{whole.name}: numbers that are none"
    if any(not 0 <= layer < deepest for layer in layers):
        return f"{whole.name}: layers {layers}"
    return ""


def _read_recipe(whole: Whole, content: bytes, folder: Path) -> str:
    path = folder / whole.name
    path.write_bytes(content)
    found = organisms.load_recipe(path)
    inside = (folder / organisms.organism_name(found.name, found.widths[0], 0)).resolve()
    if inside.parent != folder.resolve():
        return f"a name that leaves its folder: {found.name!r}"
    for width in found.widths:
        found.fingerprint(width)
    return ""


def _read_record(whole: Whole, content: bytes, folder: Path) -> str:
    sweep = folder / "sweep"
    job = sweep / "job"
    job.mkdir(parents=True, exist_ok=True)
    for other in _records(folder / "whole"):
        path = sweep / other.name if other.name == "sweep.json" else job / other.name
        path.write_bytes(content if other.name == whole.name else other.content)
    done = JobFolder(job).finished("k")
    refused: list[ValueError] = []
    for read in (
        lambda: status_to_text(read_status(sweep)),
        lambda: collect(sweep, folder / "t.csv"),
        lambda: read_records(sweep, "trial", lambda row: row, study="trial", name=str),
    ):
        try:
            said = read()
            if isinstance(said, str) and not said.replace("\n", "").isprintable():
                return "what a terminal obeys"
        except UnicodeError:
            raise
        except ValueError as error:
            refused.append(error)
    if done and whole.name == "record.json" and refused:
        # A record of a job that is done can be read; its command and rows are the study's own.
        said = str(refused[0])
        if "no list of rows" not in said and "holds no record of trial" not in said:
            return f"done, and refused: {said}"[:200]
    if refused:
        raise refused[0]
    return ""


_READERS: dict[str, Callable[[Whole, bytes, Path], str]] = {
    "questions": _read_questions,
    "vectors": _read_vector,
    "recipes": _read_recipe,
    "records": _read_record,
}


def try_many(
    inputs: int, seed: int, folder: Path, *, seconds: float = 1e9, keep: Path | None = None
) -> Seen:
    """Attempts at inputs drawn from `seed`, as many as `seconds` allow, each kind as often; what is
    not refused as promised goes to `keep`. A format's whole input is tried first."""
    rng, seen, begun = random.Random(seed), Seen(), time.monotonic()
    wholes = whole_inputs(folder / "made")
    of_kind = {kind: [whole for whole in wholes if whole.kind == kind] for kind in _READERS}
    while seen.inputs < inputs and time.monotonic() - begun < seconds:
        first = seen.inputs < len(wholes)
        whole = wholes[seen.inputs] if first else rng.choice(of_kind[rng.choice(list(of_kind))])
        content = whole.content if first else broken(whole, rng)
        started = time.process_time()
        read, wrong = attempt(whole, content, folder)
        seen.slowest = max(seen.slowest, time.process_time() - started)
        if first and not (read and not wrong):
            wrong = wrong or f"{whole.name}: a whole input was refused"
        if wrong:
            seen.others[wrong] += 1
            if keep is not None:
                (keep / f"{seed}-{seen.inputs}-{whole.name}").write_bytes(content)
        seen.read += read
        seen.inputs += 1
        seen.kinds[whole.kind] += 1
    return seen
