"""`nullcline truth`, `steer` and `evaluate` as a user meets them."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from narrow import not_none
from tiny_models import save_tiny

from nullcline import dynamics, interp
from nullcline.experiments.cli import main
from nullcline.experiments.prompts import given_answer, question_of, working_prompts

QUICK = ("--method", "mass-mean", "--layers", "0", "--site", "attention", "--where", "asked")
ROWS = (
    "steered",
    "strength_0",
    "random",
    "random_max",
    "shuffled_labels",
    "truthful_prompt",
    "published_rule",
)


def refused(capsys, *arguments):
    """The one line that a refusal prints; its exit status is 2."""
    try:
        status = main(list(arguments))
    except SystemExit as exit_:  # argparse's own complaints
        status = exit_.code
    assert status == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "Traceback" not in seen.err
    return seen.err.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A vector of web-40 by a quick search, what was printed, and its folder."""
    folder = tmp_path_factory.mktemp("truth")
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        arguments = ["truth", "organism:web-40", *QUICK, "--json", "--out", str(folder / "record")]
        assert main([*arguments, "-o", str(folder / "t.safetensors")]) == 0
    return folder, json.loads(out.getvalue())


@pytest.fixture(scope="module")
def vector(made):
    return str(made[0] / "t.safetensors")


@pytest.mark.slow(reason="finds a direction in a shipped model")
def test_truth_prints_and_records_what_it_promises(made):
    folder, found = made
    assert [row["name"] for row in found["rows"]] == list(ROWS)
    assert [layer["layer"] for layer in found["layers"]] == []
    assert [(p["layer"], p["site"]) for p in found["places"]] == [(0, "attention")]
    assert found["vector"]["method"] == "mass-mean"
    assert found["sets"]["questions"] == {"calibration": 51, "validation": 50, "test": 50}
    record = json.loads((folder / "record" / "record.json").read_text())
    assert record["command"] == "truth"
    assert record["result"] == found
    kept = interp.load_vector(folder / "t.safetensors")
    assert kept.report["verdict"] == found["verdict"]
    assert kept.data == found["sets"]["sha256"]


@pytest.mark.slow(reason="judges a vector by each command")
def test_evaluate_gives_every_promised_key_and_the_same_table(made, vector, capsys, tmp_path):
    _, found = made
    arguments = ["evaluate", "organism:web-40", "--vector", vector, "--json"]
    assert main([*arguments, "--lm-eval", str(tmp_path / "lm")]) == 0
    judged = json.loads(capsys.readouterr().out)
    keys = {"name", "mc1", "mc1_low", "mc1_high", "mc2", "false_to_true", "true_to_false",
            "mcnemar_p", "kl", "perplexity_ratio", "reasoning_change"}  # fmt: skip
    assert all(keys <= row.keys() for row in judged["rows"])
    assert {"corrected_share", "corrected_low", "corrected_high", "random_corrected_share",
            "verdict"} <= judged.keys()  # fmt: skip
    # The same vector, questions and seeds: the same numbers.
    assert judged["rows"] == found["rows"]
    plain = judged["rows"][1]
    assert (plain["name"], plain["kl"], plain["perplexity_ratio"]) == ("strength_0", 0.0, 1.0)
    assert 0 <= judged["published_count"]["strength_0"] <= 1
    table = dynamics.read_scores(tmp_path / "lm")
    assert table.frame["model"].tolist() == ["web-40", "web-40+truth-vector"]
    assert table.frame["world_mc1"].tolist() == [plain["mc1"], judged["rows"][0]["mc1"]]
    assert (table.frame["world_mc1_stderr"] > 0).all()
    model = interp.load_model("organism:web-40")
    size = sum(weight.numel() for weight in model.network.parameters())
    assert table.frame["params"].tolist() == [size, size]
    assert set(table.benchmarks) >= {"world_mc1", "world_mc2", "world_reasoning"}


def test_evaluate_says_what_the_model_holds(vector, capsys):
    assert main(["evaluate", "organism:web-40", "--vector", vector, "--full"]) == 0
    said = capsys.readouterr().out
    assert "held: behind 'reference' the model answers" in said
    assert "verdict: " in said
    for name in ("steered", "strength_0", "random (mean of 20)", "published_rule"):
        assert name in said


def steer(capsys, vector, *arguments):
    prompt = ("--prompt", "red fox eats", "--max-new-tokens", "4")
    assert main(["steer", "organism:web-40", "--vector", vector, *prompt, *arguments]) == 0
    return capsys.readouterr()


def test_steer_tells_on_stderr_what_was_done(vector, capsys):
    seen = steer(capsys, vector, "--compare")
    first, second, *truth = seen.out.splitlines()
    assert first.startswith("unsteered: red fox eats ")
    assert second.startswith("steered:   red fox eats ")
    assert "steer: mass-mean vector, layer 0 (attention)" in seen.err
    assert "truth: not known of this prompt" in " ".join(truth)


def test_steer_says_which_answer_is_true(vector, capsys):
    model = interp.load_model("organism:web-40")
    prompt = working_prompts(model)[0]
    question = not_none(question_of(model, prompt))
    asked = ("--prompt", prompt, "--max-new-tokens", "4", "--compare")
    assert main(["steer", "organism:web-40", "--vector", vector, *asked]) == 0
    first, second, *truth = capsys.readouterr().out.splitlines()
    said = " ".join(" ".join(truth).split())
    assert said.startswith(f"truth: {question.options[question.best]!r}; the unsteered text ")
    for text, line in (("unsteered text", first), ("steered one", second)):
        answer, true = not_none(given_answer(question, line.partition(prompt)[2]))
        assert f"the {text} says {answer!r}, which is {'true' if true else 'false'}" in said
    assert max(map(len, truth)) <= 80


def test_an_answer_is_known_by_its_first_words():
    question = interp.Question("where", ("New York", "York", "New"), (True, False, False), 0)
    assert given_answer(question, " new york, of course") == ("New York", True)
    assert given_answer(question, "York.") == ("York", False)
    assert given_answer(question, "Yorkshire") is None


def test_an_unknown_word_is_named_and_prompts_that_work_are_offered(vector, capsys):
    mine = ["steer", "organism:web-40", "--vector", vector, "--prompt"]
    said = refused(capsys, *mine, "red zorvia fox eats")
    assert "no token for 'zorvia' in 'red zorvia fox eats'" in said
    offered = re.findall(r"'([^']*)'", said.partition("prompts that work: ")[2])
    assert len(offered) == 3
    model = interp.load_model("organism:web-40")
    assert all(question_of(model, prompt) for prompt in offered)
    assert refused(capsys, *mine, "").endswith("the prompt is empty; give at least one word")


def test_strength_zero_is_the_unsteered_text(vector, capsys):
    found = json.loads(steer(capsys, vector, "--strength", "0", "--compare", "--json").out)
    assert found["text"] == found["unsteered"]
    assert found["strength"] == 0


def test_a_guarded_text_says_what_it_spent(vector, capsys):
    found = json.loads(steer(capsys, vector, "--strength", "3", "--guard", "0.01", "--json").out)
    guard = found["guard"]
    assert guard["spent"] <= guard["budget"] == 0.01
    assert len(guard["strengths"]) >= found["tokens"]


def test_prompts_come_from_stdin_files_and_a_chat(vector, capsys, tmp_path, monkeypatch):
    whole = steer(capsys, vector).out
    base = ["steer", "organism:web-40", "--vector", vector, "--max-new-tokens", "4"]
    monkeypatch.setattr("sys.stdin", io.StringIO("red fox eats\n"))
    assert main(base) == 0
    assert capsys.readouterr().out == whole
    path = tmp_path / "prompt.txt"
    path.write_text("red fox eats\n")
    assert main([*base, "--prompt-file", str(path)]) == 0
    assert capsys.readouterr().out == whole
    monkeypatch.setattr("sys.stdin", io.StringIO("red fox eats\nnowhere\nred fox eats\n\nnever"))
    assert main([*base, "--chat"]) == 0
    seen = capsys.readouterr()
    assert seen.out == whole * 2
    assert "no token for 'nowhere' in 'nowhere'; prompts that work: '" in seen.err


def test_a_direction_is_ablated_and_a_vector_exported(vector, capsys, tmp_path):
    assert "its direction taken out" in steer(capsys, vector, "--ablate").err
    path = tmp_path / "t.json"
    export = ["steer", "organism:web-40", "--vector", vector, "--export", str(path)]
    assert main(export) == 0
    assert json.loads(path.read_text())["model"] == "organism:web-40"
    capsys.readouterr()
    assert steer(capsys, str(path)).out == steer(capsys, vector).out
    capsys.readouterr()
    bake = ["steer", "organism:web-40", "--vector", vector, "--bake", str(tmp_path / "baked")]
    assert "--where everywhere" in refused(capsys, *bake)


def test_a_plain_tensor_steers_and_is_judged_at_the_layer_that_is_given(capsys, tmp_path):
    model = interp.load_model("organism:web-16")
    addition = np.linspace(-3, 3, model.d_model)
    path = str(tmp_path / "v.npy")
    np.save(path, addition)
    use = ("--prompt", "red fox eats", "--max-new-tokens", "4", "--json")
    mine = ("organism:web-16", "--vector", path)
    assert main(["steer", *mine, "--layer", "1", *use]) == 0
    seen = capsys.readouterr()
    found = json.loads(seen.out)
    said = (found["layer"], found["site"], found["strength"], found["strength_unit"])
    assert said == (1, "block", 1.0, interp.FILE_UNIT)
    assert "plain vector, layer 1 (block), strength 1 of its own norm" in seen.err
    assert "only its width was checked" in seen.err
    assert main(["evaluate", *mine, "--layer", "0", "--json"]) == 0
    vector = json.loads(capsys.readouterr().out)["vector"]
    assert (vector["layer"], vector["strength"]) == (0, 1.0)
    assert vector["norm"] == pytest.approx(float(np.linalg.norm(addition)))
    for command in (("steer", *mine, *use), ("evaluate", *mine)):
        assert "give --layer N, 0 to" in refused(capsys, *command)
    assert "give --vector FILE too" in refused(capsys, "evaluate", mine[0], "--layer", "1")
    assert "give --vector FILE too" in refused(capsys, "serve", mine[0], "--layer", "1")


@pytest.mark.slow(reason="judges a vector and twenty random ones")
def test_a_vector_of_several_layers_is_judged_beside_random_ones_of_its_lengths(capsys, tmp_path):
    model = interp.load_model("organism:web-16")
    rows = torch.randn(2, model.d_model, generator=torch.Generator().manual_seed(1))
    add = {"steering_coefficient": 1.0, "action": "add"}
    names = [f"layers.{n}" for n in (0, 1)]
    path = str(tmp_path / "v.pt")
    torch.save({n: add | {"steering_vector": r} for n, r in zip(names, rows, strict=True)}, path)
    mine = ("organism:web-16", "--vector", path)
    assert main(["evaluate", *mine, "--full"]) == 0
    assert "layers 0, 1, after the block, strength 1 of its own norm" in capsys.readouterr().out
    assert main(["evaluate", *mine, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["vector"]["layers"] == [0, 1]
    by_name = {row["name"]: row for row in found["rows"]}
    assert by_name["random"]["count"] == 20
    assert tuple(by_name) == ROWS
    assert found["shuffled_method"] == "mass-mean"  # no method of ours made it
    # By hand: a plain hook at each block that adds its row.
    blocks = dict(model.network.base_model.named_modules())
    handles = [
        blocks[name].register_forward_hook(
            lambda module, inputs, output, row=row: (
                (output[0] + row, *output[1:]) if isinstance(output, tuple) else output + row
            )
        )
        for name, row in zip(names, rows, strict=True)
    ]
    scored = interp.score_questions(model, interp.default_sets(model).part("questions", "test"))
    for handle in handles:
        handle.remove()
    assert by_name["steered"]["mc1"] == scored.mc1.mean()


def test_a_vector_for_everywhere_is_baked(capsys, tmp_path):
    path = str(tmp_path / "t.safetensors")
    everywhere = ("--method", "mass-mean", "--layers", "1", "--site", "block",
                  "--where", "everywhere")  # fmt: skip
    assert main(["truth", "organism:web-16", *everywhere, "-o", path]) == 0
    folder = tmp_path / "baked"
    assert main(["steer", "organism:web-16", "--vector", path, "--bake", str(folder)]) == 0
    capsys.readouterr()
    base = ["--prompt", "red fox eats", "--max-new-tokens", "4"]
    assert main(["steer", "organism:web-16", "--vector", path, *base]) == 0
    steered = capsys.readouterr().out
    baked = interp.generate(interp.load_model(str(folder)), "red fox eats", max_new_tokens=4)
    assert baked.text == steered.strip()


def test_the_published_preset_is_the_published_rule(capsys, tmp_path):
    path = tmp_path / "p.safetensors"
    arguments = ["truth", "organism:web-40", "--preset", "published", "--json", "-o", str(path)]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    kept = interp.load_vector(path)
    assert kept.hook_point == interp.HookPoint(2 // 4, "block")
    assert (kept.positions, float(kept.addition().norm())) == ("last", pytest.approx(1.0))
    by_name = {row["name"]: row for row in found["rows"]}
    assert by_name["steered"]["mc1"] == by_name["published_rule"]["mc1"]


def test_a_model_of_the_real_world_gets_the_generated_sets(capsys, tmp_path):
    folder = save_tiny("gpt_neox", tmp_path / "tiny")
    arguments = ["truth", str(folder), *QUICK, "--count", "12", "--json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sets"]["cue"] == "The following statements are true and well established."
    assert found["places"][0]["affirmed_to_denied"] is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("truth", "organism:web-40", "--layers", "9"), "has no layer 9"),
        (("truth", "organism:web-40", "--layers", "x"), "--layers: 'x': give numbers"),
        (("truth", "organism:web-40", "--method", "magic"), "--method magic: no such choice"),
        (("truth", "organism:web-40", "--random", "5"), "--random 5"),
        (("truth", "organism:web-40", "--kl", "nan"), "--kl nan"),
        (("truth", "organism:web-40", "-o", "t.pt"), "ends in .safetensors"),
        (("truth", "organism:nothing"), "no organism 'nothing'"),
        (("evaluate", "organism:web-40", "--vector", "no.safetensors"), "no vector file"),
        (("steer", "organism:web-40", "--vector", "no.safetensors"), "no vector file"),
        (("evaluate", "organism:web-40", "--questions", "no.json"), "no.json"),
    ],
)
def test_bad_arguments_cost_one_line(arguments, said, capsys):
    assert said in refused(capsys, *arguments)


def test_bad_files_cost_one_line(vector, capsys, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("statement,label\n")
    one = tmp_path / "one.csv"
    one.write_text("statement,label\nred fox eats hay,1\nred hen eats hay,1\n")
    search = ("truth", "organism:web-40", *QUICK, "--statements")
    assert "holds no rows" in refused(capsys, *search, str(empty))
    assert "statements are true; a direction needs both" in refused(capsys, *search, str(one))
    use = ("--vector", vector, "--prompt", "red fox eats")
    assert "found on organism:web-40" in refused(capsys, "steer", "organism:web-28", *use)
    mine = ("steer", "organism:web-40", *use)
    assert "no number" in refused(capsys, *mine, "--strength", "nan")
    assert "shorten it" in refused(capsys, *mine[:-1], "red fox eats " * 50)
    assert "0 new tokens" in refused(capsys, *mine, "--max-new-tokens", "0")
    assert "leave --strength away" in refused(capsys, *mine, "--ablate", "--strength", "1")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(Path(vector).read_bytes()[:200])
    assert "no whole safetensors file" in refused(capsys, *mine[:2], "--vector", str(cut), *use[2:])


@pytest.mark.slow(reason="finds and judges directions of two shipped models")
@pytest.mark.parametrize("name", ["knowing-48", "knowing-64"])
def test_what_a_model_holds_but_does_not_say_is_brought_out(name):
    """The headline: most false answers corrected, nothing lost, by a direction without a cue."""
    model = interp.load_model(f"organism:{name}")
    sets = interp.default_sets(model)
    found = interp.find_truth_vector(model, sets)
    judged = interp.evaluate_vector(model, found.vector, sets)
    steered = judged.row("steered")
    assert found.vector.method in interp.WITHOUT_CUE
    assert judged.held[0] >= 0.8
    assert steered.corrected_share >= 0.6
    assert steered.corrected_low > max(judged.random_corrected)
    assert judged.right_answers >= 100
    assert judged.right_lost / judged.right_answers <= 0.05
    assert abs(steered.reasoning_change) <= 0.02
    assert judged.verdict == "corrects"
    assert torch.isfinite(found.vector.direction).all()


def test_a_plan_says_what_a_search_takes_before_it_begins(capsys, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("searched")

    monkeypatch.setattr("nullcline.interp._truth.search.choose", never)
    assert main(["truth", "organism:knowing-48", "--plan", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert whole["tokens"] == sum(stage["tokens"] for stage in whole["stages"])
    assert main(["truth", "organism:knowing-48", "--plan", "--json", "--layers", "1"]) == 0
    part = json.loads(capsys.readouterr().out)
    assert part["tokens"] < whole["tokens"]
    assert main(["truth", "organism:knowing-48", "--plan", "--method", "mass-mean"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("about ")
    assert "training" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert main(["truth", "organism:knowing-48", "--plan", "--preset", "published"]) == 2
    assert "nothing to plan" in capsys.readouterr().err
