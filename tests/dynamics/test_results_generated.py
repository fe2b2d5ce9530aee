"""Mutated results files of every format give a table or a TableError of one line."""

import contextlib
import copy
import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from result_files import (
    every_eval_ever,
    inspect_log,
    lighteval,
    lm_eval,
    model_card,
    write,
    write_eval,
)

from nullcline import dynamics
from nullcline.dynamics import TableError
from nullcline.dynamics._tables.read_results import read_results

pytestmark = pytest.mark.slow(reason="hundreds of generated documents for each reader")

SETTINGS = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DOCUMENTS = {
    "lm_eval": lm_eval(
        groups={"g": {"acc,none": 0.3}},
        chat_template=None,
    )
    | {"n-samples": {"hellaswag": {"original": 10042, "effective": 100}}},
    "lighteval": lighteval("410m"),
    "leaderboard": lighteval("410m", "harness|{}|{}"),
    "inspect": inspect_log("410m", "hellaswag", 0.4),
    "every eval ever": every_eval_ever("410m", {("hellaswag", "acc_norm"): 0.4}),
}
EVAL_RESULTS = "- dataset:\n    id: cais/hle\n    task_id: hle\n  value: 20.9\n  notes: no tools\n"
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["N/A", 10**400, 0.5, -1, "acme/elm-7b", "/a/elm-1b/hf", "mc2", "a|b|c"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=5), st.sampled_from(["acc,none", "mmlu_stem", "all"])),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def read_or_refuse(path):
    """The table, or None after an error of one line that names what to do."""
    try:
        table = dynamics.read_scores(path)
    except TableError as error:
        refusal = str(error)
    else:
        scores = table.all_rows[list(table.benchmarks)].to_numpy()
        assert np.all((scores >= 0) & (scores <= 1) | np.isnan(scores))
        account = table.account
        assert all(bool(task.used_as) != bool(task.reason) for task in account.tasks)
        assert all(file.used or file.reason for file in account.files)
        return table
    assert "\n" not in refusal
    assert "; " in refusal
    return None


def inside(value, path=()):
    """Every path into a document, through objects and lists."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from inside(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from inside(inner, (*path, i))


def replaced(document, path, new):
    if not path:
        return new
    document = copy.deepcopy(document)
    here = document
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = new
    return document


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "good" / "results_1.json", lm_eval("1.4b"))
    write(tmp_path / "better" / "results_1.json", lm_eval("2.8b"))
    return tmp_path


@pytest.mark.parametrize("name", DOCUMENTS)
@SETTINGS
@given(data=st.data())
def test_documents_of_any_shape_are_refused_or_read(folder, name, data):
    """Put any value anywhere, beside two good files."""
    document = DOCUMENTS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(inside(document))))
        document = replaced(document, path, data.draw(VALUES))
    text = json.dumps(document)
    write(folder / "results_x.json", text)
    read_or_refuse(folder)
    read_or_refuse(folder / "results_x.json")


@pytest.mark.parametrize("file", ["m/README.md", "m/.eval_results/a.yaml"])
@SETTINGS
@given(data=st.data())
def test_broken_yaml_is_refused_or_read(folder, file, data):
    """Cut out, double or overwrite stretches of it."""
    text = model_card("410m") if file.endswith(".md") else EVAL_RESULTS
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        stop = min(len(text), start + data.draw(st.integers(0, 20)))
        put = data.draw(
            st.one_of(
                st.text(max_size=6),
                st.sampled_from(
                    ["&a ", "*a", "<<: ", "[", "{", "- ", "\t", "!!set ", "...", "---"]
                ),
                st.just(text[start:stop] * 2),
            )
        )
        text = text[:start] + put + text[stop:]
    content = text.encode("utf-8", "surrogatepass")
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    read_or_refuse(folder)


@SETTINGS
@given(data=st.data())
def test_broken_archives_are_refused_or_read(folder, data):
    path = folder / "x.eval"
    write_eval(path, inspect_log("410m", "hellaswag", 0.4))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        stop = min(len(content), start + data.draw(st.integers(0, 8)))
        content[start:stop] = data.draw(st.binary(max_size=8))
    path.write_bytes(content)
    read_or_refuse(folder)


@pytest.mark.parametrize(
    "file", ["results_x.json", "x.jsonl", "x.eval", "m/README.md", "m/.eval_results/a.yaml"]
)
@SETTINGS
@given(content=st.binary(max_size=200))
@example(content=b"---\nmodel-index: " + b"[" * 100_000 + b"\n---\n")
@example(content=b"- " * 100_000)
@example(content=b'{"results": ' * 100_000)
@example(content=b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
@example(content=b"PK\x05\x06" + b"\0" * 18)
@example(content=b'{"results": {}}\n[')
def test_any_bytes_are_refused_or_read(folder, file, content):
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    read_or_refuse(folder)
    path.unlink()


def chain_of_groups(length):
    """Groups in groups in groups, each with a score."""
    document = lm_eval()
    tasks = [f"g{i}" for i in range(length)]
    document["results"] |= {task: {"acc,none": 0.3} for task in tasks}
    document["group_subtasks"] = {
        one: [two] for one, two in zip(tasks, [*tasks[1:], "hellaswag"], strict=True)
    }
    return document


def many_models(count):
    record = every_eval_ever("410m", {("hellaswag", "acc_norm"): 0.4})
    record["evaluation_results"] *= count
    return record


@pytest.mark.parametrize(
    "document",
    [
        chain_of_groups(10_000),
        lm_eval() | {"results": {f"t{i}": {"acc,none": 0.5} for i in range(5_000)}},
        lm_eval() | {"results": {"t": {f"acc,f{i}": 0.5 for i in range(20_000)}}},
        lighteval("410m")
        | {"results": {f"s|hellaswag|{i}": {"acc_norm": 0.5} for i in range(3_000)}},
        many_models(2_000),
        lm_eval(name="/".join(["elm-1b"] * 50_000)),
        lm_eval(name="9" * 300_000 + "b"),
        lm_eval(name="step" * 100_000),
    ],
    ids=["chain", "tasks", "filters", "shots", "records", "path", "digits", "steps"],
)
def test_large_files_are_refused_or_read(folder, document):
    """Their time grows with their size, not with its square."""
    path = write(folder / "results_x.json", document)
    with contextlib.suppress(TableError):
        assert read_results([folder, path]).account.files


def test_a_piece_that_grows_a_thousandfold_is_refused(folder):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", b" " * (300 * 2**20))
    (folder / "bomb.eval").write_bytes(buffer.getvalue())
    with pytest.raises(TableError, match=r"header\.json in it is too large"):
        dynamics.read_scores(folder)
