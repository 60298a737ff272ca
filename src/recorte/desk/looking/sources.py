"""What `verify` finds in the sources of `config.data`, one after the other, and in all of them together."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from recorte.data.checks.checked import Checked
from recorte.data.checks.coco import check_annotations, check_photos_of
from recorte.data.checks.photos import decode_all
from recorte.data.checks.samples import check_brightness, check_samples, file_of
from recorte.data.coco.layout import VAL_SHARE, Names, locate, parts_of
from recorte.data.coco.persons import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.data.reading.findings import Finding, finding_of
from recorte.data.sample import PersonSource, Split
from recorte.data.supervisely import SuperviselyPersons
from recorte.desk.looking.leaks import Listed, find_leaks
from recorte.errors import DataError, RecorteError

SPLITS: tuple[Split, ...] = ("train", "val")


@dataclass
class Looked:
    """What was found.

    Attributes:
        findings: everything, each once.
        counts: for each source, and for the splits together, how many findings are grave (True) and odd (False).
        photos: those that can be used.
        annotations: files of COCO with faults that can be left out, and what these are.
    """

    findings: dict[Finding, None] = field(default_factory=dict)
    counts: dict[str, Counter[bool]] = field(default_factory=dict)
    photos: list[Listed] = field(default_factory=list)
    annotations: list[tuple[Path, Checked]] = field(default_factory=list)


def check_sources(sources: Mapping[str, partial[PersonSource]], full: bool) -> Looked:
    """Check sources, and whether the splits share photos.

    Args:
        sources: what opens each for a split, by name.
        full: decode every photo and mask.
    """
    looked = Looked()
    for name, source in sources.items():
        check = _check_coco if source.func is CocoPersons else _check_source
        _note(looked, name, check(name, source, full, looked))
    _note(looked, "train and val together", find_leaks(looked.photos))
    return looked


def _note(looked: Looked, name: str, findings: Iterator[Finding]) -> None:
    new = dict.fromkeys(findings)
    looked.counts[name] = Counter(finding.grave for finding in new)
    looked.findings.update(new)


def _check_coco(name: str, source: partial[PersonSource], full: bool, looked: Looked) -> Iterator[Finding]:
    root = Path(source.keywords["root"])
    for split in SPLITS:
        try:
            path, folder, shared = locate(root, split, Names.of(source.keywords))
        except DataError as error:
            yield finding_of(error, root)
            continue
        if shared and split == "val":  # looked at with "train"
            continue
        checked = check_annotations(path, folder)
        yield from checked.findings
        yield from check_photos_of(folder, root, path, checked)
        photos = {position: folder / image.file_name for position, image in checked.images.items()}
        if full:
            sound = [path for position, path in photos.items() if position not in checked.faulty_images]
            undecodable = list(decode_all(sound, _progress("decoding")))
            yield from undecodable
            lost = {finding.path for finding in undecodable}
            checked.faulty_images.update(position for position, path in photos.items() if str(path) in lost)
        belongs = dict.fromkeys(checked.names, split)
        if shared:
            validate = parts_of([*checked.names.values()], "val", source.keywords.get("val_share", VAL_SHARE))
            belongs |= {position: "val" for position, one in zip(belongs, validate, strict=True) if one}
        looked.photos += [
            Listed(name, belongs[position], checked.images[position].file_name, path)
            for position, path in photos.items()
            if position not in checked.faulty_images
        ]
        if checked.is_mendable:
            looked.annotations.append((path, checked))


def _check_source(name: str, source: partial[PersonSource], full: bool, looked: Looked) -> Iterator[Finding]:
    root = Path(source.keywords.get("root", ""))
    tells = source.func in (ImageMaskFolder, SuperviselyPersons)
    masked: list[ImageMaskFolder] = []
    for split in SPLITS:
        found: list[Finding] = []
        try:
            opened = source(split=split, **{"found": found} if tells else {})
        except RecorteError as error:
            yield from [*found, finding_of(error, root)]
            continue
        yield from found
        for index, findings in enumerate(check_samples(opened, root, full, _progress("reading"))):
            yield from findings
            path = file_of(opened, index)
            if path is not None and not any(finding.grave for finding in findings):
                looked.photos.append(Listed(name, split, opened.name(index), path))
        masked += [opened] if isinstance(opened, ImageMaskFolder) else []
    yield from check_brightness(masked)


def _progress(what: str) -> Callable[[int, int], None]:
    """Tell every ten thousand photos how far it is."""

    def tell(done: int, total: int) -> None:
        if done % 10_000 == 0:
            print(f"  {what}: {done:,} of {total:,}", flush=True)

    return tell
