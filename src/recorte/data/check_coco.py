"""Everything that can be wrong with an annotation file in COCO's format, all of it at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from recorte.data.check_photos import Header, read_header
from recorte.data.coco_outlines import count_inside, parse_outline
from recorte.data.coco_records import (
    NOT_FINITE,
    OUTSIDE,
    Annotation,
    Category,
    Image,
    UncheckedFile,
    id_of,
)
from recorte.data.findings import Finding


class Checked(NamedTuple):
    """An annotation file as far as it can be used.

    Attributes:
        findings: what is wrong or odd.
        images: by position in the file, those that can be used.
        faulty_images: positions of the others.
        faulty_annotations: positions of annotations that cannot be used.
    """

    findings: list[Finding]
    images: dict[int, Image]
    faulty_images: set[int]
    faulty_annotations: set[int]


def check_annotations(path: Path) -> Checked:
    """Check an annotation file by itself: its structure, ids, names, sizes and outlines."""
    checked = Checked([], {}, set(), set())
    unchecked = _read(path, checked.findings)
    if unchecked is None:
        return checked
    _check_images(path, unchecked.images, checked)
    people = _people(path, unchecked.categories, checked.findings)
    _check_people(path, unchecked.annotations, people, checked)
    return checked


def check_photos_of(folder: Path, root: Path, path: Path, checked: Checked) -> Iterator[Finding]:
    """Check that the photos which an annotation file lists are there, open, and have the size that it says."""
    for position, image in checked.images.items():
        header: Header = read_header(folder / image.file_name, root)
        if header.problem:
            yield Finding(str(folder / image.file_name), "", header.problem)
        elif not header.fits(image.height, image.width):
            sizes = f"{header.width} x {header.height} pixels, but {path.name} says {image.width} x {image.height}"
            yield Finding(str(folder / image.file_name), "", sizes)
        else:
            continue
        checked.faulty_images.add(position)


def without_faults(content: bytes, checked: Checked) -> bytes:
    """Give an annotation file without its faulty photos and annotations; all else in it stays."""
    everything: dict[str, Any] = msgspec.json.decode(NOT_FINITE.sub(b"null", content))
    images = [image for position, image in enumerate(everything["images"]) if position not in checked.faulty_images]
    known = {image["id"] for image in images}
    everything["images"] = images
    everything["annotations"] = [
        annotation
        for position, annotation in enumerate(everything["annotations"])
        if position not in checked.faulty_annotations and annotation["image_id"] in known
    ]
    return msgspec.json.encode(everything)


def _read(path: Path, findings: list[Finding]) -> UncheckedFile | None:
    try:
        content = NOT_FINITE.sub(b"null", path.read_bytes())
        return msgspec.json.decode(content, type=UncheckedFile)
    except OSError as error:
        findings.append(Finding(str(path), "", f"cannot be read ({error.strerror})"))
    except msgspec.ValidationError as error:
        valid = "'images', 'annotations' and 'categories' must be lists in it"
        findings.append(Finding(str(path), "", f"not COCO's format ({error}); {valid}"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.append(Finding(str(path), "", f"damaged or no JSON ({error})"))
    return None


def _check_images(path: Path, records: list[msgspec.Raw], checked: Checked) -> None:
    decoder = msgspec.json.Decoder(Image)
    ids: dict[int, int] = {}
    names: dict[str, int] = {}
    for position, record in enumerate(records):
        try:
            image = decoder.decode(record)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            what = str(error)
            item = f"image {id_of(record)} (number {position + 1} in the file)"
        else:
            item = f"image {image.id}"
            what = ""
            if OUTSIDE.search(image.file_name):
                what = f"its file_name {image.file_name!r} is not below the photo folder"
            elif image.id in ids:
                what = f"another one has the same id, number {ids[image.id] + 1} in the file"
            elif image.file_name in names:
                what = f"its file {image.file_name} is that of image {names[image.file_name]} too"
            ids.setdefault(image.id, position)
            names.setdefault(image.file_name, image.id)
            checked.images[position] = image
        if what:
            checked.findings.append(Finding(str(path), item, what))
            checked.faulty_images.add(position)
            checked.images.pop(position, None)
    if not records:
        checked.findings.append(Finding(str(path), "", "lists no photos"))


def _people(path: Path, records: list[msgspec.Raw], findings: list[Finding]) -> set[int]:
    """Give the ids of the categories that are people."""
    categories = []
    for position, record in enumerate(records):
        try:
            categories.append(msgspec.json.decode(record, type=Category))
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            findings.append(Finding(str(path), f"category number {position + 1} in the file", str(error)))
    people = {category.id for category in categories if category.name.strip().casefold() == "person"}
    if not people:
        names = ", ".join(sorted(category.name for category in categories)) or "none at all"
        findings.append(Finding(str(path), "", f"no category is named 'person'; there are: {names}"))
    return people


def _check_people(path: Path, records: list[msgspec.Raw], people: set[int], checked: Checked) -> None:
    decoder = msgspec.json.Decoder(Annotation)
    images = {image.id: image for image in checked.images.values()}
    ids: set[int] = set()
    for position, record in enumerate(records):
        item = f"annotation {id_of(record)}"
        try:
            annotation = decoder.decode(record)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            checked.findings.append(Finding(str(path), f"{item} (number {position + 1} in the file)", str(error)))
            checked.faulty_annotations.add(position)
            continue
        if annotation.category_id not in people:
            continue
        image = images.get(annotation.image_id)
        grave, odd = "", ""
        if annotation.id in ids:
            grave = "another one has the same id"
        elif image is None:
            grave = f"there is no usable image {annotation.image_id}"
        else:
            grave, odd = _check_outline(annotation, image)
        ids.add(annotation.id)
        if grave:
            checked.faulty_annotations.add(position)
        if grave or odd:
            checked.findings.append(Finding(str(path), item, grave or odd, bool(grave)))


def _check_outline(annotation: Annotation, image: Image) -> tuple[str, str]:
    """Tell what is grave and what is odd about a person's outline."""
    try:
        outline = parse_outline(annotation.segmentation, image.height, image.width)
    except ValueError as error:
        return f"its outline is not usable: {error}", ""
    if not count_inside([outline], image.height, image.width):
        return "its outline covers no pixel", ""
    area = annotation.area
    if area is not None and not 0 < area <= image.width * image.height:
        return "", f"its area is {area:g}, of a photo of {image.width * image.height:,} pixels"
    if isinstance(outline, list) and _passes_the_edge(outline, image):
        return "", "its outline passes the photo's edge"
    return "", ""


def _passes_the_edge(outline: list[list[float]], image: Image) -> bool:
    xs, ys = [x for polygon in outline for x in polygon[::2]], [y for polygon in outline for y in polygon[1::2]]
    return min(xs) < -1 or min(ys) < -1 or max(xs) > image.width + 1 or max(ys) > image.height + 1
