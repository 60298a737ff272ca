"""What is wrong or odd with an annotation file in COCO's format, and what of it can be used."""

from collections import defaultdict
from collections.abc import Sized
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from recorte.data.coco.fields import Annotation, Category, Image, fields_of, id_of, shown
from recorte.data.coco.records import UncheckedFile
from recorte.data.reading.findings import Finding


class Checked(NamedTuple):
    """An annotation file as far as it can be used.

    Attributes:
        findings: what is wrong or odd.
        images: by position in the file, those that can be used.
        names: by position, what the file calls the photos.
        faulty_images: positions of the others.
        faulty_annotations: positions of annotations that cannot be used.
        doubtful_images: positions of photos of which such an annotation is, or may be, a person's.
        nowhere: positions of such annotations that name no photo.
        twins: positions of people's annotations that are good, but of an id that another one has.
        faulty_categories: positions of categories that cannot be used.
        changes: by kind of record and position, the fields that are not as COCO has them, but understood.
        crumbs: by position, how many parts of an annotation's outline are passed over.
    """

    findings: list[Finding]
    images: dict[int, Image]
    names: dict[int, str]
    faulty_images: set[int]
    faulty_annotations: set[int]
    doubtful_images: set[int]
    nowhere: list[int]
    twins: set[int]
    faulty_categories: set[int]
    changes: dict[type, dict[int, dict[str, Any]]]
    crumbs: dict[int, int]

    @property
    def is_mendable(self) -> bool:
        """Whether there is anything that can be left out or written otherwise."""
        faulty = self.faulty_images | self.faulty_annotations | self.faulty_categories | self.twins
        return bool(faulty or self.crumbs or any(self.changes.values()))


def tell_changes(path: Path, unchecked: UncheckedFile, checked: Checked) -> None:
    """Tell what is written otherwise than COCO has it, of each kind once."""
    records: dict[type, list[msgspec.Raw]] = {
        Image: unchecked.images,
        Annotation: unchecked.annotations,
        Category: unchecked.categories,
    }
    for kind, changes in checked.changes.items():
        alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for position, changed in changes.items():
            if kind is not Image or position not in checked.faulty_images:
                alike[tuple(changed)].append(position)
        for names, positions in alike.items():
            fields = fields_of(records[kind][positions[0]])
            said = {name: f"{name} {shown(fields[name])}" if name in fields else f"no {name}" for name in names}
            values = changes[positions[0]].items()
            read = [
                f"{said[name]}, read as {_plain(value)}" for name, value in values if said[name] != f"{name} {value}"
            ]
            what = f"not as COCO has it, but understood: {'; '.join(read)}"
            item = f"{kind.__name__.lower()} {id_of(records[kind][positions[0]])}{more(positions)}"
            checked.findings.append(Finding(str(path), item, what, grave=False))
    if checked.crumbs:
        count = f"{sum(checked.crumbs.values()):,} parts of outlines of fewer than three points, which are passed over"
        item = f"annotation {id_of(unchecked.annotations[next(iter(checked.crumbs))])}{more(checked.crumbs)}"
        checked.findings.append(Finding(str(path), item, count, grave=False))


def _plain(value: Any) -> str:
    """Give a field's value for a message; of an outline how it begins."""
    return (
        f"{shown(msgspec.Raw(msgspec.json.encode(value)))}..."
        if isinstance(value, list | msgspec.Struct)
        else f"{value}"
    )


def more(items: Sized) -> str:
    """Say how many items there are beside the one that is named."""
    return f" and {len(items) - 1:,} more" if len(items) > 1 else ""
