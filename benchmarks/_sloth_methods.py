"""What predicts a fold of Sloth's study: Sloth itself, our forecaster, and baselines."""

import dataclasses
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from _sloth_model import Data, fit_sloth, predict
from _sloth_protocol import Study
from jaxtyping import Bool, Float

from nullcline import dynamics

#: Errors by name of the method, a row per hidden model of a fold.
Errors = dict[str, Float[np.ndarray, "models benchmarks"]]

ODE = "coupled log-odds ODE"
TWO_SIZES, TOKENS = f"{ODE}, two sizes teach", f"{ODE}, two sizes teach, tokens given"
BASELINES = ("ridge linear ODE", "anchored logistic", "anchored slope", "persistence")


def sloth_name(skills: int, *, trained: bool) -> str:
    return f"Sloth, {skills} skills, {'trained' if trained else 'logistic'} link"


def sloth_errors(study: Study, fold: tuple[str, ...], skills: int, seed: int) -> Errors:
    """Sloth fitted to all models that the fold does not hide."""
    frame, hidden = study.frame, study.hidden(fold)
    tokens, params = np.log(frame["tokens"] / 1e12), np.log(frame["params"] / 1e9)
    families = frame["family"].to_numpy()
    data = Data(
        jnp.array(np.stack([tokens, params, tokens * params], axis=1), jnp.float32),
        jnp.array(families[:, None] == np.unique(families), jnp.float32),
        jnp.array(study.scores, jnp.float32),
        jnp.array(~hidden),
    )
    fixed, trained = fit_sloth(data, jnp.array(study.chance, jnp.float32), skills=skills, seed=seed)
    return {
        sloth_name(skills, trained=link): np.abs(predict(model, data) - study.scores)[hidden]
        for model, link in ((fixed, False), (trained, True))
    }


def our_errors(study: Study, fold: tuple[str, ...]) -> Errors:
    """The forecaster as `hold_out` gives it and its baselines; then with more to learn from."""
    hidden = study.hidden(fold)
    parts = [_family_errors(study, family, hidden) for family in fold]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _family_errors(study: Study, family: str, hidden: Bool[np.ndarray, " models"]) -> Errors:
    own = (study.frame["family"] == family).to_numpy()
    # Of the fold's other families only the smallest models are there.
    table = dynamics.read_scores(study.frame[~hidden | own], name="Sloth's table", kind="all")
    found = dynamics.hold_out(
        table, family, trained_on="own", benchmarks=study.benchmarks, same_size="first"
    )
    errors = {ODE: np.abs(found.predicted - found.observed)}
    for name in BASELINES:
        errors[name] = np.abs(found.baseline_scores[name] - found.observed)
    errors |= dict(_more(study, family, table))
    return errors


def _more(
    study: Study, family: str, table: dynamics.ScoreTable
) -> Iterator[tuple[str, Float[np.ndarray, "models benchmarks"]]]:
    """The forecaster where families of two sizes teach, without and with tokens."""
    for name, tokens in ((TWO_SIZES, False), (TOKENS, True)):
        cohort = dynamics.held_out_cohort(
            table, benchmarks=study.benchmarks, min_models=2, same_size="first", tokens=tokens
        )
        index = cohort.index(family)
        target = cohort.families[index]
        others = cohort.families[:index] + cohort.families[index + 1 :]
        rest = dataclasses.replace(cohort, families=others)
        scores = dynamics.fit_forecaster(rest).scores(
            target.scores[:1], target.log10_n[:1], target.log10_n[1:], tokens=target.tokens
        )
        yield name, np.abs(scores - target.scores[1:])
