"""Whole families: train every size and seed of a recipe, keep the exported folders and a score
table."""

import csv
import dataclasses
import io
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from ._checkpoint import write_atomically
from ._corpus import make_corpus
from ._evaluate import Scores, Share, evaluate_model
from ._export import ORGANISM_FILE, export_model, load_model
from ._recipe import OrganismError, Recipe, recipe_from
from ._train import Progress, organism_name, train_model

SCORE_COLUMNS = ("truth", "truth_plain", "truth_reference", "reasoning")


@dataclasses.dataclass(frozen=True)
class Organism:
    """A trained and exported model.

    - `name`, `family`, `seed`, `corpus_seed`, `width`, `layers`, `params`, `tokens`: what it is.
    - `path`: its folder.
    - `truth`, `truth_plain`, `truth_reference`, `reasoning`: shares of right answers, 0..1, see
      `Scores`; with `_stderr` their standard errors, with `_items` the numbers of questions.
    - `loss`: nats per token on fresh text, with `loss_stderr`.
    """

    name: str
    family: str
    seed: int
    corpus_seed: int
    width: int
    layers: int
    params: int
    tokens: int
    path: Path
    truth: float
    truth_stderr: float
    truth_items: int
    truth_plain: float
    truth_plain_stderr: float
    truth_plain_items: int
    truth_reference: float
    truth_reference_stderr: float
    truth_reference_items: int
    reasoning: float
    reasoning_stderr: float
    reasoning_items: int
    loss: float
    loss_stderr: float


def train(
    recipe: Recipe,
    *,
    seeds: Sequence[int],
    folder: Path,
    widths: Sequence[int] | None = None,
    corpus_seed: int | None = None,
    workers: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[Organism, ...]:
    """Train a family, export every model to `folder/NAME` and measure it.

    A killed run is called again with the same arguments: models that are done are kept, the one
    in the middle goes on from its last checkpoint, and the weights are those of an unbroken run
    on the same machine.

    **Arguments**: `seeds` of weights and corpus (`corpus_seed` fixes the latter), `folder` for
    the results, `widths` to train only some of the recipe's sizes, `workers` models are trained at
    once (threads; one model alone keeps one core busy), `on_progress` is called after every stretch
    of steps, from the thread that trains.

    **Returns** the organisms, by width and then by seed. **Raises** `OrganismError` for no seeds,
    for a width that the recipe lacks, for a folder that holds an organism of another recipe, and
    for a full disk.
    """
    if not seeds:
        raise OrganismError("no seeds to train; give at least one")
    if workers < 1:
        raise OrganismError(f"workers must be at least 1, not {workers}")
    stopped = threading.Event()

    def watch(progress: Progress) -> None:
        if stopped.is_set():
            raise CancelledError
        if on_progress is not None:
            on_progress(progress)

    def one(width: int, seed: int) -> Organism:
        return _train_one(
            recipe,
            width=width,
            seed=seed,
            corpus_seed=seed if corpus_seed is None else corpus_seed,
            folder=folder,
            on_progress=watch,
        )

    jobs = [(width, seed) for width in widths or recipe.widths for seed in seeds]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(one, *job) for job in jobs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            failed = [future.exception() for future in futures if future.done()]
            for error in filter(None, failed):
                raise error
        except BaseException:
            # What runs stops after its stretch and keeps its checkpoint; the rest never starts.
            stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return tuple(future.result() for future in futures)


def _train_one(
    recipe: Recipe,
    *,
    width: int,
    seed: int,
    corpus_seed: int,
    folder: Path,
    on_progress: Callable[[Progress], None],
) -> Organism:
    target = folder / organism_name(recipe.name, width, seed)
    if (target / ORGANISM_FILE).exists():
        _check_same(target, recipe, width=width, corpus_seed=corpus_seed)
        return read_organism(target)
    checkpoint = folder / f"{target.name}.checkpoint.npz"
    trained = train_model(
        recipe,
        width=width,
        seed=seed,
        corpus_seed=corpus_seed,
        checkpoint=checkpoint,
        on_progress=on_progress,
    )
    export_model(trained, evaluate_model(trained.model, trained.corpus.world), target)
    checkpoint.unlink(missing_ok=True)
    return read_organism(target)


def evaluate_folder(folder: Path) -> Scores:
    """Load an exported organism and measure it anew.

    **Raises** `OrganismError` for a folder that holds none.
    """
    corpus = make_corpus(recipe_of_folder(folder).corpus, seed=read_organism(folder).corpus_seed)
    return evaluate_model(load_model(folder), corpus.world)


def recipe_of_folder(folder: Path) -> Recipe:
    """The recipe that an exported organism was trained by.

    **Raises** `OrganismError` where the folder does not say.
    """
    try:
        return recipe_from(_record(folder)["recipe"])
    except KeyError:
        raise OrganismError(
            f"{folder / ORGANISM_FILE} lacks its recipe; export the organism anew"
        ) from None


def read_organism(folder: Path) -> Organism:
    """What an exported folder holds. Raises `OrganismError` where it is no organism."""
    record = _record(folder)
    try:
        shares = {}
        for name in SCORE_COLUMNS:
            share = Share(**record["scores"][name])
            shares |= {
                name: share.value,
                f"{name}_stderr": share.error,
                f"{name}_items": share.items,
            }
        plain = {
            field.name: record[field.name]
            for field in dataclasses.fields(Organism)
            if field.name not in shares and field.name != "path"
        }
        return Organism(path=folder, **plain, **shares)
    except (KeyError, TypeError):
        raise OrganismError(
            f"{folder / ORGANISM_FILE} lacks an entry; export the organism anew"
        ) from None


def score_table(organisms: Iterable[Organism]) -> str:
    """The organisms' scores as the text of a score table (CSV).

    One row a model: family, model, params and the other columns of any score table, `seed`, the
    benchmarks `world_truth`, `world_truth_plain`, `world_truth_reference`, `world_reasoning` as
    fractions with `_stderr`, and `loss` in nats per token. `flops` is 6 x params x tokens.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    measured = [
        column for name in SCORE_COLUMNS for column in (f"world_{name}", f"world_{name}_stderr")
    ]
    writer.writerow(
        [
            "family",
            "model",
            "params",
            "d_model",
            "layers",
            "tokens",
            "flops",
            "lab",
            "seed",
            *measured,
            "loss",
        ]
    )
    for organism in organisms:
        values = [
            getattr(organism, f"{name}{suffix}")
            for name in SCORE_COLUMNS
            for suffix in ("", "_stderr")
        ]
        writer.writerow(
            [
                organism.family,
                organism.name,
                organism.params,
                organism.width,
                organism.layers,
                organism.tokens,
                f"{6.0 * organism.params * organism.tokens:.6g}",
                "nullcline",
                organism.seed,
                *(f"{value:.6f}" for value in values),
                f"{organism.loss:.6f}",
            ]
        )
    return stream.getvalue()


def write_score_table(organisms: Iterable[Organism], path: Path) -> None:
    """Write `score_table` to a file, whole or not at all."""
    text = score_table(organisms)
    write_atomically(path, lambda aside: _write(aside, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _check_same(folder: Path, recipe: Recipe, *, width: int, corpus_seed: int) -> None:
    record = _record(folder)
    same = (recipe.fingerprint(width), corpus_seed)
    if (record.get("fingerprint"), record.get("corpus_seed")) != same:
        raise OrganismError(
            f"{folder} holds an organism of another recipe or corpus; remove it or choose "
            "another folder"
        )


def _record(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / ORGANISM_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise OrganismError(f"{folder} holds no organism (no readable {ORGANISM_FILE})") from None
