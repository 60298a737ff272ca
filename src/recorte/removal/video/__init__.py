"""Cutting people out of videos."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recorte.removal.video.cutting import cut_out_video
    from recorte.removal.video.preview import preview_video

__all__ = ["cut_out_video", "preview_video"]


def __getattr__(name: str) -> object:
    # Lazily, so that what is missing for video is told before anything heavy is imported.
    if name == "cut_out_video":
        from recorte.removal.video.cutting import cut_out_video

        return cut_out_video
    if name == "preview_video":
        from recorte.removal.video.preview import preview_video

        return preview_video
    raise AttributeError(f"module 'recorte.removal.video' has no attribute {name!r}")
