"""Half a character in JSON can be neither written nor shown: it is refused where it is read."""

import json

import pytest

from nullcline import dynamics

ROWS = [
    {"model": f"a\ud800-{n}b", "params": n * 1e9, "hellaswag": n / 20, "truthfulqa_mc2": n / 30}
    for n in range(1, 9)
]
RESULTS = {
    "results": {"hellaswag": {"acc,none": 0.5}, "truthfulqa_mc2": {"acc,none": 0.5}},
    "config": {"model_args": "pretrained=a\ud800-7b"},
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("table.json", json.dumps(ROWS).encode()),
        ("table.jsonl", "\n".join(map(json.dumps, ROWS)).encode()),
        ("results.json", json.dumps(RESULTS).encode()),
    ],
)
def test_half_a_character_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(dynamics.TableError) as caught:
        dynamics.read_scores(path, fewest=1)
    assert str(caught.value).encode("utf-8")
    assert "\n" not in str(caught.value)


def test_a_whole_character_in_two_escapes_is_read(tmp_path):
    path = tmp_path / "table.json"
    rows = [row | {"model": row["model"].replace("\ud800", "\U0001f600")} for row in ROWS]
    path.write_text(json.dumps(rows))
    assert "\\ud83d" in path.read_text()
    assert "8 models" in str(dynamics.read_scores(path, fewest=1))
