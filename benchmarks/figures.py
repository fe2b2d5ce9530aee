"""Make again the figures of README.md and docs/ that take long, and stamp them.

A block of a page stands between markers:

    <!-- figures: COMMAND -->
    what the command printed, or an image that it wrote to build/figures
    *COMMAND, commit.*
    <!-- end of figures -->

Each block's command is run in the repository's root, its output put between the markers, and the
block stamped with the command and with the commit that it ran at. Short blocks have no markers: a
test runs their commands and compares.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nullcline.common.files import write_whole

ROOT = Path(__file__).parents[1]
MADE = ROOT / "build" / "figures"
_BLOCK = re.compile(r"<!-- figures: (?P<command>.*) -->\n(?P<body>(?s:.*?))<!-- end of figures -->")
_STAMP = re.compile(r"\*`(?P<command>.*)`, commit (?P<commit>[0-9a-f]{7,40})\.\*\n$")
_IMAGE = re.compile(r"!\[.*\]\((?P<path>.*)\)")


@dataclass(frozen=True)
class Block:
    """One block of a page; `made_by` and `commit` are its stamp, None where there is none."""

    page: Path
    command: str
    body: str
    made_by: str | None
    commit: str | None

    @property
    def images(self) -> list[str]:
        """Paths of its images from the page's folder."""
        return _IMAGE.findall(self.body)


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    found = []
    for match in _BLOCK.finditer(page.read_text("utf-8")):
        stamp = _STAMP.search(match["body"])
        made_by, commit = (stamp["command"], stamp["commit"]) if stamp else (None, None)
        found.append(Block(page, match["command"], match["body"], made_by, commit))
    return found


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def with_figures(text: str, block: Block, made: str, commit: str) -> str:
    """The page's text with what was made in the block's place, stamped."""
    head = f"<!-- figures: {block.command} -->\n"
    stamp = f"*`{block.command}`, commit {commit}.*\n"
    old = f"{head}{block.body}<!-- end of figures -->"
    return text.replace(old, f"{head}{made.strip()}\n\n{stamp}<!-- end of figures -->")


def make(block: Block, commit: str) -> None:
    """Run a block's command, and write its page."""
    MADE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(_words(block.command), cwd=ROOT, stdout=subprocess.PIPE, env=_paths())
    if done.returncode:
        raise SystemExit(f"figures: {block.command}: ended with {done.returncode}, see above")
    made = done.stdout.decode()
    if block.images:
        made = "\n".join(m.group() for m in _IMAGE.finditer(block.body))
        for path in block.images:
            shutil.copyfile(MADE / Path(path).name, block.page.parent / path)
    text = block.page.read_text("utf-8")
    write_whole(block.page, with_figures(text, block, made, commit))


def _words(command: str) -> list[str]:
    words = shlex.split(command)
    return [sys.executable, *words[1:]] if words[0] == "python" else words


def _paths() -> dict[str, str]:
    """The environment, with this interpreter's commands first."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def commit_of_code() -> str:
    """The commit that is checked out; raises SystemExit where code differs from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"figures: git {words[0]}: {done.stderr.strip()}; use a checkout")
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":!docs", ":!README.md")
    if changed:
        raise SystemExit(f"figures: {changed.split()[1]} is not committed; commit the code first")
    return git("rev-parse", "--short=10", "HEAD")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="make the blocks whose commands hold one of these")
    parser.add_argument("--list", action="store_true", help="name the blocks and stop")
    options = parser.parse_args()
    blocks = [block for page in pages() for block in blocks_of(page)]
    if options.words:
        blocks = [block for block in blocks if any(w in block.command for w in options.words)]
    if options.list:
        for block in blocks:
            print(f"{block.page.name}  {block.commit or 'never made'}  {block.command}")
        return
    commit = commit_of_code()
    for number, block in enumerate(blocks, start=1):
        start = time.perf_counter()
        print(f"figures: {number} of {len(blocks)}  {block.command}", file=sys.stderr, flush=True)
        make(block, commit)
        print(f"figures: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
