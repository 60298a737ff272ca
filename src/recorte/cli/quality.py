"""`recorte --report`: what is said of how good a cut-out is likely to be."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recorte.removal.quality import QualityReport
    from recorte.removal.remover import BackgroundRemover


def judge_photo(remover: "BackgroundRemover", source: Path | bytes) -> "QualityReport":
    """Report on a photo. It is cut out once more for that, with every step kept.

    Raises:
        PhotoError: it cannot be read.
    """
    from recorte.photo import read_photo
    from recorte.removal.quality import judge

    pixels = read_photo(source).pixels
    return judge(pixels, remover.steps(pixels))


def as_text(report: "QualityReport") -> str:
    """A report in some lines: score and figures, the 3 x 3 map in per cent, advice."""
    figures = (
        f"{name} {value:.0f}" + (f" (under {threshold:g})" if value < threshold else "")
        for name, (value, threshold) in report.figures.items()
    )
    places = "\n".join("  " + "".join(f"{share:4.0f}" for share in row) for row in report.places)
    advice = "\n".join(f"  {sentence}" for sentence in report.sentences())
    return f"  quality {report.score} of 100: {', '.join(figures)}\n{places}\n{advice}"
