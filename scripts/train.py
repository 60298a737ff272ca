"""Train a model: `python scripts/train.py data=coco data.root=COCO`; --help lists what can be set."""

from pathlib import Path

from omegaconf import DictConfig

from recorte.training.command.door import run


def train(config: DictConfig) -> float:
    if config.dry_run:  # set in an experiment; that of a command line never comes as far
        from recorte.training.command.dry_run import show

        return show(config)
    if config.check:
        from recorte.desk.verify import check_data

        check_data(config)
    from recorte.data.checks.early import refuse_what_cannot_be
    from recorte.training.command.sources import open_sources

    sources = open_sources(config, "train", "val")  # before PyTorch: a wrong layout is told at once
    refuse_what_cannot_be(sources, ("train", "val") if config.data.folds is None else ("train",))
    from recorte.training.fit import fit

    return fit(config, sources)


def export_best_of(sweep_dir: Path) -> None:
    from recorte.training.finish import export_best

    export_best(sweep_dir)


if __name__ == "__main__":
    run("train", train, after_sweep=export_best_of)
