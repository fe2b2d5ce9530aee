"""Runs tests in processes that find the large libraries imported, which takes most of a short run.

Every line of stdin asks for one run, as JSON: the `root` of a checkout, the `arguments` of pytest
and a `limit` in CPU seconds (null: none). Every line of stdout answers: the `status` of pytest
(null: it came to no end) and its `output`. Nothing of the checkout is imported before it is asked
for.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

import jax  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
import torch  # noqa: F401
import transformers.generation.utils  # noqa: F401

#: So many times its CPU seconds a run may wait, for a busy machine or for nothing.
WAITED = 8


def run(root: str, arguments: list[str], limit: float | None) -> dict[str, object]:
    """One run, in a group of processes of its own that ends with it."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            os.setsid()
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 1))
            for stream in (1, 2):
                os.dup2(output.fileno(), stream)
            os.chdir(root)
            source = str(Path(root, "src"))
            sys.path[:1] = [root, source]
            os.environ["PYTHONPATH"] = source
            os._exit(pytest.main(arguments))
        status = _wait(child, None if limit is None else time.monotonic() + WAITED * limit)
        output.seek(0)
        return {"status": status, "output": output.read().decode("utf-8", "replace")}


def _wait(child: int, until: float | None) -> int | None:
    ended = 0
    try:
        while not ended:
            ended, status = os.waitpid(child, os.WNOHANG)
            if not ended and until is not None and time.monotonic() > until:
                return None
            time.sleep(0.05)
        return None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if not ended:
            os.waitpid(child, 0)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)
