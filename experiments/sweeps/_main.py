"""`nullcline run STUDY`: Hydra composes, one job runs here, several are launched."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ._compose import settings_of, sweep_name
from ._experiment import Experiment
from ._mistakes import one_line


def main(experiment: Experiment, arguments: Sequence[str]) -> None:
    """Run a study with the overrides of the command line.

    Raises SystemExit with status 1 where a job of a sweep failed, and 2 after one line on stderr
    where what was asked cannot be.
    """
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from omegaconf import DictConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from ..cli import use_double_precision

    use_double_precision()
    experiment.register()

    traces = "HYDRA_FULL_ERROR" in os.environ or "NULLCLINE_TRACEBACK" in os.environ
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come here, instead of to Hydra's printer

    def mistaken(error: Exception) -> SystemExit:
        print(f"{experiment.name}: {one_line(error)}", file=sys.stderr)
        return SystemExit(2)

    def job(config: DictConfig) -> None:
        try:
            path = experiment(settings_of(config), Path(HydraConfig.get().runtime.output_dir))
        except (ValueError, OSError) as error:
            if traces:
                raise
            raise mistaken(error) from None
        print(f"{experiment.name}: wrote {path}", file=sys.stderr)

    job.experiment, job.unfinished = experiment, 0  # pyright: ignore[reportFunctionMemberAccess]
    # Hydra names the application, and so its folders, after the function's module.
    job.__module__ = experiment.module
    run = hydra.main(
        version_base="1.3", config_path=experiment.config_path, config_name=experiment.config_name
    )(job)
    OmegaConf.register_new_resolver("sweep_name", sweep_name, replace=True)
    sys.argv = [f"nullcline run {experiment.name}", *arguments]  # where Hydra reads
    try:
        run()
    except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
        if traces:
            raise
        raise mistaken(error) from None
    except KeyboardInterrupt:
        print(f"{experiment.name}: interrupted; the same command goes on", file=sys.stderr)
        raise SystemExit(130) from None
    if job.unfinished:  # pyright: ignore[reportFunctionMemberAccess]
        raise SystemExit(1)
