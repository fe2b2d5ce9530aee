"""The environments of peers that cannot live beside our packages, made on first use."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "peers"

#: Environment -> what pip installs. PySINDy wants a newer NumPy than repeng bears.
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "dynamics": ("pysindy==2.1.0", "statsmodels==0.15.0"),
    "steering": (
        "repeng==0.4.0",
        "steering-vectors==0.12.2",
        "numpy==1.26.4",
        "transformers==4.57.6",
        "torch==2.13.0",
    ),
}
_DONE = ".installed"


class PeerError(Exception):
    """An environment that could not be made, and why, in one line."""


def python_of(name: str) -> Path:
    """The interpreter of an environment, which is made if it is not there. Raises `PeerError`."""
    folder = FOLDER / name
    python = folder / "bin" / "python"
    wanted = "\n".join(ENVIRONMENTS[name])
    done = folder / _DONE
    if done.exists() and done.read_text() == wanted:
        return python
    print(
        f"benchmarks: making build/peers/{name} ({', '.join(ENVIRONMENTS[name])}): minutes",
        file=sys.stderr,
        flush=True,
    )
    for words in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         *ENVIRONMENTS[name]],
    ):  # fmt: skip
        ran = subprocess.run(words, capture_output=True, text=True)
        if ran.returncode:
            said = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
            last = (said or ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise PeerError(f"build/peers/{name} could not be made: {last}")
    done.write_text(wanted)
    return python


def versions_of(name: str, python: Path) -> dict[str, str]:
    """The versions that the environment holds of what it was made for."""
    packages = [one.partition("==")[0] for one in ENVIRONMENTS[name]]
    code = (
        "import importlib.metadata as m, json, sys; "
        "print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    )
    ran = subprocess.run([str(python), "-c", code, *packages], capture_output=True, check=True)
    return json.loads(ran.stdout)
