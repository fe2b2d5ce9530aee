"""Does what `nullcline card` says of a model hold for models whose family it has not seen?

Each family of the shipped table is left out in turn. The others' neighbourhood of its middle model
is compared with the family's own coupling there, and the residual of each of its models with its
standard error.
"""

import math

import numpy as np
from _coverage.section import Table
from _sections import run_sections

from nullcline import dynamics
from nullcline.common.progress import Progress
from nullcline.dynamics import phases


def pair_of(table: dynamics.ScoreTable):
    """The models with the pair as `phases.neighbourhood` takes them."""
    x, y = "hellaswag", "truthfulqa_mc2"
    frame = table.frame
    return frame.assign(
        x=frame[x], y=frame[y], x_stderr=table.stderr(x), y_stderr=table.stderr(y),
        time=table.time(),
    ).dropna(subset=["x", "y", "time"])  # fmt: skip


def neighbourhoods(pair, scatter) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """z of each family's own coupling at its middle model, and (neighbourhood's, own) phases."""
    distances, said = [], []
    for family in dict.fromkeys(pair["family"]):
        own = pair[pair["family"] == family].sort_values("time")
        if own["time"].nunique() < 2:
            continue
        middle = own.iloc[len(own) // 2]
        score, size = float(middle["x"]), float(middle["time"])
        near = phases.neighbourhood(
            pair[pair["family"] != family],
            reasoning="hellaswag",
            score=score,
            log10_params=size,
            count=8,
            scatter=scatter,
        )
        itself = phases.near_families(
            own, score=score, log10_params=size, count=1, scatter=scatter
        )[0]
        half = (near.high - near.low) / 4
        error = math.hypot(itself.stderr, math.hypot(near.between_sd, half))
        distances.append((itself.slope - near.gamma) / error)
        low, high = (itself.slope + sign * 1.96 * itself.stderr for sign in (-1, 1))
        said.append((near.phase, phases.phase_of(low, high)))
    return np.array(distances), said


def residuals(pair) -> np.ndarray:
    """z of each model's residual from the line of the other families."""
    found = []
    for family in dict.fromkeys(pair["family"]):
        others, own = pair[pair["family"] != family], pair[pair["family"] == family]
        for model in own.itertuples():
            columns = {"x": float(model.x), "time": float(model.time)}
            noise = others["y_stderr"].to_numpy(float) ** 2
            line = phases.expected_truth(others, columns, y="y", noise=noise)
            assert line is not None
            residual = phases.residual_of(
                line, float(model.y), given=("x", "time"), truth_stderr=float(model.y_stderr),
                reasoning_stderr=float(model.x_stderr),
            )  # fmt: skip
            found.append(residual.value / residual.stderr)
    return np.array(found)


def unseen(progress: Progress) -> Table:
    """How often what is said of a model holds when its own family is left out."""
    progress("families left out")
    table = dynamics.load_table("uniform")
    pair = pair_of(table)
    z, said = neighbourhoods(pair, dynamics.diagnose(table, n_boot=100).scatter)
    rest = residuals(pair)
    decided = [(near, own) for near, own in said if "undetermined" not in (near, own)]
    agree = sum(near == own for near, own in decided)
    inside, usual = (f"{np.mean(np.abs(v) < 1.96):.0%}" for v in (z, rest))
    coupling = "own coupling within 1.96 sd of the neighbourhood's"
    return Table(
        ["with its own family left out", "n", "held"],
        [
            [coupling, f"{len(z)} families", inside],
            ["both phases decided, and the same", f"{len(decided)} families", str(agree)],
            ["residual within 1.96 standard errors", f"{len(rest)} models", usual],
        ],
    )


if __name__ == "__main__":
    run_sections("model_card", __doc__ or "", {"unseen": unseen})
