"""`nullcline run STUDY`: Hydra composes, one job runs here, several are launched."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from ...common.progress import Progress, silent
from ...configs import configs
from ..study import Study
from ._compose import settings_of, sweep_name
from ._mistakes import one_line
from ._run import run_here


def main(study: Study[Any, Any], arguments: Sequence[str], *, say: Progress = silent) -> None:
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
    from ._hydra import SweepTask, objective_of
    from ._register import register

    use_double_precision()
    register(study)

    traces = any(os.environ.get(name) for name in ("HYDRA_FULL_ERROR", "NULLCLINE_TRACEBACK"))
    handlers = list(logging.root.handlers)
    full_error = os.environ.get("HYDRA_FULL_ERROR", "")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come here, instead of to Hydra's printer

    def mistaken(error: Exception) -> SystemExit:
        print(f"{study.name}: {one_line(error)}", file=sys.stderr)
        return SystemExit(2)

    def job(config: DictConfig) -> float | None:
        folder = Path(HydraConfig.get().runtime.output_dir)
        try:
            settings = settings_of(config)
            _, result = run_here(study, settings, folder, say=say)
            value = objective_of(study, settings, result)
        except (ValueError, OSError) as error:
            if traces:
                raise
            raise mistaken(error) from None
        print(f"{study.name}: wrote {folder / 'record.json'}", file=sys.stderr)
        return value

    task = cast(SweepTask, job)
    task.study, task.unfinished = study, 0
    # Hydra names the application, and so its folders, after the function's module.
    job.__module__ = study.module
    run = hydra.main(version_base="1.3", config_path=str(configs()), config_name=study.name)(job)
    OmegaConf.register_new_resolver("sweep_name", sweep_name, replace=True)
    sys.argv = [f"nullcline run {study.name}", *arguments]  # where Hydra reads
    try:
        run()
    except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
        if traces:
            raise
        raise mistaken(error) from None
    except KeyboardInterrupt:
        print(f"{study.name}: interrupted; the same command goes on", file=sys.stderr)
        raise SystemExit(130) from None
    finally:
        os.environ["HYDRA_FULL_ERROR"] = full_error
        for opened in [h for h in logging.root.handlers if h not in handlers]:  # by Hydra
            logging.root.removeHandler(opened)
            opened.close()
    if task.unfinished:
        raise SystemExit(1)
