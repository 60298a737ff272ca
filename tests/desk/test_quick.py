from pathlib import Path

import pytest
from omegaconf import OmegaConf

from recorte.desk.quick import quick


def test_names_are_shown_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "[red]/[bold]/img").mkdir(parents=True)
    source = {"_target_": "recorte.data.supervisely.SuperviselyPersons", "_partial_": True, "root": "[red]"}
    assert quick(OmegaConf.create({"data": {"sources": {"mine": source}}})) == 1
    said = capsys.readouterr().out
    assert said.startswith("mine: [red], ")
    assert "missing  photos, [bold]: [red]/[bold]/img\n" in said


def test_a_source_that_does_not_say_what_it_needs_is_opened(capsys: pytest.CaptureFixture) -> None:
    source = {"_target_": "recorte.data.synthetic.SyntheticPersons", "_partial_": True, "length": 7, "size": 32}
    assert quick(OmegaConf.create({"data": {"sources": {"drawn": source}}})) == 0
    assert capsys.readouterr().out.startswith("drawn: opens, with 7 photos to train and 7 to validate\n")
