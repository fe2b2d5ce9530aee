"""Names, families and sizes of the models of runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path

from ..model_list import Described, describe
from ..model_names import family_in_name, short_name, sizes_in_name
from .choose import ModelScores
from .identity import ModelIdentity

# A size in the name and one that the harness counted agree within this factor.
_SIZE_RATIO = (0.6, 1.6)


def display_names(rows: Sequence[ModelScores]) -> list[str]:
    """A name for each row; local paths that share their telling part are shown in full."""
    keys: dict[str, set[str]] = {}
    for row in rows:
        keys.setdefault(row.first.model.name.casefold(), set()).add(row.first.model.key)
    names = []
    for row in rows:
        model = row.first.model
        is_shared = len(keys[model.name.casefold()]) > 1
        whole = "/".join(model.parts) + (f"+{model.adapter}" if model.adapter else "")
        names.append(whole + row.name.removeprefix(model.name) if is_shared else row.name)
    again = Counter(names)
    return [name if again[name] < 2 else f"{name} ({i})" for i, name in enumerate(names, start=1)]


def describe_all(
    path: Path, rows: Sequence[ModelScores], listed: Mapping[str, Mapping[str, object]]
) -> list[Described]:
    """Family and size of each row's model; what nothing tells is empty, or NaN."""
    known: dict[str, Described] = {}
    for row in rows:
        model = row.first.model
        if model.key not in known:
            known[model.key] = _described(path, model, listed)
    return [known[row.first.model.key] for row in rows]


def _described(
    path: Path, model: ModelIdentity, listed: Mapping[str, Mapping[str, object]]
) -> Described:
    """As listed, else by the name or by any part of the path, else as the harness counted."""
    whole = "/".join(model.parts)
    candidates = list(dict.fromkeys((model.name, whole, *reversed(model.parts))))
    spellings = [s for n in candidates for s in (n, n.replace("/", "__"), short_name(n))]
    stated = next((listed[s.casefold()] for s in spellings if s.casefold() in listed), None)
    if stated is not None:  # under any of its names
        listed = {model.name.casefold(): stated}
        candidates = [model.name]
    for name in candidates:
        described = describe(path, name, listed)
        if described.family and not isnan(described.params):
            return described
    row = stated or {}
    more = {c: v for c, v in row.items() if c not in ("family", "model", "params")}
    size = row.get("params")
    is_listed = isinstance(size, float) and not isnan(size)
    family = str(row.get("family") or family_in_name(model.name) or family_in_name(whole))
    known = float(str(size)) if is_listed else _counted(model)
    return Described(family, known, more, guessed=not row.get("family"))


def _counted(model: ModelIdentity) -> float:
    """The size that the harness counted, NaN where it did not or where the name says another."""
    named = sizes_in_name(model.name)
    ratio = model.params / named.product if not isnan(named.product) else 1.0
    return model.params if _SIZE_RATIO[0] < ratio < _SIZE_RATIO[1] else named.total
