"""Score tables that are joined: models whose weights are gone stay in every table."""

import csv
import dataclasses
import json

import pytest

from nullcline import organisms

DATA = organisms.organisms_folder().parent
SHIPPED = DATA / "organisms.csv"
PROBES = "organism_probe.csv"


def cells(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def part(tmp_path, *, but=()):
    """The shipped score table and its probes without some models."""
    folder = tmp_path / "part"
    folder.mkdir()
    for name in (SHIPPED.name, PROBES):
        rows = [row for row in cells(DATA / name) if row["model"] not in but]
        with (folder / name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder / SHIPPED.name


def test_the_shipped_tables_are_made_again_from_the_scores_and_the_probes(tmp_path):
    written = organisms.write_tables((), tmp_path, join=SHIPPED)
    assert {path.stem for path in written} == {
        *("organisms", "organism_experiments", "organism_contrasts"),
        *("organism_families", "organism_loss", "organism_probe"),
    }
    for path in (*written, *(path.with_suffix(".json") for path in written)):
        assert path.read_bytes() == (DATA / path.name).read_bytes(), path.name
    seeds = json.loads((tmp_path / "organisms.json").read_text())["seeds"]
    for family, said in seeds.items():
        ends = [int(end) for end in said.split("-")]
        assert {int(row["seed"]) for row in cells(SHIPPED) if row["family"] == family} == {
            *range(ends[0], ends[1] + 1)
        }
    assert set(seeds) == {row["family"] for row in cells(SHIPPED)}


def test_the_origin_names_seeds_with_gaps(tmp_path):
    one = organisms.read_organism(organisms.organism_path("web-4"))
    rows = [dataclasses.replace(one, seed=seed) for seed in (7, 0, 2, 1)]
    organisms.write_score_table(rows, tmp_path / SHIPPED.name)
    probes = cells(DATA / PROBES)
    mine = next(row for row in probes if row["model"] == "web-4")
    with (tmp_path / PROBES).open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(mine))
        writer.writeheader()
        writer.writerows(mine | {"seed": row.seed} for row in rows)
    organisms.write_tables((), tmp_path / "out", join=tmp_path / SHIPPED.name)
    origin = json.loads((tmp_path / "out" / "organisms.json").read_text())
    assert origin["seeds"] == {"web": "0-2, 7"}
    assert origin["rows"] == 4


def test_models_at_hand_join_those_that_are_not(tmp_path):
    """One shipped model is taken out of the table and comes back from its folder."""
    table = part(tmp_path, but=("web-4",))
    written = organisms.write_tables(
        [organisms.read_organism(organisms.organism_path("web-4"))], tmp_path / "out", join=table
    )
    scores, probes = (
        {row["model"]: row for row in cells(path)}
        for path in written
        if path.name in (SHIPPED.name, PROBES)
    )
    # Everything but what is measured on this machine is what it was, to the last digit.
    assert (tmp_path / "out" / SHIPPED.name).read_bytes() == SHIPPED.read_bytes()
    assert len(scores) == len(probes) == len(cells(SHIPPED))
    shipped = {row["model"]: row for row in cells(DATA / PROBES)}
    assert float(probes["web-4"]["probe_embedding"]) == pytest.approx(
        float(shipped["web-4"]["probe_embedding"]), abs=0.02
    )
    assert probes["web-6"] == shipped["web-6"]


def test_a_model_with_two_answers_is_refused(tmp_path):
    mine = organisms.read_organism(organisms.organism_path("web-4"))
    with pytest.raises(organisms.OrganismError, match=r"^web-4 .* has other scores in"):
        organisms.write_tables([mine], tmp_path, join=with_another_score(tmp_path, mine))
    doubled = tmp_path / "doubled.csv"
    text = SHIPPED.read_text()
    doubled.write_text(text + text.splitlines()[1] + "\n")
    first = cells(SHIPPED)[0]["model"]
    with pytest.raises(organisms.OrganismError, match=f"has {first} .* twice"):
        organisms.read_score_table(doubled)


def with_another_score(tmp_path, organism):
    """A table of that model alone, of which it says something else."""
    path = tmp_path / "web.csv"
    organisms.write_score_table([organism], path)
    shown = f"{organism.truth:.6f}"
    text = path.read_text()
    assert shown in text
    path.write_text(text.replace(shown, "0.123456", 1))
    return path


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda text: text.replace("world_truth,", "truth,", 1), "no column world_truth;"),
        (lambda text: text.replace(",1440,", ",many,", 1), "line 2: a cell that is no number"),
    ],
)
def test_a_table_that_is_none_costs_one_line(change, word, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(change(SHIPPED.read_text()))
    with pytest.raises(organisms.OrganismError, match=word) as error:
        organisms.read_score_table(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_probes_that_are_missing_are_said(tmp_path):
    with pytest.raises(organisms.OrganismError, match="no readable score table"):
        organisms.write_tables((), tmp_path, join=tmp_path / "nowhere.csv")
    table = part(tmp_path)
    probes = table.with_name(PROBES)
    lines = probes.read_text().splitlines(keepends=True)
    probes.write_text("".join(lines[:-1]))
    with pytest.raises(organisms.OrganismError, match=f"lacks {cells(SHIPPED)[-1]['model']}, one"):
        organisms.write_tables((), tmp_path, join=table)
    probes.unlink()
    with pytest.raises(organisms.OrganismError, match=r"no readable .*organism_probe\.csv"):
        organisms.write_tables((), tmp_path, join=table)
