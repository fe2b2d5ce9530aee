"""C25: the dated predictions, by the tracker that `nullcline predictions` prints."""

from collections import Counter

from ... import dynamics
from .. import predictions
from ._claim import Claim, Control, Figure, judge
from ._tables import LedgerTables


def dated(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C25: each prediction's bound of a pass beside the value so far."""
    frame = tables.frontier
    panel = dynamics.Panel(
        name="frontier",
        frame=frame.assign(date=frame["date"].astype(str), lab=frame["lab"].astype(str)),
        benchmarks=tuple(name for name in dynamics.BENCHMARKS if name in frame),
        sha256="",
    )
    tracker = predictions.track(panel)
    standings = tracker.standings
    status = Counter(standing.status for standing in standings)
    leaning = Counter(standing.leaning for standing in standings if standing.status == "open")
    return Claim(
        id="C25",
        claim="seven dated predictions",
        figures={f"prediction_{s.rule.id}": _figure(s) for s in standings},
        tolerance_reason="none: bounds of a pass, beside the value so far",
        control=Control(
            "predictions that are decided",
            len(standings) - status["open"],
            more={
                "predictions": len(standings),
                "passed": status["pass"],
                "failed": status["fail"],
                "between": status["between"],
                "open": status["open"],
                "open_and_would_pass": leaning["pass"],
                "open_and_would_fail": leaning["fail"],
                "open_without_a_value": leaning[None],
            },
        ),
        rule=(
            "each by its own rule at its own date (data/predictions.json): supported if all pass, "
            "not_supported if one fails, undetermined while one is open"
        ),
        inference=judge(holds=status["pass"] == len(standings) > 0, fails=status["fail"] > 0),
        reason=predictions.headline(tracker),
        command="nullcline predictions",
    )


def _figure(standing: predictions.Standing) -> Figure:
    bound = standing.rule.passes
    value = standing.measured.value
    return Figure(
        published=bound.edge,
        computed=None if standing.measured.why else float(value),
        tolerance=0.0,
        relation="above" if bound.edge == bound.above else "below",
    )
