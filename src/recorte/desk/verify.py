"""`verify`: everything that a training relies on."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from recorte.data.checks.mending import mend
from recorte.data.coco import CocoPersons
from recorte.data.reading.findings import Finding
from recorte.data.sample import PersonSource
from recorte.desk.looking.sources import Looked, check_sources
from recorte.desk.results import result_file
from recorte.errors import DataError, RecorteError
from recorte.training.command.config import resolved

SHOWN = 30
"""Findings that are printed; all of them are in the report."""


def verify(config: DictConfig) -> int:
    """Check the data of `config.data`, then a batch and the network on the device; print what is wrong.

    All that was found is written to `verify.json` in `config.run_dir`. With `config.full` every photo is decoded, and
    every mask; with `config.fix` an annotation file of COCO with faults gets a clean one beside it.

    Returns:
        Status: 1 if anything is grave, else 0.

    Raises:
        DataError: a clean annotation file, or the report, could not be written; all that was found is printed before.
    """
    config = resolved(config)
    sources = _sources(config)
    looked = check_sources(sources, config.full)
    findings = list(looked.findings)
    if not any(finding.grave for finding in findings):
        findings += _check_training(config)
    troubles = list(_mend(looked, findings)) if config.fix else []
    path = Path(config.run_dir) / "verify.json"
    problem = _write(path, findings)  # before anything is printed, which may fail
    _tell(looked, findings, config.full)
    others = [name for name, source in sources.items() if source.func is not CocoPersons]
    if config.fix and others:
        print(f"fix=true mends annotations of COCO only; nothing is changed of {', '.join(others)}")
    if not problem:
        print(f"Written to {path}")
    else:
        troubles.append(problem)
    if troubles:
        raise DataError("\n  ".join(troubles))
    return 1 if any(finding.grave for finding in findings) else 0


def check_data(config: DictConfig) -> None:
    """Check the data of a training before it begins.

    Raises:
        DataError: something is grave.
    """
    grave = [str(finding) for finding in check_sources(_sources(config), full=False).findings if finding.grave]
    if grave:
        more = f"\n  and {len(grave) - SHOWN:,} more" if len(grave) > SHOWN else ""
        listed = "".join(f"\n  {text}" for text in grave[:SHOWN])
        raise DataError(
            f"check=true: {len(grave):,} faults in the data; scripts/dataset.py verify says more:{listed}{more}"
        )


def _sources(config: DictConfig) -> dict[str, partial[PersonSource]]:
    return {name: instantiate(opened) for name, opened in config.data.sources.items()}


def _mend(looked: Looked, findings: list[Finding]) -> Iterator[str]:
    """Write clean annotation files, note them among the findings, and give what went wrong."""
    for path, checked in looked.annotations:
        try:
            findings.append(mend(path, checked))
        except RecorteError as error:
            yield str(error)


def _check_training(config: DictConfig) -> Iterator[Finding]:
    """Load a batch as training would, and send it through the network on the device."""
    import torch

    from recorte.model.batch import as_floats
    from recorte.training.build import build_data, without_weights
    from recorte.training.machine.inspection import check_machine

    try:
        check_machine(config)
        batch = as_floats(next(iter(build_data(config).train_dataloader())))
        network = instantiate(without_weights(config.model), _convert_="all").eval()
        gpu = config.trainer.accelerator in ("gpu", "cuda") and torch.cuda.is_available()
        device = torch.device("cuda" if gpu else "cpu")
        with torch.inference_mode():
            alpha = torch.sigmoid(network.to(device)(batch["image"].to(device)).alpha_logits)
        if not alpha.isfinite().all():
            yield Finding("model", "", f"on {device} it gives values that are no numbers")
        print(f"A batch of {tuple(batch['image'].shape)} went through the network on {device}")
    except RecorteError as error:
        yield Finding("training", "", str(error))


def _write(path: Path, findings: list[Finding]) -> str:
    """Write the report; give what prevents it, or nothing."""
    try:
        with result_file(path) as temporary:
            temporary.write_text(json.dumps([finding._asdict() for finding in findings], indent=1) + "\n")
    except RecorteError as error:
        return str(error)
    return ""


def _tell(looked: Looked, findings: list[Finding], full: bool) -> None:
    for name, counted in looked.counts.items():
        print(f"{name}: {counted[True]:,} faults, {counted[False]:,} oddities")
    ordered = sorted(findings, key=lambda finding: not finding.grave)
    for finding in ordered[:SHOWN]:
        print(f"  {'fault ' if finding.grave else 'oddity'}  {finding}")
    if len(ordered) > SHOWN:
        print(f"  and {len(ordered) - SHOWN:,} more, in the report")
    grave = sum(finding.grave for finding in findings)
    ready = "Ready to train" if full else "Ready to train, as far as headers tell; full=true decodes everything"
    print(ready if not grave else f"{grave:,} faults: training would pass over these, or stop")
