"""TimeSeries: measured trajectories of any system, at any times, with gaps."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ...common.display import shown

_FEWEST = 4  # points of a trajectory on which something can move


@shown
@dataclasses.dataclass(frozen=True)
class TimeSeries:
    """Trajectories of one system; build it with `from_arrays` or `read_trajectories`.

    - `times`: of each trajectory, 64-bit, rising strictly, in the unit that the data have.
    - `states`: one row per time, one column per state, in their own units; NaN where not measured.
    - `weights`: how often each row counts.
    - `names` of the states; `trajectories`, their names; `time`, what the clock is called.
    - `source`, `sha256`: of the file, empty where there is none; `left_out`: (what, why) of what
      the source holds and the series do not.
    """

    times: tuple[Float[np.ndarray, " _"], ...]
    states: tuple[Float[np.ndarray, "_ dims"], ...]
    weights: tuple[Float[np.ndarray, " _"], ...]
    names: tuple[str, ...]
    trajectories: tuple[str, ...]
    time: str = "t"
    source: str = ""
    sha256: str = ""
    left_out: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_arrays(
        cls,
        times: Sequence[np.ndarray | Sequence[float | int]],
        states: Sequence[np.ndarray | Sequence[Sequence[float | int]]],
        *,
        weights: Sequence[np.ndarray | Sequence[float | int]] | None = None,
        names: Sequence[str] | None = None,
        trajectories: Sequence[str] | None = None,
        time: str = "t",
        source: str = "",
        sha256: str = "",
        left_out: Sequence[tuple[str, str]] = (),
    ) -> "TimeSeries":
        """From one array of times and one of states ("points dims") per trajectory, in any order.

        A row without any state is dropped. **Raises** ValueError, naming the trajectory, for
        arrays that do not match, times that are not finite or occur twice, fewer than four points,
        a state that no trajectory measures four times, and times that 32 bits have rounded.
        """
        if not len(times) or len(times) != len(states):
            raise ValueError(
                f"{len(times)} arrays of times and {len(states)} of states; give one of each per "
                "trajectory, at least one"
            )
        labels = [str(i) for i in range(len(times))] if trajectories is None else trajectories
        given = [None] * len(times) if weights is None else list(weights)
        dims = np.atleast_2d(np.asarray(states[0])).shape[-1]
        columns = tuple(f"x{i}" for i in range(dims)) if names is None else tuple(names)
        parts = [
            _checked(label, t, x, w, columns)
            for label, t, x, w in zip(labels, times, states, given, strict=True)
        ]
        for d, name in enumerate(columns):
            if not any(np.isfinite(x[:, d]).sum() >= _FEWEST for _, x, _ in parts):
                raise ValueError(
                    f"{name} is measured fewer than {_FEWEST} times in each trajectory; leave it "
                    "out or measure it more often"
                )
        whole = [all(np.isfinite(x[:, d]).sum() >= 2 for d in range(dims)) for _, x, _ in parts]
        out = [
            (str(n), "a state is hardly measured")
            for n, w in zip(labels, whole, strict=True)
            if not w
        ]
        kept = [(str(n), *p) for n, p, w in zip(labels, parts, whole, strict=True) if w]
        if not kept:
            raise ValueError(f"no trajectory measures all of {', '.join(columns)} twice or more")
        return cls(
            times=tuple(t for _, t, _, _ in kept),
            states=tuple(x for _, _, x, _ in kept),
            weights=tuple(w for _, _, _, w in kept),
            names=columns,
            trajectories=tuple(n for n, _, _, _ in kept),
            time=time,
            source=source,
            sha256=sha256,
            left_out=(*left_out, *out),
        )

    @property
    def dims(self) -> int:
        """The number of states."""
        return len(self.names)

    @property
    def points(self) -> int:
        """Rows, all trajectories together."""
        return sum(len(t) for t in self.times)

    @property
    def missing(self) -> Mapping[str, int]:
        """How often each state is missing in the rows."""
        counts = sum(np.isnan(x).sum(axis=0) for x in self.states)
        return {name: int(c) for name, c in zip(self.names, np.atleast_1d(counts), strict=True)}


def _checked(label, times, states, weights, names):
    """One trajectory, sorted by time."""
    narrow = np.asarray(times).dtype == np.float32
    t, x = np.asarray(times, float), np.asarray(states, float)
    x = x[:, None] if x.ndim == 1 else x
    if t.ndim != 1 or x.shape != (len(t), len(names)):
        raise ValueError(
            f"trajectory {label}: times of shape {t.shape} and states of shape {x.shape}; "
            f"expected (points,) and (points, {len(names)})"
        )
    w = np.ones(len(t)) if weights is None else np.asarray(weights, float)
    if w.shape != t.shape or not (np.isfinite(w) & (w >= 0)).all():
        raise ValueError(f"trajectory {label}: weights are one number of 0 or more per point")
    if not np.isfinite(t).all():
        raise ValueError(f"trajectory {label}: a time is not finite; leave that row out")
    if np.isinf(x).any():
        raise ValueError(f"trajectory {label}: a state is infinite; give NaN where it is missing")
    keep = np.isfinite(x).any(axis=1) & (w > 0)
    order = np.argsort(t[keep], kind="stable")
    t, x, w = t[keep][order], x[keep][order], w[keep][order]
    if len(t) < _FEWEST:
        raise ValueError(f"trajectory {label} has {len(t)} points; a trajectory needs {_FEWEST}")
    steps = np.diff(t)
    if not (steps > 0).all():
        twice = t[1:][steps <= 0][0]
        hint = "name the column that tells trajectories apart, or keep one row per time"
        raise ValueError(f"trajectory {label}: time {twice:.15g} occurs twice; {hint}")
    if narrow and np.spacing(np.float32(np.abs(t).max())) > 1e-3 * steps.min():
        raise ValueError(
            f"trajectory {label}: times are 32-bit numbers, which round {t[-1]:.9g} to steps of "
            f"{np.spacing(np.float32(np.abs(t).max())):.3g}; subtract the first time in 64 bits "
            "before you round, or give 64-bit times"
        )
    return t, x, w


def filled(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Missing states between measured ones from the line between them; rows beyond are dropped."""
    out = x.copy()
    for d in range(x.shape[1]):
        known = np.isfinite(x[:, d])
        between = np.interp(t, t[known], x[known, d], left=np.nan, right=np.nan)
        out[:, d] = np.where(known, x[:, d], between)
    whole = np.isfinite(out).all(axis=1)
    return t[whole], out[whole]
