"""One model's truth vector: found, and judged on questions that it has not seen."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ....common.progress import Progress

if TYPE_CHECKING:
    from ....interp import (
        Budget,
        Evaluation,
        Frame,
        Model,
        PublishedCount,
        TruthSearch,
        TruthSets,
        TruthVector,
    )

#: Prompts whose sampled texts are compared by the published counting rule.
COUNTED_PROMPTS = 20


@dataclasses.dataclass(frozen=True, eq=False)
class TruthStudy:
    """What `nullcline truth` reports; `search` is None for a preset, which searches nothing."""

    model: Model
    sets: TruthSets
    search: TruthSearch | None
    vector: TruthVector
    evaluation: Evaluation
    inputs: dict[str, str]


@dataclasses.dataclass(frozen=True, eq=False)
class SteeringStudy:
    """What `nullcline evaluate` reports; `counted` is the published rule's vector by the published
    way to count.

    `file`: where the vector was read from, None where it was found; `inputs` has its SHA-256.
    """

    model: Model
    sets: TruthSets
    vector: TruthVector
    evaluation: Evaluation
    counted: PublishedCount
    questions: str
    inputs: dict[str, str]
    file: Path | None
    seed: int

    @property
    def note(self) -> str:
        """What is to be said of this vector on this model; empty where nothing is."""
        from ....interp import fit_note

        notes = [fit_note(self.model, self.vector)]
        if self.vector.frame not in ("", self.sets.frame):
            notes.append(f"chosen in the frame {self.vector.frame}, judged in {self.sets.frame}")
        return "; ".join(filter(None, notes))


def choose_sets(
    model: Model,
    *,
    statements: Sequence[Path] = (),
    questions: str | None = None,
    count: int = 240,
    seed: int = 0,
    frame: Frame | None = None,
) -> tuple[TruthSets, dict[str, str]]:
    """The sets of one model, and the digests of what they were read from.

    `questions` is a file, or the name of a generated set.
    """
    from .... import interp

    named = questions if questions in interp.set_names() else None
    path = Path(questions) if questions and not named else None
    sets = interp.default_sets(
        model,
        statements=statements,
        questions=path,
        named=named,
        count=count,
        seed=seed,
        frame=frame,
    )
    files = [*statements, *([path] if path else [])]
    inputs = {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return sets, inputs | {"sets": sets.sha256}


def study_truth(
    model: Model,
    sets: TruthSets,
    *,
    inputs: dict[str, str],
    preset: str | None = None,
    random: int = 20,
    seed: int = 0,
    budget: Budget | None = None,
    on_progress: Progress | None = None,
    **options: Any,
) -> TruthStudy:
    """Find a vector (or take a preset's) and judge it on the test split.

    `options` are further keyword arguments of `interp.find_truth_vector`.
    """
    from .... import interp

    if preset is not None and preset not in (known := get_args(interp.Preset)):
        raise ValueError(f"no preset {preset!r}; there are {', '.join(known)}")
    search = None
    if preset is None:
        search = interp.find_truth_vector(
            model, sets, budget=budget, seed=seed, on_progress=on_progress, **options
        )
        vector = search.vector
    else:
        vector = interp.published_vector(model, sets, seed=seed)
    evaluation = interp.evaluate_vector(
        model, vector, sets, random=random, seed=seed, budget=budget, on_progress=on_progress
    )
    return TruthStudy(
        model=model, sets=sets, search=search, vector=vector, evaluation=evaluation, inputs=inputs
    )


def study_steering(
    model: Model,
    sets: TruthSets,
    vector: TruthVector,
    *,
    inputs: dict[str, str],
    questions: str = "",
    file: Path | None = None,
    strength: float | None = None,
    random: int = 20,
    seed: int = 0,
    force: bool = False,
    on_progress: Progress | None = None,
) -> SteeringStudy:
    """Judge a vector on the test split, and count as published beside it.

    `file` is where it was read from; `strength` takes the place of its own.
    """
    from .... import interp

    read = {} if file is None else {str(file): hashlib.sha256(file.read_bytes()).hexdigest()}
    if strength is not None:
        vector = dataclasses.replace(vector, strength=strength)
    evaluation = interp.evaluate_vector(
        model,
        vector,
        sets,
        random=random,
        seed=seed,
        force=force,
        on_progress=on_progress,
    )
    if on_progress is not None:
        on_progress("counting as published")
    counted = interp.published_count(
        model,
        interp.published_vector(model, sets, seed=seed),
        sets.part("questions", "test")[:COUNTED_PROMPTS],
        seed=seed,
    )
    return SteeringStudy(
        model=model,
        sets=sets,
        vector=vector,
        evaluation=evaluation,
        counted=counted,
        questions=questions,
        inputs=inputs | {"vector": vector.sha256} | read,
        file=file,
        seed=seed,
    )
