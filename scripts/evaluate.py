"""Measure a model: `python scripts/evaluate.py model=outputs/<date>/<time> data=coco data.root=COCO`."""

from omegaconf import DictConfig

from recorte.training.command.door import run


def evaluate(config: DictConfig) -> None:
    if config.full_size:
        from recorte.desk.as_used import evaluate

        evaluate(config)
    else:
        from recorte.training.command.sources import open_sources

        sources = open_sources(config, "val")  # before PyTorch: a wrong layout is told at once
        from recorte.training.evaluate import evaluate

        evaluate(config, sources)


if __name__ == "__main__":
    run("evaluate", evaluate, path_keys=["model"])
