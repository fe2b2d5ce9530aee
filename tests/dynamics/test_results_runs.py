"""Several runs of one model: what differs is said, and the newest never wins in silence."""

from pathlib import Path

import pytest
from result_files import HELLASWAG, NAMES, SIZES, lm_eval, write

from nullcline import dynamics
from nullcline.dynamics import TableError


@pytest.fixture
def folder(tmp_path):
    for size in SIZES:
        write(tmp_path / f"acme__elm-{size}" / "results_2024-03-01.json", lm_eval(size))
    return tmp_path


def said(table, code):
    return [w.message for w in table.warnings if w.code == code]


def newer(folder, document, size="2.8b", name="results_2024-09-01.json", hellaswag=0.9):
    """A later run of one model, with another score."""
    document["date"] = 1.8e9
    document["results"]["hellaswag"]["acc_norm,none"] = hellaswag
    return write(folder / f"acme__elm-{size}" / name, document)


@pytest.mark.parametrize(
    ("more", "arguments", "title"),
    [
        ({"chat_template": "{% for m in messages %}"}, "", "chat template"),
        ({"system_instruction": "Be good."}, "", "system instruction"),
        ({}, ",load_in_4bit=True", "4-bit"),
        ({}, ",load_in_8bit=True", "8-bit"),
        ({}, ",gptqmodel=True", "GPTQ"),
        ({}, ",quantization=awq", "AWQ"),
        ({}, ",dtype=int8", "int8"),
        ({"chat_template": "x"}, ",load_in_4bit=True", "chat template, 4-bit"),
    ],
)
def test_a_newer_run_that_asked_or_held_the_model_otherwise_stays_apart(
    folder, more, arguments, title
):
    path = newer(folder, lm_eval("2.8b", arguments=arguments, **more))
    table = dynamics.read_scores(folder)
    assert table.frame["model"].tolist() == NAMES
    assert table.frame["hellaswag"].tolist() == list(HELLASWAG.values())
    (other,) = table.left_out.to_dict("records")
    assert other["model"] == f"acme/elm-2.8b ({title})"
    assert (other["reason"], other["hellaswag"]) == ("other_run", 0.9)
    (message,) = said(table, "other_run")
    assert f"another run of it ({title})" in message
    assert "hellaswag 0.9 and 0.605" in message
    (file,) = [f for f in table.account.files if f.path == str(path)]
    assert (file.used, file.left_out) == (0, 1)
    assert title in file.reason


def test_a_run_that_is_the_only_one_counts_and_is_named_as_what_it_is(folder):
    document = lm_eval("2.8b", name="acme/elm-6.9b", arguments=",load_in_4bit=True")
    write(folder / "new" / "results_1.json", document)
    table = dynamics.read_scores(folder)
    assert table.frame["model"].tolist() == [*NAMES, "acme/elm-6.9b (4-bit)"]
    assert said(table, "quantised") == ["acme/elm-6.9b (4-bit): was run quantised (4-bit) only"]


def test_one_model_with_a_chat_template_among_others_without_is_named(folder):
    document = lm_eval("2.8b", name="acme/elm-6.9b", chat_template="x")
    write(folder / "new" / "results_1.json", document)
    (message,) = said(dynamics.read_scores(folder), "mixed_prompt")
    assert message == "the prompt is plain text for most models, chat template for acme/elm-6.9b"


def test_sixteen_bits_of_either_kind_fill_one_row_and_say_what_differs(folder):
    newer(folder, lm_eval("2.8b", arguments=",dtype=float16"), hellaswag=0.606)
    table = dynamics.read_scores(folder)
    assert table.frame["hellaswag"].iloc[-1] == 0.606
    (message,) = said(table, "conflicting_runs")
    assert "data type float16 and unstated" in message


def test_of_several_numbers_of_shots_all_models_get_the_same(folder):
    document = lm_eval("2.8b")
    document["n-shot"]["hellaswag"] = 0
    newer(folder, document)
    table = dynamics.read_scores(folder)
    assert table.frame["hellaswag"].tolist() == list(HELLASWAG.values())
    (message,) = said(table, "conflicting_runs")
    assert "shots 10 and 0" in message
    assert not said(table, "mixed_n_shot")


def test_two_runs_of_all_models_are_compared_at_one_number_of_shots(folder):
    for i, size in enumerate(SIZES):
        document = lm_eval(size)
        document["n-shot"]["hellaswag"] = 0
        document["date"] += (-1) ** i  # half of them newer
        document["results"]["hellaswag"]["acc_norm,none"] = 0.9
        write(folder / f"zero-{size}" / "results_1.json", document)
    table = dynamics.read_scores(folder)
    assert table.frame["hellaswag"].tolist() == list(HELLASWAG.values())


@pytest.mark.parametrize("stated", ["acme/elm-2.8b", "acme/elm-truth"])
def test_an_adapter_is_named_with_the_model_that_it_is_on(folder, stated):
    document = lm_eval("2.8b", arguments=",peft=acme/elm-truth")
    document["model_name"] = stated  # the harness's own choice has changed
    write(folder / "lora" / "results_1.json", document)
    table = dynamics.read_scores(folder)
    assert table.frame["model"].tolist() == NAMES
    (other,) = table.left_out.to_dict("records")
    assert other["model"] == "acme/elm-2.8b+elm-truth (adapter)"
    assert (other["kind"], other["params"], other["family"]) == ("tuned", 2.8e9, "elm")


def test_the_file_of_a_model_that_is_left_out_says_so(folder):
    path = write(folder / "chat" / "results_1.json", lm_eval("2.8b", name="acme/elm-2.8b-chat"))
    table = dynamics.read_scores(folder)
    (file,) = [f for f in table.account.files if f.path == str(path)]
    assert (file.used, file.left_out) == (0, 1)
    assert "tuned" in file.reason
    assert sum(f.used for f in table.account.files) == len(SIZES)


@pytest.mark.parametrize(
    "path",
    [
        "/models/elm-{}/hf",
        "/models/elm-{}/checkpoint-14000",
        "./out/elm-{}/final/",
        "runs/elm/{}/hf".replace("elm/", "elm-"),
        "C:\\models\\elm-{}\\hf",
        "/cache/hub/models--acme--elm-{}/snapshots/" + "0a" * 20,
        "elm-{}/checkpoint-14000",
    ],
)
def test_local_paths_are_told_apart_by_all_of_them(tmp_path, path):
    for i, size in enumerate(SIZES):
        document = lm_eval(size, name=path.format(size))
        write(tmp_path / str(i) / "results_1.json", document)
    table = dynamics.read_scores(tmp_path)
    assert len(table.frame) == len(SIZES)
    assert table.families == ("elm",)
    assert table.frame["params"].tolist() == [1.6e8, 4.1e8, 1.4e9, 2.8e9]
    assert all("elm-" in model for model in table.frame["model"])


def test_two_local_models_of_one_name_are_two(tmp_path):
    for i, (place, size) in enumerate([("a", "160m"), ("b", "160m"), ("a", "410m")]):
        document = lm_eval(size, name=f"/runs/{place}/elm-{size}/hf")
        document["results"]["hellaswag"]["acc_norm,none"] += i / 100
        write(tmp_path / str(i) / "results_1.json", document)
    table = dynamics.read_scores(tmp_path)
    assert set(table.all_rows["model"]) == {
        "runs/a/elm-160m/hf",
        "runs/b/elm-160m/hf",
        "elm-410m",
    }


def test_checkpoints_of_a_training_in_folders_are_one_model(folder):
    for step in (1000, 14000):
        document = lm_eval("2.8b", name=f"/runs/elm-6.9b/checkpoint-{step}")
        write(folder / f"at{step}" / "results_1.json", document)
    table = dynamics.read_scores(folder)
    assert table.frame["model"].tolist() == [*NAMES, "elm-6.9b@checkpoint-14000"]
    assert table.frame["step"].tolist()[-1] == 14000
    assert table.left_out["model"].tolist() == ["elm-6.9b@checkpoint-1000"]


def test_a_size_that_only_the_harness_counted_is_taken(folder):
    document = lm_eval("2.8b", name="acme/elm-8x7b")
    document["config"]["model_num_parameters"] = 46_702_792_704
    write(folder / "mixture" / "results_1.json", document)
    frame = dynamics.read_scores(folder).frame.set_index("model")
    assert frame["params"]["acme/elm-8x7b"] == 46_702_792_704


def test_a_list_may_state_half_and_the_harness_count_the_rest(folder):
    document = lm_eval("2.8b", name="acme/nameless")
    document["config"]["model_num_parameters"] = 6_900_000_000
    write(folder / "one" / "results_1.json", document)
    (folder / "models.csv").write_text("model,family,lab\nnameless,Elm,Acme\n")
    frame = dynamics.read_scores(folder).frame.set_index("model")
    row = frame.loc["acme/nameless"]
    assert (row["params"], row["lab"]) == (6.9e9, "Acme")
    assert set(frame["family"].str.casefold()) == {"elm"}


def test_all_models_without_a_size_are_named_at_once(folder):
    for name in ("acme/small", "acme/medium", "acme/large"):
        write(folder / name / "results_1.json", lm_eval(name=name))
    with pytest.raises(TableError) as caught:
        dynamics.read_scores(folder)
    for name in ("acme/small", "acme/medium", "acme/large"):
        assert repr(name) in str(caught.value)


def test_several_paths_are_one_table(folder):
    paths = sorted(folder.iterdir())
    (folder / "models.csv").write_text("model,family\nelm-160m,Elm\n")
    table = dynamics.read_scores([*paths, folder / "models.csv"])
    assert sorted(table.all_rows["model"]) == sorted(NAMES)
    assert table.families == ("Elm",)
    results = [file for file in table.account.files if file.path.endswith(".json")]
    assert [file.used for file in results] == [1] * len(SIZES)


def test_a_path_given_twice_is_read_once(folder):
    table = dynamics.read_scores(folder, *sorted(folder.iterdir()))
    assert [file.used for file in table.account.files] == [1] * len(SIZES)


def test_reading_says_how_far_it_is(folder):
    calls: list[tuple[str, int, int]] = []

    def progress(part: str, done: int = 0, total: int = 0, /) -> None:
        calls.append((part, done, total))

    dynamics.read_scores(folder, progress=progress)
    assert calls == [("results files", done, len(SIZES)) for done in range(len(SIZES) + 1)]


def test_all_broken_files_are_named_at_once(folder):
    for i in range(3):
        write(folder / f"results_{i}.json", "{")
    with pytest.raises(TableError, match="3 files cannot be read") as caught:
        dynamics.read_scores(folder)
    assert all(f"results_{i}.json" in str(caught.value) for i in range(3))
    assert caught.value.path == str(Path(folder))
