"""Scaled data with their noise and a smooth path: what a search works on."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from .shooting import Segments
from .smooth import NoiseLevel, SmoothPath, noise_levels, smooth_path, steps_for

_FEWEST_PER_SEGMENT = 12


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Trajectories in units of size 1, with what was learned of them before any equation.

    - `times`, `states`: of each trajectory, NaN where a state is missing; `weights` of each row.
    - `noise` of each state; `paths`: smooth path of each trajectory; `steps` of a solver along it.
    """

    times: list[Float[np.ndarray, " _"]]
    states: list[Float[np.ndarray, "_ dims"]]
    weights: list[Float[np.ndarray, " _"]]
    noise: tuple[NoiseLevel, ...]
    paths: tuple[SmoothPath, ...]
    steps: int

    @property
    def dims(self) -> int:
        return self.states[0].shape[1]

    @property
    def values(self) -> int:
        """Measured values, all trajectories and states together."""
        return int(sum(np.isfinite(x).sum() for x in self.states))

    def take(self, rows: list[Bool[np.ndarray, " _"]]) -> "Prepared":
        """Only some rows of each trajectory, those without any left out; noise and paths stay."""
        kept = [f for f, keep in enumerate(rows) if keep.sum() > 1]
        times, states, weights = (
            [parts[f][rows[f]] for f in kept] for parts in (self.times, self.states, self.weights)
        )
        paths = tuple(self.paths[f] for f in kept)
        return Prepared(times, states, weights, self.noise, paths, self.steps)

    def pieces(
        self, spans: list[Int[np.ndarray, " _"]], fold: int, folds: int
    ) -> "Prepared | None":
        """Each span of a fold as a trajectory of its own; None where there is none."""
        chosen = [
            (f, np.flatnonzero(span == k))
            for f, span in enumerate(spans)
            for k in np.unique(span)
            if k % folds == fold
        ]
        chosen = [(f, rows) for f, rows in chosen if len(rows) > 1]
        if not chosen:
            return None
        times, states, weights = (
            [parts[f][rows] for f, rows in chosen]
            for parts in (self.times, self.states, self.weights)
        )
        paths = tuple(self.paths[f] for f, _ in chosen)
        return Prepared(times, states, weights, self.noise, paths, self.steps)


def prepare(times, states, weights) -> Prepared:
    """Noise levels and smooth paths of scaled trajectories."""
    noise = noise_levels(times, states)
    paths = tuple(smooth_path(t, x, noise) for t, x in zip(times, states, strict=True))
    steps = max(steps_for(p, t[0], t[-1], noise) for p, t in zip(paths, times, strict=True))
    return Prepared(list(times), list(states), list(weights), noise, paths, steps)


def segment_counts(data: Prepared) -> tuple[int, ...]:
    """Numbers of segments per trajectory to go through, many first."""
    points = float(np.median([len(t) for t in data.times]))
    return (*(m for m in (16, 4) if points / m >= _FEWEST_PER_SEGMENT), 1)


def make_segments(data: Prepared, count: int) -> Segments:
    """Cut each trajectory into `count` windows of equal numbers of points."""
    begins, lengths, owners, shares, ys, ws = [], [], [], [], [], []
    for f, (t, x, weight) in enumerate(zip(data.times, data.states, data.weights, strict=True)):
        parts = np.array_split(np.arange(len(t)), min(count, max(len(t) // 2, 1)))
        deviation = np.stack(
            [level.deviation(column) for level, column in zip(
                data.noise, data.paths[f](t).T, strict=True)], axis=1
        )  # fmt: skip
        for part in parts:
            length = max(float(t[part[-1]] - t[part[0]]), 1e-12)
            owners.append(np.full(len(part), len(begins)))
            shares.append((t[part] - t[part[0]]) / length)
            begins.append(float(t[part[0]]))
            lengths.append(length)
            ys.append(np.nan_to_num(x[part]))
            known = np.isfinite(x[part])
            ws.append(np.where(known, np.sqrt(weight[part])[:, None] / deviation[part], 0))
    each = max(-(-data.steps // count), 2)
    place = np.concatenate(shares) * each
    node = np.minimum(place.astype(int), each - 1)
    return Segments(
        np.array(begins), np.array(lengths), each, np.concatenate(owners), node, place - node,
        np.concatenate(ys), np.concatenate(ws),
    )  # fmt: skip


def first_states(data: Prepared, segments: Segments) -> Float[np.ndarray, "segments dims"]:
    """The smooth path where each segment begins."""
    per = _trajectory_of(data, segments)
    return np.array(
        [data.paths[f](np.array([t]))[0] for f, t in zip(per, segments.begin, strict=True)]
    )


def merged_first(data: Prepared, old: Segments, first, new: Segments):
    """First states of fewer segments, from those of more: where one began there, its own."""
    start = first_states(data, new)
    was = {(f, t): x for f, t, x in zip(_trajectory_of(data, old), old.begin, first, strict=True)}
    keys = zip(_trajectory_of(data, new), new.begin, strict=True)
    return np.array([was.get(key, x) for key, x in zip(keys, start, strict=True)])


def beginnings(data: Prepared, segments: Segments) -> Int[np.ndarray, " trajectories"]:
    """The segment with which each trajectory begins."""
    return np.unique(_trajectory_of(data, segments), return_index=True)[1]


def _trajectory_of(data: Prepared, segments: Segments) -> list[int]:
    """The trajectory of each segment: they stand in the order of their rows."""
    ends = np.cumsum([len(t) for t in data.times])
    starts = np.flatnonzero(np.r_[True, np.diff(segments.owner) != 0])
    return [int(np.searchsorted(ends, row, side="right")) for row in starts]
