"""The version and the papers to cite are the same wherever they stand."""

import calendar
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


#: Names and the year of a source, as in "Brunton, Proctor and Kutz 2016" or "Olsson et al. (2022)".
_NAMED = re.compile(
    r"((?:[A-Z][\w'-]+, )*[A-Z][\w'-]+(?: and [A-Z][\w'-]+| et al\.)?)"
    r",? \(?((?:19|20)\d\d)\b(?![-.\d])"
)
_MONTHS = set(calendar.month_name) | {"Since"}


def cited(entry):
    return {one["value"] for one in entry.get("identifiers", ())}


def pages():
    """Texts of code and pages, each as one line."""
    folders = ("common", "docs", "dynamics", "experiments", "interp", "organisms")
    found = [
        p for name in folders for kind in ("py", "md") for p in (ROOT / name).rglob(f"*.{kind}")
    ]
    for path in (*found, ROOT / "README.md"):
        yield str(path.relative_to(ROOT)), re.sub(r"\s+(#:? )?\s*", " ", path.read_text("utf-8"))


def test_every_paper_that_code_or_pages_name_by_its_number_is_cited():
    """Each source of a docstring, a comment or a page that has an arXiv number."""
    named: dict[str, list[str]] = {}
    for where, text in pages():
        for number in re.findall(r"(?i)arxiv(?::|\.org/abs/)(\d{4}\.\d{5})", text):
            named.setdefault(f"arXiv:{number}", []).append(where)
    assert len(named) > 12  # the walk sees them
    known = set[str]().union(*map(cited, CITATION["references"]))
    assert not {number: where for number, where in named.items() if number not in known}


def test_every_source_that_code_or_pages_name_by_authors_and_year_is_cited():
    named: dict[tuple[str, int], list[str]] = {}
    for where, text in pages():
        for names, year in _NAMED.findall(text):
            first = re.split(r", | and | et al", names)[0].removesuffix("'s")
            if first not in _MONTHS:
                named.setdefault((first, int(year)), []).append(where)
    assert len(named) > 50  # the walk sees them
    known = {
        (part, entry["year"])
        for entry in CITATION["references"]
        for author in entry["authors"]
        if (name := author.get("family-names"))
        for part in (name, name.split()[-1], name.removeprefix("d'"))
    }
    assert not {source: where for source, where in named.items() if source not in known}


def test_every_reference_is_whole_and_stands_once():
    titles = [entry["title"].casefold() for entry in CITATION["references"]]
    numbers = [number for entry in CITATION["references"] for number in cited(entry)]
    assert len(titles) == len(set(titles))
    assert len(numbers) == len(set(numbers))
    for entry in CITATION["references"]:
        assert all(a.get("family-names") or a["name"] == "and others" for a in entry["authors"])
        if numbered := cited(entry):
            (number,) = numbered
            # The first two figures of a number are the year of its first version.
            assert entry["year"] == 2000 + int(number.removeprefix("arXiv:")[:2])
        else:
            assert entry.get("journal") or entry["publisher"]["name"]
            assert entry.get("end", 1) >= entry.get("start", 1)


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
