import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHORTER = {
    "][:60]": "][:24]",  # four pictures to measure on
    "[[5, 15, 25, 35]]": "[[0, 1, 2, 3]]",
    '"hardware=cpu",': '"hardware=cpu", "trainer.max_epochs=1", "data.image_size=64",',
}


def said_by(notebook: nbformat.NotebookNode, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float]:
    """Run a notebook, and give the two figures that it says."""
    monkeypatch.setenv("TMPDIR", str(folder))  # the notebook keeps its run, for its reader to look at
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    before, after = map(float, re.search(r"(0\.\d+) before, (0\.\d+) after", said).groups())
    return before, after


@pytest.mark.long
def test_the_notebook_on_finetuning_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(NOTEBOOKS / "finetune.ipynb", as_version=4)
    for long, short in SHORTER.items():
        (cell,) = (cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.count(long))
        cell.source = cell.source.replace(long, short)
    before, after = said_by(notebook, tmp_path, monkeypatch)
    assert 0 < before < 1 and 0 <= after < 1
    assert (tmp_path / next(tmp_path.glob("recorte-*")) / "run/best_model/model.onnx").exists()
    pictures = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert any("image/png" in output.data for output in pictures)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_teaching_twenty_pictures_helps_with_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(NOTEBOOKS / "finetune.ipynb", as_version=4)
    before, after = said_by(notebook, tmp_path, monkeypatch)
    assert after > before + 0.1


@pytest.mark.long
def test_the_notebook_on_the_library_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(NOTEBOOKS / "library.ipynb", as_version=4)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert float(re.search(r"IoU (0\.\d+) on 24 others", said)[1]) > 0.3
    assert next(tmp_path.glob("recorte-*/best_model/model.onnx"))


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_notebooks_show_what_they_did_and_nothing_of_the_machine(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    said = "".join(output.get("text", "") for cell in cells for output in cell.outputs)
    assert str(NOTEBOOKS.parent) not in said
