"""Seeds become one row per size, with the error between them."""

import numpy as np
import pytest

from nullcline import dynamics

HEADER = "family,model,params,seed,world_reasoning,world_truth,world_truth_stderr\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    rows = [
        f"web,web-{width}-s{seed},{width}e3,{seed},{0.3 + width / 100 + seed / 100},"
        f"{0.5 - width / 100 + 0.02 * (seed - 1)},0.001"
        for width in (8, 16)
        for seed in range(3)
    ]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return dynamics.read_scores(path)


def test_seeds_are_averaged_with_their_scatter(table):
    frame = dynamics.average_seeds(table).frame
    assert list(frame["model"]) == ["web-8", "web-16"]
    assert list(frame["world_truth"]) == pytest.approx([0.42, 0.34])
    # Standard deviation of (-.02, 0, .02) is .02; over the root of three.
    assert list(frame["world_truth_stderr"]) == pytest.approx([0.02 / np.sqrt(3)] * 2)


def test_stated_errors_are_a_floor(table):
    loud = dynamics.average_seeds(
        dynamics.ScoreTable(
            **{
                **{f: getattr(table, f) for f in table.__dataclass_fields__},
                "frame": table.frame.assign(world_truth_stderr=0.3),
            }
        )
    )
    assert list(loud.frame["world_truth_stderr"]) == pytest.approx([0.3 / np.sqrt(3)] * 2)


def test_a_diagnosis_counts_sizes_not_seeds(table):
    found = dynamics.diagnose(table, n_boot=200)
    assert found.models == 2
    assert found.families[0].models == ("web-8", "web-16")
    assert [w.code for w in found.warnings] == ["seeds_averaged"]
    assert found.families[0].phase == "tax"


def test_a_table_without_seeds_is_left_alone():
    table = dynamics.load_table("uniform")
    assert dynamics.average_seeds(table) is table
