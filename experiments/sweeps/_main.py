"""`nullcline run STUDY`: Hydra composes, one job runs here, several are launched."""

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from ...common.progress import Progress, silent
from ...common.words import printable
from ...configs import configs
from ..stored import RECORD
from ..study import Study
from ._compose import settings_of, sweep_name
from ._mistakes import one_line
from ._run import run_here, tell_failed


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
    from ._hydra import SweepTask, check_chdir
    from ._register import register

    use_double_precision()
    register(study)

    traces = any(os.environ.get(name) for name in ("HYDRA_FULL_ERROR", "NULLCLINE_TRACEBACK"))
    handlers = list(logging.root.handlers)
    full_error = os.environ.get("HYDRA_FULL_ERROR", "")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come here, instead of to Hydra's printer

    def mistaken(error: Exception) -> SystemExit:
        print(f"{study.name}: {printable(one_line(error))}", file=sys.stderr)
        return SystemExit(2)

    def job(config: DictConfig) -> float | None:
        folder = Path(HydraConfig.get().runtime.output_dir)
        try:
            check_chdir(HydraConfig.get().job.chdir)
            settings = settings_of(config)
            found, result = run_here(study, settings, folder, say=say)
            value = study.objective_of(result, settings.objective)
        except (ValueError, OSError) as error:
            if traces:
                raise
            tell_failed(config, error)
            raise mistaken(error) from None
        print(study.shown(found, settings))
        print(f"{study.name}: wrote {printable(str(folder / RECORD))}", file=sys.stderr)
        return value

    task = cast(SweepTask, job)
    task.study, task.unfinished = study, 0
    # Hydra names the application, and so its folders, after the function's module.
    job.__module__ = study.module
    run = hydra.main(version_base="1.3", config_path=str(configs()), config_name=study.name)(job)
    OmegaConf.register_new_resolver("sweep_name", sweep_name, replace=True)
    sys.argv = [f"nullcline run {study.name}", *arguments]  # where Hydra reads
    try:
        with ending_by_signal():
            run()
    except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
        if traces:
            raise
        raise mistaken(error) from None
    except Terminated:
        print(
            f"{study.name}: not finished: ended by SIGTERM; the same command goes on",
            file=sys.stderr,
        )
        raise SystemExit(143) from None
    finally:
        os.environ["HYDRA_FULL_ERROR"] = full_error
        for opened in [h for h in logging.root.handlers if h not in handlers]:  # by Hydra
            logging.root.removeHandler(opened)
            opened.close()
    if task.unfinished:
        raise SystemExit(1)


class Terminated(KeyboardInterrupt):
    """SIGTERM, told as Ctrl-C is: locks, bars and workers go, and the last line says so."""


@contextlib.contextmanager
def ending_by_signal() -> Iterator[None]:
    """SIGTERM raises `Terminated` inside; where this is no main thread, it does what it did."""

    def end(number: int, frame: object) -> None:
        raise Terminated

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
