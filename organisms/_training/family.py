"""Whole families: train every size and seed of a recipe and export each."""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from pathlib import Path

from ...common.checks import check_seed
from ...common.progress import Progress, silent
from .._errors import OrganismError
from .._world.corpus import make_corpus
from .evaluate import evaluate_model
from .export import export_model, load_model
from .organism import (
    ORGANISM_FILE,
    WEIGHTS_FILE,
    Organism,
    Scores,
    organism_name,
    read_organism,
    read_record,
)
from .recipe import Recipe, recipe_from
from .shipped import organism_path
from .train import train_model


def train(
    recipe: Recipe,
    *,
    seeds: Sequence[int],
    folder: Path,
    widths: Sequence[int] | None = None,
    corpus_seed: int | None = None,
    workers: int = 1,
    on_progress: Progress | None = None,
    on_loss: Callable[[str, float], None] | None = None,
    on_done: Callable[[Organism], None] | None = None,
) -> tuple[Organism, ...]:
    """Train a family, export every model to `folder/NAME` and measure it.

    A killed run is called again with the same arguments: models that are done stay as they are, the
    one in the middle goes on from its last checkpoint, and the weights are those of an unbroken run
    on the same machine.

    **Arguments**: `seeds` of weights and corpus (`corpus_seed` fixes the latter), `folder` for
    the results, `widths` to train only some of the recipe's sizes, `workers` models are trained at
    once (threads; one model alone keeps one core busy), `on_progress` and
    `on_loss` as in `train_model`, `on_done` is called with every organism that is there; all from
    the thread that trains.

    **Returns** the organisms, by width and then by seed. **Raises** `OrganismError` for no seeds,
    for a width that the recipe lacks, for a folder that holds an organism of another recipe, and
    for a full disk.
    """
    if not seeds:
        raise OrganismError("no seeds to train; give at least one")
    for seed in seeds:
        check_seed(seed, error=OrganismError)
    if corpus_seed is not None:
        check_seed(corpus_seed, name="corpus_seed", error=OrganismError)
    if workers < 1:
        raise OrganismError(f"workers must be at least 1, not {workers}")
    stopped, tell = threading.Event(), on_progress or silent

    def watch(part: str, done: int = 0, total: int = 0, /) -> None:
        if stopped.is_set():
            raise CancelledError
        tell(part, done, total)

    def one(width: int, seed: int) -> Organism:
        organism = _train_one(
            recipe,
            width=width,
            seed=seed,
            corpus_seed=seed if corpus_seed is None else corpus_seed,
            folder=folder,
            on_progress=watch,
            on_loss=on_loss,
        )
        if on_done is not None:
            on_done(organism)
        return organism

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
    on_progress: Progress,
    on_loss: Callable[[str, float], None] | None,
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
        on_loss=on_loss,
    )
    export_model(trained, evaluate_model(trained.model, trained.corpus.world), target)
    checkpoint.unlink(missing_ok=True)
    return read_organism(target)


def evaluate_folder(folder: Path) -> Scores:
    """Load an exported organism and measure it anew.

    **Raises** `OrganismError` for a folder that holds none or contradicts itself, and for weights
    that are not those that were exported.
    """
    recipe = recipe_of_folder(folder)
    _check_weights(folder)
    corpus = make_corpus(recipe.corpus, seed=read_organism(folder).corpus_seed)
    return evaluate_model(load_model(folder), corpus.world)


def evaluate(name: str, folder: Path | None = None) -> Scores:
    """Measure an organism anew. Raises `OrganismError` for an unknown name."""
    return evaluate_folder(organism_path(name, folder))


def recipe_of_folder(folder: Path) -> Recipe:
    """The recipe that an exported organism was trained by.

    **Raises** `OrganismError` where the folder does not say, and where its weights or its text are
    of another recipe or version than it says: its questions would mean nothing to the model.
    """
    record, width = read_record(folder), read_organism(folder).width
    try:
        recipe = recipe_from(record["recipe"])
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        sizes = (config["vocab_size"], config["hidden_size"], config["num_hidden_layers"])
    except OrganismError:
        raise
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise OrganismError(f"{folder} is damaged ({error}); train it anew") from None
    shape = recipe.shape(width)
    if record.get("fingerprint") != recipe.fingerprint(width):
        raise OrganismError(f"{folder} was made by another version of nullcline; train it anew")
    if sizes != (shape.vocabulary, shape.width, shape.layers):
        raise OrganismError(f"{folder} holds a checkpoint of another recipe than {recipe.name}")
    return recipe


def _check_weights(folder: Path) -> None:
    recorded = read_record(folder).get("weights_sha256")
    if recorded is None:
        raise OrganismError(
            f"{folder / ORGANISM_FILE} does not say which weights were exported; train it anew"
        )
    try:
        digest = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    except OSError as error:
        raise OrganismError(f"cannot read {folder / WEIGHTS_FILE}: {error.strerror}") from None
    if digest != recorded:
        raise OrganismError(
            f"the weights in {folder} are not those that were exported (SHA-256 differs); "
            "train it anew"
        )


def _check_same(folder: Path, recipe: Recipe, *, width: int, corpus_seed: int) -> None:
    record = read_record(folder)
    same = (recipe.fingerprint(width), corpus_seed)
    if (record.get("fingerprint"), record.get("corpus_seed")) != same:
        raise OrganismError(
            f"{folder} holds an organism of another recipe or corpus; remove it or choose "
            "another folder"
        )
