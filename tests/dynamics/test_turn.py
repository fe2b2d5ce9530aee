"""The coupling on either side of a family's turn."""

import numpy as np
import pytest
from narrow import not_none

from nullcline import dynamics
from nullcline.experiments.studies.diagnosis import diagnosis_to_dict, diagnosis_to_text

SIZES = np.linspace(8.0, 11.0, 8)
REASONING = 0.3 + 0.1 * (SIZES - 8.0)
TRUTH = 0.35 + 0.06 * (SIZES - 9.5) ** 2
ERROR = 0.012


def about(x, y):
    errors = np.full(len(x), ERROR)
    return dynamics.phases.slopes_about_turn(
        x,
        y,
        x_stderr=errors,
        y_stderr=errors,
        log10_params=SIZES,
        critical=dynamics.u_test(SIZES, y, y_stderr=errors),
    )


def test_each_side_is_the_sum_of_its_steps():
    noise = 1e-3 * np.array([1, -1, -1, 1, 1, -1, -1, 1.0])
    before, after = not_none(about(REASONING, TRUTH + noise))
    # The vertex lies midway between the fourth and the fifth size; which one is a matter of noise.
    sums = [(TRUTH[k] - TRUTH[0]) / (REASONING[k] - REASONING[0]) for k in (3, 4)]
    assert min(abs(before.gamma - s) for s in sums) < 0.03
    assert before.models == after.models == 2
    assert before.phase == "tax"
    assert after.phase == "bonus"


def test_a_family_that_does_not_turn_has_no_sides():
    assert about(REASONING, 0.3 + 0.05 * (SIZES - 8.0)) is None
    assert (
        about(REASONING, np.full(8, 0.4) + 1e-3 * np.array([1, -1, 1, -1, 1, -1, 1, -1.0])) is None
    )


def test_the_intervals_cover_although_the_curve_chose_the_middle():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(200):
        x = REASONING + ERROR * rng.standard_normal(8)
        y = TRUTH + ERROR * rng.standard_normal(8)
        sides = about(x, y)
        if sides is None:
            continue
        vertex = dynamics.u_test(SIZES, y, y_stderr=np.full(8, ERROR)).vertex
        turn = int(np.argmin(np.abs(SIZES - vertex)))
        for slope, (a, b) in zip(sides, ((0, turn), (turn, 7)), strict=True):
            planted = (TRUTH[b] - TRUTH[a]) / (REASONING[b] - REASONING[a])
            covered.append(slope.low <= planted <= slope.high)
    assert len(covered) > 200
    # The binomial error of 95 % over so many is .011.
    assert 0.92 < np.mean(covered) < 0.985


@pytest.fixture(scope="module")
def organism_families():
    table = dynamics.load_table("organisms").select(["web", "wide", "late-reference", "curated"])
    return dynamics.diagnose(table, n_boot=200)


def test_the_sign_of_the_coupling_of_organism_families_is_known_on_both_sides(organism_families):
    written = {f["family"]: f for f in diagnosis_to_dict(organism_families)["by_family"]}
    page = diagnosis_to_text(organism_families).partition("On either side of a family's own turn")[
        2
    ]
    for family in organism_families.families:
        shown, rows = written[family.family], page.partition("before:")[0]
        if family.family == "curated":
            assert family.about_turn is None
            assert shown["gamma_before_turn"] is None
            assert "curated" not in rows
            continue
        before, after = family.about_turn
        assert before.high < -0.1
        assert after.low > 0.1
        assert shown["gamma_before_turn"]["phase"] == "tax"
        assert shown["gamma_after_turn"]["gamma"] == after.gamma
        assert f"{after.gamma:.2f} [{after.low:.2f}, {after.high:.2f}] bonus" in rows
