"""Which of a file's streams are the film and its sound: not a cover, not a thumbnail, not a commentary."""

from pathlib import Path
from typing import TYPE_CHECKING

from recorte.errors import RecorteError
from recorte.photo.heif import SEQUENCE_BRANDS, brand_of

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream


def film_in(file: "InputContainer", path: Path) -> "VideoStream":
    """Give the stream of pictures that players show: FFmpeg's own choice, unless that is a cover or a thumbnail.

    Raises:
        RecorteError: there is none, or none that can be decoded; the message names `path`.
    """
    from av.stream import Disposition

    if _is_photo(file, path):
        raise RecorteError(f"{path}: a photo, not a video; recorte {path} cuts people out of it")
    if not file.streams.video:
        raise RecorteError(f"{path}: there are no pictures in it, so it is no video")
    aside = Disposition.attached_pic | Disposition.timed_thumbnails
    films = [stream for stream in file.streams.video if not Disposition(stream.disposition) & aside]
    if not films:
        raise RecorteError(f"{path}: its only picture is a cover, so it is no video")
    known = [stream for stream in films if stream.codec_context]
    if not known:
        raise RecorteError(f"{path}: its pictures are of a kind that cannot be decoded; convert it to H.264 first")
    best = file.streams.best("video")
    return next((stream for stream in known if best is not None and stream.index == best.index), known[0])


def sound_in(file: "InputContainer", pictures: "VideoStream") -> "AudioStream | None":
    """Give the track of sound that players play with these pictures: the first of those marked as default, or of all.

    Of a broadcast of several programmes it is one of the pictures' own. Tracks that cannot be decoded do not count.
    """
    from av.stream import Disposition

    known = [track for track in file.streams.audio if track.codec_context]
    own = file.streams.best("audio", related=pictures) if file.format.name == "mpegts" else None
    # A sort keeps the order of those alike.
    known.sort(key=lambda track: (own is None or track.index != own.index, not track.disposition & Disposition.default))
    return known[0] if known else None


def _is_photo(file: "InputContainer", path: Path) -> bool:
    brand = brand_of(path)
    if brand is not None:  # HEIC and AVIF, which are made as MP4 is
        return brand not in SEQUENCE_BRANDS
    return file.format.name == "image2" or file.format.name.endswith("_pipe")
