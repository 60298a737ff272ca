"""Whether each sample of a source can be read, and its truth: by headers, or wholly."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from recorte.data.checks.photos import Header, Progress, read_header
from recorte.data.cutouts import CutoutFolder
from recorte.data.folder import ImageMaskFolder
from recorte.data.reading.findings import Finding, finding_of
from recorte.data.reading.photo_size import fits
from recorte.data.sample import PersonSource
from recorte.data.supervisely import SuperviselyPersons
from recorte.errors import PhotoError
from recorte.photo import opened, read_mask
from recorte.photo.modes import parted

LIGHT = 128
"""What a mask is, of 255, somewhere on a person."""
REMEDY = "white is the person, so give the person's pixels 255 and all others 0"
TINT = 24
"""By how much the colours of a pixel differ, of 255, that is clearly no grey."""
FEW = 32
"""Masks of a split that are read to see whether people are white in them."""


def file_of(source: PersonSource, index: int) -> Path | None:
    """Give the file of a sample's photo or cut-out; None where there is none."""
    return source.file(index) if isinstance(source, CutoutFolder) else source.path(index)


def check_samples(
    source: PersonSource, root: Path, full: bool, progress: Progress = lambda *_: None
) -> Iterator[list[Finding]]:
    """Check a source's samples in as many processes as there are cores.

    Args:
        source: anything but COCO, whose annotations have a check of their own.
        root: its folder.
        full: read all of every sample. Else of photos with masks only the headers are, and photos with shapes at an
            eighth of their size, if JPEG.
        progress: told how many are done.

    Yields:
        What is wrong with each sample, in their order.
    """
    step = max(1, len(source) // (8 * (os.cpu_count() or 1)))
    parts = [range(start, min(start + step, len(source))) for start in range(0, len(source), step)]
    with ProcessPoolExecutor() as pool:
        done = 0
        for part in pool.map(partial(_check_part, source, root, full), parts):
            for findings in part:
                done += 1
                progress(done, len(source))
                yield findings


def _check_part(source: PersonSource, root: Path, full: bool, part: range) -> list[list[Finding]]:
    if isinstance(source, SuperviselyPersons) and not full:
        source.enough = 1  # of this process's copy
    return [_check_sample(source, root, full, index) for index in part]


def _check_sample(source: PersonSource, root: Path, full: bool, index: int) -> list[Finding]:
    path = file_of(source, index)
    header = Header("") if path is None else read_header(path, root)
    place = path or Path(source.name(index))
    if header.problem:
        return [Finding(str(place), "", header.problem)]
    odd = [Finding(str(place), "", header.odd, grave=False)] if header.odd else []
    if isinstance(source, ImageMaskFolder):
        odd += _check_mask(source.mask(index), header, place, root)
        if not full or any(finding.grave for finding in odd):
            return odd
    try:
        alpha = source[index].alpha
    except PhotoError as error:
        return [*odd, finding_of(error, place, root)]
    what = ""
    if isinstance(source, ImageMaskFolder) and 0 < alpha.max() < LIGHT:
        what = f"nobody is marked in it: its mask is nowhere brighter than {alpha.max()} of 255"
    elif not alpha.any() and not source.negatives:
        what = "nobody is marked in it"
    elif alpha.min() > 127:
        what = "all of it is marked as person"
    return [*odd, Finding(str(place), "", what, grave=False)] if what else odd


def _check_mask(mask: Path, photo: Header, path: Path, root: Path) -> list[Finding]:
    header = read_header(mask, root)
    if header.problem:
        return [Finding(str(mask), "", header.problem)]
    odd = [Finding(str(mask), "", header.odd, grave=False)] if header.odd else []
    sizes = [(photo.height, photo.width)] + [(photo.width, photo.height)] * photo.turned
    if any(fits(size, header.height, header.width, True, None) for size in sizes):
        return odd
    what = f"{photo.width} x {photo.height} pixels, but its mask {mask} is for {header.width} x {header.height}"
    return [*odd, Finding(str(path), "", f"{what}; one of the two belongs to another photo")]


def check_brightness(splits: Iterable[ImageMaskFolder]) -> Iterator[Finding]:
    """Find folders of masks that hold numbers or colours of classes, say, so that nobody in them is white.

    Masks without anybody white are odd where others have somebody: a model's may be, of photos of nobody.

    Args:
        splits: the splits of a source; of each a few masks are read, all through it. Those that share a folder are
            judged together.
    """
    found: dict[Path, list[tuple[int, float]]] = defaultdict(list)
    coloured: dict[Path, list[tuple[Path, tuple[int, ...]]]] = defaultdict(list)
    for source in splits:
        chosen = range(0, len(source), -(-len(source) // FEW) or 1)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            masks = [source.mask(index) for index in chosen]
            colours = zip(masks, pool.map(_colour, masks), strict=True)
            coloured[source.mask_folder] += [(mask, colour) for mask, colour in colours if colour]
            read = pool.map(_brightness, masks)
            found[source.mask_folder] += [one for one in read if one is not None]
    for folder, read_there in found.items():
        if tinted := coloured[folder]:
            mask, colour = tinted[0]
            what = f"{len(tinted)} of the {len(read_there)} masks that were read are coloured, such as {mask.name}"
            what += f" with {colour} (RGB), as labels of classes are"
            yield Finding(str(folder), "", f"{what}; {REMEDY}", grave=len(tinted) > len(read_there) / 2)
            continue
        lights = [light for light, _ in read_there]
        shares = [share for light, share in read_there if light]
        if max(lights, default=0) >= LIGHT and max(shares) < 0.5:  # numbers of classes, and 255 at their edges, say
            what = f"what is not black is mostly darker than {LIGHT} of 255 in all {len(shares)} masks of somebody"
            yield Finding(str(folder), "", f"{what} that were read; {REMEDY}")
            continue
        dark = [light for light in lights if light < LIGHT]
        if any(dark) or (dark and dark == lights):
            what = f"nowhere brighter than {max(dark)} of 255 in {len(dark)} of the {len(lights)} masks that were read"
            yield Finding(str(folder), "", f"{what}; {REMEDY}", grave=0 < max(lights) < LIGHT)


def _colour(mask: Path) -> tuple[int, ...] | None:
    """Give the most frequent colour of a mask that is clearly not grey in more than a twentieth of what is not black.

    What is transparent anywhere is read by that, whatever its colours.
    """
    try:
        with opened(mask) as image:
            if image.mode in ("1", "L", "LA") or image.mode[0] in "IF":
                return None
            colours, alpha = parted(image)
            if alpha is not None and alpha.getextrema() != (255, 255):
                return None
            pixels = np.asarray(colours.convert("RGB")).reshape(-1, 3)
    except PhotoError:  # told of its photo
        return None
    tinted = pixels[np.ptp(pixels, axis=1) > TINT].astype(np.uint32)
    if len(tinted) <= np.count_nonzero(pixels.any(axis=1)) / 20:
        return None
    values, counts = np.unique(tinted @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_counts=True)
    return tuple(int(values[counts.argmax()]).to_bytes(3))


def _brightness(mask: Path) -> tuple[int, float] | None:
    """Give the brightest pixel, and the share of bright ones among those that are not black."""
    try:
        pixels = read_mask(mask)
    except PhotoError:  # told of its photo
        return None
    return int(pixels.max()), int(np.count_nonzero(pixels >= LIGHT)) / max(1, int(np.count_nonzero(pixels)))
