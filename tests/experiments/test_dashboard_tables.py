"""Tables of any benchmarks: the pair that is shown first, what was read, what is unknown."""

import json

import dashboard_app as app
import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._first_pair import first_pair

FRONTIER = (
    "family,model,params,gpqa,swe_bench\n"
    "a,a-1b,1e9,25,2\na,a-3b,3e9,30,5\na,a-8b,8e9,38,11\n"
    "b,b-1b,1e9,24,1\nb,b-7b,7e9,33,7\nb,b-30b,30e9,44,19\n"
)


@pytest.fixture(scope="module")
def client():
    with app.make_client() as made:
        app.wait_for_index(made)
        yield made


def upload(client, name, text):
    return client.post("/api/tables", files=app.files((name, text)))


def table_of(tmp_path, *names, rows=4, missing=()):
    """A table with scores of these benchmarks; those in `missing` are known of one model."""
    lines = [",".join(("family", "model", "params", *names))]
    for at in range(rows):
        scores = ["" if name in missing and at else f"{30 + 5 * at + i}"
                  for i, name in enumerate(names)]  # fmt: skip
        lines.append(",".join(("mine", f"mine-{at}", f"{10 ** (9 + at / 2):.0f}", *scores)))
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    return dynamics.read_scores(path)


@pytest.mark.parametrize(
    ("names", "missing", "pair", "said"),
    [
        (("mmlu", "truthfulqa_mc2", "hellaswag"), (), ("hellaswag", "truthfulqa_mc2"),
         "the pair that the question is about (4 of 4 models have both)"),
        (("mmlu", "gsm8k", "truthfulqa_mc1"), (), ("mmlu", "truthfulqa_mc1"),
         "the table's score of truthfulness"),
        (("gpqa", "ifeval", "mmlu"), (), ("gpqa", "ifeval"), "no score of truthfulness"),
        (("arc_challenge", "crows_pairs_english", "piqa"), (),
         ("arc_challenge", "crows_pairs_english"), "measures no capability"),
        # The question's pair stands there, and one model has it.
        (("hellaswag", "truthfulqa_mc2", "mmlu", "gsm8k"), ("truthfulqa_mc2",),
         ("hellaswag", "mmlu"), "4 of 4 models have both"),
        (("mmlu",), (), ("mmlu", "mmlu"), "one score"),
    ],
)  # fmt: skip
def test_the_first_pair_is_the_nearest_to_the_question_that_many_models_have(
    tmp_path, names, missing, pair, said
):
    found = first_pair(table_of(tmp_path, *names, missing=missing))
    assert (found.reasoning, found.truth) == pair
    assert said in found.why


def test_a_table_of_other_benchmarks_has_every_view(client):
    entry = upload(client, "frontier.csv", FRONTIER).json()
    assert (entry["reasoning"], entry["truth"]) == ("gpqa", "swe_bench_verified")
    for view in ("overview", "family", "table", "scan"):
        answer = app.wait_for(client, f"/api/views/{view}?table={entry['name']}")
        assert answer.status_code == 200, answer.text
    shown = app.wait_for(client, f"/api/views/table?table={entry['name']}").text
    assert "Shown first: GPQA" in shown
    turned = "reasoning=swe_bench_verified&truth=gpqa"
    other = app.wait_for(client, f"/api/views/table?table={entry['name']}&{turned}").text
    assert "Shown first" not in other  # somebody chose it


def test_a_table_of_one_score_says_what_is_lacking(client):
    entry = upload(client, "one.csv", "family,model,params,gpqa\na,a-1b,1e9,25\na,a-3b,3e9,30\n")
    assert entry.status_code == 201
    answer = client.get(f"/api/views/table?table={entry.json()['name']}")
    assert answer.status_code == 422
    assert answer.json()["message"].endswith("a pair needs two.")


def test_what_was_read_is_there_before_anything_is_computed(client):
    text = FRONTIER.replace("a,a-3b,3e9,30,5", "a,a-3b-chat,3e9,30,5") + "b,b-30b,30e9,44,19\n"
    entry = upload(client, "mine.csv", text).json()
    look = entry["look"]
    facts = {item["label"]: item["value"] for item in look["blocks"][0]["items"]}
    assert facts["models"] == str(entry["account"]["rows"]["used"])
    (read,) = [b for b in look["blocks"] if b.get("title", "").startswith("Read: ")]
    rows = read["blocks"][0]["rows"]
    assert ["file", "mine.csv"] in [row[:2] for row in rows]
    assert ["row 3", "a-3b-chat"] in [row[:2] for row in rows]
    (warned,) = [b for b in look["blocks"] if b.get("title", "").startswith("Warnings")]
    assert len(warned["blocks"][0]["rows"]) == len(entry["warnings"]) > 0
    (chart,) = [b for b in look["blocks"] if b["kind"] == "figure"]
    points = [x for drawn in chart["traces"] for x in drawn["x"] if x is not None]
    assert len(points) == entry["account"]["rows"]["used"]
    json.dumps(look, allow_nan=False)


def test_the_example_is_the_command_s_and_can_be_read(client, capsys):
    given = client.get("/api/example.csv")
    assert given.headers["content-disposition"] == 'attachment; filename="my_scores.csv"'
    assert main(["example"]) == 0
    assert given.text == capsys.readouterr().out
    assert upload(client, "my_scores.csv", given.text).status_code == 201


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("overview?table=unifrm", "no such table: 'unifrm'; nearest: uniform"),
        ("overview?reasoning=helaswag", "reasoning in this table: 'helaswag'; nearest: hellaswag"),
        ("dynamics?unseen=Pythai", "'Pythai'; nearest: Pythia"),
        ("family?family=Pythai", "'Pythai'; nearest: Pythia"),
        ("card?model=meta-llama/Llama-2-7b-h", "nearest: meta-llama/Llama-2-7b-hf"),
    ],
)
def test_what_is_unknown_is_said_with_the_nearest(client, query, said):
    answer = app.wait_for(client, f"/api/views/{query}")
    assert answer.status_code in (404, 422)
    assert said in answer.json()["message"]
