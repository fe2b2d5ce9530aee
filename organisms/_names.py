"""The closed vocabularies of this package, each once; light to import."""

from typing import Literal, get_args

#: What differs between the families of a controlled experiment, see `EXPERIMENTS`.
ExperimentName = Literal["shape", "unembedding", "curation", "training"]
#: A property of a family's dip that a lever may shift.
Quantity = Literal["log10_critical", "log10_critical_width", "depth", "recovery"]
#: Whether a family is seen to fall to its turn and to rise from there.
DipStatus = Literal["ok", "no_fall", "no_rise"]
#: The same for an estimate, which also needs two seeds.
EstimateStatus = Literal["ok", "no_fall", "no_rise", "underdetermined"]
#: Scores of an organism.
ScoreName = Literal["truth", "truth_plain", "truth_reference", "reasoning"]
#: Registers of a question: none, then the three of the corpus.
Register = Literal["none", "question", "reference", "forum"]
#: Questions and texts that a direction, its choice and its judgement may see.
Split = Literal["calibration", "validation", "test"]

SPLITS: tuple[Split, ...] = get_args(Split)
