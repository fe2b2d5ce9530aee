"""The user's own CSV and ObsScaling's: what is read, and what is refused with which words."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics import TableError

FIXTURES = Path(__file__).parents[1] / "fixtures"
HEADER = "family,model,params,hellaswag,truthfulqa_mc2\n"
ROWS = "Elm,elm-70m,70M,27.1,47.5\nElm,elm-410m,410M,41.3,40.9\n"


def read(folder: Path, text: str | bytes) -> dynamics.ScoreTable:
    path = folder / "scores.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return dynamics.read_scores(path)


def refusal(folder: Path, text: str | bytes) -> TableError:
    with pytest.raises(TableError) as caught:
        read(folder, text)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(folder / "scores.csv"))
    assert caught.value.hint in str(caught.value)
    return caught.value


def test_percent_is_found_out_and_said(tmp_path):
    table = read(tmp_path, HEADER + ROWS)
    assert table.unit == "percent"
    np.testing.assert_allclose(table.frame["hellaswag"], [0.271, 0.413], rtol=1e-15)
    assert table.frame["row"].tolist() == [2, 3]
    assert table.families == ("Elm",)


@pytest.mark.parametrize(
    "written",
    [
        *("6900000000", "6.9B", "6900M", "6.9e9", "6,900,000,000", "6,9 B", "6.9bn"),
        *("6.9 billion", "6900 million", "~6.9B", "6 900 000 000"),
    ],
)
def test_a_size_may_be_written_in_many_ways(tmp_path, written):
    text = f'{HEADER}Elm,a,"{written}",.5,.4\nElm,b,70M,.3,.4\n'
    assert read(tmp_path, text).frame["params"].tolist() == pytest.approx([6.9e9, 7e7])


def test_the_example_of_the_documentation_is_read(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    example = re.search(r"```csv\n(family.*?)```", text, re.DOTALL)
    assert example is not None
    assert read(tmp_path, example[1]).frame["params"].tolist() == [7e7, 4.1e8]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_a_byte_order_mark(tmp_path, delimiter):
    text = "\ufeff" + (HEADER + ROWS).replace(",", delimiter)
    assert read(tmp_path, text).frame["params"].tolist() == [7e7, 4.1e8]


def test_columns_that_hold_no_scores(tmp_path):
    text = (
        ",Family,Model Name,params_b,HellaSwag,hellaswag_stderr,TQA MC1,d_model,date,note,\n"
        '0,Elm,elm-70m,0.07,.27,.0044,.24,512,2024-01,"any, text",\n'
        "\n"
        "1,Elm,elm-410m,0.41,.41,,.23,,,,\n"
    )
    table = read(tmp_path, text)
    assert table.benchmarks == ("hellaswag", "truthfulqa_mc1")
    assert table.unit == "fraction"
    assert table.frame["row"].tolist() == [2, 4]
    assert table.frame["d_model"].tolist()[0] == 512
    # The second row states no error: binomial over HellaSwag's 10,042 items.
    expected = [0.0044, (0.41 * 0.59 / 10042) ** 0.5]
    np.testing.assert_allclose(table.stderr("hellaswag"), expected, rtol=1e-12)


def test_obsscaling_has_mc2_and_its_own_units():
    table = dynamics.read_scores(FIXTURES / "obsscaling.csv")
    assert table.families == ("Willow", "Alder")
    assert {"truthfulqa_mc2", "winogrande", "arc_challenge"} < set(table.benchmarks)
    assert not any(w.code == "truthfulqa_variant_unknown" for w in table.warnings)
    first = table.frame.iloc[0]
    assert (first["params"], first["tokens"], first["flops"]) == pytest.approx(
        (1.6e8, 3e11, 2.88e20), rel=1e-12
    )
    assert first["truthfulqa_mc2"] == 0.4434
    assert np.isnan(table.frame["arc_challenge"].iloc[2])


def test_a_column_may_say_the_variant_row_by_row(tmp_path):
    text = (
        "family,model,params,hellaswag,truthfulqa,tqa_metric\n"
        "Elm,a,70M,27,47,mc2\nElm,b,160M,31,24,MC1\nElm,c,410M,41,40,\n"
    )
    table = read(tmp_path, text)
    variants = ("truthfulqa_mc2", "truthfulqa_mc1", "truthfulqa_unknown")
    scores = table.frame[list(variants)].to_numpy()
    np.testing.assert_allclose(np.diag(scores), [0.47, 0.24, 0.40])
    assert np.isnan(scores).sum() == 6
    assert ("truthfulqa_variants_mixed", 3) in {(w.code, w.row) for w in table.warnings}


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("", None, "empty"),
        ("\n\n", None, "empty"),
        (HEADER, None, "no rows"),
        (HEADER + ROWS.splitlines()[0], 2, "one model has no family to compare"),
        ("model,params,hellaswag\na,7B,.5\nb,1B,.4\n", 2, "no family is known for 'a', 'b'"),
        ("family,model,hellaswag\nA,a,.5\nA,b,.4\n", 2, "no size is known for 'a', 'b'"),
        ("family,params,hellaswag\nA,7B,.5\nA,1B,.4\n", 1, "no column 'model'"),
        ("family,model,params\nA,a,7B\nA,b,1B\n", 1, "no column holds scores"),
        (HEADER + ROWS + "Elm,elm-1b,1B,49\n", 4, "4 cells where the header has 5"),
        (HEADER + ROWS + "Elm,elm-1b,1B,49,39,1\n", 4, "6 cells"),
        (HEADER + ROWS + "Elm,elm-1b,1B,high,39\n", 4, "'high', which is no number"),
        (HEADER + ROWS + "Elm,elm-1b,1B,4,9,5\n", 4, "6 cells"),
        (HEADER + ROWS + 'Elm,elm-1b,"6,9 beans",49,39\n', 4, "'6,9 beans', which is no number"),
        (HEADER + ROWS + "Elm,elm-1b,1B,104,39\n", 4, "outside 0 to 100"),
        (HEADER + ROWS + "Elm,elm-1b,1B,-3,39\n", 4, "outside 0 to 100"),
        (HEADER + ROWS + "Elm,elm-1b,1B,inf,39\n", 4, "infinite"),
        (HEADER + ROWS + "Elm,elm-1b,1B,1e999,39\n", 4, "infinite"),
        (HEADER + ROWS + "Elm,elm-1b,inf,49,39\n", 4, "infinite"),
        (HEADER + ROWS + "Elm,elm-1b,0,49,39\n", 4, "params is 0"),
        (HEADER + ROWS + "Elm,elm-1b,-1e9,49,39\n", 4, "params is -1e+09"),
        (HEADER + ROWS + "Elm,elm-big,,49,39\n", 4, "no size is known for 'elm-big'"),
        (HEADER + ROWS + "Elm,elm-big,6.9,49,39\n", 4, "params_b"),
        (HEADER + ROWS + "Elm,,1B,49,39\n", 4, "no model"),
        (HEADER + ROWS + ",elm,1B,49,39\n", 4, "no family"),
        (HEADER + ROWS + "Elm,elm-1b,1B,0.49,0.39\n", 4, "hellaswag is 0.49 where most"),
        (HEADER + ROWS + 'Elm,"elm-1b,1B,49,39\n', 4, "CSV"),
        (HEADER.replace("\n", ",hellaswag\n") + "A,a,1B,1,1,1\n", 1, "'hellaswag' stands twice"),
        (HEADER.replace("\n", ",HellaSwag\n") + "A,a,1B,1,1,1\n", 1, "both hold hellaswag"),
        (HEADER.replace("\n", ",params_b\n") + "A,a,1B,1,1,1\n", 1, "both hold params"),
        (HEADER.replace("\n", ",\n") + "A,a,1B,50,40,41.5\n", 1, "no name"),
        (HEADER.replace("\n", ",mmlu_stderr\n") + "A,a,1B,50,40,1\n", 1, "'mmlu' that is not"),
        (HEADER.replace("\n", ",d_model\n") + "A,a,1B,50,40,0\n", 2, "d_model is 0"),
        (
            HEADER.replace("\n", ",active_params\n") + "A,a,1B,50,40,2B\n",
            2,
            "active_params exceeds",
        ),
        ("family,model,params_b,mmlu\nA,a,6900000000,.3\nA,b,1,.3\n", 2, "too many"),
        (b"PK\x03\x04\x14\x00\x08\xff\xfe", None, "no workbook"),
        (b"\x1f\x8b\x08\x00", None, "gzip"),
        (b"PAR1 and nothing more", None, "Parquet"),
        (b"\x01family\xff", None, "UTF-8"),
        (b"family,model\0\n", None, "NUL"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_row_and_hint(tmp_path, text, row, words):
    error = refusal(tmp_path, text)
    assert error.row == row
    assert words in str(error)


def test_absent_paths_and_folders_without_results(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path / "a\0b", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(TableError):
            dynamics.read_scores(path)


@pytest.mark.parametrize("what", ["scores.csv", "."])
def test_what_may_not_be_read_is_said(tmp_path, monkeypatch, what):
    path = tmp_path / "scores.csv"
    path.write_text(HEADER + ROWS)

    # Permissions do not bind root, so the refusal is made here.
    def refuse(self, *_args, **_kwargs):
        raise PermissionError(13, os.strerror(13), str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(TableError, match="Permission denied"):
        dynamics.read_scores(tmp_path / what)


def test_one_warning_says_which_rows_miss_a_score(tmp_path):
    text = HEADER.replace("\n", ",mmlu\n") + "A,a,1B,50,40,\nA,b,2B,55,,nan\nA,c,3B,60,39,N/A\n"
    table = read(tmp_path, text)
    missing = {w.message.split()[1]: w for w in table.warnings if w.code == "missing_score"}
    assert missing["truthfulqa_mc2"].row == 3
    assert missing["mmlu"].row is None
    assert "2, 3, 4" in missing["mmlu"].message
    assert len(table.frame) == 3
