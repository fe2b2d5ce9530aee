"""The version and the papers to cite are the same wherever they stand."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert CITATION["version"] == version
    assert f"version = {{{version}}}" in (ROOT / "docs" / "cite.md").read_text("utf-8")
    released = f"## {version} ({CITATION['date-released']})"
    assert released in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()


def test_the_sources_are_cited():
    cited = {one["value"] for entry in CITATION["references"] for one in entry["identifiers"]}
    wanted = ("2605.18838", "2605.18840", "2405.10938", "2109.07958", "2304.01373")
    assert cited >= {f"arXiv:{number}" for number in wanted}
