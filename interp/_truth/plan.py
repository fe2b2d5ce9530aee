"""What a search and its judgement will take, before they begin."""

import dataclasses
import time
from collections.abc import Sequence
from typing import get_args

import torch

from ...common.display import shown
from .._models.model import Model
from .._names import QuestionSet, Split, TruthMethod, Where
from .._questions.pairs import Question
from .._questions.passes import abilities
from .._questions.scoring import encode_questions, passes_over
from .._steering.hook_point import HookPoint
from .choose import FINALISTS, SCREENED, STRENGTHS
from .find import AT_SEVERAL, TRAINED_HOOK_POINTS, WITHOUT_CUE
from .preference import PAIRS_PER_STEP, TRAINING_STEPS
from .screen import QUESTIONS
from .sets import TruthSets
from .several import HEAD_SHARES

#: A pass back takes about two passes forward.
WITH_GRADIENT = 3
#: What is timed: so many tokens at most.
TIMED_TOKENS = 1024


@dataclasses.dataclass(frozen=True)
class PlannedStage:
    """A part of a search or of its judgement: `tokens` that go through the whole network (a pass
    from a later layer on counts as its share of the layers), and the `seconds` that takes.
    `at_most`: it may stop early."""

    name: str
    tokens: int
    seconds: float
    at_most: bool


@shown
@dataclasses.dataclass(frozen=True)
class SearchPlan:
    """The stages of a search, in order, the judgement last.

    - `seconds_per_token`: measured on a few texts of this model, here and now.
    - `questions`: how many of calibration, validation and test.
    """

    stages: tuple[PlannedStage, ...]
    seconds_per_token: float
    questions: tuple[int, int, int]

    @property
    def tokens(self) -> int:
        """Of all stages."""
        return sum(stage.tokens for stage in self.stages)

    @property
    def seconds(self) -> float:
        """Of all stages, at most."""
        return sum(stage.seconds for stage in self.stages)


def plan_search(
    model: Model,
    sets: TruthSets,
    hook_points: Sequence[HookPoint],
    *,
    methods: Sequence[TruthMethod] = WITHOUT_CUE,
    where: Where = "best",
    random: int = 20,
) -> SearchPlan:
    """Count the tokens of a search and of its judgement, and time a few of them.

    **Arguments**: as those of `find_truth_vector` and `evaluate_vector`.

    **Limits**: an upper bound where candidates stop early; costs are planned for a quarter of the
    candidates. The time is that of a machine as busy as it is now.
    """
    pace = _seconds_per_token(model, sets)
    resumes = abilities(model).resumes
    layers = [point.layer for point in hook_points]
    above = 1 - sum(layers) / len(layers) / model.n_layers if resumes else 1.0
    ways = 2 if where == "best" else 1
    single = [method for method in methods if method not in ("trained", *AT_SEVERAL)]
    at_once = {"iti": len(HEAD_SHARES), "all-layers": 1}
    validation, test = _Sizes(model, sets, "validation"), _Sizes(model, sets, "test")
    statements = _texts(model, [statement.text for statement in sets.statements])
    pairs = [model.encode(pair.prompt) for pair in sets.pairs()]
    pair_tokens = sum(map(len, pairs))
    several = sum(at_once[method] for method in methods if method in AT_SEVERAL)
    screened = several + len(hook_points) * (len(single) if single or several else 1)
    share = min(1.0, QUESTIONS / max(1, len(sets.part("questions", "validation"))))
    finalists = min(FINALISTS, screened) + (TRAINED_HOOK_POINTS if "trained" in methods else 0)
    candidates = finalists * ways * len(STRENGTHS)

    stages: list[tuple[str, float, bool]] = [
        ("unsteered answers, validation", validation.everything, False),
        ("statements at all hook points", statements, False),
    ]
    if "gradient" in methods:
        stages.append(("gradients of statements", WITH_GRADIENT * pair_tokens, False))
    if "iti" in methods:
        stages.append(("outputs of all heads on statements", statements, False))
    if "cue" in methods:
        stages.append(("statements behind a cue", 3 * pair_tokens, False))
    if screened > FINALISTS:
        passes = screened * len(SCREENED) * share
        name = f"screening {screened} directions at {len(SCREENED)} strengths"
        stages.append((name, passes * validation.questions * above, True))
    if "trained" in methods:
        used = min(1.0, PAIRS_PER_STEP / max(1, len(pairs)))
        per_step = WITH_GRADIENT * pair_tokens * used * above
        name = f"training {TRAINED_HOOK_POINTS} additions, {TRAINING_STEPS} steps each"
        stages.append((name, TRAINED_HOOK_POINTS * TRAINING_STEPS * per_step, False))
    if where != "everywhere":
        stages.append(("conditions", finalists * 2 * pair_tokens, True))
    stages += [
        (f"{candidates} candidates", candidates * validation.questions * above, False),
        ("costs of candidates", candidates / 4 * validation.everything * above, True),
        ("unsteered answers, test", test.everything, False),
        (f"the table, {random} random directions", (random + 4) * test.everything * above, False),
    ]
    return SearchPlan(
        stages=tuple(
            PlannedStage(name, round(tokens), float(tokens * pace), at_most)
            for name, tokens, at_most in stages
        ),
        seconds_per_token=pace,
        questions=(
            len(sets.part("questions", "calibration")),
            len(sets.part("questions", "validation")),
            len(sets.part("questions", "test")),
        ),
    )


class _Sizes:
    """Tokens of one split: of its `questions`, and of `everything` that is asked of a candidate."""

    def __init__(self, model: Model, sets: TruthSets, split: Split) -> None:
        first, *kinds = get_args(QuestionSet)
        self.questions = _asked(model, sets.part(first, split))
        others = sum(_asked(model, sets.part(kind, split)) for kind in kinds)
        self.everything = self.questions + others + _texts(model, sets.lines(split))


def _asked(model: Model, questions: Sequence[Question]) -> int:
    return encode_questions(model, questions).tokens if questions else 0


def _texts(model: Model, texts: Sequence[str]) -> int:
    return sum(len(model.encode(text)) for text in texts)


def _seconds_per_token(model: Model, sets: TruthSets) -> float:
    """The second of two passes over some questions."""
    encoded = encode_questions(model, sets.part("questions", "validation"))
    passes = passes_over(model, dataclasses.replace(encoded, shared=0))
    batch = min(passes.batches, key=lambda batch: abs(batch.tokens.numel() - TIMED_TOKENS))
    seconds = 0.0
    for _ in range(2):
        begin = time.perf_counter()
        with torch.no_grad():
            model.network.base_model(batch.tokens, use_cache=False, **batch.options)
        seconds = time.perf_counter() - begin
    return seconds / int(batch.filled.sum())
