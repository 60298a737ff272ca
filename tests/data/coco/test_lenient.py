"""Annotation files as other tools than COCO's write them."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from coco_files import HEIGHT, SQUARE, WIDTH, Record, image, person, square_mask, write_coco
from recorte.data.checks.coco import check_annotations
from recorte.data.checks.mending import mend
from recorte.data.coco import CocoPersons
from recorte.data.coco.layout import locate
from recorte.data.coco.records import AnnotationFile
from recorte.errors import DataError, PhotoError

OTHERWISE: dict[str, Callable[[Record, Record], object]] = {
    "size of -1": lambda image, person: image.update(width=-1, height=-1),
    "size of 0": lambda image, person: image.update(width=0, height=0),
    "size of null": lambda image, person: image.update(width=None, height=None),
    "size absent": lambda image, person: (image.pop("width"), image.pop("height")),
    "height alone absent": lambda image, person: image.pop("height"),
    "size of 32.0": lambda image, person: image.update(width=32.0, height=24.0),
    "size as text": lambda image, person: image.update(width="32", height=" 24.0 "),
    "ids as text": lambda image, person: (image.update(id=str(image["id"])), person.update(image_id="7", id="1")),
    "ids of 7.0": lambda image, person: (image.update(id=7.0), person.update(image_id=7.0, category_id=1.0)),
    "category as text": lambda image, person: person.update(category_id="1"),
    "crowd of null": lambda image, person: person.update(iscrowd=None),
    "crowd as text": lambda image, person: person.update(iscrowd="0"),
    "crowd as a word": lambda image, person: person.update(iscrowd="False"),
    "crowd of nothing": lambda image, person: person.update(iscrowd=""),
    "area as text": lambda image, person: person.update(area="64.0"),
    "area of nothing": lambda image, person: person.update(area=""),
    "no annotation id": lambda image, person: person.pop("id"),
    "video of 3.0": lambda image, person: image.update(video_id=3.0),
    "a crumb of one point": lambda image, person: person.update(segmentation=[*SQUARE, [5, 5]]),
    "a crumb of two points": lambda image, person: person.update(segmentation=[[1, 1, 2, 2], *SQUARE]),
    "an empty crumb": lambda image, person: person.update(segmentation=[*SQUARE, []]),
    "half a point": lambda image, person: person.update(segmentation=[*SQUARE, [1, 2, 3]]),
    "a flat outline": lambda image, person: person.update(segmentation=SQUARE[0]),
    "an outline of points": lambda image, person: person.update(
        segmentation=[[[x, y] for x, y in zip(SQUARE[0][::2], SQUARE[0][1::2], strict=True)]]
    ),
    "an outline as text": lambda image, person: person.update(segmentation=json.dumps(SQUARE)),
    "an outline of texts": lambda image, person: person.update(segmentation=[[str(number) for number in SQUARE[0]]]),
    "a flat outline in numbers as text": lambda image, person: person.update(segmentation=[*map(str, SQUARE[0])]),
    "backslashes": lambda image, person: image.update(file_name="train\\photos\\007.png"),
    "a folder before it": lambda image, person: image.update(file_name="train/007.png"),
    "another case": lambda image, person: image.update(file_name="007.PNG"),
    "all of a name": lambda image, person: image.update(file_name=".\\Images\\007.Png"),
}


def written(root: Path, change: Callable[[Record, Record], object]) -> Path:
    """A set of two photos, of which one is written otherwise."""
    images, people = [image(7), image(8)], [person(1, 7), person(2, 8)]
    write_coco(root, images, people)
    change(images[0], people[0])
    path = locate(root, "train")[0]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"images": images, "annotations": people}))
    return path


@pytest.mark.parametrize("case", OTHERWISE)
def test_what_is_certain_is_read_and_mended(tmp_path: Path, case: str) -> None:
    path = written(tmp_path, OTHERWISE[case])
    source = CocoPersons(tmp_path, "train")
    for sample in source:
        np.testing.assert_array_equal(sample.alpha, square_mask() * 255)
        assert (sample.weight == 1).all()
    assert source.path(0).name == "007.png" and source.index.sizes.tolist() == [[HEIGHT, WIDTH]] * 2
    checked = check_annotations(*locate(tmp_path, "train")[:2])
    assert checked.findings and not any(finding.grave for finding in checked.findings)
    clean = Path(mend(path, checked).path)
    content = msgspec.json.decode(clean.read_bytes(), type=AnnotationFile)  # as COCO has it
    assert [(one.id, one.file_name, one.width, one.height) for one in content.images] == [
        (7, "007.png", 32, 24),
        (8, "008.png", 32, 24),
    ]
    assert [(one.image_id, one.category_id, one.iscrowd) for one in content.annotations] == [(7, 1, 0), (8, 1, 0)]
    assert len({one.id for one in content.annotations}) == 2
    assert msgspec.json.decode(content.annotations[0].segmentation) == SQUARE
    clean.replace(path)
    assert check_annotations(*locate(tmp_path, "train")[:2]).findings == []


def test_a_size_that_is_not_said_is_that_of_the_photo_upright(tmp_path: Path) -> None:
    path = written(tmp_path, lambda image, person: image.update(width=0, height=0, file_name="turned.jpg"))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (HEIGHT, WIDTH)).save(path.parents[1] / "train2017/turned.jpg", exif=exif)
    np.testing.assert_array_equal(CocoPersons(tmp_path, "train")[0].alpha, square_mask() * 255)


def test_many_photos_of_one_fault_are_told_of_once_with_their_number(tmp_path: Path) -> None:
    people = [person(n, n, [*SQUARE, [1, 1], [2, 2]]) for n in range(5)]
    write_coco(tmp_path, [image(n) for n in range(5)], people)
    (finding,) = check_annotations(*locate(tmp_path, "train")[:2]).findings
    assert finding.item == "annotation 0 and 4 more"
    assert finding.what.startswith("10 parts of outlines of fewer than three points")


def test_numbers_that_are_none_beside_fields_written_otherwise(tmp_path: Path) -> None:
    path = written(tmp_path, lambda image, person: (image.update(width=-1), person.update(score=float("nan"))))
    assert "NaN" in path.read_text()
    np.testing.assert_array_equal(CocoPersons(tmp_path, "train")[0].alpha, square_mask() * 255)


def test_which_of_two_photos_a_name_means_is_not_guessed(tmp_path: Path) -> None:
    """Two albums put into one folder, of which one photo took the other's place, or two names but for the case."""
    images = [image(1), image(2, file_name="a/b.png"), image(3, file_name="c/b.png"), image(4, file_name="D.png")]
    folder = write_coco(tmp_path, images, [person(1, 1)]) / "train2017"
    (folder / "a/b.png").rename(folder / "b.png")
    (folder / "c/b.png").unlink()
    (folder / "D.png").rename(folder / "d.PNG")
    (folder / "d.PNG").with_name("d.png").write_bytes((folder / "d.PNG").read_bytes())
    source = CocoPersons(tmp_path, "train")
    for index, name in ((1, "a/b.png"), (2, "c/b.png"), (3, "D.png")):
        with pytest.raises(PhotoError, match=rf"train2017/{name}: no such file"):
            source[index]


def test_a_name_never_leads_out_of_the_photo_folder(tmp_path: Path) -> None:
    root = write_coco(tmp_path / "set", [image(7)], [person(1, 7)])
    (root / "train2017/007.png").rename(tmp_path / "007.png")
    path = locate(root, "train")[0]
    for name in ("../../007.png", "..\\..\\007.png", str(tmp_path / "007.png")):
        path.write_text(path.read_text().replace('"007.png"', json.dumps(name)))
        with pytest.raises(DataError, match="not below the photo folder"):
            CocoPersons(root, "train")
        path.write_text(path.read_text().replace(json.dumps(name), '"007.png"'))
