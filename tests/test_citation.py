"""The version and the papers to cite are the same wherever they stand."""

import re
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


def cited(entry):
    return {one["value"] for one in entry["identifiers"]}


def test_every_paper_that_code_or_pages_name_by_its_number_is_cited():
    """Each source of a docstring, a comment or a page that has an arXiv number."""
    folders = ("common", "docs", "dynamics", "experiments", "interp", "organisms")
    paths = [
        p for name in folders for kind in ("py", "md") for p in (ROOT / name).rglob(f"*.{kind}")
    ]
    named: dict[str, list[str]] = {}
    for path in (*paths, ROOT / "README.md"):
        for number in re.findall(
            r"(?i)arxiv(?::|\.org/abs/)(\d{4}\.\d{5})", path.read_text("utf-8")
        ):
            named.setdefault(f"arXiv:{number}", []).append(str(path.relative_to(ROOT)))
    assert len(named) > 12  # the walk sees them
    known = set[str]().union(*map(cited, CITATION["references"]))
    assert not {number: where for number, where in named.items() if number not in known}


def test_every_reference_is_whole_and_stands_once():
    numbers = [number for entry in CITATION["references"] for number in cited(entry)]
    assert len(numbers) == len(set(numbers))
    for entry in CITATION["references"]:
        assert entry["title"]
        assert all(author["family-names"] for author in entry["authors"])
        (number,) = cited(entry)
        # The first two figures of a number are the year of its first version.
        assert entry["year"] == 2000 + int(number.removeprefix("arXiv:")[:2])


def test_the_page_cites_what_the_file_does():
    """The BibTeX of docs/cite.md is written by hand: its fields are those of CITATION.cff."""
    page = (ROOT / "docs" / "cite.md").read_text("utf-8")
    software, paper = re.findall(r"@\w+\{.*?\n\}", page, re.DOTALL)

    def fields(text):
        return dict(re.findall(r"(\w+)\s*= \{+(.*?)\}+,?\n", text))

    own = fields(software)
    assert (own["title"], own["license"]) == (CITATION["title"], CITATION["license"])
    assert own["author"] == CITATION["authors"][0]["name"]
    found, first = fields(paper), CITATION["references"][0]
    (author,) = first["authors"]
    assert found["title"] == first["title"]
    assert found["author"] == f"{author['family-names']}, {author['given-names']}"
    assert int(found["year"]) == first["year"]
    assert {f"arXiv:{found['eprint']}"} == cited(first)
