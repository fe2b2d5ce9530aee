"""The pages as a site: built without a warning, complete, and asking no other host."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow(reason="builds the whole site")

ROOT = Path(__file__).parents[1]
LISTS = ("dynamics", "interp", "organisms")
#: What a browser would fetch from another host.
FETCHED = re.compile(r"<(?:script|img|iframe|link)\b[^>]*(?:src|href)=\"?(?:https?:)?//[^>]*>")


def build(config, folder):
    """`mkdocs build --strict` of a configuration."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", folder],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_no_page_asks_another_host(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    asked = {page.name: FETCHED.findall(page.read_text("utf-8")) for page in pages}
    assert not {name: found for name, found in asked.items() if found}


def test_what_a_browser_would_fetch_is_seen():
    assert FETCHED.search('<script async src="https://unpkg.com/x"></script>')
    assert FETCHED.search('<link rel="stylesheet" href="//fonts.example/css">')
    assert not FETCHED.search('<a href="https://arxiv.org/abs/2605.18838">')


@pytest.mark.parametrize("package", LISTS)
def test_the_reference_has_every_public_name(package, site):
    page = (site / "reference" / f"{package}.html").read_text("utf-8")
    listed = [
        alias.name
        for node in ast.parse((ROOT / package / "__init__.pyi").read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    assert len(listed) > 20
    assert not [name for name in listed if f'id="nullcline.{package}.{name}"' not in page]


def test_the_search_works_without_a_server(site):
    index = (site / "search" / "search_index.js").read_text("utf-8")
    assert index.startswith("var __index")
    assert "false-discovery rate" in index


def test_formulas_are_rendered_when_the_site_is_built(site):
    page = (site / "estimators.html").read_text("utf-8")
    formulas = re.findall("<math.*?</math>", page, flags=re.DOTALL)
    assert len(formulas) > 5
    assert not [formula for formula in formulas if "\\" in formula]  # a word that is not known


@pytest.mark.parametrize("link", ["nowhere.md", "index.md#nowhere"])
def test_a_link_that_leads_nowhere_is_an_error(link, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Page\n\n[a link]({link})\n", "utf-8")
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        f"INHERIT: {ROOT / 'mkdocs.yml'}\n"
        "nav: null\nhooks: []\nplugins: [search]\ntheme: {name: mkdocs}\n",
        "utf-8",
    )
    assert build(config, tmp_path / "site").returncode != 0
    (tmp_path / "docs" / "index.md").write_text("# Page\n\n[a link](#page)\n", "utf-8")
    assert build(config, tmp_path / "site").returncode == 0
