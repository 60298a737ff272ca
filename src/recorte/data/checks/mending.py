"""An annotation file in COCO's format without its faults, such that nobody is left in a photo unmarked."""

from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from recorte.data.checks.checked import Checked
from recorte.data.coco.fields import Annotation, Category, Image, fields_of, number_in
from recorte.data.coco.outline_json import without_crumbs
from recorte.data.coco.records import plain_json, read_annotations, select_persons
from recorte.data.reading.findings import Finding
from recorte.errors import DataError
from recorte.files import write_whole


def mend(path: Path, checked: Checked) -> Finding:
    """Write an annotation file without its faults beside it, as `*.clean.json`.

    A photo with a person whose annotation cannot be used is left out, with all annotations: without that one it would
    teach that the person is background.

    Args:
        path: the file.
        checked: what is wrong with it.

    Returns:
        What was left out.

    Raises:
        DataError: a clean one is there already, or cannot be written; or what is left might teach something wrong, or
            is nothing to learn from.
        DiskFullError: no room for it.
    """
    clean = path.with_suffix(".clean.json")
    if clean.exists():
        raise DataError(f"{clean}: is there already; move it away, and fix=true writes a new one")
    if checked.nowhere:
        raise DataError(
            f"{path}: fix=true cannot tell which photos {len(checked.nowhere):,} faulty annotations are of, such as "
            f"number {checked.nowhere[0] + 1} in the file; give each its image_id, or remove those of no person"
        )
    try:
        content = without_faults(path.read_bytes(), checked)
        _check_use(path, content, checked)
        write_whole(clean, content)
    except OSError as error:
        raise DataError(f"{clean}: cannot be written ({error.strerror}); allow it, or copy the data first") from None
    lost, doubtful = len(checked.faulty_images), len(checked.doubtful_images - checked.faulty_images)
    what = (
        f"to be put in the place of {path.name}: it leaves out {lost:,} faulty photos, {doubtful:,} more because an "
        f"annotation in them that is or may be a person's is not usable, {len(checked.faulty_categories):,} categories"
    )
    changed = sum(map(len, checked.changes.values()))
    what += f"; {changed:,} records are written as COCO has them" if changed else ""
    what += (
        f"; {sum(checked.crumbs.values()):,} parts of outlines that cover nothing are gone" if checked.crumbs else ""
    )
    return Finding(str(clean), "", what, grave=False)


def without_faults(content: bytes, checked: Checked) -> bytes:
    """Give an annotation file without its faulty and doubtful photos, faulty annotations and categories.

    All else in it stays, but for crumbs of outlines, and what is written otherwise than COCO has it. A good annotation
    whose id another one has gets a free one.
    """
    everything = msgspec.json.decode(plain_json(content), type=dict[str, msgspec.Raw])
    listed = msgspec.json.decode(everything["images"], type=list[msgspec.Raw])
    annotations = msgspec.json.decode(everything["annotations"], type=list[msgspec.Raw])
    every_category = msgspec.json.decode(everything["categories"], type=list[msgspec.Raw])
    categories = [
        _changed(one, checked.changes[Category].get(position, {}))
        for position, one in enumerate(every_category)
        if position not in checked.faulty_categories
    ]
    left_out = checked.faulty_images | checked.doubtful_images
    kept_images = {position: image for position, image in enumerate(listed) if position not in left_out}
    known = {number_in(fields_of(image), "id") for image in kept_images.values()}
    images = [_changed(image, checked.changes[Image].get(position, {})) for position, image in kept_images.items()]
    kept, taken = [], set()
    for position, annotation in enumerate(annotations):
        fields = fields_of(annotation)
        taken.add(number_in(fields, "id"))
        if position not in checked.faulty_annotations and number_in(fields, "image_id") in known:
            kept.append((position, annotation))
    free = (number for number in count(1) if number not in taken)
    mended = []
    for position, annotation in kept:
        changes = dict(checked.changes[Annotation].get(position, {}))
        if position in checked.crumbs:
            outline = msgspec.json.decode(fields_of(annotation)["segmentation"], type=list[list[float]])
            changes["segmentation"] = without_crumbs(outline)
        if position in checked.twins:
            changes["id"] = next(free)
        mended.append(_changed(annotation, changes))
    return msgspec.json.encode(everything | {"images": images, "annotations": mended, "categories": categories})


def _check_use(path: Path, content: bytes, checked: Checked) -> None:
    """Read what is left as training would; that nobody is left is of no use unless nobody was there before."""
    try:
        people = select_persons(path, read_annotations(path, content))
        problem = "nobody is outlined in it" if not people and checked.faulty_annotations else ""
    except DataError as error:
        problem = str(error).removeprefix(f"{path}: ")
    if problem:
        raise DataError(f"{path}: fix=true cannot mend it: what is left without its faults is of no use ({problem})")


def _changed(record: msgspec.Raw, changes: dict[str, Any]) -> msgspec.Raw | dict[str, Any]:
    return fields_of(record) | changes if changes else record
