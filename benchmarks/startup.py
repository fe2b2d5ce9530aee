"""How light commands are: CPU seconds against `import numpy, pandas`, in pairs in one run.

    python benchmarks/startup.py [--repeats 7]

Each command is a process of its own with a warm file cache; the median of the ratios of pairs that
follow one another is printed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from _side_by_side.rows import Row, add_rows_option, write_rows

BASELINE = ("-c", "import numpy, pandas")
BAD = "family,model,params\nelm,elm-1,?\n"
GOOD = "family,model,params,hellaswag,truthfulqa_mc2\n" + "".join(
    f"{family},{family}-{size}B,{size}B,{30 + 4 * i + shift},{45 - i}\n"
    for shift, family in enumerate(("elm", "oak", "yew"))
    for i, size in enumerate((0.1, 0.4, 1, 3, 7))
)


def cpu_seconds(arguments: tuple[str, ...]) -> float:
    before = os.times()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    add_rows_option(parser)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bad, good = Path(folder, "bad.csv"), Path(folder, "good.csv")
        bad.write_text(BAD, encoding="utf-8")
        good.write_text(GOOD, encoding="utf-8")
        cases = {
            "import nullcline": (("-c", "import nullcline"), None),
            "import nullcline.dynamics": (("-c", "import nullcline.dynamics"), None),
            "nullcline --help": (("-m", "nullcline", "--help"), 0.5),
            "a table that cannot be read": (("-m", "nullcline", "diagnose", str(bad)), 2.0),
            "a misspelt family": (("-m", "nullcline", "diagnose", "--family", "Pithya"), 2.0),
            "a misspelt flag": (("-m", "nullcline", "diagnose", "--famly", "Pythia"), 2.0),
            "diagnose, 15 models": (("-m", "nullcline", "diagnose", str(good)), 6.0),
            "ode fit, 15 models": (("-m", "nullcline", "ode", "fit", str(good)), 8.0),
            "organisms list": (("-m", "nullcline", "organisms", "list"), None),
        }
        for arguments in (BASELINE, *(case for case, _ in cases.values())):
            cpu_seconds(arguments)  # warm
        print(f"{'command':30} {'ratio':>6} {'target':>6} {'CPU s':>6}")
        for name, (arguments, target) in cases.items():
            turns = range(options.repeats)
            pairs = [(cpu_seconds(arguments), cpu_seconds(BASELINE)) for _ in turns]
            ours, base = zip(*pairs, strict=True)
            row = Row(name, "CPU seconds", "import numpy, pandas", ours, base, floor=True,
                      target=target)  # fmt: skip
            rows.append(row)
            shown = "" if target is None else f"{target:.1f}"
            ratio = statistics.median(row.ratios)
            print(f"{name:30} {ratio:6.2f} {shown:>6} {row.our_middle:6.2f}")
        write_rows(options, rows)


if __name__ == "__main__":
    main()
