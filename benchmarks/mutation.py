"""Would the tests see a mistake? The core is changed in drawn places, and its tests are run.

    python benchmarks/mutation.py --mutants-python PATH [--per-group 20] [--seed 0] [--json FILE]

PATH is a Python with cosmic-ray 8.7, which makes the changes (`python -m venv build/mutation`, then
`build/mutation/bin/pip install cosmic-ray==8.7.0`). The tests run in the environment that runs this
file, in a clone of the last commit; which lines each test executes is measured once (half an hour)
and kept in build/lines_of_tests.json: slow tests of the packages' own folders, quick ones of the
others. A change is first tried by tests that execute its line, 40 CPU seconds of them at most, then
by 80 of others that look at the code, execute anything in its file, or start processes; the first
failure ends it. Changes that change no result are listed with their reason in
_mutation/equivalent.toml, and count neither as seen nor as not seen.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from _mutation.reach import Reach
from _mutation.trial import LOOKING, Runner, Stage, attempt, stages

from nullcline.common.statistics import wilson

ROOT = Path(__file__).resolve().parent.parent
CORE = (
    "dynamics/_phases",
    "dynamics/_statistics",
    "dynamics/_ode",
    "interp/_heads",
    "interp/_questions",
    "interp/_steering",
)
KEPT = ROOT / "build" / "lines_of_tests.json"
EQUIVALENT = Path(__file__).parent / "_mutation" / "equivalent.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutants-python", required=True)
    parser.add_argument("--per-group", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--groups", nargs="+", choices=CORE, default=CORE)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--minutes", type=float, help="begin no change later; whole rounds count")
    parser.add_argument(
        "--missed-of", type=Path, help="try again what was not seen in a --json file"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clones = [Path(folder, str(i)) for i in range(options.workers)]
        for clone in clones:
            subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        drawn = draw(options.mutants_python, clones[0], options)
        same = equivalent(clones[0])
        for change in drawn:
            change["reason"] = same.get(_key(change), "")
        tried = [change for change in drawn if not change["reason"]]
        reach = Reach(clones[0], KEPT)
        own, others = tests_of(options.groups, clones[0])
        reach.measure(own)
        reach.measure(others, slow=False)
        plans = [stages(reach, change["file"], change["line"]) for change in tried]
        work = list(zip(tried, plans, strict=True))
        shares = [work[i :: options.workers] for i in range(options.workers)]
        runners = [Runner(clone) for clone in clones]
        with ThreadPoolExecutor(options.workers) as pool:
            until = math.inf if options.minutes is None else time.monotonic() + 60 * options.minutes
            done = pool.map(_attempts, shares, runners, [until] * options.workers)
            results = [result for share in done for result in share]
        results = confirmed(results, runners[0])
        for runner in runners:
            runner.close()
    results += [c | {"outcome": "equivalent"} for c in drawn if c["reason"]]
    results = whole_rounds(results, drawn)
    if options.json:
        whole = {"seed": options.seed, "mutants": [r | {"code": ""} for r in results]}
        options.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    print(summary(results))


def draw(python: str, root: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The changes of a seed, with the line that each changes before and after."""
    files = {
        group: [str(f) for f in sorted((root / group).rglob("*.py")) if f.name != "__init__.py"]
        for group in options.groups
    }
    script = Path(__file__).parent / "_mutation" / "mutants.py"
    command = [python, script, str(options.seed), str(options.per_group)]
    done = subprocess.run(command, input=json.dumps(files), stdout=-1, text=True, check=True)
    changes = json.loads(done.stdout)["mutants"]
    rounds: Counter[str] = Counter()
    for change in changes:
        change["round"] = rounds[change["group"]]
        rounds[change["group"]] += 1
    changes.sort(key=lambda change: change["round"])  # one of each group, then the next of each
    for change in changes:
        path = Path(change["file"])
        change["file"] = str(path.relative_to(root))
        change["before"], change["after"] = _changed(path.read_text("utf-8"), change["code"])
    if options.missed_of is None:
        return changes
    missed = json.loads(options.missed_of.read_text(encoding="utf-8"))["mutants"]
    keys = {_key(change) for change in missed if change["outcome"] == "not seen"}
    return [change for change in changes if _key(change) in keys]


def _changed(before: str, after: str) -> tuple[str, str]:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))


def _key(change: Mapping[str, Any]) -> tuple[str, str, str]:
    return change["file"], change["before"], change["after"]


def equivalent(root: Path) -> dict[tuple[str, str, str], str]:
    """The reason of each change that changes no result; a line that is gone is an error."""
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["change"]
    for one in listed:
        lines = (root / one["file"]).read_text(encoding="utf-8").splitlines()
        if one["before"] not in map(str.strip, lines):
            sys.exit(
                f"{EQUIVALENT}: {one['file']} has no line {one['before']!r}; take the entry out"
            )
    return {_key(one): one["reason"] for one in listed}


def tests_of(groups: Sequence[str], root: Path) -> tuple[list[str], list[str]]:
    """The files of tests of the groups' own packages, and others that can reach them."""
    rooms = [*dict.fromkeys(group.split("/")[0] for group in groups), "common"]
    own, others = (
        [
            str(f.relative_to(root))
            for room in some
            for f in sorted((root / "tests" / room).glob("test_*.py"))
        ]
        for some in (rooms, ["experiments"])
    )
    return own, [*LOOKING, "tests/test_examples.py", *others]


def _attempts(
    work: Sequence[tuple[dict, list[Stage]]], runner: Runner, until: float
) -> list[dict[str, Any]]:
    results = []
    for number, (change, plan) in enumerate(work, start=1):
        if time.monotonic() > until:
            break
        results.append(attempt(change, runner, plan))
        last = results[-1]
        print(f"{number}/{len(work)} {last['outcome']:8} {last['stage']:6} {last['file']}:"
              f"{last['line']} {last['before']}  ->  {last['after']}", file=sys.stderr)  # fmt: skip
    return results


def whole_rounds(
    results: Sequence[dict[str, Any]], drawn: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The results of the rounds in which every change was tried, by group."""
    tried = {_key(result) for result in results}
    left = min((c["round"] for c in drawn if _key(c) not in tried), default=math.inf)
    whole = [result for result in results if result["round"] < left]
    return sorted(whole, key=lambda result: CORE.index(result["group"]))


def confirmed(results: Sequence[dict[str, Any]], runner: Runner) -> list[dict[str, Any]]:
    """The results without what was seen by a test that fails without a change too."""
    tests = sorted({r["by"] for r in results if "::" in r["by"]})
    _, failing = runner.run(tests) if tests else ("", [])
    unsure = {"outcome": "not seen", "stage": ""}
    return [r | unsure if r["by"] in failing else r for r in results]


def summary(results: Sequence[dict[str, Any]]) -> str:
    """The share of seen changes of each group with Wilson's interval, and what was not seen."""
    lines = [f"{'':20} seen  of share [95% interval] first second equivalent"]
    for group in [*dict.fromkeys(r["group"] for r in results), "together"]:
        every = [r for r in results if group in (r["group"], "together")]
        of = [r for r in every if r["outcome"] != "equivalent"]
        stages = [r["stage"] for r in of if r["outcome"] == "seen"]
        share = " " * 18  # where all changes are equivalent
        if of:
            low, high = wilson(len(stages), len(of))
            share = f"{len(stages) / len(of):.2f} [{low:.2f}, {high:.2f}]  "
        lines.append(
            f"{group:20} {len(stages):4} {len(of):3}  {share} {stages.count('first'):5} "
            f"{stages.count('second'):6} {len(every) - len(of):10}"
        )
    for outcome in ("not seen", "equivalent"):
        for r in results:
            if r["outcome"] == outcome:
                lines.append(f"\n{outcome}: {r['file']}:{r['line']}  {r['operator']}")
                lines += [f"  - {r['before']}", f"  + {r['after']}"]
                lines += [f"  {r['reason']}"] if r["reason"] else []
    return "\n".join(lines)


if __name__ == "__main__":
    main()
