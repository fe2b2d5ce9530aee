"""Which code runs: the commit of the checkout, and whether it was changed since."""

import subprocess
from pathlib import Path
from typing import TypedDict


class Checkout(TypedDict):
    """Git commit of the code that runs, and whether it differs from it; None where it is no
    checkout."""

    commit: str | None
    dirty: bool | None


class Code(Checkout):
    """What made a record: the checkout, and the digest of the sources that goes into keys."""

    version: str


def code_of_checkout() -> Checkout:
    """Git commit of the checkout that runs, and whether it differs from it."""
    here = Path(__file__).parent.parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(here), *arguments], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()

    if not (here / ".git").exists():  # an installed package, perhaps inside somebody's repository
        return {"commit": None, "dirty": None}
    status = git("status", "--porcelain", "--untracked-files=no")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}
