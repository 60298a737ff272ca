"""One photo, from whatever it is given as to whatever its result is given as."""

import logging
import os
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from recorte.photo import Photo, name_of
from recorte.removal.correct.record import Record, beside, check_record
from recorte.removal.correct.touches import Touch, check_touches
from recorte.removal.files import output
from recorte.removal.files.pages import further_pages
from recorte.removal.files.report import Aside
from recorte.removal.files.sources import Result, Source, bytes_of, check_alpha, encoded, read
from recorte.removal.options import Options
from recorte.removal.steps.backgrounds import fitted

if TYPE_CHECKING:
    from recorte.removal.pipeline import Pipeline


log = logging.getLogger("recorte")


def remove(
    pipeline: "Pipeline",
    options: Options,
    source: Source,
    target: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
    kind: str | None = None,
    alpha: np.ndarray | None = None,
    touches: Sequence[Touch] = (),
    record: Record | None = None,
    aside: Aside | None = None,
) -> Result | list[Result]:
    """Do what `BackgroundRemover.remove_background` does, by options that many photos share: read once.

    `record` has further touches, made before for this photo; it is a RecorteError if this is another one.
    `aside` takes what is to be told beside the result; None: of pages it is warned.
    """
    started = time.perf_counter()
    source = bytes_of(source)
    target = None if target is None else output.path_of(target)
    suffix = output.suffix_of(kind, target, options)
    if target is not None:
        for file in options.targets(target, 1):
            output.check_target(file, source, overwrite, options.transparent)
    photo = read(source)
    alpha, kept = _mended(pipeline, photo, alpha, touches, record)
    if kept and target is not None:
        check_record(beside(target), kept, overwrite)
    options = replace(options, background=fitted(options.background, photo))
    made = pipeline.results(photo.pixels, options, name_of(source), photo.alpha, alpha)
    pictures = [one.picture for one in made]
    pages, lost = [] if isinstance(source, np.ndarray) else further_pages(source), [*photo.not_read]
    contents: list[bytes] = []
    if target is not None or kind is not None or isinstance(source, bytes):
        contents = encoded(pictures, photo, suffix, name_of(source), lost, options.quality)
    lost = [*dict.fromkeys([*pages, *lost])]
    if aside is not None:
        aside.not_kept, aside.empty = lost, all(one.empty for one in made)
    elif pages:
        warnings.warn(f"{name_of(source)}: cut out without {pages[0]}", stacklevel=3)
    if target is not None:
        results = [*zip(options.targets(target, len(contents)), contents, strict=True)]
        for file, content in results:
            # A run that was killed between several may have left this very file.
            if not file.is_file() or file.read_bytes() != content:
                output.check_target(file, source, overwrite, options.transparent)
        if kept:
            output.write(beside(target), kept.text().encode())
        # The first one last: that it is there means that all are.
        for file, content in reversed(results):
            output.write(file, content)
    log.debug("%s: %d results in %.0f ms", name_of(source), len(pictures), 1000 * (time.perf_counter() - started))
    given: Sequence[Result] = contents
    if kind is None and not isinstance(source, bytes):
        given = pictures if isinstance(source, np.ndarray) else [output.as_image(p, photo, lost) for p in pictures]
    return list(given) if options.people == "each" else given[0]


def _mended(
    pipeline: "Pipeline", photo: Photo, alpha: np.ndarray | None, touches: Sequence[Touch], record: Record | None
) -> tuple[np.ndarray | None, Record | None]:
    """Give the alpha that is cut out and the record of its touches; None: the network's, and no touches."""
    if alpha is not None:
        check_alpha(alpha, photo.pixels)
    if record is not None:
        record.check(photo.pixels)
        touches = (*record.touches, *touches)
    if touches:
        check_touches(touches, *photo.pixels.shape[:2])
        alpha = pipeline.enlarge(pipeline.found(photo.pixels), photo.pixels) if alpha is None else alpha
        alpha = pipeline.correct(photo.pixels, alpha, touches)
    return alpha, Record.of(photo.pixels, touches) if touches else None
