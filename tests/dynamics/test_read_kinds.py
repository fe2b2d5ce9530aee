"""Base models told from tuned ones, families and sizes read from names, makers told apart."""

import json
import math

import pytest

from nullcline import dynamics

HEADER = "family,model,params,hellaswag,truthfulqa_mc2"
BASE = ["Elm,elm-160m,160M,30,44", "Elm,elm-1b,1B,45,40", "Elm,elm-7b,7B,66,33"]


def read(folder, rows, header=HEADER, base=BASE, **more):
    path = folder / "t.csv"
    path.write_text("\n".join([header, *base, *rows]) + "\n", encoding="utf-8")
    return dynamics.read_scores(path, **more)


@pytest.mark.parametrize(
    "name",
    [
        *("elm-7b-it", "elm-7b-chat", "elm-7B-Inst", "elm-7bchat", "elm-7b-Aligned", "elm-7b-sft"),
        *("acme/elm-7b-dpo", "elm-7b-slerp", "Elm-2x7B", "elm-iml-max-7b", "zephyr-7b-beta"),
        *("elm-7b-instruct-v2", "WizardElm-7B", "OpenHermes-7B", "elm-7b-finetuned", "elm-lora-7b"),
        *("bloomz-7b1", "vicuna-7b", "elm-orca-7b", "phi-3-mini-7b", "elm-7b-RLHF", "elm-chat-7b"),
    ],
)
def test_names_of_tuned_models_are_left_out_and_said(tmp_path, name):
    table = read(tmp_path, [f"Elm,{name},7B,68,52"])
    assert [w.message.split()[0] for w in table.warnings if w.code == "instruct_model"] == [name]
    assert len(table.frame) == 3
    (row,) = table.account.rows_left_out
    assert (row.row, row.model) == (5, name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "elm-3b-v2",
            "elm-3b-long",
            "elm-3b-deduped",
            "elm-moe-3b",
            "Mixtral-8x7B",
            "elm-code-3b",
        ),
        *("elm-3b-base", "elm-3b-pt", "elm-math-3b", "gpt-neox-3b", "italian-3b", "Mistral-3B"),
        *("falcon-rw-3b", "elm-3b-hf", "stablelm-base-alpha-3b-v2", "phi-2-3b", "iteration-3b"),
    ],
)
def test_names_of_base_models_stay(tmp_path, name):
    assert len(read(tmp_path, [f"Oak,{name},3B,50,39"]).frame) == 4


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        *(("base", 4), ("pretrained", 4), ("🟢 pretrained", 4), ("continuously pretrained", 4)),
        *(("chat", 3), ("💬 chat models (RLHF, DPO, IFT, ...)", 3), ("Instruction-tuned", 3)),
        *(("SFT", 3), ("🔶", 3), ("🤝 base merges and moerges", 3), ("fine-tuned", 3), ("", 4)),
    ],
)
@pytest.mark.parametrize("heading", ["kind", "Type"])
def test_a_closed_vocabulary_says_what_models_are(tmp_path, word, counts, heading):
    base = [f"{row},pretrained" for row in BASE]
    rows = [f'Elm,elm-13b,13B,70,35,"{word}"']
    table = read(tmp_path, rows, header=f"{HEADER},{heading}", base=base)
    assert len(table.frame) == counts
    assert any(w.code == "kind_unsure" for w in table.warnings) == (word == "")


def test_our_own_column_goes_before_a_name_and_a_leaderboards_type_does_not(tmp_path):
    base = [f"{row},pretrained" for row in BASE]
    rows = ["Elm,elm-13b-chat,13B,70,35,pretrained"]
    assert len(read(tmp_path, rows, header=f"{HEADER},kind", base=base).frame) == 4
    assert len(read(tmp_path, rows, header=f"{HEADER},Type", base=base).frame) == 3


def test_tuned_models_are_diagnosed_where_they_are_wanted(tmp_path):
    rows = ["Elm,elm-1b-chat,1B,47,47", "Elm,elm-7b-chat,7B,68,52"]
    table = read(tmp_path, rows, kind="tuned")
    assert table.frame["kind"].tolist() == ["tuned", "tuned"]
    assert table.left_out["reason"].tolist() == ["base_model"] * 3
    assert len(read(tmp_path, rows, kind="all").frame) == 5


@pytest.mark.parametrize(
    ("name", "family", "params"),
    [
        ("allenai/OLMo-2-1124-7B", "OLMo-2", 7e9),
        ("allenai/OLMo-2-0325-32B", "OLMo-2", 32e9),
        ("meta-llama/Meta-Llama-3.1-8B", "Llama-3.1", 8e9),
        ("meta-llama/Llama-3.1-70B", "Llama-3.1", 70e9),
        ("EleutherAI/pythia-1b-deduped", "pythia-deduped", 1e9),
        ("EleutherAI/pythia-1b", "pythia", 1e9),
        ("open_llama_7b_v2", "open_llama-v2", 7e9),
        ("01-ai/Yi-6B-200K", "Yi-200K", 6e9),
        ("/data/runs/elm-410m/hf", "elm", 4.1e8),
        ("/data/elm/410m/checkpoint-14000", "elm", 4.1e8),
        ("acme__elm-1.4b", "elm", 1.4e9),
        ("gpt2-xl", "GPT-2", 1.5e9),  # of the shipped table
        ("mistralai/Mixtral-8x7B-v0.1", "Mixtral", 44.8e9),
        ("TinyLlama-1.1B-intermediate-step-480k-503b", "TinyLlama", 1.1e9),
        ("nucleus-22B-token-500B", "nucleus", 22e9),
    ],
)
def test_family_and_size_come_from_the_name(tmp_path, name, family, params):
    table = read(
        tmp_path,
        [f"{name},50,39"],
        "model,hellaswag,truthfulqa_mc2",
        ["elm-3b,51,38", "elm-9b,60,35"],
    )
    row = table.frame[table.frame["model"] == name].iloc[0]
    assert (row["family"], row["params"]) == (family, pytest.approx(params))
    assert any(w.code == "size_from_name" for w in table.warnings)


def test_models_csv_beside_a_table_goes_before_names(tmp_path):
    (tmp_path / "models.csv").write_text("model,family,params,d_model\nacme/nameless,Elm,2B,2048\n")
    header, base = "model,hellaswag,truthfulqa_mc2", ["acme/nameless,50,39", "elm-9b,60,35"]
    table = read(tmp_path, [], header, base)
    assert table.families == ("Elm",)
    assert table.frame["params"].tolist() == [2e9, 9e9]
    assert table.frame["d_model"].tolist()[0] == 2048
    assert [file.path for file in table.account.files] == [
        str(tmp_path / "t.csv"),
        str(tmp_path / "models.csv"),
    ]


LEADERBOARD = "T,Model,HellaSwag,TruthfulQA,Type,Precision,Hub License,#Params (B),Model sha"


def test_a_leaderboard_of_submissions(tmp_path):
    def row(model, kind, precision="float16", params=0):
        return f"x,{model},50.5,40.1,{kind},{precision},mit,{params},abc"

    table = read(
        tmp_path,
        [
            row("oaks/oak-1.4b", "🟢 pretrained", params=1),
            row("oaks/oak-6.7b", "🟢 pretrained", params=6),
            row("oaks/oak-13b", ""),  # its maker states others of the family
            row("oaks/oak-13b-chat", "🟢 pretrained"),
            row("someone/oak-3b", "🟢 pretrained", params=3),  # another maker's
            row("someone/mystery-7b", ""),  # nobody states its kind
            row("oaks/oak-6.7b", "🟢 pretrained", "4bit"),
            row("oaks/oak-6.7b", "🔶 fine-tuned on domain-specific datasets"),
            row("someone/nameless", "🟢 pretrained"),
            row("facebook/opt-1.3b", "", params=1),  # the shipped table knows it
            row("google/gemma-7b", "🔶 fine-tuned on domain-specific datasets"),  # and this one
            row("someone/gemma-7b", "🔶 fine-tuned on domain-specific datasets"),
        ],
        LEADERBOARD,
        [],
    )
    assert table.benchmarks == ("hellaswag", "truthfulqa_mc2")
    found = dict(zip(table.frame["model"], table.frame["family"], strict=True))
    assert found == {
        "oaks/oak-1.4b": "oak",
        "oaks/oak-6.7b": "oak",
        "oaks/oak-13b": "oak",
        "someone/oak-3b": "someone/oak",
        "facebook/opt-1.3b": "opt",
        "google/gemma-7b": "gemma",
    }
    # Whole billions are what the leaderboard cut sizes to; names say more.
    assert table.frame["params"].tolist()[:2] == [1.4e9, 6.7e9]
    reasons = dict(zip(table.left_out["row"], table.left_out["reason"], strict=True))
    assert reasons == {
        5: "instruct_model",
        7: "kind_unknown",
        8: "quantized_run",
        9: "instruct_model",
        10: "no_size",
        13: "instruct_model",
    }


@pytest.mark.parametrize(
    ("score", "stays"), [(0, False), (5, False), (12.4, False), (24.0, True), (66.9, True)]
)
def test_a_score_far_below_chance_is_a_failed_run(tmp_path, score, stays):
    table = read(tmp_path, [f"Elm,elm-13b,13B,{score},35"])
    value = table.frame["hellaswag"].iloc[-1]
    assert math.isnan(value) != stays
    assert any(w.code == "failed_run" and w.row == 5 for w in table.warnings) != stays


@pytest.mark.parametrize(
    ("heading", "cells", "words"),
    [
        ("params", ["1400", "2800", "6900"], "without a unit"),
        ("size", ["1.4", "2.8", "6.9"], "without a unit"),
        ("params_b", ["160", "410", "1400"], "1000 times what the names say"),
        ("params_m", ["0.16", "0.41", "1.4"], "0.001 times what the names say"),
    ],
)
def test_sizes_in_no_unit_or_a_wrong_one_are_refused(tmp_path, heading, cells, words):
    names = ["elm-160m", "elm-410m", "elm-1.4b"] if "_" in heading else ["a", "b", "c"]
    rows = [f"Elm,{n},{c},{30 + i},40" for i, (n, c) in enumerate(zip(names, cells, strict=True))]
    with pytest.raises(dynamics.TableError, match=words):
        read(tmp_path, [], HEADER.replace("params", heading), rows)


def test_a_size_without_a_unit_is_read_where_the_names_tell_it(tmp_path):
    rows = ["Elm,elm-160m,0.16,30,44", "Elm,elm-410m,0.41,40,41", "Elm,elm-1.4b,1.4,52,38"]
    table = read(tmp_path, [], HEADER.replace("params", "size"), rows)
    assert table.frame["params"].tolist() == [1.6e8, 4.1e8, 1.4e9]
    assert any(w.code == "unit_by_names" for w in table.warnings)


def test_gpqa_is_three_benchmarks(tmp_path):
    rows = [f"Elm,elm-{i}b,{i}B,{20 + i},{6 + i},{i}.5,{30 + i}" for i in (1, 3, 7)]
    header = "family,model,params,IFEval,BBH,GPQA,GPQA Diamond,MMLU-PRO"
    table = read(tmp_path, [], header, [f"{row},{i + 2}" for i, row in enumerate(rows)])
    assert {"ifeval", "bbh_normalised", "gpqa_normalised", "gpqa_diamond"} < set(table.benchmarks)
    found = dynamics.diagnose(table, reasoning="IFEval", truth="BBH", n_boot=100)
    assert (found.reasoning, found.truth) == ("ifeval", "bbh_normalised")
    plain = read(tmp_path, [], "family,model,params,GPQA", [f"Elm,e{i},{i}B,3{i}" for i in (1, 3)])
    assert plain.benchmarks == ("gpqa",)


def test_rows_of_two_forms_leave_out_their_benchmarks(tmp_path):
    def table(normalised):
        rows = ["model,ifeval,bbh,gpqa"]
        for i in range(8):
            gpqa = 0.27 + 0.01 * i
            shown = (gpqa - 0.25) / 0.75 if i < normalised else gpqa
            rows.append(f"elm-{i + 1}b,0.{20 + i},0.{30 + i},{shown:.4f}")
        path = tmp_path / f"{normalised}.csv"
        path.write_text("\n".join(rows))
        return dynamics.read_scores(path)

    assert set(table(0).benchmarks) == {"ifeval", "bbh", "gpqa"}
    assert set(table(8).benchmarks) == {"ifeval", "bbh_normalised", "gpqa_normalised"}
    mixed = table(3)
    assert mixed.benchmarks == ("ifeval",)
    why = {column.name: column.reason for column in mixed.account.columns if column.reason}
    assert why == dict.fromkeys(("bbh", "gpqa"), "raw in some rows, normalised in others")
    assert [w.code for w in mixed.warnings].count("column_left_out") == 2


def test_truthfulqa_binary_is_a_third_variant(tmp_path):
    header = "family,model,params,truthfulqa,truthfulqa_variant,TruthfulQA (binary)"
    rows = ["Elm,a,1B,44,mc2,61", "Elm,b,2B,24,mc1,62", "Elm,c,3B,60,binary,"]
    with pytest.raises(dynamics.TableError, match="both hold truthfulqa_binary"):
        read(tmp_path, [], header, rows)
    table = read(tmp_path, [], header.rpartition(",")[0], [row.rpartition(",")[0] for row in rows])
    names = {"truthfulqa_mc1", "truthfulqa_mc2", "truthfulqa_binary"}
    assert set(table.benchmarks) == names


@pytest.mark.parametrize("column", ["hellaswag", "params"])
def test_a_whole_number_beyond_any_float_is_no_score_and_no_size(tmp_path, column):
    rows = [
        {"model": f"elm-{n}b", "params": n * 10**9, "hellaswag": 0.3, "truthfulqa_mc2": 0.4}
        for n in (1, 3)
    ]
    rows[0][column] = 10**400
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(rows))
    with pytest.raises(dynamics.TableError, match=rf"{column} is infinite"):
        dynamics.read_scores(path)
