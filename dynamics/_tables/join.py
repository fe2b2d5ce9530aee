"""Several sources as one table, before any check: what one does not say, another may."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .clock import Along
from .columns import TEXT_COLUMNS
from .known_models import known_models
from .model_names import family_in_name, maker_in_name, naming_part, plain_name, sizes_in_name
from .parse import Parsed
from .problems import Problems, TableWarning, listed


@dataclass(frozen=True)
class Joined:
    """All sources in one frame: the columns of `Parsed.frame`, and `origin`, the place of each
    row's source; `plain`, the model's name in one spelling; `own_family`, whether a source states
    the family; `submissions`, whether the row was handed in to a leaderboard."""

    frame: pd.DataFrame
    benchmarks: tuple[str, ...]
    names: tuple[str, ...]
    warnings: tuple[TableWarning, ...]
    path: Path
    is_folder: bool
    single: bool


def join(sources: Sequence[Parsed], family: str | None = None) -> Joined:
    """One frame of all rows of `sources` in their order, with families and sizes filled in:
    `family` where no source states one, else by names.

    A source without scores adds no rows: it says what models of the others are, and goes before
    their names, as `models.csv` does. Raises TableError for models whose size or family nothing
    tells, all at once.
    """
    lists = [source for source in sources if not source.benchmarks]
    tables = [source for source in sources if source.benchmarks]
    path = Path(" + ".join(str(source.raw.path) for source in tables or lists))
    problems = Problems(path)
    if not tables:
        hint = "add benchmark columns (hellaswag, truthfulqa_mc2, ...)"
        problems.add("no column holds scores", hint, 1)
        problems.check()
    frames = [
        source.frame.assign(origin=place, submissions=source.raw.submissions)
        for place, source in enumerate(tables)
    ]
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    names = frame["model"].tolist()
    frame["plain"] = pd.Series([plain_name(name) for name in names], dtype=object)
    for column in (*TEXT_COLUMNS, "said_kind"):
        if column in frame:
            frame[column] = frame[column].fillna("")
    described = [_listed(source.frame) for source in lists]
    if len(tables) > 1:
        described.append(_listed(frame))
    for stated in described:
        _fill(frame, stated)
    if family is not None:
        frame.loc[frame["family"] == "", "family"] = family
    frame["own_family"] = frame["family"] != ""
    warnings = [warning for source in sources for warning in source.warnings]
    frame["own_params"] = frame["params"].notna()
    _by_names(frame)
    return Joined(
        frame=frame,
        benchmarks=tuple(dict.fromkeys(name for table in tables for name in table.benchmarks)),
        names=tuple(table.raw.path.name for table in tables),
        warnings=tuple(dict.fromkeys(warnings)),
        path=path,
        is_folder=any(table.raw.path.is_dir() for table in tables),
        single=all(table.raw.single for table in tables) and len(tables) == 1,
    )


def _listed(frame: pd.DataFrame) -> pd.DataFrame:
    """What rows say of a model beside its scores, by its plain name: the first that says it."""
    scored = [c for c in frame if f"{c}_stderr" in frame.columns or str(c).endswith("_stderr")]
    columns = [c for c in _DESCRIBED if c in frame and c not in scored]
    by_name = frame[columns].mask(frame[columns] == "")
    plain = [plain_name(model) for model in frame["model"]]
    return by_name.groupby(np.array(plain, dtype=object), sort=False).first()


_DESCRIBED = ("family", "params", "active_params", "d_model", "layers", "tokens", "flops", "lab",
              "date", "said_kind")  # fmt: skip


def _fill(frame: pd.DataFrame, stated: pd.DataFrame) -> None:
    """Fill what rows do not say from what is stated elsewhere of the same model."""
    for column in stated.columns:
        there = stated[column].dropna()
        if not len(there):
            continue
        is_text = column in ("family", "lab", "date", "said_kind")
        if column not in frame:
            frame[column] = "" if is_text else np.nan
        empty = (frame[column] == "") if is_text else frame[column].isna()
        if empty.any():
            frame.loc[empty, column] = frame.loc[empty, "plain"].map(there)
            if is_text:
                frame[column] = frame[column].fillna("")


def _by_names(frame: pd.DataFrame) -> None:
    """Fill in families and sizes that only the models' names, or the shipped table, tell."""
    models = frame["model"].tolist()
    params, families = frame["params"].to_numpy(copy=True), frame["family"].tolist()
    nameless_family = [i for i, family in enumerate(families) if not family]
    sizeless = np.flatnonzero(np.isnan(params)).tolist()
    for i in nameless_family:
        families[i] = family_in_name(models[i])
    known = known_models() if sizeless or nameless_family else {}
    active = frame["active_params"].to_numpy(copy=True) if "active_params" in frame else None
    for i in sizeless:
        named = sizes_in_name(models[i])
        params[i] = named.total if np.isfinite(named.total) else named.product
        if np.isnan(params[i]) and frame["plain"].iloc[i] in known:
            params[i] = known[frame["plain"].iloc[i]].params
        if np.isfinite(named.active) and named.active < params[i]:
            active = np.full(len(params), np.nan) if active is None else active
            active[i] = named.active if np.isnan(active[i]) else active[i]
    stems = {family.casefold() for family in families if family}
    for i in nameless_family:
        plain = frame["plain"].iloc[i]
        if not families[i] and plain in known:
            own = models[i].rsplit("/", 1)[-1]
            families[i] = own if own.casefold() in stems else known[plain].family
    _same_names(families, params, frame["plain"].tolist(), models)
    if stems and not frame["own_family"].any() and not frame["submissions"].any():
        for i in nameless_family:  # a family of one, where the others' names tell theirs
            if not families[i] and np.isfinite(params[i]):
                families[i] = naming_part(models[i])
    frame["family"], frame["params"] = pd.Series(families, dtype=object), params
    if active is not None:
        frame["active_params"] = active
    _split_makers(frame)
    frame["size_by_name"] = False
    frame.loc[[i for i in sizeless if np.isfinite(params[i])], "size_by_name"] = True


def _same_names(
    families: list[str], params: np.ndarray, plain: list[str], models: list[str]
) -> None:
    """Models of one name and several sizes are a family of that name."""
    nameless = [i for i, family in enumerate(families) if not family and np.isfinite(params[i])]
    sizes: dict[str, set[float]] = {}
    for i in nameless:
        sizes.setdefault(plain[i], set()).add(float(params[i]))
    for i in nameless:
        if len(sizes[plain[i]]) > 1:
            families[i] = naming_part(models[i])


def said_of_names(frame: pd.DataFrame) -> Iterator[TableWarning]:
    """How many sizes of the models that count were read from their names."""
    models = frame["model"][frame["size_by_name"]].tolist()
    if not models:
        return
    message = (
        f"sizes read from models' names: {len(models)}; a column params or models.csv can state "
        "them"
    )
    mixtures = [model for model in models if np.isfinite(sizes_in_name(model).product)]
    if mixtures:
        message += f"; of {listed(mixtures, 3)} about, as experts share parts"
    yield TableWarning("size_from_name", None, message)


def _split_makers(frame: pd.DataFrame) -> None:
    """Of models that anybody handed in to a leaderboard, those of another organisation than the
    family's maker are a family of their own, `org/family`.

    The maker is the organisation of a model that the shipped table knows, else the one with most
    sizes. A copy of one of its models stays in the family, where it is a duplicate.
    """
    own = frame[frame["submissions"] & ~frame["own_family"] & (frame["family"] != "")]
    if not len(own):
        return
    known = known_models()
    makers = pd.Series([maker_in_name(m) for m in own["model"]], index=own.index, dtype=object)
    folded = own["family"].str.casefold()
    renamed: dict[int, str] = {}
    for _, group in own.groupby(folded, sort=False):
        of = makers[group.index]
        if of.nunique() < 2:
            continue
        sizes = group["params"].groupby(of).nunique()
        certain = of[[plain in known for plain in group["plain"]]]
        counted = certain.value_counts()
        main = counted.index[0] if len(counted) else sizes.idxmax()
        theirs = set(group["plain"][of == main])
        for place, maker, plain in zip(group.index, of, group["plain"], strict=True):
            if maker not in ("", main) and plain not in theirs:
                renamed[place] = f"{maker}/{group['family'][place]}"
    if renamed:
        frame.loc[list(renamed), "family"] = list(renamed.values())


def check_known(joined: Joined, frame: pd.DataFrame, *, along: Along = "params") -> np.ndarray:
    """Which rows of `frame` nothing tells the size or family of, so far as the clock needs them.

    Raises TableError naming all of them. They are left out where nobody could write down every
    size (a leaderboard), and where the sources state no family and no size and names tell most.
    """
    sizeless, nameless = frame["params"].isna(), frame["family"] == ""
    if along not in ("params", "flops"):
        sizeless &= False
    if along in ("tokens", "step"):  # a model's run is a family
        nameless &= False
    lost = (sizeless | nameless).to_numpy()
    told = joined.frame["own_family"].any() or joined.frame["own_params"].any()
    refused = lost & ~frame["submissions"].to_numpy(bool)
    if refused.any() and (told or joined.is_folder or lost.all()):
        problems = Problems(joined.path)
        hint = "add a column params, or write models.csv beside it"
        if joined.is_folder:
            hint = "write models.csv into the folder, with the columns model, family, params"
        for what, missing in (("size", sizeless), ("family", nameless)):
            models = [repr(m) for m in frame["model"][missing.to_numpy() & refused]]
            if models:
                row = None if joined.is_folder else int(frame["row"][missing & refused].iloc[0])
                also = hint
                if what == "family":
                    also = hint.replace("params, or", "family, or") + ", or name it (family=NAME)"
                problems.add(f"no {what} is known for {listed(models)}", also, row)
        problems.check()
    return lost
