"""Coverage-guided inputs against all readers, by atheris (`pip install atheris`).

The first byte chooses a file's ending, the rest is the file; the corpus begins with one whole input
of every format of `read_fuzz.py`. Anything but `TableError` ends the run, and the input is kept.

    python benchmarks/read_fuzz_guided.py --runs 100000 --folder /tmp/corpus
"""

import argparse
import contextlib
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]
from read_fuzz import whole_inputs

from nullcline import dynamics

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".md", ".xlsx", ".parquet", ".gz", ".yaml", ".eval")


def instrument_readers() -> int:
    """Count branches in every function of the readers; returns how many modules these are."""
    tables = importlib.import_module("nullcline.dynamics._tables")
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(tables.__path__, f"{tables.__name__}.")
    ]
    instrument = atheris.instrument_func  # pyright: ignore[reportAttributeAccessIssue]
    for module in modules:
        for name, value in list(vars(module).items()):
            if getattr(value, "__module__", "") == module.__name__ and hasattr(value, "__code__"):
                setattr(module, name, instrument(value))
    return len(modules)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("artifacts/read_fuzz_guided"))
    settings = parser.parse_args()
    corpus, folder = settings.folder / "corpus", Path(tempfile.mkdtemp())
    corpus.mkdir(parents=True, exist_ok=True)
    for number, (ending, content) in enumerate(whole_inputs(folder / "whole")):
        place = ENDINGS.index(ending) if ending in ENDINGS else 0
        (corpus / f"whole{number}").write_bytes(bytes([place]) + content)

    def read(data: bytes) -> None:
        if not data:
            return
        path = folder / f"input{ENDINGS[data[0] % len(ENDINGS)]}"
        path.write_bytes(data[1:])
        with contextlib.suppress(dynamics.TableError):
            dynamics.read_scores(path, kind="all")

    print(f"{instrument_readers()} modules instrumented", file=sys.stderr)
    options = [f"-runs={settings.runs}", f"-seed={settings.seed}", "-timeout=20", "-max_len=8000"]
    kept = f"-artifact_prefix={settings.folder}/"
    atheris.Setup([sys.argv[0], str(corpus), kept, *options], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
