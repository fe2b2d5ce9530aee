"""Mutated tables and results files against all readers: only `TableError` may come out.

Every format of the tests' generators (one table in all its clothes, results of every harness) is
broken in random places by fragments that mean something to a reader. Prints how many inputs were
read and refused, every other exception with its place, the slowest input by CPU seconds and the
largest growth of memory. Ends with status 1 where something else than `TableError` came out; the
input then lies in `--keep`.
"""

import collections
import copy
import json
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _fuzz import run_fuzz

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from clothes import FILES, Clothes, dressed
from result_files import every_eval_ever, inspect_log, lighteval, lm_eval, model_card

from nullcline import dynamics

_FRAGMENTS = rb"""| <a ]( " , ; % { } inf nan - 1e999 null # --- model task value hellaswag
params kind _stderr seed 0 7b 8x7b / __ Average precision IFEval GPQA 4bit Total results acc,none
config step1000 peft=""".split()
_FRAGMENTS += [
    b"\x00",
    b"\n",
    b"\r",
    b"\t",
    b"9" * 400,
    b"[" * 50,
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff",
]
_VALUES = [None, True, 0, -1, 0.5, 1e400, 10**40, "", "0.41", "N/A", "1e3", [], {}, [1], {"a": 1}]
_VALUES += ["hellaswag", "acme/elm-8x7b", "peft=a,pretrained=b", "30.1 ± 0.5", "x" * 2000]
_VALUES_AS_KEYS = ["results", "acc,none", "mc2", "model", "task", "value", "params", "config", ""]
_MOST_CHANGES = 6


@dataclass
class Found:
    """What came out of a share of the inputs."""

    inputs: int = 0
    read: int = 0
    slowest: float = 0.0
    memory_mb: float = 0.0
    others: collections.Counter = field(default_factory=collections.Counter)


def whole_inputs(folder: Path) -> list[tuple[str, bytes]]:
    """(ending, content) of one whole input of every format."""
    found = []
    for shape in ("wide", "long", "transposed"):
        for kind in FILES:
            clothes = Clothes(file=kind, shape=shape, extras=True, footnote=True)
            for path in dressed(folder / f"{shape} {kind}", clothes):
                found.append((path.suffix, path.read_bytes()))
    documents = [
        lm_eval(),
        lm_eval("1.4b", arguments=",peft=acme/lora,load_in_4bit=True"),
        lighteval("410m"),
        lighteval("410m", "harness|{}|{}"),
        inspect_log("410m", "hellaswag", 0.4),
        every_eval_ever("410m", {("hellaswag", "acc_norm"): 0.4}),
    ]
    found += [(".json", json.dumps(document).encode()) for document in documents]
    return [*found, (".md", model_card("410m").encode())]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """`content` with up to six changes: fragments put in, parts doubled, cut out or moved."""
    changed = bytearray(content)
    for _ in range(rng.randrange(1, _MOST_CHANGES + 1)):
        start = rng.randrange(len(changed) + 1)
        end = min(len(changed), start + rng.randrange(30))
        kind = rng.random()
        if kind < 0.5:
            changed[start:end] = rng.choice(_FRAGMENTS)
        elif kind < 0.7:
            changed[start:end] = changed[start:end] * 2
        elif kind < 0.85:
            changed[start:end] = b""
        else:
            other = rng.randrange(len(changed) + 1)
            changed[start:end] = changed[other : other + rng.randrange(60)]
    return bytes(changed)


def mutated_document(content: bytes, rng: random.Random) -> bytes:
    """A JSON document with up to six values replaced, removed or renamed."""
    lines = content.decode().splitlines() if content.count(b"\n{") else [content.decode()]
    documents = [json.loads(line) for line in lines]
    for _ in range(rng.randrange(1, _MOST_CHANGES + 1)):
        at = rng.choice(documents)
        while isinstance(at, dict | list) and at:
            key = rng.choice(list(at)) if isinstance(at, dict) else rng.randrange(len(at))
            if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.8:
                at = at[key]
                continue
            if isinstance(at, dict) and rng.random() < 0.3:
                at[rng.choice(_VALUES_AS_KEYS)] = at.pop(key)
            else:
                at[key] = copy.deepcopy(rng.choice(_VALUES))
            break
    return "\n".join(map(json.dumps, documents)).encode()


def broken(ending: str, content: bytes, rng: random.Random) -> bytes:
    """Bytes anywhere, or, in a document, values that leave it one."""
    if ending in (".json", ".jsonl") and rng.random() < 0.8:
        return mutated_document(content, rng)
    return mutated(content, rng)


def try_inputs(job: tuple[int, int, float, Path]) -> Found:
    """Read `inputs` mutated inputs drawn from `seed`, or as many as `seconds` allow."""
    seed, inputs, seconds, keep = job
    warnings.simplefilter("error")
    rng, found, begun = random.Random(seed), Found(), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = whole_inputs(folder / "whole")
        dynamics.read_scores(dressed(folder / "first", Clothes()))  # what is loaded once
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        while found.inputs < inputs and time.monotonic() - begun < seconds:
            ending, content = rng.choice(whole)
            path = folder / f"input{ending}"
            path.write_bytes(broken(ending, content, rng))
            started = time.process_time()
            try:
                dynamics.read_scores(path, kind=rng.choice(["base", "tuned", "all"]))
                found.read += 1
            except dynamics.TableError as error:
                if "\n" in str(error):
                    found.others["a TableError of several lines"] += 1
            except Exception:  # whatever else comes out is what is looked for
                lines = traceback.format_exc().strip().splitlines()
                (keep / f"{seed}-{found.inputs}{ending}").write_bytes(path.read_bytes())
                found.others[f"{lines[-1][:120]}  {lines[-3].strip()[-80:]}"] += 1
            found.slowest = max(found.slowest, time.process_time() - started)
            found.inputs += 1
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found.memory_mb = (after - before) / 1024
    return found


def memory(parts: Sequence[Found]) -> str:
    return f"memory      {max(part.memory_mb for part in parts):.0f} MB above the start"


if __name__ == "__main__":
    sys.exit(run_fuzz(__doc__, "read_fuzz", try_inputs, more=memory))
