"""`nullcline scan` as it is typed: the page, JSON, the record, the figure and the view."""

import json
import subprocess
import sys

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._scan import scan_view
from nullcline.experiments.formats import plain
from nullcline.experiments.studies.scan import clustered, scan_to_dict, scan_to_text


@pytest.fixture(scope="module")
def safety():
    return dynamics.scan(dynamics.load_table("safety"), n_boot=100)


def test_the_page_says_the_answer_first_and_fits_eighty_columns(capsys):
    assert main(["scan", "--n-boot", "200"]) == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= 80
    answer = " ".join(page.split("What follows")[1].split())
    assert answer.startswith("1 other score along the mean of 5 capabilities: tax 0, bonus 0")
    assert "Of 49 pairs of scores: tax 0" in answer
    assert "more (--full shows all)" in page


def test_along_another_clock_its_name_is_said():
    table = dynamics.load_table("checkpoints", along="tokens")
    found = dynamics.scan(table, reasoning=["arc_easy"], against=["piqa", "sciq"], n_boot=100)
    page = scan_to_text(found)
    assert "r | t" in page
    assert "after a line in log tokens" in " ".join(page.split())
    assert "log N" not in page


def test_many_scores_fit_too_and_full_shows_every_pair(safety):
    short, full = scan_to_text(safety), scan_to_text(safety, everything=True)
    assert max(map(len, f"{short}\n{full}".splitlines())) <= 80
    shown = [line for line in full.splitlines() if " of 8  " in line or " of 8 " in line]
    assert len(shown) >= len(safety.said("tax")) + len(safety.said("bonus"))
    assert "What tuning moves" in short
    assert "Undetermined" not in short
    assert "Undetermined" in full


def test_which_safety_scores_pay_and_which_are_capability(safety):
    # The figures of docs/scan.md, from the table as it is shipped.
    general = {cell.other: cell for cell in safety.general}
    assert general["wmdp"].verdict == "tax"
    assert general["wmdp"].pooled_r < -0.9
    assert general["bbq"].verdict == "bonus"
    moved = {one.benchmark: one for one in safety.moved}
    assert (moved["truthfulqa_truth"].way, moved["truthfulqa_truth"].pairs) == ("up", 25)


def test_json_is_alone_on_stdout_and_has_the_promised_keys(capsys):
    names = ["--reasoning", "hellaswag,arc", "--against", "truthfulqa_mc2", "gsm8k"]
    assert main(["scan", "--json", "--q", "0.1", *names]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reasoning"] == ["hellaswag", "arc_challenge"]
    assert found["against"] == ["truthfulqa_mc2", "gsm8k"]
    assert len(found["cells"]) == 4
    cell = found["cells"][0]
    assert {"reasoning", "other", "coupling", "low", "high", "q", "verdict", "models",
            "families"} <= set(cell)  # fmt: skip
    assert cell["turn"]["status"] in ("established", "not_established", "untested")
    assert found["q"] == 0.1
    assert set(found["factors"]) == {"within", "pooled"}


def test_a_record_and_a_map_are_written(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["scan", "--table", "leaderboard", "--n-boot", "100", "--out", str(out)]) == 0
    record = json.loads((out / "record.json").read_text())
    assert record["command"] == "scan"
    assert record["result"]["table"] == "leaderboard"
    assert (out / "scan.svg").read_text().startswith("<?xml")
    assert (out / "scan.png").stat().st_size > 5_000
    capsys.readouterr()
    assert main(["collect", str(tmp_path), "-o", str(tmp_path / "rows.csv")]) == 0
    rows = (tmp_path / "rows.csv").read_text().splitlines()
    assert len(rows) == 1 + len(record["result"]["cells"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--reasoning", "hellswag"], "no benchmark 'hellswag'; nearest: hellaswag"),
        (["--reasoning", "mmlu", "--against", "mmlu"], "1 benchmark; a pair needs two"),
        (["--reasoning", ","], "name a benchmark"),
        (["--q", "2"], "--q 2.0: give more than 0 and less than 1"),
        (["--family", "nobody"], "--family nobody: no such family in uniform"),
        (["--table", "uniform", "x.csv"], "give PATH or a shipped table, not both"),
    ],
)
def test_a_mistake_costs_one_line(arguments, said, capsys):
    try:
        status = main(["scan", *arguments])
    except SystemExit as end:  # what argparse itself refuses
        status = end.code
    assert status == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in message


def test_a_users_own_table_of_any_columns(tmp_path, capsys):
    rng = np.random.default_rng(0)
    lines = ["family,model,params,x,y,safety_score"]
    for f in range(6):
        for n in (1, 3, 7, 13):
            x = 30 + 15 * np.log10(n) + rng.normal(0, 1)
            lines.append(
                f"fam{f},fam{f}-{n}b,{n}e9,{x:.2f},{90 - x + rng.normal(0, 1):.2f},"
                f"{50 + rng.normal(0, 1):.2f}"
            )
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines) + "\n")
    assert main(["scan", str(path), "--json", "--n-boot", "100"]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    verdict = {
        (c["reasoning"].split(" ")[0], c["other"].split(" ")[0]): c["verdict"] for c in cells
    }
    assert verdict["x", "y"] == verdict["y", "x"] == "tax"
    assert verdict["x", "safety_score"] in ("between", "undetermined")


def test_a_map_puts_alike_rows_beside_one_another():
    rows = np.array([[1.0, 1.0, -1.0], [-1.0, -1.0, 1.0], [0.9, 1.0, -0.9], [-0.9, -1.0, 1.0]])
    order = clustered(rows)
    assert sorted(order) == [0, 1, 2, 3]
    assert abs(order.index(0) - order.index(2)) == 1
    assert abs(order.index(1) - order.index(3)) == 1
    assert clustered(np.zeros((2, 3))) == [0, 1]


def test_the_view_has_map_pairs_dimensions_and_what_tuning_moves():
    view = scan_view(dynamics.load_table("safety"))
    text = json.dumps(plain(view), allow_nan=False)
    assert len(text) < 1_000_000
    assert "nan" not in text.lower().replace("finance", "")
    chart = next(b for b in view["blocks"] if b["kind"] == "figure" and b["name"] == "scan")
    assert chart["opens"] == {"x": "truth", "y": "reasoning", "view": "overview"}
    titles = [block.get("title") for block in view["blocks"]]
    assert "What tuning moves" in titles
    uniform = scan_view(dynamics.load_table("uniform"))
    names = [block.get("name") for block in uniform["blocks"]]
    assert "dimensions" in names
    families = next(b for b in uniform["blocks"] if b.get("title", "").startswith("The first dim"))
    assert families["kind"] == "table"
    assert ["Pythia", "8", "97 %", "0.66"] in families["rows"]


def test_data_and_text_say_the_same(safety):
    data = scan_to_dict(safety)
    counts = {v: sum(c["verdict"] == v for c in data["cells"]) for v in ("tax", "bonus")}
    text = " ".join(scan_to_text(safety).split())
    assert f"tax {counts['tax']}, bonus {counts['bonus']}" in text


def test_the_command_starts_without_a_model_library():
    code = "import sys, nullcline.experiments.studies.scan.scan; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
