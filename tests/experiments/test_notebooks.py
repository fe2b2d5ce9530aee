"""Every notebook runs from top to bottom, shows what its text says, and is the text beside it."""

import re
import warnings
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
#: What a reader must see below the cells of each notebook when it is run.
SHOWN = {
    "heads": ["<table>", "completeness residual", "correlation"],
    "main_job": ["Pythia: tax", "Llama: bonus", "established: False", "image/png"],
    "training": ["within the 12B run r = -0.98", "d arc_easy/ds", "<table"],
    "truth_vector": ["verdict: corrects", "largest of the random directions"],
}


def path_of(name):
    return FOLDER / f"{name}.ipynb"


def executed(path):
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with warnings.catch_warnings():
        # Jupyter's own machinery warns about event loops and paths; the cells run elsewhere.
        warnings.simplefilter("ignore")
        NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return notebook


def outputs(notebook):
    return [out for cell in notebook.cells for out in cell.get("outputs", ())]


def shown(notebook):
    """Everything that a reader sees below the cells, and the kinds of it."""
    text = []
    for output in outputs(notebook):
        text.append(output.get("text", ""))
        for kind, value in output.get("data", {}).items():
            text += [kind, str(value)]
    return "\n".join(text)


def test_every_notebook_is_looked_at():
    assert sorted(SHOWN) == sorted(path.stem for path in FOLDER.glob("*.ipynb"))


@pytest.mark.slow(reason="each notebook runs in a process of its own")
@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_runs_without_a_warning(name):
    notebook = executed(path_of(name))
    found = shown(notebook)
    assert not [text for text in SHOWN[name] if text not in found]
    assert not [out for out in outputs(notebook) if out.get("name") == "stderr"]


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_is_kept_with_what_it_shows(name):
    notebook = nbformat.read(path_of(name), as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    found = shown(notebook)
    assert not [text for text in SHOWN[name] if text not in found]
    assert not [out for out in outputs(notebook) if out.get("name") == "stderr"]
    text = path_of(name).read_text("utf-8")
    assert not re.search(r"/(?:home|root|tmp|Users|site-packages)/", text)
    assert str(FOLDER.parents[1]) not in text


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_and_the_text_beside_it_are_one(name):
    """The pair is made by `jupytext --sync`; a change of one alone is an error."""
    import jupytext

    text = jupytext.read(path_of(name).with_suffix(".py"))
    kept = nbformat.read(path_of(name), as_version=4)
    assert [(c.cell_type, c.source) for c in text.cells] == [
        (c.cell_type, c.source) for c in kept.cells
    ]
