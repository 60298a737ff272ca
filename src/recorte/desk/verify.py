"""`verify`: everything that a training relies on."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from recorte.data.check_coco import check_annotations, check_photos_of, without_faults
from recorte.data.check_photos import decode_all, find_leaks, read_header
from recorte.data.coco import CocoPersons, locate
from recorte.data.findings import Finding
from recorte.data.sample import PersonSource
from recorte.errors import DataError, PhotoError, RecorteError
from recorte.files import write_whole
from recorte.training.config import resolved

SHOWN = 30
"""Findings that are printed; all of them are in the report."""
SPLITS = ("train", "val")


def verify(config: DictConfig) -> int:
    """Check the data of `config.data`, then a batch and the network on the device; print what is wrong.

    All that was found is written to `verify.json` in `config.run_dir`. With `config.full` every photo is decoded;
    with `config.fix` an annotation file with faults gets a clean one beside it.

    Returns:
        Status: 1 if anything is grave, else 0.
    """
    config = resolved(config)
    findings: list[Finding] = []
    for name, opened in config.data.sources.items():
        before = len(findings)
        findings += _check(instantiate(opened), config)
        grave = sum(finding.grave for finding in findings[before:])
        print(f"{name}: {grave} faults, {len(findings) - before - grave} oddities")
    if not any(finding.grave for finding in findings):
        findings += _check_training(config)
    _tell(findings)
    path = Path(config.run_dir) / "verify.json"
    write_whole(path, json.dumps([finding._asdict() for finding in findings], indent=1) + "\n")
    print(f"Written to {path}")
    return 1 if any(finding.grave for finding in findings) else 0


def check_data(config: DictConfig) -> None:
    """Check the data of a training before it begins.

    Raises:
        DataError: something is grave.
    """
    findings: list[Finding] = []
    for opened in config.data.sources.values():
        findings += _check(instantiate(opened), config)
    grave = [str(finding) for finding in findings if finding.grave]
    if grave:
        more = f"\n  and {len(grave) - SHOWN:,} more" if len(grave) > SHOWN else ""
        listed = "".join(f"\n  {text}" for text in grave[:SHOWN])
        raise DataError(
            f"check=true: {len(grave):,} faults in the data; scripts/dataset.py verify says more:{listed}{more}"
        )


def _check(source: partial, config: DictConfig) -> Iterator[Finding]:
    return (_check_coco if source.func is CocoPersons else _check_source)(source, config)


def _check_coco(source: partial, config: DictConfig) -> Iterator[Finding]:
    root, photos = Path(source.keywords["root"]), {}
    for split in SPLITS:
        try:
            path, folder = locate(root, split)
        except DataError as error:
            yield Finding(str(root), split, str(error))
            continue
        checked = check_annotations(path)
        yield from checked.findings
        found = list(check_photos_of(folder, root, path, checked))
        yield from found
        broken = {finding.path for finding in found}
        photos[split] = [
            folder / image.file_name for image in checked.images.values() if str(folder / image.file_name) not in broken
        ]
        if config.get("full"):
            undecodable = list(decode_all(photos[split], _progress("decoding")))
            yield from undecodable
            lost = {finding.path for finding in undecodable}
            checked.faulty_images.update(
                place for place, image in checked.images.items() if str(folder / image.file_name) in lost
            )
        if config.get("fix") and checked.images and checked.faulty_images | checked.faulty_annotations:
            clean = path.with_suffix(".clean.json")
            if clean.exists():
                raise DataError(f"{clean}: is there already; move it away, and fix=true writes a new one")
            write_whole(clean, without_faults(path.read_bytes(), checked))
            print(f"Written to {clean}; put it in the place of {path.name} to train on what is left")
    yield from find_leaks(photos)


def _check_source(source: partial, config: DictConfig) -> Iterator[Finding]:
    """Check a source by opening it, and the headers of its photos; or, with `full`, every sample."""
    photos: dict[str, list[Path]] = {}
    for split in SPLITS:
        try:
            opened: PersonSource = source(split=split)
        except RecorteError as error:
            yield Finding(str(source.keywords.get("root", "")), split, str(error))
            continue
        photos[split] = []
        tell = _progress("reading")
        for index in range(len(opened)):
            path = opened.path(index)
            if config.get("full") or path is None:
                try:
                    sample = opened[index]
                    if not sample.alpha.any() and not opened.negatives:
                        yield Finding(str(path or sample.name), "", "nobody is marked in it", grave=False)
                except PhotoError as error:
                    yield Finding(str(path or opened.name(index)), "", str(error))
                    continue
            elif problem := read_header(path, Path(source.keywords["root"])).problem:
                yield Finding(str(path), "", problem)
                continue
            if path is not None:
                photos[split].append(path)
            tell(index + 1, len(opened))
    yield from find_leaks(photos)


def _check_training(config: DictConfig) -> Iterator[Finding]:
    """Load a batch as training would, and send it through the network on the device."""
    import torch

    from recorte.model.batch import as_floats
    from recorte.training.build import build_data
    from recorte.training.machine import check_machine

    try:
        check_machine(config)
        batch = as_floats(next(iter(build_data(config).train_dataloader())))
        network = instantiate(config.model, encoder_weights="none", _convert_="all").eval()
        gpu = config.trainer.accelerator in ("gpu", "cuda") and torch.cuda.is_available()
        device = torch.device("cuda" if gpu else "cpu")
        with torch.inference_mode():
            alpha = torch.sigmoid(network.to(device)(batch["image"].to(device)).alpha_logits)
        if not alpha.isfinite().all():
            yield Finding("model", "", f"on {device} it gives values that are no numbers")
        print(f"A batch of {tuple(batch['image'].shape)} went through the network on {device}")
    except RecorteError as error:
        yield Finding("training", "", str(error))


def _tell(findings: list[Finding]) -> None:
    ordered = sorted(findings, key=lambda finding: not finding.grave)
    for finding in ordered[:SHOWN]:
        print(f"  {'fault ' if finding.grave else 'oddity'}  {finding}")
    if len(ordered) > SHOWN:
        print(f"  and {len(ordered) - SHOWN:,} more, in the report")
    grave = sum(finding.grave for finding in findings)
    print("Ready to train" if not grave else f"{grave:,} faults: training would pass over these, or stop")


def _progress(what: str) -> Callable[[int, int], None]:
    """Tell every ten thousand photos how far it is."""

    def tell(done: int, total: int) -> None:
        if done % 10_000 == 0:
            print(f"  {what}: {done:,} of {total:,}", flush=True)

    return tell
