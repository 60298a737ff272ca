"""Options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from recorte.errors import RecorteError


class Kind(StrEnum):
    """Formats of results, by their suffixes; typer reads lists of such alone."""

    PNG = "png"
    WEBP = "webp"
    TIF = "tif"
    TIFF = "tiff"
    JPG = "jpg"
    JPEG = "jpeg"


def one_kind(kinds: list[Kind] | None) -> str | None:
    """Give the format that was asked for.

    Raises:
        RecorteError: several were.
    """
    if not kinds:
        return None
    if len({*kinds}) > 1:
        raise RecorteError(f"--format is given as {' and '.join(dict.fromkeys(kinds))}; name one of them")
    return kinds[0].value


def asked_for(**showing: Any) -> dict[str, Any]:
    """Leave out of a result's options those that were not given, as `Options.read` takes them."""
    return {name: value for name, value in showing.items() if value is not None and value is not False}


def kind_of(preset: str | None) -> str | None:
    """Give the format that a preset asks for, if it does."""
    if preset is None:
        return None
    from recorte.removal.presets import read_preset

    kind = read_preset(preset).get("format")
    return None if kind is None else str(kind)


Kinds = Annotated[
    list[Kind] | None,
    typer.Option(
        "--format", show_default=False, help="Of what lies in a folder, goes to a pipe or has no name; as a rule png."
    ),
]

Model = Annotated[
    Path | None,
    typer.Option(
        "--model", "-m", metavar="MODEL", show_default=False,
        help="A best_model folder, the folder of a training run, an .onnx file, or the name of a taught model, instead "
        "of the bundled one.",
    ),
]  # fmt: skip
Provider = Annotated[
    str | None,
    typer.Option(
        "--provider", metavar="NAME", show_default=False,
        help="What computes: cuda, tensorrt, coreml, directml, openvino or cpu, as the installed ONNX Runtime has; "
        "as a rule what RECORTE_PROVIDERS says, else cpu.",
    ),
]  # fmt: skip
Background = Annotated[
    str | None,
    typer.Option(
        "--background", "-b", metavar="WHAT", show_default=False,
        help="What goes behind the people: a colour (white, '#ff8800'), a picture's path, or blur.",
    ),
]  # fmt: skip
Mask = Annotated[bool, typer.Option("--mask", help="Write the mask: white people on black.")]
Crop = Annotated[bool, typer.Option("--crop", help="Crop to the people.")]
People = Annotated[
    Literal["all", "largest", "each"] | None,
    typer.Option(
        "--people", show_default=False,
        help="All people, the largest alone, or each in a file (photo-cutout-1.png).",
    ),
]  # fmt: skip
Size = Annotated[
    str | None,
    typer.Option(
        "--size", metavar="WxH", show_default=False,
        help="Of the result: 1000x1000; or one side alone: 1000x, x1000.",
    ),
]  # fmt: skip
Margin = Annotated[
    str | None,
    typer.Option(
        "--margin", metavar="SHARE", show_default=False,
        help="Room around the people, such as 8%; in a size they fill the rest.",
    ),
]  # fmt: skip
Align = Annotated[
    Literal["centre", "bottom"] | None,
    typer.Option(
        "--align",
        show_default=False,
        help="Where people stand in a size of two sides: as a rule in its centre, or on its border if the photo cuts "
        "them off below.",
    ),
]
Shadow = Annotated[bool, typer.Option("--shadow", help="Lay a soft shadow below the feet.")]
Quality = Annotated[
    int | None,
    typer.Option(
        "--quality", metavar="N", show_default=False,
        help="Of JPEG (as a rule 92) and WebP (else lossless): 1 to 100.",
    ),
]  # fmt: skip
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset", metavar="NAME", show_default=False,
        help="All this in one word, such as amazon, or a YAML file of your own.",
    ),
]  # fmt: skip
Mirrored = Annotated[
    bool, typer.Option("--tta", help="Take the mean with the mirror image, in twice the network's time.")
]
Looks = Annotated[
    int,
    typer.Option(
        "--looks", metavar="N", min=1, max=4, show_default=False,
        help="How often to look, at most: at the whole photo, then closer at people who fill a part of it.",
    ),
]  # fmt: skip
Refine = Annotated[
    bool, typer.Option("--refine/--no-refine", help="Fit the edges to the photo's own.", show_default=False)
]
Colours = Annotated[
    bool,
    typer.Option("--colours/--no-colours", help="Take the old background out of the edges.", show_default=False),
]
Report = Annotated[bool, typer.Option("--report", help="Say how good each cut-out is likely to be.")]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Listen here; 0.0.0.0 lets other machines in.")]
Port = Annotated[int, typer.Option(min=0, max=65535, metavar="NUMBER", help="Listen here; 0: at a free one.")]
