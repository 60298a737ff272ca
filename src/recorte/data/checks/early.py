"""A look at a few labels of each source before a training begins: whether they can be labels at all."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from recorte.data.checks.samples import check_brightness
from recorte.data.coco import CocoPersons
from recorte.data.coco.outlines import are_shares, parse_outline
from recorte.data.folder import ImageMaskFolder
from recorte.data.sample import PersonSource, Split
from recorte.errors import DataError

FEW = 48
"""Outlines of a split that are looked at."""


def refuse_what_cannot_be(sources: Mapping[str, Callable[..., PersonSource]], splits: Iterable[Split]) -> None:
    """Look at a few dozen labels, all through each source, which takes a second or two.

    Args:
        sources: by name, what opens each for a split.
        splits: which to look at.

    Raises:
        DataError: outlines are shares of the photo and no pixels, or masks hold numbers of classes and no brightness.
    """
    faults: list[str] = []
    for source in sources.values():
        opened = [source(split=split) for split in splits]
        faults += [fault for one in opened if isinstance(one, CocoPersons) for fault in _shares(one)]
        masked = [one for one in opened if isinstance(one, ImageMaskFolder)]
        faults += [str(finding) for finding in check_brightness(masked) if finding.grave]
    if faults:
        raise DataError("\n  ".join(dict.fromkeys(faults)))


def _shares(source: CocoPersons) -> Iterator[str]:
    index = source.index
    photo_of = np.repeat(np.arange(len(index.sizes)), np.diff(index.first))
    read = shares = 0
    for person in np.unique(np.linspace(0, len(photo_of) - 1, FEW, dtype=int)) if len(photo_of) else ():
        size = index.sizes[photo_of[person]].tolist()
        try:
            outline = parse_outline(index.outlines.part(person), *size)
        except ValueError:  # told when its photo is read, and by `verify`
            continue
        read += 1
        shares += isinstance(outline, list) and are_shares(outline, *size)
    if shares > read / 2:
        what = (
            f"{shares} of the {read} outlines that were looked at are all within one pixel, as shares from 0 to 1 are"
        )
        remedy = "multiply x by the photo's width and y by its height, since COCO's are pixels"
        yield f"{source.path(0).parent}: {what}; {remedy}"
