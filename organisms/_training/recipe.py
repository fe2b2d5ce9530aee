"""Recipes: what one family is made of. Values live in `configs/organism/*.yaml`, checked here."""

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...common.display import shown
from ...common.nearest import there_are
from ...common.words import printable, shortened
from ...configs import configs
from .._errors import OrganismError
from .._world.corpus import CorpusSettings
from .._world.vocabulary import FORMAT_VERSION, VOCABULARY_SIZE, WORDS
from .recipe_file import LARGEST_FILE, parse_recipe
from .shape import ModelShape

#: Recipes that start from each other; the shipped ones do so once.
_MOST_BASES = 10
#: The largest number of a recipe; up to here a float holds each whole number.
_MOST = 2**53
_NAME = re.compile(r"[\w-][\w.-]{0,79}")


@shown
@dataclasses.dataclass(frozen=True)
class Recipe:
    """One family of models: the same text and training, several sizes.

    - `name`, `description`: of the family.
    - `widths`: the sizes of the residual stream, one model each.
    - `layers`, `heads`: blocks and heads per block, the same for all sizes.
    - `mlp_ratio`: MLP hidden units per unit of width (used where `match` is empty).
    - `match`: parameter counts to hit, one per width, by the number of MLP units; empty for none.
    - `silent_mlps`: last blocks whose MLP is held at zero, see `ModelShape`.
    - `unembedding`: inner size of the output map as a share of the width, 0 for one full matrix.
    - `steps`, `batch`, `context`: optimiser steps, rows per step, predicted tokens per row.
    - `tokens_per_param`: if above 0, replaces `steps`: each size sees so many tokens per parameter.
    - `learning_rate`: peak rate at width 16; other widths scale it by sqrt(16 / width).
    - `weight_decay`: of AdamW.
    - `corpus`: see `CorpusSettings`.

    **Raises** `ValueError` for values that cannot be trained.
    """

    name: str
    description: str
    widths: tuple[int, ...]
    layers: int = 2
    heads: int = 2
    mlp_ratio: float = 4.0
    match: tuple[int, ...] = ()
    silent_mlps: int = 0
    unembedding: float = 0.0
    steps: int = 1000
    batch: int = 64
    context: int = 32
    tokens_per_param: float = 0.0
    learning_rate: float = 0.01
    weight_decay: float = 0.01
    corpus: CorpusSettings = dataclasses.field(default_factory=CorpusSettings)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"the recipe's name {shortened(self.name)} cannot name a folder; use letters, "
                "digits, - and ."
            )
        if not self.widths:
            raise ValueError(f"recipe {self.name}: widths is empty; give at least one")
        if len(set(self.widths)) != len(self.widths):
            raise ValueError(f"recipe {self.name}: widths repeat; each size needs its own")
        if self.match and len(self.match) != len(self.widths):
            raise ValueError(
                f"recipe {self.name}: match has {len(self.match)} counts for "
                f"{len(self.widths)} widths"
            )
        for field in ("steps", "batch", "context"):
            if getattr(self, field) < 1:
                raise ValueError(
                    f"recipe {self.name}: {field} must be at least 1, there would be no tokens"
                )
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"recipe {self.name}: learning_rate must be a number above 0")
        for field in ("mlp_ratio", "unembedding", "tokens_per_param", "weight_decay"):
            if not 0 <= getattr(self, field) < math.inf:
                raise ValueError(f"recipe {self.name}: {field} must be a number of at least 0")
        for width in self.widths:
            self.shape(width)
            self.steps_of(width)

    def shape(self, width: int) -> ModelShape:
        """The model of this width; `OrganismError` where the recipe has no such width."""
        if width not in self.widths:
            raise OrganismError(
                f"recipe {self.name} has the widths {list(self.widths)}, not {width}"
            )
        shape = ModelShape(
            vocabulary=VOCABULARY_SIZE,
            width=width,
            layers=self.layers,
            heads=self.heads,
            mlp=max(1, round(self.mlp_ratio * width)),
            silent_mlps=self.silent_mlps,
            unembedding=max(1, round(self.unembedding * width)) if self.unembedding else 0,
        )
        if not self.match:
            return shape
        target = self.match[self.widths.index(width)]
        per_unit = self.layers * (2 * width + 1)
        without = shape.params - per_unit * shape.mlp
        return dataclasses.replace(shape, mlp=round((target - without) / per_unit))

    def steps_of(self, width: int) -> int:
        """Optimiser steps for this width."""
        if not self.tokens_per_param:
            return self.steps
        tokens = self.tokens_per_param * self.shape(width).params
        return max(1, round(tokens / (self.batch * self.context)))

    def tokens_of(self, width: int) -> int:
        """Predicted tokens in the training of this width."""
        return self.steps_of(width) * self.batch * self.context

    def fingerprint(self, width: int) -> str:
        """SHA-256 of everything that the weights of this width depend on, but for seed and
        machine."""
        content = {
            "shape": dataclasses.asdict(self.shape(width)),
            "steps": self.steps_of(width),
            "batch": self.batch,
            "context": self.context,
            "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay,
            "corpus": dataclasses.asdict(self.corpus),
            "words": WORDS,
            "format": FORMAT_VERSION,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def list_recipes() -> tuple[str, ...]:
    """Names of the recipes that come with the project."""
    return tuple(
        sorted(path.name.removesuffix(".yaml") for path in _folder() if path.name.endswith(".yaml"))
    )


def load_recipe(name: str | Path) -> Recipe:
    """A recipe by name, or from a yaml file.

    **Raises** `OrganismError` for an unknown name, for a file that is no recipe's yaml (aliases,
    deep brackets, a key that stands twice), for recipes that start from each other, and for keys
    or values that a recipe cannot have.
    """
    return _load(name, ())


def _load(name: str | Path, before: tuple[str, ...]) -> Recipe:
    """`load_recipe`, where the recipes in `before` start from this one."""
    path = Path(name)
    try:
        if path.suffix in (".yaml", ".yml") and path.is_file():
            with path.open("rb") as file:
                content, known_as = file.read(LARGEST_FILE + 1), str(path.resolve())
        else:
            matches = [entry for entry in _folder() if entry.name == f"{name}.yaml"]
            if not matches:
                raise OrganismError(
                    f"no recipe {shortened(str(name))}; {there_are(name, list_recipes())}"
                )
            content, known_as = matches[0].read_bytes(), str(name)
    except OSError as error:
        raise OrganismError(f"{printable(str(name))}: {error.strerror or error}") from None
    said = f"the recipe {shortened(str(name), 200)}"
    if known_as in before:
        raise OrganismError(f"{said} starts from itself; name another base, or none")
    if len(before) >= _MOST_BASES:
        raise OrganismError(f"{said}: over {_MOST_BASES} recipes start from each other; give one")
    try:
        values = parse_recipe(content)
    except ValueError as error:
        raise OrganismError(f"{said} {error}") from None
    try:
        return _from_values(values, (*before, known_as))
    except OrganismError as error:
        raise error if str(name) in str(error) else OrganismError(f"{said}: {error}") from None


def recipe_from(values: Mapping[str, Any]) -> Recipe:
    """A recipe from plain values (a parsed yaml, a resolved config).

    A value `base` names the recipe to start from; what else is given replaces its values, the
    entries of `corpus` one by one.

    **Raises** `OrganismError` with the name of what is wrong.
    """
    return _from_values(values, ())


def _from_values(values: Mapping[str, Any], before: tuple[str, ...]) -> Recipe:
    values = dict(values)
    base = values.pop("base", None)
    corpus = values.pop("corpus", None) or {}
    if not isinstance(corpus, Mapping):
        raise OrganismError(
            f"the corpus of the recipe holds no names and values: {shortened(corpus)}"
        )
    if base is not None:
        if isinstance(base, bool) or not isinstance(base, str | int | Path):
            raise OrganismError(f"the recipe: base cannot be {shortened(base)}; name one recipe")
        start = dataclasses.asdict(_load(str(base), before))
        corpus = start["corpus"] | dict(corpus)
        values = start | values
    values["corpus"] = _build(CorpusSettings, corpus, "corpus of the recipe")
    return _build(Recipe, values, "recipe")


def _build(kind: type, values: Mapping[str, Any], what: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(str(name) for name in set(values) - set(fields))
    if unknown:
        named = shortened(", ".join(unknown))[1:-1]
        raise OrganismError(f"the {what} has no {named}; it has {', '.join(fields)}")
    needed = [
        name
        for name, field in fields.items()
        if field.default is field.default_factory is dataclasses.MISSING and name not in values
    ]
    if needed:
        raise OrganismError(f"the {what} lacks {', '.join(needed)}; give all of these")
    converted = {}
    for name, value in values.items():
        try:
            converted[name] = _converted(value, fields[name].type)
        except (OverflowError, TypeError, ValueError):
            raise OrganismError(f"the {what}: {name} cannot be {shortened(value)}") from None
    try:
        return kind(**converted)
    except (TypeError, ValueError) as error:
        raise OrganismError(str(error)) from None
    except ArithmeticError:
        raise OrganismError(f"the {what} asks for sizes that no number holds; lower them") from None


def _converted(value: Any, wanted: object) -> Any:
    """A value as its field has it. **Raises** what Python's conversions do."""
    if wanted is str:
        if not isinstance(value, str):
            raise TypeError
        return value
    if wanted == tuple[int, ...]:
        if isinstance(value, str | bytes | Mapping):
            raise TypeError
        return tuple(_number(item, int) for item in value)
    return _number(value, int if wanted is int else float) if wanted in (int, float) else value


def _number(value: Any, kind: type[int] | type[float]) -> int | float:
    number = kind(value)
    if isinstance(value, bool) or number != float(value) or _MOST < abs(number) < math.inf:
        raise TypeError
    return number


def _folder():
    return configs("organism").iterdir()
