"""One prompt's answer: generated, guarded or scored, by the model as the request wants it."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import TypedDict

import torch

from ...interp import Generated, Model, TruthVector, generate, generate_guarded, steer
from ._errors import ApiError
from ._plan import Plan
from ._score import Told, score, told_of
from ._until_stop import UntilStop


@dataclasses.dataclass(frozen=True)
class Work:
    """What is wanted of one prompt. `max_tokens` 0 with `echo`: the prompt itself."""

    tokens: list[int]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    plan: Plan | None = None
    logprobs: int | None = None
    echo: bool = False
    prompt: str = ""

    @property
    def scores(self) -> bool:
        """Whether the prompt's own tokens are to be scored."""
        return self.echo and self.logprobs is not None


class Steered(TypedDict, total=False):
    """What was done to the model: `ablate` alone, or a strength, with what a budget did to it."""

    ablate: bool
    strength: float
    positions: str
    budget: float
    spent: float
    backed_off: int


@dataclasses.dataclass(frozen=True)
class Done:
    """What came of it; `steering` is what was done to the model, None for nothing."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    steering: Steered | None
    logprobs: tuple[Told, ...] | None = None


def work_on(
    model: Model,
    vector: TruthVector | None,
    work: Work,
    *,
    on_text: Callable[[str], None] | None = None,
    gone: Callable[[], bool] = lambda: False,
) -> Done:
    """Do one piece of work. `on_text` is given the text as it comes; `gone` ends it between tokens.

    **Raises** `InterpError` as `interp.generate` does.
    """
    if work.scores:
        return _scored(model, vector, work)
    if work.echo and on_text is not None:
        on_text(work.prompt)
    before = work.prompt if work.echo else ""
    if work.max_tokens == 0:
        return Done(before, "length", len(work.tokens), 0, _report(work.plan))
    until = UntilStop(work.stop, on_text)
    watched = bool(work.stop) or on_text is not None
    generated, steering = _generated(
        model,
        vector,
        work,
        on_text=until.add if watched else None,
        halt=lambda: until.stopped or gone(),
    )
    until.end()
    logprobs = None
    if work.logprobs is not None:
        start = len(work.tokens)
        with _steered(model, vector, work.plan, answer_start=start):
            scored = score(
                model, work.tokens + list(generated.tokens), top=work.logprobs, extend=False
            )
        logprobs = told_of(model, scored, start=start)
    return Done(
        text=before + (until.text if watched else generated.text),
        finish="stop" if until.stopped or generated.finish == "stop" else "length",
        prompt_tokens=generated.prompt_tokens,
        completion_tokens=len(generated.tokens),
        steering=steering,
        logprobs=logprobs,
    )


class _Options(TypedDict):
    """What both ways of writing a text take."""

    max_new_tokens: int
    temperature: float
    top_p: float
    seed: int
    on_text: Callable[[str], None] | None
    halt: Callable[[], bool]


def _generated(
    model: Model,
    vector: TruthVector | None,
    work: Work,
    *,
    on_text: Callable[[str], None] | None,
    halt: Callable[[], bool],
) -> tuple[Generated, Steered | None]:
    options: _Options = {
        "max_new_tokens": work.max_tokens,
        "temperature": work.temperature,
        "top_p": work.top_p,
        "seed": work.seed,
        "on_text": on_text,
        "halt": halt,
    }
    plan = work.plan
    # Five rows at once may round otherwise than one: at strength 0 the plain road is the exact one.
    if vector is None or plan is None or plan.budget is None or plan.strength == 0:
        with _steered(model, vector, plan):
            return generate(model, work.tokens, **options), _report(plan)
    guarded = generate_guarded(
        model,
        _placed(vector, plan),
        work.tokens,
        budget=plan.budget,
        strength=plan.strength,
        force=True,
        **options,
    )
    return guarded.generated, _report(plan, spent=guarded.spent, backed_off=guarded.backed_off)


def _scored(model: Model, vector: TruthVector | None, work: Work) -> Done:
    plan = work.plan
    start = None if plan is None else plan.answer_start
    if start is None and plan is not None and plan.needs_start and vector is not None:
        raise ApiError(
            400,
            "this vector steers answers only, and a scored prompt does not say where its answer "
            "starts; give steering.answer_start, the number of the answer's first token",
            param="steering.answer_start",
        )
    extend = work.max_tokens > 0
    with _steered(model, vector, plan, answer_start=start):
        scored = score(model, work.tokens, top=work.logprobs or 0, extend=extend)
    new = model.decode([scored.following]) if extend else ""
    return Done(
        text=work.prompt + new,
        finish="length",
        prompt_tokens=len(work.tokens),
        completion_tokens=int(extend),
        steering=_report(plan),
        logprobs=told_of(model, scored, start=0),
    )


@contextlib.contextmanager
def _steered(
    model: Model, vector: TruthVector | None, plan: Plan | None, *, answer_start: int | None = None
) -> Iterator[None]:
    """The model as the plan wants it. That the vector fits was seen when the server started."""
    if vector is None or plan is None:
        yield
        return
    vector = _placed(vector, plan)
    with steer(model, vector, strength=plan.strength, ablate=plan.ablate, force=True) as applied:
        if applied is not None and answer_start is not None:
            # Steered where the first token of the answer is predicted, and from there on.
            applied.start_at(torch.tensor([answer_start - 1], device=model.device))
        yield


def _placed(vector: TruthVector, plan: Plan) -> TruthVector:
    """The vector at the positions that the request wants."""
    if plan.positions == vector.positions:
        return vector
    return dataclasses.replace(vector, positions=plan.positions)


def _report(plan: Plan | None, *, spent: float = 0.0, backed_off: int = 0) -> Steered | None:
    if plan is None:
        return None
    if plan.ablate:
        return {"ablate": True}
    report: Steered = {"strength": plan.strength}
    if plan.positions != "all":
        report["positions"] = str(plan.positions)
    if plan.budget is not None:
        report |= {"budget": plan.budget, "spent": spent, "backed_off": backed_off}
    return report
