"""One comparison run: its script as a process of its own, its rows, or why there are none."""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import machine, peers
from .registry import Comparison

#: Lines of a script's complaint that are kept.
_LAST = 1


class NotRun(Exception):
    """Why a comparison could not be begun: a file or a peer is not there."""


def run(one: Comparison, *, quick: bool, data: Path | None) -> dict[str, Any]:
    """The entry of a comparison in the results file: `state` is `measured`, `failed` or `not run`.

    Nothing is raised for what a script or a peer does.
    """
    entry: dict[str, Any] = {
        "name": one.name,
        "area": one.area,
        "about": one.about,
        "command": one.command,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": machine.commit(),
        "load": machine.load(),
        "packages": machine.versions(one.packages),
        "rows": [],
    }
    begin = time.monotonic()
    try:
        words = _words(one, quick=quick, data=data)
        if one.peer:
            python = peers.python_of(one.peer)
            entry["peer_packages"] = peers.versions_of(one.peer, python)
            words += ["--peer-python", str(python)]
        entry["rows"] = _rows(words)
        entry["state"] = "measured"
    except (NotRun, peers.PeerError) as reason:
        entry |= {"state": "not run", "reason": str(reason)}
    except _Failed as reason:
        entry |= {"state": "failed", "reason": str(reason)}
    entry["seconds"] = round(time.monotonic() - begin, 1)
    return entry


class _Failed(Exception):
    pass


def _words(one: Comparison, *, quick: bool, data: Path | None) -> list[str]:
    arguments = list(one.quick if quick else one.arguments)
    if one.data:
        path = data / one.data.file if data else None
        if path is None or not path.is_file():
            raise NotRun(
                f"needs {one.data.file} ({one.data.origin}), which is not shipped: "
                "name its folder with --data"
            )
        arguments = [str(path.resolve()) if word == "DATA" else word for word in arguments]
    return [sys.executable, str(Path(__file__).parents[1] / one.script), *arguments]


def _rows(words: list[str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.json")
        environment = os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        ran = subprocess.run(
            [*words, "--rows", str(file)],
            cwd=peers.ROOT, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if ran.returncode or not file.exists():
            last = ran.stderr.strip().splitlines()[-_LAST:] or ["it said nothing"]
            raise _Failed(f"ended with status {ran.returncode}: {last[-1]}")
        return json.loads(file.read_text("utf-8"))
