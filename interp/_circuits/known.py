"""The models whose circuit is known, each with its questions and its truth."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from ...common.nearest import there_are
from .._edges.graph import Edge
from .._errors import InterpError
from .._models.model import Model, build_model
from .._questions.pairs import Pair
from .choosing import indirect_object, majority, redundant_copies, skip_trigram
from .copying import copy_suppression, induction, two_hop
from .knowing import conjunction, factual_recall, greater_than
from .stream import UNKNOWN, Words
from .task import CircuitPlan
from .write import write_network

_PLANS: dict[str, Callable[[], CircuitPlan]] = {
    "induction": induction,
    "two-hop": two_hop,
    "indirect-object": indirect_object,
    "copy-suppression": copy_suppression,
    "majority": majority,
    "skip-trigram": skip_trigram,
    "factual-recall": factual_recall,
    "greater-than": greater_than,
    "redundant-copies": redundant_copies,
    "conjunction": conjunction,
}
#: Names of the models whose circuit is known.
KNOWN_CIRCUITS: tuple[str, ...] = tuple(_PLANS)


@dataclasses.dataclass(frozen=True, eq=False)
class KnownCircuit:
    """A model whose weights were written by hand, and what in it does its task.

    - `name`; `task`: what it does, and after whom; `model`: an ordinary Hugging Face network.
    - `pairs`: questions, each with a counterfactual of equal length whose right answer is `false`
      (in `greater-than` and `conjunction`: to which neither answer is).
    - `heads`: those that do the task, as (layer, head); `against`: those of them that work against
      the answer. All other heads are idle: random, busy with nothing of use, or constant.
    - `edges`: those that carry what differs between prompt and counterfactual. What both share (the
      position that a head looks back from, say) is in no edge, as no patching can show it.
    """

    name: str
    task: str
    model: Model
    pairs: tuple[Pair, ...]
    heads: tuple[tuple[int, int], ...]
    against: tuple[tuple[int, int], ...]
    edges: tuple[Edge, ...]


def known_circuit(name: str, *, count: int = 32, seed: int = 0) -> KnownCircuit:
    """Build a model whose circuit is known, in memory and without any file.

    **Arguments**: `name`: one of `KNOWN_CIRCUITS`; `count`: pairs, drawn anew until they differ
    (small vocabularies hold fewer); `seed`: of the pairs and of the weights of idle parts.

    **Raises** `InterpError` for a name that is not known and for fewer than two pairs.
    """
    if name not in _PLANS:
        raise InterpError(f"no circuit {name!r}; {there_are(name, KNOWN_CIRCUITS)}")
    if count < 2:
        raise InterpError(f"count {count}: a circuit is asked at least two pairs")
    plan = _PLANS[name]()
    network = write_network(plan.design, plan.words, seed=seed)
    return KnownCircuit(
        name=name,
        task=" ".join((_PLANS[name].__doc__ or "").split()),
        model=build_model(network, _tokenizer(plan.words), name=name),
        pairs=_pairs(plan, count=count, seed=seed),
        heads=tuple(sorted(plan.design.heads)),
        against=plan.against,
        edges=tuple(Edge(*text.split(">")) for text in plan.edges.split()),
    )


def _pairs(plan: CircuitPlan, *, count: int, seed: int) -> tuple[Pair, ...]:
    """Different questions, as many as there are up to `count`."""
    rng = np.random.default_rng(seed)
    # A vocabulary that holds fewer is exhausted long before twenty draws for each.
    tasks = dict.fromkeys(plan.ask(rng) for _ in range(20 * count))
    return tuple(
        Pair(task.prompt, str(task.true), str(task.false), counterfactual=task.counterfactual)
        for task in list(tasks)[:count]
    )


def _tokenizer(words: Words) -> Any:
    """One token for each word."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate((*words.words, UNKNOWN))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    first = words.words[0]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=first,
        eos_token=first,
        pad_token=first,
        unk_token=UNKNOWN,
    )
