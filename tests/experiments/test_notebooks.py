"""Every notebook runs from top to bottom, and what it shows is what its text says."""

import warnings
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def executed(path):
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with warnings.catch_warnings():
        # Jupyter's own machinery warns about event loops and paths; the cells run elsewhere.
        warnings.simplefilter("ignore")
        NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return notebook


def shown(notebook):
    """Everything that a reader sees below the cells."""
    text = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            text.append(output.get("text", ""))
            text += [str(value) for value in output.get("data", {}).values()]
    return "\n".join(text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path):
    found = shown(executed(path))
    assert "<table>" in found
    assert "completeness residual" in found
    assert "correlation" in found
    assert "Error" not in found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_what_it_shows(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert str(Path.home()) not in path.read_text(encoding="utf-8")
