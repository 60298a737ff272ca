"""An annotation file in COCO's format without its faults, such that nobody is left in a photo unmarked."""

from itertools import count
from pathlib import Path

import msgspec

from recorte.data.checks.coco import Checked
from recorte.data.coco.records import fields_of, number_in, plain_json, read_annotations, select_persons
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
    return Finding(str(clean), "", what, grave=False)


def without_faults(content: bytes, checked: Checked) -> bytes:
    """Give an annotation file without its faulty and doubtful photos, faulty annotations and categories.

    All else in it stays. A good annotation whose id another one has gets a free one.
    """
    everything = msgspec.json.decode(plain_json(content), type=dict[str, msgspec.Raw])
    images = msgspec.json.decode(everything["images"], type=list[msgspec.Raw])
    annotations = msgspec.json.decode(everything["annotations"], type=list[msgspec.Raw])
    categories = msgspec.json.decode(everything["categories"], type=list[msgspec.Raw])
    categories = [one for position, one in enumerate(categories) if position not in checked.faulty_categories]
    left_out = checked.faulty_images | checked.doubtful_images
    images = [image for position, image in enumerate(images) if position not in left_out]
    known = {number_in(fields_of(image), "id") for image in images}
    kept, taken = [], set()
    for position, annotation in enumerate(annotations):
        fields = fields_of(annotation)
        taken.add(number_in(fields, "id"))
        if position not in checked.faulty_annotations and number_in(fields, "image_id") in known:
            kept.append((position, annotation))
    free = (number for number in count(1) if number not in taken)
    mended = [_with_id(next(free), one) if position in checked.twins else one for position, one in kept]
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


def _with_id(number: int, annotation: msgspec.Raw) -> dict[str, object]:
    return fields_of(annotation) | {"id": number}
