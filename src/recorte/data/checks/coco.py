"""Everything that can be wrong with an annotation file in COCO's format, all of it at once."""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import msgspec

from recorte.data.checks.checked import Checked, more, tell_changes
from recorte.data.checks.outline import check_outline
from recorte.data.checks.photos import Header, read_header
from recorte.data.coco.fields import Annotation, Category, Image, fields_of, id_of, number_in
from recorte.data.coco.outline_json import count_crumbs, read_outline, without_crumbs
from recorte.data.coco.photos import find_photos, size_or_nothing
from recorte.data.coco.records import OUTSIDE, TOO_DEEP, UncheckedFile, no_lists, plain_json, understand
from recorte.data.reading.findings import Finding
from recorte.photo import MAX_PIXELS


def check_annotations(path: Path, folder: Path) -> Checked:
    """Check an annotation file: its structure, ids, names, sizes and outlines.

    Args:
        path: the file.
        folder: of its photos, whose headers are read where sizes are not said.
    """
    changes: dict[type, dict[int, dict[str, Any]]] = {Image: {}, Annotation: {}, Category: {}}
    checked = Checked([], {}, {}, set(), set(), set(), [], set(), set(), changes, {})
    unchecked = _read(path, checked.findings)
    if unchecked is None:
        return checked
    _check_images(path, folder, unchecked.images, checked)
    people, others = _categories(path, unchecked.categories, checked)
    _check_people(path, unchecked.annotations, people, others, checked)
    tell_changes(path, unchecked, checked)
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
    content = b""
    try:
        content = plain_json(path.read_bytes())
        return msgspec.json.decode(content, type=UncheckedFile)
    except OSError as error:
        findings.append(Finding(str(path), "", f"cannot be read ({error.strerror})"))
    except msgspec.ValidationError:
        valid = "'images', 'annotations' and 'categories' must be lists in it"
        findings.append(Finding(str(path), "", f"not COCO's format ({no_lists(content)}); {valid}"))
    except RecursionError:
        findings.append(Finding(str(path), "", TOO_DEEP))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.append(Finding(str(path), "", f"damaged or no JSON ({error})"))
    return None


def _read_images(path: Path, folder: Path, records: list[msgspec.Raw], checked: Checked) -> dict[int, Image]:
    """Read photos' records, find the photos, and take from them the sizes that are not said."""
    decoder = msgspec.json.Decoder(Image)
    read: dict[int, Image] = {}
    changes = checked.changes[Image]
    for position, record in enumerate(records):
        one = understand(decoder, record, position)
        if one.problem:
            item = f"image {id_of(record)} (number {position + 1} in the file)"
            checked.findings.append(Finding(str(path), item, one.problem))
            checked.faulty_images.add(position)
            continue
        read[position] = one.record
        checked.names[position] = one.record.file_name
        if one.changes:
            changes[position] = one.changes
    safe = {place: image for place, image in read.items() if not OUTSIDE.search(image.file_name)}
    if not all(os.path.exists(folder / image.file_name) for image in safe.values()):  # noqa: PTH110 (see `path`)
        found = find_photos(folder, [image.file_name for image in safe.values()])
        for position, image in safe.items():
            if image.file_name in found:
                image.file_name = found[image.file_name]
                changes.setdefault(position, {})["file_name"] = image.file_name
    for position, image in safe.items():
        if not image.width:
            image.height, image.width = size_or_nothing(folder / image.file_name)
            changes[position] |= {"width": image.width, "height": image.height}
    return read


def _check_images(path: Path, folder: Path, records: list[msgspec.Raw], checked: Checked) -> None:
    ids: dict[int, int] = {}
    names: dict[PurePath, int] = {}
    read = _read_images(path, folder, records, checked)
    for position, image in read.items():
        twin, what = None, ""
        file = PurePath(image.file_name)  # which may be spelled in several ways
        if OUTSIDE.search(image.file_name):
            what = f"its file_name {image.file_name!r} is not below the photo folder"
        elif not image.width:
            what = f"it says no width and height, and its photo {folder / image.file_name} cannot be read for them"
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
            checked.findings.append(Finding(str(path), f"image {image.id}", what))
            checked.faulty_images.add(position)
        # Whose the annotations are, or whether they are all, nobody can tell, unless the two are one.
        if twin is not None and (read[twin].id, PurePath(read[twin].file_name)) != (image.id, file):
            checked.faulty_images.add(twin)
    checked.images.update((place, image) for place, image in read.items() if place not in checked.faulty_images)
    if not records:
        checked.findings.append(Finding(str(path), "", "lists no photos"))


def _categories(path: Path, records: list[msgspec.Raw], checked: Checked) -> tuple[set[int], set[int]]:
    """Give the ids of the categories that are people, and of those that are not; one listed as both is in neither."""
    decoder = msgspec.json.Decoder(Category)
    names: list[str] = []
    places: dict[int, int] = {}
    kinds: dict[int, set[bool]] = defaultdict(set)
    for position, record in enumerate(records):
        grave = True
        category, changes, what = understand(decoder, record, position)
        if category:
            checked.changes[Category].update({position: changes} if changes else {})
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
        annotation, changes, problem = understand(decoder, record, position)
        if problem:
            checked.findings.append(Finding(str(path), f"{item} (number {position + 1} in the file)", problem))
            checked.faulty_annotations.add(position)
            _doubt(record, position, others, places, checked)
            continue
        checked.changes[Annotation].update({position: changes} if changes else {})
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
            grave, odd = check_outline(annotation, fields_of(record).get("bbox"), checked.images[place])
        if grave:
            checked.faulty_annotations.add(position)
            checked.doubtful_images.update([] if place is None else [place])
        elif "id" in changes and "id" not in fields_of(record):
            checked.twins.add(position)
        elif annotation.id in ids:
            grave = "another one has the same id"
            checked.twins.add(position)
        else:
            ids.add(annotation.id)
        if not grave:
            _note_writing(annotation.segmentation, position, checked)
        if grave or odd:
            checked.findings.append(Finding(str(path), item, grave or odd, bool(grave)))
    for number, items in unlisted.items():
        what = f"there is no usable category {number}; list it in 'categories', whether it is people or not"
        checked.findings.append(Finding(str(path), f"{items[0]}{more(items)}", what))


def _note_writing(content: msgspec.Raw, position: int, checked: Checked) -> None:
    """Note how COCO has an outline that is written otherwise, or how many crumbs one has."""
    outline, otherwise = read_outline(content)
    if otherwise:
        plain = without_crumbs(outline) if isinstance(outline, list) else outline
        checked.changes[Annotation].setdefault(position, {})["segmentation"] = plain
    elif crumbs := count_crumbs(outline):
        checked.crumbs[position] = crumbs


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
