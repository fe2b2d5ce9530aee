"""The view of one model: typed, of a table, in the report; bounded, and text everywhere."""

import json

import dashboard_app as app
import pytest

from nullcline import dynamics
from nullcline.experiments.dashboard._card import MOST_IN_REPORT, models_for_report
from nullcline.experiments.studies.card import parse_scores

SCORES = "hellaswag=78.2 truthfulqa_mc2=43.1 params=7B"


@pytest.fixture(scope="module")
def client():
    with app.make_client() as made:
        app.wait_for_index(made)
        yield made


def card(client, **query):
    given = "&".join(f"{key}={value}" for key, value in query.items())
    return app.wait_for(client, f"/api/views/card?{given}")


def block(view, title):
    return next(b for b in view["blocks"] if title in b.get("title", ""))


def test_typed_scores_show_what_the_library_says(client):
    view = card(client, model="Mine", scores="hellaswag%3D78.2%0Atruthfulqa_mc2%3A43.1,params=7B")
    assert view.status_code == 200, view.text
    shown = view.json()
    table = dynamics.load_table()
    model = dynamics.read_model(
        "Mine", {"hellaswag": 78.2, "truthfulqa_mc2": 43.1}, params="7B", known=table.benchmarks
    )
    found = dynamics.model_card(model)
    assert shown["title"] == "Mine"
    assert shown["question"].endswith("?")
    rows = block(shown, "Nearest models")["rows"]
    assert [row[0] for row in rows] == [near.model for near in found.nearest]
    facts = {item["label"]: item["value"] for b in shown["blocks"] if b["kind"] == "facts"
             for item in b["items"]}  # fmt: skip
    assert facts["families near it"] == found.neighbourhood.phase
    assert facts["own coupling"] == "undetermined"
    assert found.residual is not None
    assert facts["truth above the line"] == f"{100 * found.residual.value:+.1f} pp"
    figure = block(shown, "this model among families")
    assert figure["csv"]["text"].splitlines()[1].startswith(",Mine,7000000000,0.782,0.431")


def test_a_row_of_a_table_has_a_card_and_says_that_it_is_left_out(client):
    shown = card(client, table="uniform", model="huggyllama/llama-13b").json()
    text = json.dumps(shown)
    assert "is this model, and is left out of all comparisons" in text
    assert "huggyllama/llama-13b" not in [r[0] for r in block(shown, "Nearest models")["rows"]]


def test_a_row_of_an_upload_has_a_card(client):
    entry = client.post("/api/tables", files=app.files(("mine.csv", app.GOOD))).json()
    assert "<script>alert(1)</script>" in entry["models"]
    shown = card(client, table=entry["name"], model="mine-3b").json()
    assert shown["title"] == "mine-3b"
    odd = card(client, table=entry["name"], model="%3Cscript%3Ealert(1)%3C/script%3E")
    traces = block(odd.json(), "this model among families")["traces"]
    assert not any("<script" in str(trace.get("name")) for trace in traces)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({}, 422, "no model is named"),
        ({"model": "nobody"}, 404, "no such model"),
        ({"table": "nobody", "model": "x"}, 404, "no such table"),
        ({"scores": "helaswag=3"}, 422, "nearest: hellaswag"),
        ({"scores": "hello"}, 422, "'hello' is no score"),
        ({"scores": "hellaswag=780"}, 422, "outside 0 to 100 percent"),
        ({"scores": "x" * 2001}, 422, "at most 2000"),
        ({"model": "x" * 201, "scores": "mmlu=40"}, 422, "at most 200"),
    ],
)
def test_what_cannot_be_shown_is_said(client, query, status, said):
    answer = card(client, **query)
    assert answer.status_code == status
    assert said in answer.json()["message"]


def test_typed_scores_are_not_stored_on_disk(client):
    card(client, model="Secret-name", scores="hellaswag=61.7")
    stored = [p for p in app.cache().rglob("*.json") if b"Secret-name" in p.read_bytes()]
    assert stored == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SCORES, {"hellaswag": "78.2", "truthfulqa_mc2": "43.1", "params": "7B"}),
        ("HellaSwag (10-shot): 78.2\nSize: 7 B", {"HellaSwag (10-shot)": "78.2", "params": "7 B"}),
        ("| MMLU | 45 |\n| GSM8K | 10 |", {"MMLU": "45", "GSM8K": "10"}),
        ("hellaswag\t0.782\nmmlu 0.4", {"hellaswag": "0.782", "mmlu": "0.4"}),
        ("hellaswag=78.2 ± 0.4; mmlu=40%", {"hellaswag": "78.2 ± 0.4", "mmlu": "40%"}),
    ],
)
def test_scores_are_read_as_people_paste_them(text, found):
    assert parse_scores(text) == found


def test_the_report_has_cards_of_the_largest_models():
    table = dynamics.load_table("uniform")
    names = models_for_report(table)
    assert len(names) == MOST_IN_REPORT
    families = table.frame.set_index("model")["family"]
    assert len({families[name] for name in names}) == MOST_IN_REPORT
    for name in names:
        rows = table.frame[table.frame["family"] == families[name]]
        assert rows.set_index("model")["params"][name] == rows["params"].max()
    assert models_for_report(dynamics.load_table("organisms")) == []


@pytest.mark.slow(reason="plans measurements for an uploaded table")
def test_your_table_has_a_plan_that_costs_what_its_scores_did(client):
    entry = client.post("/api/tables", files=app.files(("mine.csv", app.GOOD))).json()
    shown = app.wait_for(client, f"/api/views/table?table={entry['name']}").json()
    plan = block(shown, "What to measure next")
    rows = [line.split(",") for line in plan["csv"]["text"].splitlines()[1:]]
    spent = sum(float(row[-2]) for row in rows)
    # Costs are written with two digits.
    assert 0 < spent <= 1.05 * 817 * (1e9 + 3e9 + 7e9 + 30e9 + 2e9 + 9e9)
    assert {row[0] for row in rows} == {"mine"}  # the other family has two sizes
    assert "decades on average" in plan["note"]
