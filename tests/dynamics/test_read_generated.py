"""Generated tables: valid ones come back as they were, broken ones give TableError or a table."""

import json
import math

import numpy as np
import pytest
from clothes import CLOTHES, dressed
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nullcline import dynamics
from nullcline.dynamics import TableError

pytestmark = pytest.mark.slow(reason="hundreds of generated tables for each reader")

# The folder of a test is shared by its examples: each writes the same file anew.
SETTINGS = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = ("hellaswag", "truthfulqa_mc2", "arc_challenge", "mmlu", "winogrande")
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6)


def written_size(params: int, way: str) -> str:
    if way == "count":
        return str(params)
    unit, letter = (1e9, "B") if params >= 1e9 else (1e6, "M")
    return f"{params / unit:.10g}{letter}"


@st.composite
def tables(draw):
    """(families, models, sizes, benchmarks, scores) of two to eight different models."""
    n = draw(st.integers(2, 8))
    families = draw(st.lists(st.sampled_from(["Elm", "Oak", "Fir"]), min_size=n, max_size=n))
    sizes = draw(
        st.lists(
            st.sampled_from([70, 160, 410, 1000, 1400, 2800, 6900, 12000, 176000]),
            min_size=n,
            max_size=n,
        )
    )
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    # At least half of Winogrande's chance level, below which a run has failed; four decimals, as in
    # percent with two.
    score = st.one_of(st.none(), st.integers(2600, 10000).map(lambda k: k / 10000))
    scores = draw(
        st.lists(st.tuples(*[score] * len(names)), min_size=n, max_size=n).filter(
            lambda rows: any(cell is not None for row in rows for cell in row)
        )
    )
    models = [f"model-{i}" for i in range(n)]
    return families, models, [size * 10**6 for size in sizes], names, scores


@SETTINGS
@given(
    table=tables(),
    percent=st.booleans(),
    order=st.randoms(use_true_random=False),
    way=st.sampled_from(["count", "short"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_a_written_table_comes_back(tmp_path, table, percent, order, way, delimiter):
    families, models, sizes, names, scores = table
    columns = {
        "family": families,
        "model": models,
        "params": [written_size(size, way) for size in sizes],
    }
    for j, name in enumerate(names):
        cells = [row[j] for row in scores]
        columns[name] = [
            "" if cell is None else f"{cell * 100:.2f}" if percent else str(cell) for cell in cells
        ]
    headings = list(columns)
    order.shuffle(headings)
    lines = [headings, *zip(*(columns[h] for h in headings), strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(delimiter.join(line) for line in lines) + "\n")
    read = dynamics.read_scores(path)
    assert read.unit == ("percent" if percent else "fraction")
    rows = read.all_rows
    assert rows["family"].tolist() == families
    assert rows["model"].tolist() == models
    np.testing.assert_allclose(rows["params"], sizes, rtol=1e-9)  # ten digits were written
    expected = np.array([[math.nan if c is None else c for c in row] for row in scores])
    np.testing.assert_allclose(rows[names].to_numpy(), expected, rtol=1e-12)


def read_or_refuse(path):
    """The table, or None after an error of one line that names the file and a hint."""
    try:
        return dynamics.read_scores(path)
    except TableError as error:
        refusal = error
    assert "\n" not in str(refusal)
    assert refusal.hint in str(refusal)
    return None


PIECES = (
    *(b"", b"|", b"<a", b"](", b'"', b"\n", b"\r", b",", b";", b"\t", b"inf", b"-1", b"1e999"),
    *(
        b"9" * 400,
        b"%",
        b"\x00",
        b"\xff",
        b"{",
        b"[",
        b"null",
        b"model",
        b"task",
        b"value",
        b"kind",
    ),
    *(b"_stderr", b" Raw", b"8x7b", b"a14b", b"__", b"|---|---|\n", b"truthfulqa_variant", b"GPQA"),
)
GOOD = "family,model,params,hellaswag,truthfulqa_mc2,note\n" + "".join(
    f"Elm,elm-{i}b,{i}B,{20 + 5 * i}.5,4{i}.25,x\n" for i in range(1, 6)
)


@SETTINGS
@given(st.data())
def test_a_broken_table_is_refused_or_read(tmp_path, data):
    """Cut out, double or overwrite stretches of a good table."""
    text = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = min(len(text), start + data.draw(st.integers(0, 12)))
        put = data.draw(
            st.one_of(
                st.text(max_size=6),
                st.sampled_from(
                    [
                        "",
                        ",",
                        '"',
                        "\n",
                        "\r",
                        "inf",
                        "-1",
                        "nan",
                        "1e999",
                        "0",
                        "%",
                        "é",
                        "9" * 400,
                    ]
                ),
                st.just(text[start:stop] * 2),
            )
        )
        text = text[:start] + put + text[stop:]
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    table = read_or_refuse(path)
    if table is not None:
        scores = table.frame[list(table.benchmarks)].to_numpy()
        assert np.all((scores >= 0) & (scores <= 1) | np.isnan(scores))
        assert (table.frame["params"] >= 1e3).all()
        assert len(table.frame) >= 2


@pytest.mark.parametrize("name", ["t.csv", "results_x.json"])
@SETTINGS
@given(content=st.binary(max_size=200))
@example(content=b"\xef\xbb\xbf{}")
@example(content=b'"')
@example(content=b"family,model,params,mmlu\n" + b'"a\n' * 3)
def test_any_bytes_are_refused_or_read(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    read_or_refuse(path)
    read_or_refuse(tmp_path)


@SETTINGS
@given(clothes=CLOTHES, data=st.data())
def test_broken_clothes_are_refused_or_read(tmp_path, clothes, data):
    """Any of the formats with stretches cut out, doubled, or replaced by what tables hold."""
    for path in dressed(tmp_path, clothes):
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(content)))
            stop = min(len(content), start + data.draw(st.integers(0, 20)))
            put = data.draw(st.one_of(st.binary(max_size=8), st.sampled_from(PIECES)))
            content[start:stop] = put or content[start:stop] * 2
        path.write_bytes(bytes(content))
        read_or_refuse(path)


@SETTINGS
@given(
    model=st.one_of(st.text(max_size=20), st.from_regex(r"[a-z0-9./_-]{0,12}[0-9]x?[0-9]*[mb]")),
    params=st.floats(1e3, 1e14),
)
@example(model="a0b", params=1e9)
@example(model="9" * 400 + "x7b", params=1e9)
@example(model="9" * 400 + "b", params=1e9)
@example(model="0x1b", params=1e3)
def test_no_name_breaks_the_reader(tmp_path, model, params):
    quoted = '"' + model.replace('"', '""') + '"'
    path = tmp_path / "t.csv"
    text = f"family,model,params,mmlu\nElm,{quoted},{params!r},.3\nElm,elm,5B,.4\n"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    read_or_refuse(path)


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["N/A", 10**400, 0.5, "acme/elm-7b"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
GOOD_RUN = {
    "results": {
        "hellaswag": {"acc_norm,none": 0.4, "acc_norm_stderr,none": 0.005},
        "truthfulqa_mc2": {"acc,none": 0.4, "acc_stderr,none": "N/A"},
        "mmlu": {"acc,none": 0.3, "acc_stderr,none": 0.004},
    },
    "group_subtasks": {"mmlu": ["mmlu_virology"], "hellaswag": []},
    "versions": {"hellaswag": 1.0},
    "n-shot": {"hellaswag": 10, "mmlu_virology": 5},
    "n-samples": {"hellaswag": {"original": 10042, "effective": 100}},
    "config": {"model_args": "pretrained=acme/elm-1b,revision=main", "limit": 100},
    "date": 1.7e9,
    "model_name": "acme/elm-1b",
}
OLD_RUN = {
    "config_general": {"model_name": "acme/elm-3b", "max_samples": None},
    "results": {
        "harness|hellaswag|10": {"acc_norm": 0.4, "acc_norm_stderr": 0.005},
        "harness|truthfulqa:mc|0": {"mc1": 0.2, "mc2": 0.4},
        "harness|hendrycksTest-virology|5": {"acc": 0.3},
    },
    "versions": {"harness|hellaswag|10": 0},
}


def places(value, path=()):
    """Every path into a document."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    return {k: replaced(v, path[1:], new) if k == path[0] else v for k, v in value.items()}


@pytest.mark.parametrize("run", [GOOD_RUN, OLD_RUN], ids=["lm_eval", "leaderboard"])
@SETTINGS
@given(data=st.data())
def test_results_of_any_shape_are_refused_or_read(tmp_path, run, data):
    """Put any value at any place of a results file, beside a good one."""
    content = run
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(list(places(content))))
        content = replaced(content, path, data.draw(JSON_VALUES))
    other = replaced(GOOD_RUN, ("model_name",), "acme/elm-7b")
    (tmp_path / "results_good.json").write_text(json.dumps(other))
    (tmp_path / "results_x.json").write_text(json.dumps(content))
    table = read_or_refuse(tmp_path)
    if table is not None:
        scores = table.frame[list(table.benchmarks)].to_numpy()
        assert np.all((scores >= 0) & (scores <= 1) | np.isnan(scores))
        for name in table.benchmarks:
            stderr = table.stderr(name)
            assert np.all((stderr > 0) | np.isnan(stderr))
