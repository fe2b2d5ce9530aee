"""Questions, vectors, recipes and records broken at random: one line of `ValueError`, or a whole
value. `benchmarks/read_fuzz_others.py` tries as many as one likes."""

from broken_inputs import try_many


def test_broken_inputs_are_refused_in_one_line_or_read(tmp_path):
    seen = try_many(400, 21, tmp_path)
    assert not seen.others
    assert seen.inputs == 400
    assert 30 < seen.read < 370  # some changes do no harm, most do
    # The slowest takes tenths of a second; what grows without end takes half a minute.
    assert seen.slowest < 10
