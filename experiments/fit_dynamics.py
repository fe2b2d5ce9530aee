"""Hydra entry point: `python -m experiments.fit_dynamics -m penalty=ridge,l1 penalty.strength=...`.

Each job writes a record into its own folder under runs/, with the same library calls as
`nullcline ode fit`.
"""

import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from .cli import use_double_precision
from .schemas import FitDynamics, register

register()


@hydra.main(version_base="1.3", config_path="../configs", config_name="fit_dynamics")
def main(config: DictConfig) -> None:
    """Fit one ODE and record it."""
    settings = OmegaConf.to_object(config)
    assert isinstance(settings, FitDynamics)
    fit_dynamics(settings, Path(HydraConfig.get().runtime.output_dir))


def fit_dynamics(settings: FitDynamics, folder: Path) -> Path:
    """One job: the fit that `settings` ask for, recorded in `folder`."""
    import dynamics

    from .ode_fit import fit_report
    from .ode_json import fit_to_dict
    from .records import write_record

    started = time.monotonic()
    table = (
        dynamics.read_scores(settings.path)
        if settings.path
        else dynamics.load_table(settings.table)
    )
    found = fit_report(
        table,
        degree=settings.degree,
        penalty=settings.penalty.name,
        strength=settings.penalty.strength,
        families=settings.family.names,
        benchmarks=settings.benchmarks,
        members=settings.members,
        seed=settings.seed,
    )
    return write_record(
        folder,
        command="ode fit",
        settings=OmegaConf.to_container(OmegaConf.structured(settings), resolve=True),  # pyright: ignore[reportArgumentType]
        inputs={table.name: table.sha256},
        result=fit_to_dict(found),
        started=started,
    )


if __name__ == "__main__":
    use_double_precision()
    main()
