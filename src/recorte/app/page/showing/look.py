"""What a visitor wants results to look like, at full size and in the small pictures that the page shows."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recorte.app.page.cutting import SHOWN, Made, mask_pixels, safe_name
from recorte.errors import RecorteError
from recorte.removal.files.plan import result_names
from recorte.removal.options import Options
from recorte.removal.steps.backgrounds import ReadBackground, is_transparent
from recorte.removal.steps.people import frame

if TYPE_CHECKING:
    from recorte import BackgroundRemover

KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WebP"}
"""Of files, as people call them."""
WHITE, GREY = (255, 255, 255), (240, 240, 240)
OUTSIDE = 225, 217, 202
"""What the photo is shown on, where a result is larger."""


@dataclass(frozen=True, slots=True)
class Look:
    """How results look.

    Attributes:
        background: what is behind the people.
        crop: to the people.
        size: "1000x1000", say; None = the photo's own.
        margin: around the people, as a share of the shorter side; None = none is asked for.
        kind: of files: "png", "jpg" or "webp".
    """

    background: ReadBackground = None
    crop: bool = False
    size: str | None = None
    margin: float | None = None
    kind: str = "png"

    @property
    def behind(self) -> ReadBackground:
        """What is behind the people in files: white where a JPEG would have to be transparent."""
        return WHITE if self.kind == "jpg" and is_transparent(self.background) else self.background

    def check(self) -> None:
        """Find out whether it can be.

        Raises:
            RecorteError: it cannot.
        """
        Options.of(size=self.size, margin=self.margin, crop=self.crop)

    def file(self, remover: "BackgroundRemover", made: Made) -> bytes:
        """Make the file of a result at full size."""
        if self.background is None and self.kind == "png" and not self._laid_out(made):
            return made.cutout
        found: bytes = self._made(remover, made, background=self.behind, kind=self.kind)
        return found

    def mask(self, remover: "BackgroundRemover", made: Made) -> bytes:
        """Make the file of the mask, PNG, of the size that the result has."""
        if not self._laid_out(made):
            return made.mask
        found: bytes = self._made(remover, made, mask=True, kind="png")
        return found

    def shown(self, remover: "BackgroundRemover", made: Made) -> tuple[np.ndarray, np.ndarray]:
        """Give photo and result as the slider shows them: `uint8 (h, w, 3)`, and `(h, w, 4)` or `(h, w, 3)`."""
        photo, alpha = made.photo_shown, np.ascontiguousarray(made.cutout_shown[..., 3])
        options = Options.of(self.behind, **self._smaller(made))
        ((result, _),) = remover.pipeline.results(photo, options, "a photo", alpha=alpha / np.float32(255))
        if options.layout is not None:
            place = options.layout.placed(alpha)
            assert place is not None  # where nobody is no margin is asked for
            outside = place(np.full(alpha.shape, 255, np.uint8)) == 0
            photo = place(photo)
            photo[outside] = OUTSIDE
            return photo, result
        return np.ascontiguousarray(photo[frame(alpha)] if options.crop else photo), result

    def pixels(self, made: Made) -> tuple[int, int]:
        """Tell width and height of the result's file."""
        laid_out = self._laid_out(made)
        layout = Options.of(**laid_out).layout if laid_out else None
        if layout is not None and (place := layout.placed(mask_pixels(made.mask))):
            return place.width, place.height
        if laid_out:
            height, width = (side.stop - side.start for side in made.box)
            return width, height
        return made.width, made.height

    def _laid_out(self, made: Made) -> dict[str, Any]:
        """Give what changes a result's size; nothing of it needs people where nobody is."""
        nobody = not frame(made.cutout_shown[..., 3])[0].stop
        wanted = {"crop": self.crop, "size": self.size, "margin": self.margin}
        if nobody:
            wanted |= {"crop": False, "margin": None}
        return {name: value for name, value in wanted.items() if value not in (None, False)}

    def _smaller(self, made: Made) -> dict[str, Any]:
        wanted = self._laid_out(made)
        layout = Options.of(**wanted).layout
        if layout is not None and layout.size is not None:
            longest = max(side for side in layout.size if side)
            wanted["size"] = tuple(side and max(1, round(side * min(1, SHOWN / longest))) for side in layout.size)
        return wanted

    def _made(self, remover: "BackgroundRemover", made: Made, **more: Any) -> Any:
        alpha = mask_pixels(made.mask) / np.float32(255)
        return remover.remove_background(made.photo, alpha=alpha, **self._laid_out(made), **more)


def fitting(look: Look) -> tuple[Look, str | None]:
    """Give a look that can be, and what of the one that was wanted cannot, in a sentence."""
    try:
        look.check()
    except RecorteError as error:
        return replace(look, size=None, margin=None), str(error)
    return look, None


def packed(remover: "BackgroundRemover", photos: Iterable[tuple[str, Made]], look: Look) -> bytes:
    """A ZIP of the results and masks of photos, which are given by name."""
    made = list(photos)
    names = [safe_name(name) for name, _ in made]
    if len({name.casefold() for name in names}) < len(names):
        names = [f"{number}-{name}" for number, name in enumerate(names, start=1)]
    results = result_names(Path(name) for name in names)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as file:
        for name, (_, one) in zip(names, made, strict=True):
            stem = results[Path(name)].stem
            file.writestr(f"{stem}-cutout.{look.kind}", look.file(remover, one))
            file.writestr(f"{stem}-mask.png", look.mask(remover, one))
    return content.getvalue()
