"""A fitted system as a page for a terminal."""

from __future__ import annotations

import textwrap

from ...formats import signed
from ...text import text_table
from ._system_json import SAID, SystemReport

_WIDTH = 80
_MOST_TERMS = 40


def system_to_text(report: SystemReport) -> str:
    """The verdict first; equations, how sure each term is, and what held-out spans say."""
    fit, series = report.fit, report.series
    many = len(series.trajectories)
    missing = sum(series.missing.values())
    said = f"{series.source}: {many} trajector{'y' if many == 1 else 'ies'}, {series.points} points"
    said += f", {missing} values missing" if missing else ""
    parts = [_wrapped(f"{said}; clock {series.time}, states {', '.join(series.names)}")]
    if series.left_out:
        out = "; ".join(f"{name} ({reason})" for name, reason in series.left_out)
        parts.append(_wrapped(f"Left out: {out}"))
    good = fit.result == "successful"
    head = SAID[fit.result].capitalize() + (f" ({fit.library})" if good else f": {fit.reason}")
    parts.append(_wrapped(head + "."))
    clock = "" if series.time == "t" else f", t = {series.time}"
    title = f"Equations{clock}" if good else "What came closest (do not trust it)"
    lines = [
        textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="      ")
        for line in fit.equations()
    ]
    parts.append("\n".join([title, *lines]))
    if good:
        parts.append(_terms(report))
        parts += ["LaTeX\n" + "\n".join(f"  {line}" for line in fit.latex())]
    parts += _checks(report)
    return "\n\n".join(parts)


def _terms(report: SystemReport) -> str:
    fit = report.fit
    rows = [
        (state, term, f"{fit.coefficients[i, j]:.4g}", f"{fit.standard_error[i, j]:.2g}",
         signed(float(fit.inclusion[i, j])))
        for i, state in enumerate(fit.names)
        for j, term in enumerate(fit.term_names)
        if fit.coefficients[i, j] != 0 or fit.inclusion[i, j] >= 0.5
    ]  # fmt: skip
    header = ("equation", "term", "coefficient", "s.e.", "inclusion")
    return text_table(header, rows[:_MOST_TERMS], right=(2, 3, 4))


def _checks(report: SystemReport) -> list[str]:
    fit, out = report.fit, []
    if fit.held_out is not None:
        r2 = ", ".join(
            f"{name} {signed(float(value), 3)}"
            for name, value in zip(fit.names, fit.held_out.r2, strict=True)
        )
        out.append(
            _wrapped(
                f"Integrated through {fit.held_out.count} {fit.held_out.what} held out in turn, "
                f"it explains of the variance: {r2}."
            )
        )
    left = ", ".join(
        f"{name} {signed(float(value))}"
        for name, value in zip(fit.names, fit.left_over, strict=True)
    )
    out.append(_wrapped(f"Left over, in variances of the noise of measurement: {left}."))
    return out


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH)
