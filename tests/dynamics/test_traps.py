"""Every trap of published tables is a named warning with its row, and honest tables have none."""

import pytest

from nullcline import dynamics

HEADER = "family,model,params,hellaswag,truthfulqa_mc2"
BASE = ["Elm,elm-70m,70M,0.27,0.47", "Elm,elm-410m,410M,0.41,0.41", "Elm,elm-1b,1B,0.5,0.39"]


def read(folder, rows, header=HEADER, base=BASE):
    path = folder / "t.csv"
    path.write_text("\n".join([header, *base, *rows]) + "\n")
    return dynamics.read_scores(path)


def found(table):
    return {(w.code, w.row) for w in table.warnings}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("Elm,org/ELM_70M-hf,70M,0.27,0.47", "duplicate_model"),
        ("elm,Elm 70m,72M,0.28,0.47", "conflicting_duplicate"),
        ("Elm,elm-3b-chat,3B,0.6,0.45", "instruct_model"),
        ("Elm,elm-3b-Instruct-v2,3B,0.6,0.45", "instruct_model"),
        ("Elm,elm-3b-it,3B,0.6,0.45", "instruct_model"),
    ],
)
def test_rows_that_do_not_count_are_left_out(tmp_path, row, code):
    table = read(tmp_path, [row])
    assert (code, 5) in found(table)
    assert len(table.frame) == 3
    assert table.left_out["reason"].tolist() == [code]
    assert len(table.all_rows) == 4


def test_a_conflicting_duplicate_names_both_rows_and_uses_the_first(tmp_path):
    table = read(tmp_path, ["Elm,elm-410M,410M,0.44,0.41"])
    (warning,) = [w for w in table.warnings if w.code == "conflicting_duplicate"]
    assert warning.row == 5
    assert "row 3" in warning.message
    assert "(hellaswag)" in warning.message
    assert table.frame["hellaswag"].tolist() == [0.27, 0.41, 0.5]


def test_the_same_scores_under_two_families_are_one_model(tmp_path):
    table = read(tmp_path, ["Oak,elm-410m,410M,0.41,0.41", "Oak,oak-1b,1B,0.52,0.4"])
    assert ("duplicate_model", 5) in found(table)
    assert len(table.frame) == 4


def test_equal_names_of_different_models_are_kept(tmp_path):
    base = [
        "Elm,7b,7B,0.5,0.4",
        "Oak,7b,7B,0.52,0.41",
        "Fir,base,1B,0.4,0.43",
        "Fir,base,3B,0.45,0.42",
    ]
    table = read(tmp_path, [], base=base)
    assert len(table.frame) == 4
    assert not table.warnings


def test_seeds_of_one_model_are_no_duplicates(tmp_path):
    rows = [f"{row},{seed}" for seed in (0, 1) for row in BASE]
    table = read(tmp_path, rows, header=HEADER + ",seed", base=[])
    assert len(table.frame) == 6
    assert not table.warnings


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("Pythia,gpt-j-6b,6B,0.66,0.36", "wrong_family"),
        ("Pythia,EleutherAI/gpt-neox-20b,20B,0.71,0.32", "wrong_family"),
        ("Pythia,pythia-6.9b,69B,0.67,0.35", "params_disagree"),
        ("Pythia,pythia-moe-8x7B,12.9B,0.67,0.35", "active_params"),
        ("Pythia,pythia-57B-A14B,14B,0.67,0.35", "active_params"),
        ("Pythia,pythia-moe-A2.7B,2.7B,0.67,0.35", "active_params"),
        ("Pythia,pythia-410m-v2,410M,0.42,0.40", "same_size"),
        ("PYTHIA,pythia-2.8b,2.8B,0.6,0.36", "family_spelling"),
        ("Pythia,pythia-2.8b,2.8B,0.6,0.21", "truthfulqa_variant_doubtful"),
        ("Pythia,pythia-2.8b,2.8B,0.6,", "missing_score"),
    ],
)
def test_names_sizes_and_variants(tmp_path, row, code):
    base = [line.replace("Elm", "Pythia").replace("elm", "pythia") for line in BASE]
    table = read(tmp_path, [row], base=base)
    assert found(table) == {(code, 5)}
    assert len(table.frame) == 4


@pytest.mark.parametrize(
    ("row", "family"),
    [
        ("gpt-j-6b,6B", "GPT-Neo/J"),
        ("gpt-neox-20b,20B", "GPT-Neo/J"),
        ("Mixtral-8x7B-v0.1,46.7B", "Mistral"),
        ("Mixtral-8x22B,141B", "Mixtral"),
        ("bloom-7b1,7.1B", "BLOOM"),
        ("stablelm-2-1_6b,1.64B", "StableLM"),
        ("Qwen2-57B-A14B,57B", "Qwen2"),
        ("opt-350m,331M", "OPT"),
        ("RedPajama-INCITE-Base-3B-v1,3B", "RedPajama"),
        ("open_llama_7b_v2,7B", "OpenLlama"),
        ("phi-1_5,1.3B", "Phi"),
    ],
)
def test_honest_rows_raise_no_alarm(tmp_path, row, family):
    table = read(tmp_path, [f"{family},{row},0.7,0.4"])
    assert not table.warnings
    assert not len(table.left_out)


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("harness", "mixed_harness"),
        ("n_shot", "mixed_n_shot"),
        ("task_version", "mixed_task_version"),
    ],
)
def test_rows_measured_otherwise_within_a_family(tmp_path, column, code):
    base = [f"{row},{way}" for row, way in zip(BASE, ("0", "", "10"), strict=True)]
    rows = ["Oak,oak-1b,1B,0.5,0.4,25", "Oak,oak-3b,3B,0.6,0.4,25"]
    table = read(tmp_path, rows, header=f"{HEADER},{column}", base=base)
    assert found(table) == {(code, 4)}


def test_vendor_scores_beside_a_harness(tmp_path):
    base = [f"{row},lm-eval" for row in BASE]
    table = read(
        tmp_path, ["Elm,elm-3b,3B,0.6,0.4,maker's blog"], header=HEADER + ",source", base=base
    )
    assert found(table) == {("vendor_reported", 5)}
    # Where everything is from makers, there is nothing to tell apart.
    alone = [f"{row},vendor" for row in BASE]
    assert not read(tmp_path, [], header=HEADER + ",source", base=alone).warnings


def test_tokens_in_thousands_of_trillions_are_left_empty(tmp_path):
    base = [f"{row},0.3" for row in BASE]
    table = read(tmp_path, ["Elm,elm-3b,3B,0.6,0.4,627"], header=HEADER + ",tokens_t", base=base)
    assert not table.warnings
    table = read(tmp_path, ["Elm,elm-3b,3B,0.6,0.4,6270"], header=HEADER + ",tokens_t", base=base)
    assert found(table) == {("tokens_out_of_range", 5)}
    assert table.frame["tokens"].isna().tolist() == [False, False, False, True]


def test_a_kind_column_overrules_the_name(tmp_path):
    base = [f"{row},base" for row in BASE]
    rows = ["Elm,elm-3b-chat,3B,0.6,0.4,base", "Elm,elm-7b,7B,0.6,0.4,instruct"]
    table = read(tmp_path, rows, header=HEADER + ",kind", base=base)
    assert found(table) == {("instruct_model", 6)}


def test_tuned_models_alone_are_refused_unless_they_are_wanted(tmp_path):
    base = [row.replace("Elm,elm", "Elm-Chat,elm-chat") for row in BASE]
    with pytest.raises(dynamics.TableError, match="no model is of kind 'base' \\(3 tuned\\)"):
        read(tmp_path, [], base=base)
    for kind in ("tuned", "all"):
        table = dynamics.read_scores(tmp_path / "t.csv", kind=kind)
        assert len(table.frame) == 3
        assert not table.warnings


def test_a_variant_nobody_states_is_kept_apart(tmp_path):
    table = read(tmp_path, [], header=HEADER.replace("truthfulqa_mc2", "TruthfulQA"))
    assert table.benchmarks == ("hellaswag", "truthfulqa_unknown")
    assert found(table) == {("truthfulqa_variant_unknown", None)}


def test_mc1_above_mc2_cannot_be(tmp_path):
    base = [f"{row},0.24" for row in BASE]
    header = HEADER + ",truthfulqa_mc1"
    table = read(tmp_path, ["Elm,elm-3b,3B,0.6,0.4,0.45"], header=header, base=base)
    assert found(table) == {("truthfulqa_variant_doubtful", 5)}


def test_flags_of_the_shipped_tables_become_warnings():
    table = dynamics.load_table("published")
    rows = {row.model: row.row for row in table.all_rows.itertuples()}
    warned = found(table)
    # The faults of the published cohort: two Llama-3 twice, two GPT models as Pythia,
    # Phi-3-mini among base models.
    assert ("conflicting_duplicate", rows["Llama3-8B"]) in warned
    assert ("conflicting_duplicate", rows["Llama3-70B"]) in warned
    assert ("wrong_family", rows["GPT-J-6B"]) in warned
    assert ("wrong_family", rows["GPT-NeoX-20B"]) in warned
    assert ("instruct_model", rows["Phi-3-mini-4k"]) in warned
    assert len(table.frame) == 60


def test_musr_is_multiple_choice_and_far_below_its_chance_is_no_score(tmp_path):
    """Two, five and three options: 0.343 of a model that knows nothing. bbh, which the harness also
    asks in words, has no such level."""
    assert dynamics.benchmark("musr").chance == pytest.approx(0.343, abs=5e-4)
    assert dynamics.benchmark("musr_normalised").chance == dynamics.benchmark("bbh").chance == 0.0
    path = tmp_path / "t.csv"
    rows = [f"A,a{n},{n}00M,0.4{n},0.4{n},{0.02 if n == 3 else 0.36}" for n in (1, 2, 3)]
    path.write_text("family,model,params,hellaswag,bbh,musr\n" + "\n".join(rows))
    table = dynamics.read_scores(path)
    assert list(table.frame["musr"].isna()) == [False, False, True]
    path.write_text(path.read_text().replace("0.41,0.41", "0.41,0.02"))
    assert not dynamics.read_scores(path).frame["bbh"].isna().any()
