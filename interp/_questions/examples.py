"""TruthfulQA's six questions with their answers, read from where they are published.

They are the text of others, so none of it is shipped: they come from an installed
lm-evaluation-harness (`pip install lm-eval`), whose tasks truthfulqa_mc1 and truthfulqa_mc2 put
them in front of every question. Nothing of the harness is imported.
"""

import functools
import importlib.util
import re
from pathlib import Path

import yaml

_TASK = Path("tasks", "truthfulqa", "truthfulqa_mc1.yaml")
_PRESET = re.compile(r"set\s+prompt_qa\s*=\s*'(?P<text>.*?)'\s*%\}", re.DOTALL)
_PAIRS = 6


@functools.cache
def truthfulqa_examples() -> str | None:
    """The six pairs as `Q: …` and `A: …`, a blank line between pairs; None where no harness is
    installed, or its task is written in another way."""
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or spec.origin is None:
        return None
    try:
        task = yaml.safe_load((Path(spec.origin).parent / _TASK).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return None
    found = _PRESET.search(str(task.get("doc_to_text", ""))) if isinstance(task, dict) else None
    if found is None or found["text"].count("Q: ") != _PAIRS:
        return None
    return found["text"].strip()
