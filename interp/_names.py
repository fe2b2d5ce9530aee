"""The closed vocabularies of this package, each once; light to import."""

from typing import Literal, get_args

from ._positions import After, Span

#: How a question is put, see `choose_frame`.
Frame = Literal["plain", "truthfulqa", "chat"]
#: Number format of the weights.
Dtype = Literal["float32", "bfloat16", "float16"]
#: How heads are studied: `attribute_heads`, `attribution_patching`, `activation_patching`.
HeadMethod = Literal["dla", "attribution-patching", "activation-patching"]
#: How a truth direction is found, see `METHODS`.
TruthMethod = Literal["mass-mean", "logistic", "gradient", "trained", "cue", "iti", "all-layers"]
#: How statements are told apart at a hook point.
DetectionMethod = Literal["mass-mean", "logistic"]
#: A vector that needs no search, see `published_vector`.
Preset = Literal["published"]
#: Where in a layer the residual stream is read or added to, see `HookPoint`.
Site = Literal["attention", "block"]
#: Which positions a search may steer: all, or the last that is read and every generated one.
PositionWord = Literal["all", "last"]
#: Which positions are steered: those, a span, or what comes after a marker.
Positions = PositionWord | Span | After
#: Under which condition they are: none, where a plain question is recognised, or the better.
Where = Literal["best", "everywhere", "asked"]
#: Questions and texts that a direction, its choice and its judgement may see.
Split = Literal["calibration", "validation", "test"]
#: The sets of questions of a `TruthSets`.
QuestionSet = Literal["questions", "cued", "retain", "reasoning"]
#: The sets that the project generates: about facts first, then about reasoning.
SetName = Literal["cities", "elements", "arithmetic", "comparison"]
#: What ended a text: the model, the number of tokens, the caller.
Finish = Literal["stop", "length", "halted"]
#: What a controlled table says of a vector, see `Evaluation`.
Verdict = Literal["nothing_to_correct", "no_more_than_controls", "corrects_at_a_cost", "corrects"]

SPLITS: tuple[Split, ...] = get_args(Split)
