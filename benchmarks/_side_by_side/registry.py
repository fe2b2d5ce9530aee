"""Every comparison of the project: its name, what stands beside what, its command."""

from dataclasses import dataclass
from typing import Literal

Area = Literal["tables", "families", "systems", "models", "organisms", "commands", "scale"]

AREAS: dict[Area, str] = {
    "tables": "Reading tables",
    "families": "Families of models",
    "systems": "Sparse dynamics",
    "models": "Inside a model",
    "organisms": "Training organisms",
    "commands": "Commands and the dashboard",
    "scale": "Scale",
}


@dataclass(frozen=True)
class Data:
    """A file that a comparison reads and that is not ours to ship."""

    file: str
    origin: str


SYSTEMS = Data("odebench_systems.json", "sdascoli/odeformer, MIT, arranged by system")
SLOTH = Data("sloth_data_v2.csv", "data/data_v2.csv of felipemaiapolo/sloth, MIT")
QUESTIONS = Data("truthfulqa_mc_task.json", "TruthfulQA, Apache-2.0")


@dataclass(frozen=True)
class Comparison:
    """One script of benchmarks/ with the arguments of the kept figures.

    - `arguments`, and `quick` for a try in less than a minute; `DATA` stands for the path of
      `data`, a file that `--data` must have.
    - `peer`: the environment that holds the peers (see `peers.py`), given as `--peer-python`.
    - `packages`: whose versions the figures rest on, ours and those of the main environment.
    - `minutes`: about how long, on two free cores.
    """

    name: str
    area: Area
    about: str
    script: str
    minutes: float
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    peer: str | None = None
    data: Data | None = None
    packages: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """As a reader would type it."""
        words = ["python", f"benchmarks/{self.script}", *self.arguments]
        if self.data:
            words = [self.data.file if word == "DATA" else word for word in words]
        if self.peer:
            words += ["--peer-python", f"build/peers/{self.peer}/bin/python"]
        return " ".join(words)


REGISTRY: tuple[Comparison, ...] = (
    Comparison(
        "read-table",
        "tables",
        "the reader of score tables, above a bare parse of the same bytes",
        "tables_speed.py",
        1.0,
        quick=("--lines", "800", "--repeats", "1"),
        packages=("pandas",),
    ),
    Comparison(
        "read-results",
        "tables",
        "a folder of lm-evaluation-harness results, above reading the same files as JSON",
        "results_speed.py",
        2.0,
        arguments=("--files", "2000"),
        quick=("--files", "70", "--kilobytes", "2", "--repeats", "1"),
    ),
    Comparison(
        "bootstrap",
        "families",
        "a cluster bootstrap of the pooled turn, beside NumPy loops of the same fits",
        "bootstrap_speed.py",
        1.0,
        arguments=("--loop", "200"),
        quick=("--n-boot", "200", "--loop", "5", "--repeats", "1"),
        packages=("numpy",),
    ),
    Comparison(
        "mixed-model",
        "families",
        "the mean of families' slopes, beside a mixed model of statsmodels on the same tables",
        "mixed_model.py",
        1.5,
        quick=("--tables", "2", "--repeats", "1"),
        peer="dynamics",
        packages=("scipy",),
    ),
    Comparison(
        "integrate",
        "families",
        "a thousand families integrated with diffrax, beside a loop of SciPy's solve_ivp",
        "integrate_speed.py",
        2.0,
        quick=("--families", "5", "--repeats", "1"),
        packages=("diffrax", "jax", "scipy"),
    ),
    Comparison(
        "forecast-solver",
        "families",
        "the forecaster's own least squares, beside optimistix' Levenberg-Marquardt",
        "forecast_solver.py",
        3.0,
        quick=("--repeats", "1"),
        packages=("optimistix", "lineax", "jax"),
    ),
    Comparison(
        "sloth",
        "families",
        "forecasts of families held out, beside Sloth on its own test",
        "sloth.py",
        4.0,
        arguments=("DATA", "--benchmarks", "v2", "--skills", "2", "--seeds", "0"),
        quick=("DATA", "--benchmarks", "v2", "--skills", "2", "--seeds", "0"),
        data=SLOTH,
        packages=("jax", "optax"),
    ),
    Comparison(
        "ensemble",
        "systems",
        "a bootstrap ensemble of sparse fits, beside PySINDy's EnsembleOptimizer",
        "ensemble_speed.py",
        8.0,
        arguments=("--repeats", "5"),
        quick=("--members", "20", "--points", "8", "--kinds", "2d", "--repeats", "1"),
        peer="dynamics",
        packages=("jax",),
    ),
    Comparison(
        "sparse-recovery",
        "systems",
        "planted sparse systems recovered from few noisy points, beside PySINDy",
        "sparse_recovery.py",
        6.0,
        arguments=("--systems", "8", "--points", "8"),
        quick=("--systems", "1", "--points", "8", "--kinds", "2d"),
        peer="dynamics",
        packages=("jax", "scipy"),
    ),
    Comparison(
        "odebench",
        "systems",
        "the 63 systems of ODEBench with noise and gaps, beside PySINDy's optimizers",
        "odebench.py",
        6.0,
        arguments=("DATA", "--conditions", "3"),
        quick=("DATA", "--conditions", "3", "--ids", "1", "2"),
        peer="dynamics",
        data=SYSTEMS,
        packages=("scipy", "numpy"),
    ),
    Comparison(
        "attribution",
        "models",
        "attribution to all heads, beside TransformerLens' own route and a plain forward pass",
        "head_attribution.py",
        4.0,
        arguments=("--layers", "6", "--width", "384", "--pairs", "64", "--length", "32"),
        quick=("--layers", "2", "--width", "128", "--pairs", "4", "--length", "8",
               "--repeats", "1"),
        packages=("torch", "transformers", "transformer-lens"),
    ),
    Comparison(
        "steering",
        "models",
        "steered generation, beside HuggingFace, TransformerLens, repeng and steering-vectors",
        "steering_speed.py",
        4.0,
        arguments=("--layers", "6", "--width", "384", "--new-tokens", "48"),
        quick=("--layers", "2", "--width", "64", "--new-tokens", "4", "--repeats", "1",
               "--statements", "20"),
        peer="steering",
        packages=("torch", "transformers", "transformer-lens"),
    ),
    Comparison(
        "harness-parity",
        "models",
        "MC1 and MC2 of a real model, beside lm-evaluation-harness on the same text",
        "harness_parity.py",
        3.0,
        arguments=("DATA", "--count", "10"),
        quick=("DATA", "--model", "organism:web-64", "--count", "2"),
        data=QUESTIONS,
        packages=("lm-eval", "torch", "transformers"),
    ),
    Comparison(
        "real-model",
        "models",
        "scoring and heads of a real model, above plain forward passes of the same text",
        "real_model.py",
        2.0,
        arguments=("DATA", "--section", "scoring", "heads", "--questions", "30"),
        quick=("DATA", "--section", "scoring", "--questions", "1"),
        data=QUESTIONS,
        packages=("torch", "transformers"),
    ),
    Comparison(
        "training",
        "organisms",
        "organisms trained in JAX, beside a plain PyTorch loop of the same model",
        "organism_throughput.py",
        4.0,
        quick=("--widths", "16", "--steps", "2", "--rounds", "1"),
        packages=("jax", "flax", "optax", "torch", "transformers"),
    ),
    Comparison(
        "startup",
        "commands",
        "how soon commands answer, above `import numpy, pandas`",
        "startup.py",
        3.0,
        arguments=("--repeats", "5"),
        quick=("--repeats", "1"),
        packages=("numpy", "pandas"),
    ),
    Comparison(
        "sweep-workers",
        "commands",
        "a sweep by two workers, beside the same by one",
        "sweep_speed.py",
        2.0,
        arguments=("--fits", "60", "--engines"),
        quick=("--fits", "2", "--engines"),
        packages=("hydra-core", "joblib"),
    ),
    Comparison(
        "dashboard",
        "commands",
        "how soon the dashboard shows something (no peer)",
        "dashboard_speed.py",
        4.0,
        quick=("--repeats", "1"),
        packages=("fastapi", "uvicorn", "plotly"),
    ),
    *(
        Comparison(
            f"scale-{task}",
            "scale",
            about,
            "scale.py",
            minutes,
            arguments=(task,),
            quick=(task, "--quick"),
        )
        for task, about, minutes in (
            ("read", "a table of up to 10,000 models in 1,000 families read", 1.0),
            ("diagnose", "the same table diagnosed", 4.0),
            ("bootstrap", "a bootstrap of up to a million resamples", 2.0),
            ("attribution", "heads attributed over up to 10,000 pairs", 4.0),
            ("scan", "up to 10,000 pairs of benchmarks scanned", 3.0),
            ("collect", "up to 10,000 records of a sweep collected", 3.0),
            ("page", "the dashboard with a table of up to 10,000 rows", 7.0),
        )
    ),
)  # fmt: skip


def by_name(registry: tuple[Comparison, ...] = REGISTRY) -> dict[str, Comparison]:
    return {one.name: one for one in registry}
