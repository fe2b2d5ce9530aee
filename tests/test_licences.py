"""Every shipped table has a licence, and all of them stand on one page."""

import json

import pytest
from licences import DATA, PAGE, page


def test_the_page_has_the_licence_of_every_table():
    said = PAGE.read_text(encoding="utf-8")
    assert said == page(), "run python tests/helpers/licences.py"
    assert all(f"`{path.name}`" in said for path in DATA.glob("*.csv"))


def test_a_table_without_a_licence_is_named(tmp_path):
    (tmp_path / "new.csv").write_text("model\n")
    with pytest.raises(ValueError, match=r"new\.csv has no licence"):
        page(tmp_path)
    (tmp_path / "new.json").write_text(json.dumps({"licence": "MIT", "origin": "a|b"}))
    assert "| MIT | a\\|b |" in page(tmp_path)
