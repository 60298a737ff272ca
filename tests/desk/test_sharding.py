"""Shards: what `convert to=shards` writes, and `data=stream` reads."""

import json
import pickle
import tarfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from commands import write_lessons
from recorte.data.folder import ImageMaskFolder
from recorte.data.shards import INDEX, ShardedPersons
from recorte.desk import sharding
from recorte.desk.conversion import convert
from recorte.errors import ConfigError, DataError, PhotoError, RecorteError


def config(root: Path, target: object, to: str = "shards", **options: object) -> DictConfig:
    source = {"_target_": "recorte.data.folder.ImageMaskFolder", "_partial_": True, "root": str(root)} | options
    return OmegaConf.create({"target": str(target), "to": to, "data": {"sources": {"a": source}}})


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Six drawings with masks, one with a part that does not count, one of nobody, two in an album."""
    root = write_lessons(tmp_path / "people", 6)
    (root / "weights").mkdir()
    counts = np.full((64, 64), 255, np.uint8)
    counts[:20] = 0
    with Image.open(root / "masks/0.png") as mask:
        width, height = mask.size
    Image.fromarray(counts[:height, :width]).save(root / "weights/0.png")
    with Image.open(root / "masks/1.png") as mask:
        nobody = Image.new("L", mask.size)
    nobody.save(root / "masks/1.png")
    for kind in ("photos", "masks"):
        (root / kind / "album").mkdir()
        for name in ("2.png", "3.png"):
            (root / kind / name).rename(root / kind / "album" / name)
    return root


@pytest.fixture
def memory() -> Iterator[str]:
    """An object store in this process's memory."""
    yield "memory://bucket/people"
    fsspec.filesystem("memory").store.clear()


@pytest.mark.parametrize("place", ["a folder", "a store"])
def test_every_sample_is_as_it_was(
    people: Path, tmp_path: Path, memory: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharding, "SHARD", 30_000)  # a few photos each
    target = memory if place == "a store" else str(tmp_path / "shards")
    assert convert(config(people, target, weights="weights")) == 0
    nobody = []
    for split in ("train", "val"):
        wanted = ImageMaskFolder(people, split, weights="weights")
        found = pickle.loads(pickle.dumps(ShardedPersons(target, split)))  # as worker processes get it
        assert len(found) == len(wanted)
        for index in range(len(wanted)):
            one, other = found[index], wanted[index]
            for name in ("photo", "alpha", "weight"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
            assert one.name == other.name == found.name(index)
            assert found.group(index) == wanted.group(index)
        assert len({found.mark(index) for index in range(len(found))}) == len(found)
        nobody += [found.name(index) for index in found.negatives]
    assert nobody == ["1.png"]


def test_shards_are_those_of_webdataset(people: Path, tmp_path: Path) -> None:
    convert(config(people, tmp_path / "shards", weights="weights"))
    names = []
    for path in sorted(tmp_path.glob("shards/*/*.tar")):
        with tarfile.open(path) as shard:
            names += shard.getnames()
            for name in shard.getnames():
                if name.endswith(".mask.png"):
                    Image.open(shard.extractfile(name)).verify()
    keys = {name.partition(".")[0] for name in names}
    assert len(keys) == 6 and len(names) == 2 * 6 + 1
    assert all(f"{key}.png" in names and f"{key}.mask.png" in names for key in keys)


def test_what_cannot_be_read_is_told(people: Path, tmp_path: Path) -> None:
    target = tmp_path / "shards"
    with pytest.raises(
        DataError, match=r"train/index\.json: there is no such file; data=stream reads what `dataset\.py"
    ):
        ShardedPersons(target, "train")
    convert(config(people, target))
    shard, index = target / "train/000000.tar", target / "train" / INDEX
    content, known = shard.read_bytes(), json.loads(index.read_text())
    last = ShardedPersons(target, "train")
    shard.write_bytes(content[: known["places"][-1][2][0]])
    with pytest.raises(PhotoError, match=r"cut off before .* ends; convert the data again"):
        last[len(last) - 1]
    shard.write_bytes(content.replace(b"IDAT", b"IDOT"))
    with pytest.raises(PhotoError, match=rf"{shard}, .*png: "):
        last[0]
    shard.unlink()
    with pytest.raises(RecorteError, match=r"000000\.tar: cannot be read: there is no such"):
        last[0]
    for text, why in (
        ("{", "broken"),
        ('{"places": [[0]]}', "broken"),
        ("{}", "no photos"),
        ('{"format": 9}', "update"),
    ):
        index.write_text(text)
        with pytest.raises(DataError, match=why):
            ShardedPersons(target, "train")


def test_where_they_cannot_go(people: Path, memory: str) -> None:
    with pytest.raises(ConfigError, match="to=masks writes folders; give to=shards, or a folder"):
        convert(config(people, memory, to="masks"))
    convert(config(people, memory))
    with pytest.raises(ConfigError, match="is there already and not empty"):
        convert(config(people, memory))
    with pytest.raises(RecorteError, match=r"there are no s9:// addresses"):
        convert(config(people, "s9://bucket/people"))
