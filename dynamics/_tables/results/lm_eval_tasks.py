"""Groups of lm-evaluation-harness: which of a file's tasks are benchmarks, which parts or means."""

from typing import NamedTuple

from ..json_files import as_dict, as_list, as_text
from .tasks import MEANS, MMLU_FIELDS, USUAL_METRICS, known_task, metrics_of, mmlu_subject

_MMLU_AREA = "a part of MMLU"


class Part(NamedTuple):
    """What a task of a file is there for.

    - `wanted`: (benchmark, its metrics in the order of preference), empty where it is left out.
    - `reason`: why it is left out. `any_filter`: whether the task is none that we know, so that
      any way to measure it will do.
    """

    wanted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reason: str = ""
    any_filter: bool = False


def plan_tasks(document: dict) -> dict[str, Part]:
    """Every task of `results`, in its order, with its part."""
    results = as_dict(document.get("results"))
    children = _children(document)
    suites = _above_known(children)
    parents: dict[str, str] = {}
    for group, tasks in children.items():
        if group not in suites and metrics_of(as_dict(results.get(group))):
            for task in tasks:
                parents.setdefault(task, group)
    has_mmlu = bool(metrics_of(as_dict(results.get("mmlu"))))
    return {task: _part(task, suites, parents, has_mmlu=has_mmlu) for task in map(str, results)}


def subtasks_of(document: dict, task: str, most: int) -> list[str]:
    """The tasks at the bottom of a group, a plain task itself; `most` groups and tasks are looked
    at."""
    children = as_dict(document.get("group_subtasks"))
    leaves: dict[str, None] = {}
    waiting, seen = [task], set()
    while waiting and len(seen) + len(leaves) < most:
        name = waiting.pop()
        parts = children.get(name)
        if isinstance(parts, list) and parts and name not in seen:
            seen.add(name)
            waiting += [str(part) for part in parts]
        elif name not in seen:
            leaves[name] = None
    return list(leaves) or [task]


def _part(
    task: str,
    suites: set[str],
    parents: dict[str, str],
    *,
    has_mmlu: bool,
) -> Part:
    if task in MEANS:
        return Part(reason=MEANS[task])
    if task == "truthfulqa_mc":  # 0.2 and 0.3: both variants under one name
        return Part((("truthfulqa_mc1", ("mc1",)), ("truthfulqa_mc2", ("mc2",))))
    if subject := mmlu_subject(task):
        if has_mmlu or subject in MMLU_FIELDS:
            return Part(reason=_MMLU_AREA)
        return Part((("mmlu", ("acc",)),))
    known = known_task(task)
    if known is not None:
        return Part(((known.benchmark, known.metrics),))
    if task in suites:
        return Part(reason="a mean over several benchmarks, which are read one by one")
    if task in parents:
        return Part(reason=f"a part of {parents[task]}")
    return Part(((task, USUAL_METRICS),), any_filter=True)


def _children(document: dict) -> dict[str, list[str]]:
    """Groups and their tasks: as stated, else (0.4.0 and 0.4.1) as the indented names show."""
    stated = {
        str(group): [str(task) for task in as_list(tasks)]
        for group, tasks in as_dict(document.get("group_subtasks")).items()
        if as_list(tasks)
    }
    if stated or "group_subtasks" in document:
        return stated
    groups = as_dict(document.get("groups"))
    children: dict[str, list[str]] = {}
    above: list[tuple[int, str]] = []
    for task, values in as_dict(document.get("results")).items():
        alias = as_dict(values).get("alias")
        alias = alias if isinstance(alias, str) else ""
        depth = len(alias) - len(alias.lstrip(" ")) if alias.lstrip(" ").startswith("-") else 0
        while above and above[-1][0] >= depth:
            above.pop()
        if depth and above:
            children.setdefault(above[-1][1], []).append(str(task))
        if as_text(task) and (task in groups or not groups):
            above.append((depth, str(task)))
    return children


def _above_known(children: dict[str, list[str]]) -> set[str]:
    """The groups that hold a known benchmark, at any depth below them."""
    groups_of: dict[str, list[str]] = {}
    for group, tasks in children.items():
        for task in tasks:
            groups_of.setdefault(task, []).append(group)
    above: set[str] = set()
    waiting = [t for t in groups_of if known_task(t) or t in MEANS or t == "truthfulqa_mc"]
    while waiting:
        for group in groups_of.get(waiting.pop(), []):
            if group not in above:
                above.add(group)
                waiting.append(group)
    return above
