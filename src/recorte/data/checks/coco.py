"""Everything that can be wrong with an annotation file in COCO's format, all of it at once."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

import msgspec

from recorte.data.checks.photos import Header, read_header
from recorte.data.coco.outlines import count_inside, parse_outline
from recorte.data.coco.records import (
    OUTSIDE,
    TOO_DEEP,
    Annotation,
    Category,
    Image,
    UncheckedFile,
    fields_of,
    id_of,
    number_in,
    plain_json,
)
from recorte.data.reading.findings import Finding
from recorte.photo import MAX_PIXELS


class Checked(NamedTuple):
    """An annotation file as far as it can be used.

    Attributes:
        findings: what is wrong or odd.
        images: by position in the file, those that can be used.
        faulty_images: positions of the others.
        faulty_annotations: positions of annotations that cannot be used.
        doubtful_images: positions of photos of which such an annotation is, or may be, a person's.
        nowhere: positions of such annotations that name no photo.
        twins: positions of people's annotations that are good, but of an id that another one has.
        faulty_categories: positions of categories that cannot be used.
    """

    findings: list[Finding]
    images: dict[int, Image]
    faulty_images: set[int]
    faulty_annotations: set[int]
    doubtful_images: set[int]
    nowhere: list[int]
    twins: set[int]
    faulty_categories: set[int]


def check_annotations(path: Path) -> Checked:
    """Check an annotation file by itself: its structure, ids, names, sizes and outlines."""
    checked = Checked([], {}, set(), set(), set(), [], set(), set())
    unchecked = _read(path, checked.findings)
    if unchecked is None:
        return checked
    _check_images(path, unchecked.images, checked)
    people, others = _categories(path, unchecked.categories, checked)
    _check_people(path, unchecked.annotations, people, others, checked)
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
            if header.odd:
                yield Finding(str(folder / image.file_name), "", header.odd, grave=False)
            continue
        checked.faulty_images.add(position)


def _read(path: Path, findings: list[Finding]) -> UncheckedFile | None:
    try:
        return msgspec.json.decode(plain_json(path.read_bytes()), type=UncheckedFile)
    except OSError as error:
        findings.append(Finding(str(path), "", f"cannot be read ({error.strerror})"))
    except msgspec.ValidationError as error:
        valid = "'images', 'annotations' and 'categories' must be lists in it"
        findings.append(Finding(str(path), "", f"not COCO's format ({error}); {valid}"))
    except RecursionError:
        findings.append(Finding(str(path), "", TOO_DEEP))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.append(Finding(str(path), "", f"damaged or no JSON ({error})"))
    return None


def _check_images(path: Path, records: list[msgspec.Raw], checked: Checked) -> None:
    decoder = msgspec.json.Decoder(Image)
    ids: dict[int, int] = {}
    names: dict[PurePath, int] = {}
    read: dict[int, Image] = {}
    for position, record in enumerate(records):
        twin = None
        try:
            image = read[position] = decoder.decode(record)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            what = str(error)
            item = f"image {id_of(record)} (number {position + 1} in the file)"
        else:
            item = f"image {image.id}"
            what = ""
            file = PurePath(image.file_name)  # which may be spelled in several ways
            if OUTSIDE.search(image.file_name):
                what = f"its file_name {image.file_name!r} is not below the photo folder"
            elif image.width * image.height > MAX_PIXELS:
                what = f"its {image.width} x {image.height} pixels are more than the limit of {MAX_PIXELS:,}"
            elif image.id in ids:
                twin = ids[image.id]
                what = f"another one has the same id, number {twin + 1} in the file"
            elif file in names:
                twin = names[file]
                what = f"its file {image.file_name} is that of image {read[twin].id} too"
            ids.setdefault(image.id, position)
            names.setdefault(file, position)
        if what:
            checked.findings.append(Finding(str(path), item, what))
            checked.faulty_images.add(position)
        # Whose the annotations are, or whether they are all, nobody can tell, unless the two are one.
        if twin is not None and (read[twin].id, PurePath(read[twin].file_name)) != (image.id, file):
            checked.faulty_images.add(twin)
    checked.images.update((place, image) for place, image in read.items() if place not in checked.faulty_images)
    if not records:
        checked.findings.append(Finding(str(path), "", "lists no photos"))


def _categories(path: Path, records: list[msgspec.Raw], checked: Checked) -> tuple[set[int], set[int]]:
    """Give the ids of the categories that are people, and of those that are not; one listed as both is in neither."""
    names: list[str] = []
    places: dict[int, int] = {}
    kinds: dict[int, set[bool]] = defaultdict(set)
    for position, record in enumerate(records):
        what, grave = "", True
        try:
            category = msgspec.json.decode(record, type=Category)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            what = str(error)
        else:
            names.append(category.name)
            kinds[category.id].add(category.is_person)
            if category.id in places:
                what = f"number {places[category.id] + 1} has the same id, {category.id}"
                grave = len(kinds[category.id]) == 2  # else they say the same, for whoever looks for people
            places.setdefault(category.id, position)
        if what:
            checked.findings.append(Finding(str(path), f"category number {position + 1} in the file", what, grave))
            checked.faulty_categories.add(position)
    checked.faulty_categories.update(places[number] for number, kind in kinds.items() if len(kind) == 2)
    if not any(True in kind for kind in kinds.values()):
        listed = ", ".join(sorted(names)) or "none at all"
        checked.findings.append(Finding(str(path), "", f"no category is named 'person'; there are: {listed}"))
    people, others = ({number for number, kind in kinds.items() if kind == {of}} for of in (True, False))
    return people, others


def _check_people(path: Path, records: list[msgspec.Raw], people: set[int], others: set[int], checked: Checked) -> None:
    decoder = msgspec.json.Decoder(Annotation)
    places = {image.id: position for position, image in checked.images.items()}
    ids: set[int] = set()
    unlisted: dict[int, list[str]] = defaultdict(list)
    for position, record in enumerate(records):
        item = f"annotation {id_of(record)}"
        try:
            annotation = decoder.decode(record)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            checked.findings.append(Finding(str(path), f"{item} (number {position + 1} in the file)", str(error)))
            checked.faulty_annotations.add(position)
            _doubt(record, position, others, places, checked)
            continue
        # Without a category of people all annotations would be told of, where that one fault is enough.
        if annotation.category_id in others or not people:
            continue
        place = places.get(annotation.image_id)
        grave, odd = "", ""
        if annotation.category_id not in people:
            unlisted[annotation.category_id].append(item)
            checked.faulty_annotations.add(position)
            checked.doubtful_images.update([] if place is None else [place])
            continue
        if place is None:
            grave = f"there is no usable image {annotation.image_id}"
        else:
            grave, odd = _check_outline(annotation, checked.images[place])
        if grave:
            checked.faulty_annotations.add(position)
            checked.doubtful_images.update([] if place is None else [place])
        elif annotation.id in ids:
            grave = "another one has the same id"
            checked.twins.add(position)
        ids.add(annotation.id)
        if grave or odd:
            checked.findings.append(Finding(str(path), item, grave or odd, bool(grave)))
    for number, items in unlisted.items():
        more = f" and {len(items) - 1:,} more" if len(items) > 1 else ""
        what = f"there is no usable category {number}; list it in 'categories', whether it is people or not"
        checked.findings.append(Finding(str(path), f"{items[0]}{more}", what))


def _doubt(record: msgspec.Raw, position: int, others: set[int], places: dict[int, int], checked: Checked) -> None:
    """Note which photo an annotation that cannot be read is of, unless it is certain to be no person's."""
    fields = fields_of(record)
    if number_in(fields, "category_id") in others:
        return
    image = number_in(fields, "image_id")
    if image is None:
        checked.nowhere.append(position)
    elif image in places:
        checked.doubtful_images.add(places[image])


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
