"""Colours of the dashboard: readable in both themes, and never alone in what they tell."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from nullcline.experiments.dashboard import _style

FOLDER = Path(_style.__file__).parent
CSS = (FOLDER / "static" / "style.css").read_text()
VARIABLES = re.findall(
    r"--([\w-]+): light-dark\((#[0-9a-f]{6}|rgba\([^)]*\)), (#[0-9a-f]{6}|rgba\([^)]*\))\)", CSS
)
#: Simulated deuteranopia and protanopia in linear RGB (Machado, Oliveira and Fernandes 2009).
BLIND = {
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}


def colours(theme: int) -> dict[str, np.ndarray]:
    """Name -> linear RGB, of the colours without transparency."""
    found = {}
    for name, *both in VARIABLES:
        if both[theme].startswith("#"):
            value = np.array([int(both[theme][i : i + 2], 16) / 255 for i in (1, 3, 5)])
            found[name] = np.where(
                value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4
            )
    return found


def contrast(first: np.ndarray, second: np.ndarray) -> float:
    """The ratio of WCAG 2."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(weights @ colour) + 0.05 for colour in (first, second))
    return high / low


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_lines_can_be_read(theme):
    known = colours(theme)
    for name in ("ink", "muted", "accent", "tax", "bonus", "transition", "undetermined"):
        for ground in ("page", "soft"):
            assert contrast(known[name], known[ground]) >= 4.5, (name, ground)
    for name in ("edge", *(f"group-{i}" for i in range(1, 13))):
        assert contrast(known[name], known["page"]) >= 3, name
    # What stands behind steps back, and is still seen.
    assert 1.8 <= contrast(known["context"], known["page"]) < contrast(known["tax"], known["page"])


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("kind", list(BLIND))
def test_tax_and_bonus_are_told_apart_without_red_and_green(theme, kind):
    known = colours(theme)
    seen = {name: np.clip(np.array(BLIND[kind]) @ known[name], 0, 1) for name in ("tax", "bonus")}
    assert np.abs(seen["tax"] - seen["bonus"]).max() > 0.1


def test_every_phase_has_a_marker_of_its_own():
    assert set(_style.PHASE_SYMBOLS) == set(_style.PHASES)
    assert len(set(_style.PHASE_SYMBOLS.values())) == len(_style.PHASES)


def test_more_labs_than_colours_still_look_different():
    groups, symbols = len(_style.GROUPS), len(_style.SYMBOLS)
    looks = {
        (number % groups, (number * 3 + number // groups) % symbols)
        for number in range(groups * symbols)
    }
    assert len(looks) == groups * symbols
    for theme in (0, 1):
        known = [colours(theme)[f"group-{i + 1}"] for i in range(groups)]
        for first, second in itertools.combinations(known, 2):
            assert np.abs(first - second).max() > 0.03


def test_what_figures_name_is_in_the_style_sheet_for_both_themes():
    names = {name for name, *_ in VARIABLES}
    used = set()
    for path in [*FOLDER.glob("*.py"), *(FOLDER / "static").glob("*")]:
        text = path.read_text()
        used |= set(re.findall(r"var\(--([a-z][\w-]*)\)", text))
        if path.name != "style.css":
            assert not re.findall(r"[\"'](#[0-9a-fA-F]{3,8}|rgba?\([^)]*\))[\"']", text), path.name
    assert used <= names
    assert {f"group-{i + 1}" for i in range(len(_style.GROUPS))} <= names
    outside = re.sub(r":root \{.*?\n\}", "", CSS, count=1, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-f]{3,6}\b(?! )", outside.replace("#blocks", ""))
