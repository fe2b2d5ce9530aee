"""Trajectories: the scores of each family along its sizes, padded into one array."""

from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import numpy as np
import pandas as pd
from jaxtyping import Array, Bool, Float, Int

from ...common.checks import check_known, index_of
from ...common.display import shown
from .._precision import in_double_precision, jax_array
from .._systems.series import TimeSeries, filled
from .._tables.scores import ScoreTable
from .padding import pad_rows
from .times import check_counts, check_rounding

#: A time of 32 bits may be rounded by one in so many of its steps.
_ROUNDED = 1e3


@shown
class Trajectories(eqx.Module):
    """Observed trajectories of several families.

    - `s`: log10 of the parameter count (or any other time), rising within each family. Behind the
      last model of a family its last value is repeated.
    - `x`: scores as fractions (or any other state), padded likewise.
    - `mask`: true where there is a model.
    - `families`, `labs`: one name per family; `models`: names in each family; `benchmarks`.
    - `left_out`: (name, reason) of what the table holds and these trajectories do not.
    - `interpolated`: (model, benchmark) of scores that were not measured, see `from_table`.
    """

    s: Float[Array, "families points"]
    x: Float[Array, "families points dims"]
    mask: Bool[Array, "families points"]
    families: tuple[str, ...] = eqx.field(static=True)
    labs: tuple[str, ...] = eqx.field(static=True)
    models: tuple[tuple[str, ...], ...] = eqx.field(static=True)
    benchmarks: tuple[str, ...] = eqx.field(static=True)
    left_out: tuple[tuple[str, str], ...] = eqx.field(static=True, default=())
    interpolated: tuple[tuple[str, str], ...] = eqx.field(static=True, default=())

    @classmethod
    def from_arrays(
        cls,
        s: Sequence[Float[np.ndarray, " _"]],
        x: Sequence[Float[np.ndarray, "_ _"]],
        *,
        benchmarks: Sequence[str] | None = None,
        families: Sequence[str] | None = None,
        labs: Sequence[str] | None = None,
        models: Sequence[Sequence[str]] | None = None,
        left_out: Sequence[tuple[str, str]] = (),
        interpolated: Sequence[tuple[str, str]] = (),
    ) -> "Trajectories":
        """From one array of sizes and one of scores ("points dims") per family.

        Raises ValueError, naming the family, for fewer than two models, sizes that do not
        strictly rise, values that are not finite, arrays that do not match, sizes that are counts
        where their log10 is meant, and times of 32 bits that have been rounded to their steps.
        """
        families = [f"family {i}" for i in range(len(s))] if families is None else list(families)
        if not len(s) == len(x) == len(families) or not len(s):
            raise ValueError(
                f"{len(s)} families of sizes, {len(x)} of scores and {len(families)} names; "
                "give one of each, at least one"
            )
        if len(set(families)) < len(families):
            twice = next(name for i, name in enumerate(families) if name in families[:i])
            raise ValueError(f"two families are called {twice!r}; give each a name of its own")
        for name, row in zip(families, s, strict=True):
            check_rounding(name, row, steps=_ROUNDED)
        times = [np.asarray(row, float) for row in s]
        states = [np.asarray(row, float) for row in x]
        dims = states[0].shape[-1]
        for name, time, state in zip(families, times, states, strict=True):
            _check_family(name, time, state, dims)
        check_counts(min(t[0] for t in times), max(t[-1] for t in times))
        together, scores, mask = _padded(times, states)
        return cls(
            s=together,
            x=scores,
            mask=mask,
            families=tuple(families),
            labs=tuple(families if labs is None else labs),
            models=tuple(
                tuple(f"{name} {i}" for i in range(len(time)))
                for name, time in zip(families, times, strict=True)
            )
            if models is None
            else tuple(map(tuple, models)),
            benchmarks=tuple(f"x{i}" for i in range(dims))
            if benchmarks is None
            else tuple(benchmarks),
            left_out=tuple(left_out),
            interpolated=tuple(interpolated),
        )

    @classmethod
    def from_table(
        cls,
        table: ScoreTable,
        *,
        benchmarks: Sequence[str] | None = None,
        min_models: int = 2,
        same_size: Literal["mean", "error"] = "mean",
    ) -> "Trajectories":
        """From a score table, along its clock: log10 of the total parameter count, or what
        `along_clock` made of it.

        **Arguments:** `benchmarks`, which scores (all of the table by default); `min_models`,
        how many sizes a family needs to count; `same_size`, what becomes of several models of one
        family and size: their mean, or a ValueError.

        A model without one of the scores stays for the others where smaller and larger models of
        its family have that score: its own is taken from the line between them along log10 N, as
        the fit itself draws a path between sizes, and is listed in `interpolated`. At the end of a
        family there is no such line: the model, like a family with too few sizes, is left out and
        listed in `left_out`. Raises ValueError for a benchmark that is not there and when no
        family remains.
        """
        chosen = table.benchmarks if benchmarks is None else tuple(benchmarks)
        check_known("benchmark", chosen, table.benchmarks, of=table.name)
        if min_models < 2:
            raise ValueError(f"min_models is {min_models}; a trajectory has at least 2 sizes")
        columns = list(chosen)
        left_out, retained, interpolated = [], [], []
        for family, rows in table.frame.groupby("family", sort=False):
            rows = rows.assign(time=table.time(rows))
            filled, between = _interpolated(rows, columns)
            complete = filled.dropna(subset=columns).sort_values("time", kind="stable")
            interpolated += [(m, b) for m, b in between if m in set(complete["model"])]
            for model in rows["model"][~rows["model"].isin(complete["model"])]:
                left_out.append((str(model), "incomplete_scores"))
            sizes = complete.groupby("time", sort=True)
            if same_size == "error" and len(sizes) < len(complete):
                twice = complete["model"][complete.duplicated("time", keep=False)]
                raise ValueError(f"{family}: {', '.join(twice)} have one size; keep one of them")
            if len(sizes) < min_models:
                left_out.append((str(family), "too_few_sizes"))
                continue
            lab = str(rows["lab"].iloc[0]) if "lab" in rows else str(family)
            names = [" | ".join(group) for group in sizes["model"].apply(list)]
            means = sizes[columns].mean()
            retained.append(
                (str(family), lab, names, means.index.to_numpy(float), means.to_numpy())
            )
        if not retained:
            raise ValueError(
                f"no family has {min_models} sizes with all of {', '.join(chosen)}; "
                "name fewer benchmarks or add models"
            )
        families, labs, models, sizes, scores = zip(*retained, strict=True)
        return cls.from_arrays(
            list(sizes),
            list(scores),
            benchmarks=chosen,
            families=families,
            labs=labs,
            models=models,
            left_out=left_out,
            interpolated=interpolated,
        )

    @classmethod
    def from_series(cls, series: TimeSeries) -> "Trajectories":
        """From measured trajectories of any system, in their own units.

        Time is counted from each trajectory's first point. A state that is missing between
        measured ones is taken from the line between them (`interpolated` lists them); rows before
        the first or after the last measurement of a state are left out. Fit these with
        `coordinates=Unbounded()`.
        """
        times, states, left_out, between = [], [], [], []
        for name, t, x in zip(series.trajectories, series.times, series.states, strict=True):
            whole_t, whole_x = filled(t, x)
            kept = np.isin(t, whole_t)
            left_out += [(f"{name} at {at:.12g}", "incomplete_states") for at in t[~kept]]
            for i, d in zip(*np.nonzero(np.isnan(x[kept])), strict=True):
                between.append((f"{name} at {whole_t[i]:.12g}", series.names[d]))
            times.append(whole_t - whole_t[0])
            states.append(whole_x)
        return cls.from_arrays(
            times,
            states,
            benchmarks=series.names,
            families=series.trajectories,
            left_out=[*series.left_out, *left_out],
            interpolated=between,
        )

    @property
    def dims(self) -> int:
        """The number of benchmarks."""
        return self.x.shape[-1]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of models in each family."""
        return tuple(len(names) for names in self.models)

    @in_double_precision
    def take(self, indices: Sequence[int] | Int[np.ndarray, " _"]) -> "Trajectories":
        """Only the families of these indices, in that order.

        The padding stays. To fit without some families, weights of 0 are quicker still.
        """
        if not len(indices):
            raise ValueError("no family chosen; name at least one")
        chosen = [int(index) for index in indices]
        rows = np.asarray(chosen)
        return Trajectories(
            s=jax_array(np.asarray(self.s)[rows]),
            x=jax_array(np.asarray(self.x)[rows]),
            mask=jax_array(np.asarray(self.mask)[rows]),
            families=tuple(self.families[i] for i in chosen),
            labs=tuple(self.labs[i] for i in chosen),
            models=tuple(self.models[i] for i in chosen),
            benchmarks=self.benchmarks,
            left_out=self.left_out,
            interpolated=self.interpolated,
        )

    def index(self, family: str) -> int:
        """The index of the named family (case does not matter).

        Raises ValueError for a family that is not there, naming those that are.
        """
        return index_of(family, self.families, kind="family")


@in_double_precision
def _padded(
    times: Sequence[Float[np.ndarray, " _"]], states: Sequence[Float[np.ndarray, "_ _"]]
) -> tuple[
    Float[Array, "families points"],
    Float[Array, "families points dims"],
    Bool[Array, "families points"],
]:
    sizes = np.array([len(time) for time in times])
    points = int(sizes.max())
    return (
        jax_array(np.stack([pad_rows(time, points, copies=True) for time in times])),
        jax_array(np.stack([pad_rows(state, points, copies=True) for state in states])),
        jax_array(np.arange(points) < sizes[:, None]),
    )


def _interpolated(
    rows: pd.DataFrame, columns: list[str]
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """A family's rows with missing scores between measured ones filled in along log10 N, and the
    (model, benchmark) of each."""
    filled, between = rows, []
    size = rows["time"].to_numpy(float)
    for name in columns:
        scores = rows[name].to_numpy(float)
        known = np.isfinite(scores)
        if known.all() or not known.any():
            continue
        inside = ~known & (size > size[known].min()) & (size < size[known].max())
        if not inside.any():
            continue
        at, place = np.unique(size[known], return_inverse=True)
        means = np.bincount(place, scores[known]) / np.bincount(place)
        filled = filled.assign(**{name: np.where(inside, np.interp(size, at, means), scores)})
        between += [(str(model), name) for model in rows["model"][inside]]
    return filled, between


def _check_family(name: str, time: np.ndarray, state: np.ndarray, dims: int) -> None:
    if time.ndim != 1 or state.shape != (len(time), dims):
        raise ValueError(
            f"{name}: sizes of shape {time.shape} and scores of shape {state.shape}; "
            f"expected (points,) and (points, {dims})"
        )
    if len(time) < 2:
        raise ValueError(f"{name} has {len(time)} model; a trajectory needs at least 2 sizes")
    if not (np.isfinite(time).all() and np.isfinite(state).all()):
        raise ValueError(f"{name} has values that are not finite; leave those models out")
    if not (np.diff(time) > 0).all():
        raise ValueError(f"{name}: sizes must rise strictly; two are equal or out of order")
