"""Scores along training, as docs/training_time.md shows them: Pythia's checkpoints, zero-shot.

Sections: `coupling`, correlations of two scores along runs beside the same between runs of other
sizes; `clocks`, what explains a score; `dynamics`, the rest of a run, and whole runs, predicted by
what was fitted to runs of other sizes; `cost`, of a diagnosis. Nothing here was tuned on these
runs.
"""

import time

import numpy as np
from _coverage.section import Table
from _sections import run_sections

from nullcline import dynamics
from nullcline.common.numbers import bounded, signed
from nullcline.common.progress import Progress
from nullcline.common.statistics import student

#: The pair of the question, and pairs beside it; the second score of each is explained.
PAIRS = (
    ("arc_easy", "crows_pairs_english"),
    ("lambada_openai", "crows_pairs_english"),
    ("arc_easy", "piqa"),
    ("arc_easy", "logiqa"),
)
COUPLED = "coupled log-odds ODE"
#: Measured turns of the cost.
_TURNS = 5
#: The scores that move along training, of those that the table has.
SCORES = ("arc_easy", "lambada_openai", "piqa", "sciq", "crows_pairs_english")


def titles(pair: tuple[str, str]) -> str:
    return " × ".join(dynamics.benchmark(name).compared for name in pair)


def compared(table: dynamics.ScoreTable, name: str) -> np.ndarray:
    """Scores by run and checkpoint, more being better."""
    frame = table.frame.sort_values(["family", "step"])
    scores = frame[name].to_numpy(float).reshape(len(table.families), -1)
    return 1 - scores if dynamics.benchmark(name).lower_is_better else scores


def coupling_rows(progress: Progress) -> Table:
    """Correlations within runs, and of one run's score with another's of another size at the same
    steps, which share the clock and nothing else. Means over sizes, Student's intervals."""
    table = dynamics.load_table("checkpoints", along="tokens")
    frame = table.frame.sort_values(["family", "step"])
    size = frame.groupby("family")["params"].first().to_numpy(float)
    clock = np.log10(frame["tokens"].to_numpy(float).reshape(len(size), -1)[0])
    lines = []
    for pair in PAIRS:
        x, y = (compared(table, name) for name in pair)
        for what, change in (
            ("r", _same),
            ("r given log tokens", _free),
            ("r of increments", _steps),
        ):
            own, other = [], []
            a, b = change(x, clock), change(y, clock)
            r = np.corrcoef(a, b)[: len(a), len(a) :]
            for params in np.unique(size):
                mine = size == params
                own.append(np.diag(r)[mine].mean())
                other.append(r[np.ix_(mine, ~mine)].mean())
            cells = [_with_ends(_ends(v)) for v in (own, other)]
            gap = _ends(np.array(own) - np.array(other))
            lines.append([titles(pair) if what == "r" else "", what, *cells, _with_ends(gap)])
    return Table(["pair", "", "within runs", "between runs", "difference"], lines)


def _same(scores: np.ndarray, clock: np.ndarray) -> np.ndarray:
    return scores


def _free(scores: np.ndarray, clock: np.ndarray) -> np.ndarray:
    """What a straight line in log tokens leaves of each run."""
    design = np.column_stack([np.ones_like(clock), clock])
    return scores - (design @ np.linalg.lstsq(design, scores.T, rcond=None)[0]).T


def _steps(scores: np.ndarray, clock: np.ndarray) -> np.ndarray:
    return np.diff(scores, axis=1)


def _ends(values) -> tuple[float, float, float]:
    mean, low, high = student(np.asarray(values), level=0.95)
    return float(mean), float(low), float(high)


def _with_ends(estimate: tuple[float, float, float]) -> str:
    return bounded(*estimate)


def clock_rows(progress: Progress) -> Table:
    """R² in sizes left out of what explains each second score, and what adds to what."""
    names = ("params", "tokens", "flops", "mixture", "reasoning")
    lines = []
    for i, pair in enumerate(PAIRS):
        progress("clocks", i, len(PAIRS))
        found = dynamics.diagnose(
            dynamics.load_table("checkpoints", along="tokens"), reasoning=pair[0], truth=pair[1]
        ).clocks
        assert found is not None
        by_name = {one.name: one for one in found.explained}
        lines += [
            [titles(pair), *(signed(by_name[name].r2, 3) for name in names)],
            ["share of tokens in the mixture", "", "", "", _share(found), ""],
            ["first score beyond the mixture", "", "", "", "", _third(found.reasoning_adds)],
            ["mixture beyond the first score", "", "", "", "", _third(found.clock_adds)],
        ]
    header = ["R² in sizes left out", "log N", "log tokens", "log FLOPs", "mixture", "first score"]
    return Table(header, lines)


def _share(found: dynamics.ClockComparison) -> str:
    return bounded(found.share, found.share_low, found.share_high)


def _third(estimate: tuple[float, float, float]) -> str:
    return bounded(*estimate, 3, plus=True)


def dynamics_rows(progress: Progress) -> Table:
    """Errors in points, runs of one size left out together: from a third of the run, and from its
    first checkpoint after a thousand steps of warm-up."""
    table = dynamics.load_table("checkpoints", along="tokens")
    late = dynamics.read_scores(
        table.frame[table.frame["step"] >= 1000].drop(columns=["row", "kind"]), along="tokens"
    )
    protocols: tuple[dynamics.Protocol, ...] = ("third", "A")
    runs = [
        dynamics.cross_validate(
            one, leave="lab", protocol=protocol, benchmarks=SCORES, on_progress=progress
        )
        for one, protocol in zip((table, late), protocols, strict=True)
    ]
    names = sorted((m.name for m in runs[0].methods), key=lambda n: -runs[0].method(n).mae)
    lines = []
    for name in names:
        cells = [run.method(name) for run in runs]
        lines.append([name, *(_error(method) for method in cells)])
    for other in ("persistence", "ridge linear ODE", "uncoupled log-odds ODE"):
        gaps = [run.difference(COUPLED, other) for run in runs]
        lines.append([f"{COUPLED} less {other}", *(_points(*gap) for gap in gaps)])
    chosen = [f"{run.selected.name}, in {run.selected.chosen} of {run.folds} folds" for run in runs]
    lines.append(["chosen inside the other sizes", *chosen])
    lines.append(["in bands of 90 %", *(_coverage(run) for run in runs)])
    header = ["mean absolute error, pp", "rest of a run from its first third",
              "run from step 1,000"]  # fmt: skip
    return Table(header, lines)


def _error(method: dynamics.forecast.MethodScore) -> str:
    text = _points(method.mae, method.low, method.high)
    return f"**{text}**" if method.selected else text


def _points(mean: float, low: float, high: float) -> str:
    return bounded(100 * mean, 100 * low, 100 * high)


def _coverage(run: dynamics.CrossValidation) -> str:
    return f"{run.method(COUPLED).coverage:.0%} ({COUPLED})"


def cost_rows(progress: Progress) -> Table:
    """CPU seconds of a diagnosis of all checkpoints beside one of the uniform table, in turn."""
    tables = {
        "checkpoints": (dynamics.load_table("checkpoints", along="tokens"), *PAIRS[0]),
        "uniform": (dynamics.load_table("uniform"), "hellaswag", "truthfulqa_mc2"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tables}
    for turn in range(1 + _TURNS):  # the first one compiles
        progress("turns", turn, 1 + _TURNS)
        for name, (table, reasoning, truth) in tables.items():
            start = time.process_time()
            dynamics.diagnose(table, reasoning=reasoning, truth=truth)
            if turn:
                seconds[name].append(time.process_time() - start)
    middle = {name: float(np.median(each)) for name, each in seconds.items()}
    ratios = np.array(seconds["checkpoints"]) / np.array(seconds["uniform"])
    lines = [
        [name, str(len(table.frame)), f"{middle[name]:.2f}"] for name, (table, *_) in tables.items()
    ]
    lines.append(["ratio, median of pairs", "", f"{np.median(ratios):.2f}"])
    return Table(["table", "models", f"CPU seconds, median of {_TURNS}"], lines)


SECTIONS = {
    "coupling": coupling_rows,
    "clocks": clock_rows,
    "dynamics": dynamics_rows,
    "cost": cost_rows,
}

if __name__ == "__main__":
    run_sections("training_time", __doc__ or "", SECTIONS)
