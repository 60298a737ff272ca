"""Parts of a film made an animation: GIF, APNG or WebP."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from recorte.errors import RecorteError
from recorte.removal.video.reading.files import decoded, reading
from recorte.removal.video.writing.parts import Kind

if TYPE_CHECKING:
    import av


def animate(
    parts: Sequence[Path], times: Sequence[int], durations: Sequence[int], time_base: Fraction, kind: Kind, target: Path
) -> None:
    """Make an animation that begins anew when it is over.

    A GIF has 255 colours of its own for each picture, and is transparent where the people are less than half there.

    Args:
        parts: whose pictures are encoded anew.
        times: of the pictures, in ticks.
        durations: of the pictures, in ticks.
        time_base: seconds that a tick lasts.
        kind: which animation.
        target: the file.

    Raises:
        RecorteError: a part is not as it was written.
    """
    import av

    how = kind.animation
    assert how is not None
    options = dict(how.file_options)
    if how.last:
        options[how.last[0]] = str(Fraction(durations[-1]) * time_base / how.last[1])
    if how.codec == "gif":
        options["final_delay"] = str(round(Fraction(options["final_delay"])))
    number, palette = 0, None
    with av.open(str(target), "w", format=kind.format, options=options) as file:
        stream = None
        for picture in _pictures(parts):
            if number == len(times):
                break
            if stream is None:
                stream = file.add_stream(how.codec, rate=25, options=how.options)
                stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, how.pixels
                stream.codec_context.time_base = Fraction(1, 1000)
                palette = _Palette(picture) if how.codec == "gif" else None
            picture = palette(picture) if palette else picture.reformat(format=how.pixels)
            # Rounded as moments, so that a film stays as long as it is.
            picture.pts, picture.time_base = round(times[number] * time_base * 1000), Fraction(1, 1000)
            file.mux(stream.encode(picture))
            number += 1
        if stream is None or number != len(times):
            raise RecorteError(
                f"{parts[0].parent}: its parts do not hold the frames that they should; remove it and begin anew"
            )
        file.mux(stream.encode(None))


def _pictures(parts: Sequence[Path]) -> "Iterator[av.VideoFrame]":
    import av

    for path in parts:
        with reading(path), av.open(str(path)) as part:
            yield from decoded(part.demux(part.streams.video[0]))


class _Palette:
    """Gives pictures 255 colours of their own, and one that is transparent."""

    def __init__(self, like: "av.VideoFrame") -> None:
        import av.filter

        self._graph = graph = av.filter.Graph()
        size = {"width": str(like.width), "height": str(like.height)}
        given = graph.add("buffer", **size, pix_fmt=like.format.name, time_base="1/1000")
        both, made = graph.add("split"), graph.add("palettegen", stats_mode="single", reserve_transparent="1")
        used, ready = graph.add("paletteuse", new="1", alpha_threshold="128"), graph.add("buffersink")
        given.link_to(both)
        both.link_to(made, 0, 0)
        both.link_to(used, 1, 0)
        made.link_to(used, 0, 1)
        used.link_to(ready)
        graph.configure()

    def __call__(self, picture: "av.VideoFrame") -> "av.VideoFrame":
        self._graph.push(picture)
        return self._graph.vpull()
