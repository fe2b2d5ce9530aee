"""What uv is told of pip's own settings, and when pip has to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import load_script

PATH = Path(__file__).parent.parent / ".ci" / "install.py"


@pytest.fixture(scope="module")
def install():
    return load_script(".ci/install.py")


def test_settings_of_pip_are_handed_on_and_the_environment_holds(install):
    listed = (
        ":env:.index-url='https://b.example/simple'\n:env:.timeout='9'\n"
        "global.index-url='https://a.example/simple'\nglobal.find-links='one two'\n"
        "global.extra-index-url='\\nhttps://c.example\\nhttps://d.example'\ndownload.x='y'\n"
    )
    assert install.environment(listed) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://b.example/simple",
        "UV_FIND_LINKS": "one,two",
        "UV_INDEX": "https://c.example https://d.example",
    }


def test_a_setting_that_is_not_known_leaves_it_to_pip(install):
    assert install.environment("global.proxy='http://p.example'\n") is None
    assert install.environment("") == {"UV_INDEX_STRATEGY": "unsafe-best-match"}


def test_pip_answers_where_uv_may_not_install(tmp_path):
    done = subprocess.run(
        [sys.executable, PATH, "--no-index", "./nothing-here"],
        cwd=tmp_path,
        env=os.environ | {"PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "uv did not install; pip does" in done.stderr
    assert "nothing-here" in done.stderr
