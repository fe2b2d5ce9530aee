"""What others build on: a change of it is meant, and stands in CHANGELOG.md."""

import dataclasses
import difflib
import shutil

import equinox as eqx
import pytest
from public_api import LISTING, ROOT, listing

from nullcline import dynamics, interp, organisms


def test_the_public_api_is_the_one_that_is_written_down():
    was, now = LISTING.read_text(encoding="utf-8").splitlines(), listing().splitlines()
    changed = "\n".join(difflib.unified_diff(was, now, "written down", "now", n=0, lineterm=""))
    assert not changed, (
        f"the public API changed; if that is meant, run python tests/helpers/public_api.py and add "
        f"a line to CHANGELOG.md\n{changed}"
    )


@pytest.mark.slow(reason="lists the whole API again")
def test_a_changed_signature_field_or_name_is_seen(tmp_path):
    for library in ("dynamics", "interp", "organisms"):
        shutil.copytree(ROOT / library, tmp_path / library)
    for file, old, new in (
        ("dynamics/_ode/fit_ode.py", "members: int = 100,", "members: int = 99,"),
        ("dynamics/_ode/sparse.py", "strength: float = 1e-3", "power: float = 1e-3"),
        ("dynamics/__init__.pyi", "load_table as load_table", "load_origin as load_table"),
    ):
        path = tmp_path / file
        before, text = listing(tmp_path), path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert listing(tmp_path) != before, file


def test_nothing_that_is_found_can_be_changed_afterwards():
    for library in (dynamics, dynamics.phases, dynamics.ode, dynamics.controls, interp, organisms):
        public = [getattr(library, name) for name in dir(library)]
        results = [one for one in public if isinstance(one, type) and dataclasses.is_dataclass(one)]
        assert results, library
        for one in results:
            # A module of equinox is frozen in its own way.
            frozen = vars(one)["__dataclass_params__"].frozen or issubclass(one, eqx.Module)
            assert frozen, one
