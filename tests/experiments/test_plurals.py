"""No page says `1 families`: what one family, one model or one pair prints."""

import json
import re

import pytest

from nullcline import dynamics
from nullcline.common.words import counted
from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._extension import table_view
from nullcline.experiments.dashboard._family import family_view
from nullcline.experiments.dashboard._overview import overview
from nullcline.experiments.dashboard._scan import scan_view
from nullcline.experiments.formats import plain

#: Words whose plural follows a count of one by mistake.
_PLURALS = (
    "families models pairs benchmarks sizes seeds rows layers heads scores capabilities dimensions"
)
WRONG = re.compile(rf"(?<![\d.,–-])1 ({'|'.join(_PLURALS.split())})\b")
TABLE = """family,model,params,hellaswag,truthfulqa_mc2,mmlu
one,one-1b,1e9,45.1,40.2,27.0
one,one-3b,3e9,55.3,38.4,30.5
one,one-7b,7e9,63.8,37.1,38.9
one,one-13b,13e9,70.2,38.8,47.2
"""


@pytest.mark.parametrize(
    ("count", "what", "said"),
    [
        (1, "job", "1 job"),
        (2, "job", "2 jobs"),
        (0, "family", "0 families"),
        (1, "family", "1 family"),
        (3, "day", "3 days"),
        (2, "capability", "2 capabilities"),
    ],
)
def test_counts_in_words(count, what, said):
    assert counted(count, what) == said


@pytest.mark.parametrize(
    "command",
    [
        "diagnose {table} --n-boot 200",
        "scan {table} --n-boot 100",
        "plan {table} --budget 1e14",
        "read {table}",
        "card {table} --model one-7b",
        "predictions",
        "ode fit {table} --members 100",
    ],
)
def test_one_family_is_one_family(command, tmp_path, capsys):
    path = tmp_path / "one.csv"
    path.write_text(TABLE)
    status = main(command.format(table=path).split())
    page = capsys.readouterr()
    assert status in (0, 2)
    assert not WRONG.findall(page.out + page.err), WRONG.findall(page.out + page.err)


def test_one_family_is_one_family_in_the_views_too(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text(TABLE)
    table = dynamics.read_scores(path)
    diagnosis = dynamics.diagnose(table, n_boot=200)
    views = [
        overview(diagnosis),
        family_view(diagnosis, diagnosis.families[0]),
        scan_view(table),
        table_view(table, diagnosis),
    ]
    for view in views:
        assert not WRONG.findall(json.dumps(plain(view))), view["title"]
    assert WRONG.findall("seen in 1 families")
