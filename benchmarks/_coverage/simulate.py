"""Run the designs of a section, each on its own stream of random numbers, on several processes."""

import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor

import jax
import numpy as np

from nullcline.common.progress import Progress

from .map import MAP
from .minimum import MINIMUM, MINIMUM_CHOSEN
from .null import NULL
from .phases import PHASES
from .place import PLACE_OF_TURN
from .section import Row, Section, Size
from .settings import SETTINGS

#: In the order in which they are read: what happens where nothing is there comes first.
SECTIONS: dict[str, Section] = {
    section.name: section
    for section in (NULL, PHASES, PLACE_OF_TURN, MAP, MINIMUM, MINIMUM_CHOSEN, SETTINGS)
}


def chosen_designs(section: Section, words: list[str]) -> list[str]:
    """The section's designs whose names hold one of the words; all without any."""
    return [name for name in section.designs if not words or any(w in name for w in words)]


def simulate_designs(
    section: Section,
    names: list[str],
    size: Size,
    *,
    seed: int,
    workers: int,
    progress: Progress,
) -> Mapping[str, Row]:
    """Name -> row. The numbers do not depend on how many processes there are, nor on which other
    designs are run."""
    tasks = [(section.name, name, size, seed) for name in names]
    if workers == 1:
        return _collected(map(_measured, tasks), section, names, progress)
    spawn = multiprocessing.get_context("spawn")  # JAX's threads do not survive a fork
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        return _collected(pool.map(_measured, tasks), section, names, progress)


def _collected(rows, section: Section, names: list[str], progress: Progress) -> dict[str, Row]:
    found: dict[str, Row] = {}
    progress(section.name, 0, len(names))
    for name, row in zip(names, rows, strict=True):
        found[name] = row
        progress(section.name, len(found), len(names))
    return found


def _measured(task: tuple[str, str, Size, int]) -> Row:
    name, design, size, seed = task
    section = SECTIONS[name]
    generator = np.random.default_rng([seed, section.designs[design]])
    with jax.enable_x64(True):
        return section.measure(design, generator, size)
