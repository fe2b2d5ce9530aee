"""Run in an environment with cosmic-ray 8.7: draw places of files and change the code at each.

    python mutants.py SEED PER_GROUP < GROUPS.json > MUTANTS.json

A place is a part of a line that operators of one kind can change; places are drawn, then one
operator of the place, so that the many pairs of binary operators do not crowd out the rest.
Annotations and decorators are left alone, and nothing becomes an operator of bits: a change of the
first changes no result, one to the second fails in any test. What Python cannot compile (`f(+, a)`)
is no change either. The first places of a seed are the same however many are drawn.
"""

import ast
import json
import random
import sys
from collections import defaultdict
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast_from_path  # pyright: ignore[reportMissingImports]
from cosmic_ray.mutating import mutate_code  # pyright: ignore[reportMissingImports]
from cosmic_ray.plugins import get_operator, operator_names  # pyright: ignore[reportMissingImports]

_LEFT_OUT = ("RemoveDecorator", "ExceptionReplacer", "VariableReplacer", "VariableInserter")
#: What an operator may not become: numbers with a fraction have none of these, so any test fails.
_NO_NUMBERS = ("LShift", "RShift", "BitOr", "BitAnd", "BitXor")


def quiet_lines(code: str) -> set[tuple[int, int]]:
    """Starts (line, column) of the nodes of annotations, which no result depends on."""
    found: set[tuple[int, int]] = set()
    for node in ast.walk(ast.parse(code)):
        notes = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            notes.append(node.value)  # a type with a name, as `Phase = Literal[...]`
        for note in notes:
            if note is not None:
                found |= {
                    (n.lineno, n.col_offset + shift)
                    for n in ast.walk(note)
                    if isinstance(n, ast.expr)
                    for shift in range((n.end_col_offset or 0) - n.col_offset + 1)
                }
    return found


def places(path: Path) -> dict[tuple, list[tuple[str, int]]]:
    """Operators, each with its occurrence, of every place of a file."""
    tree, quiet = get_ast_from_path(path), quiet_lines(path.read_text(encoding="utf-8"))
    found: dict[tuple, list[tuple[str, int]]] = defaultdict(list)
    for name in operator_names():
        kind = name.removeprefix("core/").partition("_")[0]
        if kind in _LEFT_OUT or name.endswith(_NO_NUMBERS):
            continue
        operator = get_operator(name)()
        positions = (p for node in ast_nodes(tree) for p in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(positions):
            if start not in quiet:
                found[str(path), start, kind].append((name, occurrence))
    return found


def compiles(code: str) -> bool:
    """Whether Python takes it: no test is needed to see the others."""
    try:
        compile(code, "changed", "exec")
    except SyntaxError:
        return False
    return True


def main() -> None:
    seed, per_group = int(sys.argv[1]), int(sys.argv[2])
    mutants, counts = [], {}
    for group, files in json.load(sys.stdin).items():
        rng = random.Random(f"{seed} {group}")
        known = {}
        for file in files:
            known |= places(Path(file))
        counts[group] = len(known)
        drawn = 0
        for file, (line, column), kind in rng.sample(sorted(known), len(known)):
            name, occurrence = rng.choice(known[file, (line, column), kind])
            code = Path(file).read_text(encoding="utf-8")
            mutated = mutate_code(code, get_operator(name)(), occurrence)
            if not compiles(mutated):
                continue
            operator = name.removeprefix("core/")
            mutants.append(
                {"group": group, "file": file, "line": line, "operator": operator, "code": mutated}
            )
            drawn += 1
            if drawn == per_group:
                break
    json.dump({"places": counts, "mutants": mutants}, sys.stdout)


if __name__ == "__main__":
    main()
