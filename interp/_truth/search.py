"""Finding a truth vector: directions by several methods, one of them chosen by its effect."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch

from .._errors import InterpError
from .._models.model import Model
from .._steering.add import check_positions
from .._steering.condition import Condition
from .._steering.effects import yardstick
from .._steering.place import SITES, Place, places_of
from .._steering.vector import TruthVector
from .choose import STRENGTHS, Budget, Candidate, Direction, choose, direction_of, rank
from .detect import Detection, detect
from .find import METHODS, WITHOUT_CUE, find_directions
from .sets import TruthSets
from .states import residual_norms
from .where import WHERE, fit_condition

#: Training an addition takes many passes back and forth: it is tried where the others do most.
TRAINED_PLACES = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """A truth vector with the search that led to it.

    - `vector`: the chosen one. `candidates`: what was measured on the validation split, the chosen
      one first. `detection`: held-out accuracies of every place.
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
    methods: Sequence[str] = WITHOUT_CUE,
    layers: Sequence[int] | None = None,
    sites: Sequence[str] = SITES,
    where: str = "best",
    positions: str = "all",
    strengths: Sequence[float] = STRENGTHS,
    budget: Budget | None = None,
    seed: int = 0,
    on_progress: Callable[[str], None] | None = None,
) -> Found:
    """Find directions at all places and keep the one that corrects most validation answers.

    **Arguments**

    - `methods`: names of `METHODS`; by default those that owe nothing to a cue in the prompt.
      Several: `trained` is then tried only at the two places where the others do most.
    - `layers`, `sites`: where to look (all). `where`: `everywhere`; `asked`, which adds the vector
      only where a condition fitted on calibration texts recognises a plain question; or `best`,
      which tries both.
    - `positions`: `all`, or `last`. `strengths`: shares of the residual norm that are tried.
    - `budget`: what it may cost on the validation split. `seed`: of the order of training.

    Directions see calibration texts only, the choice validation texts only; test questions are
    seen by neither.

    **Raises** `InterpError` for unknown methods, layers and sites, and where the model answers
    every validation question rightly, so that nothing can be chosen by.
    """
    say = on_progress or (lambda part: None)
    for method in methods:
        if method not in METHODS:
            raise InterpError(f"no method {method!r}; there are {', '.join(METHODS)}")
    if not methods:
        raise InterpError(f"no method is given; there are {', '.join(METHODS)}")
    if where not in WHERE:
        raise InterpError(f"no place {where!r} to steer; there are {', '.join(WHERE)}")
    check_positions(positions)
    places = places_of(model, layers=layers, sites=sites)
    say("asking the unsteered model")
    by = yardstick(
        model,
        sets.part("questions", "validation"),
        kept=(*sets.part("cued", "validation"), *sets.part("kept", "validation")),
        reasoning=sets.part("reasoning", "validation"),
        neutral=sets.lines("validation"),
    )
    if by.plain.asked.mc1.all():
        raise InterpError(
            f"{model.name} answers all {len(by.plain.asked.mc1)} validation questions rightly: "
            "there is nothing to correct; give harder questions"
        )
    rows = [row for line in sets.lines("calibration") if (row := model.encode(line))]
    norms = dict(zip(places, residual_norms(model, rows, places).tolist(), strict=True))
    gates: dict[Place, tuple[Condition | None, ...]] = {}

    def made(method: str, at: Sequence[Place]) -> list[Direction]:
        """A method's directions at some places."""
        say(f"{method} at {len(at)} places")
        raw = find_directions(model, sets, at, method=method, seed=seed, on_progress=say)
        return [
            direction_of(method, place, vector, norm=norms[place])
            for place, vector in zip(at, raw, strict=True)
        ]

    def conditions(place: Place) -> tuple[Condition | None, ...]:
        if place not in gates:
            gates[place] = _conditions(model, sets, place, where)
        return gates[place]

    def search(directions: Sequence[Direction]) -> tuple[Candidate, ...]:
        return choose(
            by,
            directions,
            strengths=strengths,
            budget=budget or Budget(),
            conditions=conditions,
            positions=positions,
            on_progress=say,
        )

    say(f"reading {len(sets.statements)} statements at {len(places)} places")
    by_method = "logistic" if tuple(methods) == ("logistic",) else "mass-mean"
    detection = detect(model, sets, places, method=by_method)
    later = "trained" in methods and len(methods) > 1
    first = [method for method in methods if not (later and method == "trained")]
    candidates = search([direction for method in first for direction in made(method, places)])
    if later:
        best = _best_places(candidates, TRAINED_PLACES) or list(places[:TRAINED_PLACES])
        candidates = tuple(sorted((*candidates, *search(made("trained", best))), key=rank))
    if not candidates:
        raise InterpError(f"{model.name} makes no difference between the statements at any place")
    return Found(
        vector=_vector(model, sets, candidates[0], positions),
        candidates=candidates,
        detection=detection,
    )


def _conditions(
    model: Model, sets: TruthSets, place: Place, where: str
) -> tuple[Condition | None, ...]:
    if where == "everywhere":
        return (None,)
    fitted = fit_condition(model, sets, place)
    return (fitted,) if where == "asked" else (None, fitted)


def _best_places(candidates: Sequence[Candidate], count: int) -> list[Place]:
    """The places where some direction corrects most, whatever it costs."""
    reached: dict[Place, float] = {}
    for candidate in candidates:
        place = candidate.direction.place
        reached[place] = max(reached.get(place, 0.0), candidate.corrected)
    return sorted(sorted(reached), key=lambda place: reached[place], reverse=True)[:count]


def _vector(model: Model, sets: TruthSets, chosen: Candidate, positions: str) -> TruthVector:
    direction = chosen.direction
    return TruthVector(
        direction=torch.from_numpy(np.array(direction.vector, dtype=np.float32)),
        place=direction.place,
        strength=chosen.strength,
        norm=direction.norm,
        raw_norm=direction.raw_norm,
        method=direction.method,
        contrast=METHODS[direction.method],
        model=model.name,
        fingerprint=model.fingerprint,
        revision=model.revision,
        positions=positions,
        condition=direction.condition,
        data=sets.sha256,
        seen=sets.seen,
    )
