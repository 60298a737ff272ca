from pathlib import Path

import pytest
from omegaconf import OmegaConf

from recorte.desk import fetching
from recorte.errors import ConfigError
from recorte.training.machine.hardware import CONF

CONFIGURED = OmegaConf.load(CONF / "data" / "coco.yaml").sources.coco._target_
NAMES = [CONFIGURED, "recorte.data.coco.CocoPersons", "recorte.data.coco.persons.CocoPersons"]


def fetch(target: str, root: Path) -> int:
    config = {"data": {"sources": {"one": {"_target_": target, "root": str(root)}}}}
    return fetching.fetch_data(OmegaConf.create(config | {"parts": [], "keep_archives": False, "server": None}))


@pytest.mark.parametrize(
    "target", [CONFIGURED, "recorte.data.coco.CocoPersons", "recorte.data.coco.persons.CocoPersons"]
)
def test_coco_is_known_by_every_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr(fetching, "download", lambda root, *_: asked.append(root) or [])
    assert fetch(target, tmp_path) == 0
    assert asked == [str(tmp_path)]


@pytest.mark.parametrize("target", ["recorte.data.folder.ImageMaskFolder", "somebody.elses.Source"])
def test_other_data_are_not_to_be_had(tmp_path: Path, target: str) -> None:
    with pytest.raises(ConfigError, match="COCO 2017 only"):
        fetch(target, tmp_path)
