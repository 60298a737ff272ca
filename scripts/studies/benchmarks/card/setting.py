"""Under what a card is studied: where, how large, on which photos."""

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from omegaconf import DictConfig

TINY = [
    "data.image_size=64", "data.batch_size=2", "data.num_workers=0", "model.encoder=test_resnet.r160_in1k",
    "model.decoder_channels=[16,16,8,8]",
]  # fmt: skip
"""A network and photos so small that only the study itself is tried."""
DRAWN, TIMES = 96, 24
"""Photos that are drawn, and how often each is there, so that an epoch is long enough."""
OFFLINE = ["model.encoder_weights=none", "logger=none"]


@dataclasses.dataclass(frozen=True)
class Setting:
    """Under what is measured.

    Attributes:
        out: folder of the study.
        data: folder of photos, with `persons/` and `portraits/`; None: drawn ones.
        tiny: whether only the study itself is tried.
        deadline: when all must be over, as `time.time()` gives it; None: whenever.
    """

    out: Path
    data: Path | None
    tiny: bool
    deadline: float | None

    @cached_property
    def device(self) -> "torch.device":
        """The card, or the processor where there is none."""
        import torch

        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def config(self, *overrides: str) -> "DictConfig":
        """Compose a training's config, with nothing in it that a network would be needed for."""
        from hydra import compose, initialize_config_dir

        from recorte.training.command.config import resolved
        from recorte.training.machine.hardware import CONF, register_resolvers

        register_resolvers()
        tiny = TINY if self.tiny else []
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return resolved(compose("train", [f"run_dir={self.out}", *OFFLINE, *tiny, *overrides]))

    @property
    def photos(self) -> list[str]:
        """What of a config says where the photos are; drawn ones are written first, as JPEG files of 480 pixels."""
        if self.data is not None:
            return ["data=mixed", f"data.root={self.data}"]
        root = self.out / "drawn"
        if not root.is_dir():
            self._draw(root)
        return ["data=folder", f"data.root={root}", "data.sources.folder.val_share=0.1"]

    def _draw(self, root: Path) -> None:
        from PIL import Image

        from recorte.data.synthetic import SyntheticPersons

        source = SyntheticPersons("train", 8 if self.tiny else DRAWN, 64 if self.tiny else 480)
        for name in ("photos", "masks"):
            (root / name).mkdir(parents=True)
        for number, sample in enumerate(source[index] for index in range(len(source))):
            Image.fromarray(sample.photo).save(root / f"photos/{number:03}.jpg", quality=90)
            Image.fromarray(sample.alpha).save(root / f"masks/{number:03}.png")
            for name in ("photos/{}.jpg", "masks/{}.png"):
                first = root / name.format(f"{number:03}")
                for time in range(0 if self.tiny else TIMES - 1):
                    (root / name.format(f"{number:03}_{time}")).hardlink_to(first)

    def batch(self, config: "DictConfig") -> dict[str, Any]:
        """Give a batch of drawn people, floats, on the processor."""
        from torch.utils.data import default_collate

        from recorte.data.batches.augmentation import Augmentation
        from recorte.data.batches.dataset import PersonDataset
        from recorte.data.batches.mixed import MixedPersons
        from recorte.data.synthetic import SyntheticPersons
        from recorte.model.batch import as_floats

        size, photos = config.data.image_size, config.data.batch_size
        source = MixedPersons({"drawn": SyntheticPersons("train", photos, size)})
        items = PersonDataset(source, size, Augmentation(), seed=0)
        batch = as_floats(default_collate([items[index] for index in range(photos)]))
        return {name: batch[name] for name in ("image", "alpha", "weight")}
