"""Hydra entry point: `python -m experiments.diagnose -m family=pythia,opt estimator.n_boot=2000`.

Each job writes a record into its own folder under runs/, with the same library call as
`nullcline diagnose`.
"""

import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from .cli import use_double_precision
from .schemas import Diagnose, register

register()


@hydra.main(version_base="1.3", config_path="../configs", config_name="diagnose")
def main(config: DictConfig) -> None:
    """Diagnose one table (or some of its families) and record it."""
    settings = OmegaConf.to_object(config)
    assert isinstance(settings, Diagnose)
    folder = Path(HydraConfig.get().runtime.output_dir)
    diagnose(settings, folder)


def diagnose(settings: Diagnose, folder: Path) -> Path:
    """One job: the diagnosis that `settings` ask for, recorded in `folder`."""
    import dynamics

    from .diagnosis_json import diagnosis_to_dict
    from .records import write_record

    started = time.monotonic()
    table = (
        dynamics.read_scores(settings.path)
        if settings.path
        else dynamics.load_table(settings.table)
    )
    if settings.family.names:
        table = table.select(settings.family.names)
    diagnosis = dynamics.diagnose(
        table,
        reasoning=settings.reasoning,
        truth=settings.truth,
        n_boot=settings.estimator.n_boot,
        seed=settings.estimator.seed,
    )
    if settings.figures:
        from .figures import write_diagnosis_figures

        write_diagnosis_figures(diagnosis, folder)
    return write_record(
        folder,
        command="diagnose",
        settings=OmegaConf.to_container(OmegaConf.structured(settings), resolve=True),  # pyright: ignore[reportArgumentType]
        inputs={table.name: table.sha256},
        result=diagnosis_to_dict(diagnosis),
        started=started,
    )


if __name__ == "__main__":
    use_double_precision()
    main()
