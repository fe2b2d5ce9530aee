"""Finding a truth vector: directions by several methods, one of them chosen by its effect."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...common.checks import check_seed
from ...common.display import shown
from ...common.nearest import there_are
from ...common.progress import Progress, silent
from .._errors import InterpError
from .._models.model import Model
from .._names import DetectionMethod, Positions, Site, TruthMethod, Where
from .._steering.add import check_positions
from .._steering.condition import Condition
from .._steering.effects import measure_baseline
from .._steering.hook_point import SITES, HookPoint, hook_points_of
from .._steering.vector import TruthVector, dtype_name
from .choose import (
    STRENGTHS,
    Budget,
    Candidate,
    Direction,
    choose,
    direction_at_several,
    direction_of,
    rank,
)
from .detect import Detection, detect
from .find import (
    AT_SEVERAL,
    METHODS,
    TRAINED_HOOK_POINTS,
    WITHOUT_CUE,
    find_directions,
    statement_states,
)
from .fit_condition import WHERE, fit_condition
from .kept import Kept
from .sets import TruthSets
from .several import all_layers, chosen_heads
from .states import residual_norms


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class TruthSearch:
    """A truth vector with the search that led to it.

    - `vector`: the chosen one. `candidates`: what was measured on the validation split, the chosen
      one first. `detection`: held-out accuracies of every hook point.
    """

    vector: TruthVector
    candidates: tuple[Candidate, ...]
    detection: tuple[Detection, ...]

    @property
    def chosen(self) -> Candidate:
        """The candidate that became the vector."""
        return self.candidates[0]


def find_truth_vector(
    model: Model,
    sets: TruthSets,
    *,
    methods: Sequence[TruthMethod] = WITHOUT_CUE,
    layers: Sequence[int] | None = None,
    sites: Sequence[Site] = SITES,
    where: Where = "best",
    positions: Positions = "all",
    strengths: Sequence[float] = STRENGTHS,
    budget: Budget | None = None,
    seed: int = 0,
    keep: Path | None = None,
    on_progress: Progress | None = None,
) -> TruthSearch:
    """Find directions at all hook points and choose the one that corrects most validation answers.

    **Arguments**

    - `methods`: names of `METHODS`; by default those that owe nothing to a cue in the prompt.
      Several: `trained` is then tried only at the two hook points where the others do most. `iti`
      adds to single heads wherever they are, `all-layers` at all the chosen hook points of one site
      at once; both everywhere in a text.
    - `layers`, `sites`: where to look (all). `where`: at which positions the vector is added:
      `everywhere`; `asked`, only where a condition fitted on calibration texts recognises a plain
      question; or `best`, which tries both.
    - `positions`: `all`, or `last`. `strengths`: shares of the residual norm that are tried.
    - `budget`: what it may cost on the validation split. `seed`: of the order of training.
    - `keep`: a file to which every finished part is added, so that the same call goes on where an
      earlier one was stopped.
    - `on_progress`: counts prompts, directions and candidates.

    Directions see calibration texts only, the choice validation texts only; test questions are
    seen by neither.

    **Raises** `InterpError` for unknown methods, layers and sites, where the model answers every
    validation question rightly, so that nothing can be chosen by, and for a file that keeps another
    search.

    ```pycon
    >>> from nullcline import interp
    >>> model = interp.load_model("organism:knowing-48")
    >>> sets = interp.default_sets(model)
    >>> found = interp.find_truth_vector(model, sets, methods=("mass-mean",))
    >>> found.vector.model
    'organism:knowing-48'

    ```
    """
    for method in methods:
        if method not in METHODS:
            raise InterpError(f"no method {method!r}; {there_are(method, METHODS)}")
    if not methods:
        raise InterpError(f"no method is given; there are {', '.join(METHODS)}")
    if where not in WHERE:
        raise InterpError(f"where={where!r} is no choice; {there_are(where, WHERE)}")
    check_positions(positions)
    check_seed(seed, error=InterpError)
    hook_points = hook_points_of(model, layers=layers, sites=sites)
    tell = on_progress or silent
    budget = budget or Budget()
    kept = Kept(
        keep,
        settings=(
            model.fingerprint, sets.sha256, tuple(methods), hook_points, where, positions,
            tuple(strengths), budget, seed,
        ),
    )  # fmt: skip
    if len(kept):
        tell(f"going on after {len(kept)} finished parts of {keep}")
    tell("scoring the unsteered model")
    baseline = measure_baseline(
        model,
        sets.part("questions", "validation"),
        retain=(*sets.part("cued", "validation"), *sets.part("retain", "validation")),
        reasoning=sets.part("reasoning", "validation"),
        neutral=sets.lines("validation"),
        on_progress=on_progress,
    )
    right = baseline.plain.questions.mc1
    if right.all():
        raise InterpError(
            f"{model.name} answers all {len(right)} validation questions rightly: "
            "there is nothing to correct; give harder questions"
        )
    rows = [
        row for line in sets.lines("calibration") if (row := model.encode(line)[: model.context])
    ]
    mean_norms = residual_norms(model, rows, hook_points).tolist()
    norms = dict(zip(hook_points, mean_norms, strict=True))
    gates: dict[HookPoint, tuple[Condition | None, ...]] = {}

    def made(method: TruthMethod, points: Sequence[HookPoint]) -> list[Direction]:
        """A method's directions at some hook points."""
        tell(f"{method} at {len(points)} hook points")
        raw = kept.once(
            f"{method} at {', '.join(map(str, points))}",
            lambda: find_directions(
                model,
                sets,
                points,
                method=method,
                states=states if tuple(points) == hook_points else None,
                seed=seed,
                on_progress=on_progress,
            ),
        )
        return [
            direction_of(method, point, vector, norm=norms[point])
            for point, vector in zip(points, raw, strict=True)
        ]

    def at_several(method: TruthMethod) -> list[Direction]:
        tell(f"{method}, several hook points at once")
        if method == "iti":
            places = chosen_heads(model, sets)
        else:
            blocks = [point for point in hook_points if point.site == sites[-1]]
            raw = find_directions(
                model,
                sets,
                blocks,
                states=states[[hook_points.index(point) for point in blocks]],
            )
            places = [all_layers(blocks, raw, norms)]
        points = sorted({point for some in places for point in some.vectors} - norms.keys())
        if points:
            norms.update(zip(points, residual_norms(model, rows, points).tolist(), strict=True))
        return [direction_at_several(method, some, norms) for some in places if some.vectors]

    def conditions(point: HookPoint) -> tuple[Condition | None, ...]:
        if point not in gates:
            tell(f"a condition, {point}")
            gates[point] = _conditions(model, sets, point, where, kept)
        return gates[point]

    def search(directions: Sequence[Direction]) -> tuple[Candidate, ...]:
        return choose(
            baseline,
            directions,
            strengths=strengths,
            budget=budget,
            conditions=conditions,
            positions=positions,
            kept=kept,
            on_progress=on_progress,
        )

    tell(f"reading {len(sets.statements)} statements at {len(hook_points)} hook points")
    states = statement_states(model, sets, hook_points)
    detection_method: DetectionMethod = (
        "logistic" if tuple(methods) == ("logistic",) else "mass-mean"
    )
    detection = detect(model, sets, hook_points, method=detection_method, states=states)
    later = "trained" in methods and len(methods) > 1
    first: list[TruthMethod] = [method for method in methods if not (later and method == "trained")]
    candidates = search(
        [
            direction
            for method in first
            for direction in (
                at_several(method) if method in AT_SEVERAL else made(method, hook_points)
            )
        ]
    )
    if later:
        best = _best_points(candidates)[:TRAINED_HOOK_POINTS]
        best = best or list(hook_points[:TRAINED_HOOK_POINTS])
        candidates = tuple(sorted((*candidates, *search(made("trained", best))), key=rank))
    if not candidates:
        raise InterpError(
            f"{model.name} makes no difference between the statements at any hook point"
        )
    return TruthSearch(
        vector=_vector(model, sets, candidates[0], positions),
        candidates=candidates,
        detection=detection,
    )


def _conditions(
    model: Model, sets: TruthSets, point: HookPoint, where: Where, kept: Kept
) -> tuple[Condition | None, ...]:
    if where == "everywhere":
        return (None,)

    def fit() -> np.ndarray:
        found = fit_condition(model, sets, point)
        return np.array([found.threshold, found.accuracy, *found.weight.tolist()])

    threshold, accuracy, *weight = kept.once(f"condition, {point}", fit)
    fitted = Condition(
        weight=torch.tensor(weight, dtype=torch.float32),
        threshold=float(threshold),
        accuracy=float(accuracy),
    )
    return (fitted,) if where == "asked" else (None, fitted)


def _best_points(candidates: Sequence[Candidate]) -> list[HookPoint]:
    """Hook points by how much some direction corrects there at any cost, the most first."""
    reached: dict[HookPoint, float] = {}
    for candidate in candidates:
        if candidate.direction.also:
            continue  # of several hook points: it says nothing of one
        point = candidate.direction.hook_point
        reached[point] = max(reached.get(point, 0.0), candidate.corrected)
    return sorted(sorted(reached), key=lambda point: reached[point], reverse=True)


def _vector(model: Model, sets: TruthSets, chosen: Candidate, positions: Positions) -> TruthVector:
    direction = chosen.direction
    return TruthVector(
        direction=torch.from_numpy(np.array(direction.vector, dtype=np.float32)),
        hook_point=direction.hook_point,
        strength=chosen.strength,
        norm=direction.norm,
        raw_norm=direction.raw_norm,
        method=direction.method,
        contrast=METHODS[direction.method],
        model=model.name,
        fingerprint=model.fingerprint,
        rounded_fingerprint=model.rounded_fingerprint,
        dtype=dtype_name(model),
        frame=sets.frame,
        revision=model.revision,
        positions=positions,
        condition=direction.condition,
        also={point: torch.from_numpy(value) for point, value in direction.also.items()},
        heads={head: torch.from_numpy(value) for head, value in direction.heads.items()},
        data=sets.sha256,
        seen=sets.seen,
    )
