"""Projects in Supervisely's format, for tests."""

import base64
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 30, 40


def write_project(root: Path, photos: Mapping[str, Sequence[dict[str, Any]]], *, tags: Sequence[str] = ()) -> Path:
    """Write photos by name ("ds1/a.png") with their objects; `tags` are of all of them."""
    classes = [
        {"title": title, "shape": "any", "color": "#ff0000"} for title in ("person_poly", "person_bmp", "neutral")
    ]
    root.mkdir(parents=True, exist_ok=True)
    (root / "meta.json").write_text(json.dumps({"classes": classes, "tags": []}))
    for number, (name, objects) in enumerate(photos.items()):
        folder, _, file = name.partition("/")
        for kind in ("img", "ann"):
            (root / folder / kind).mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / folder / "img" / file)
        annotation = {
            "description": "", "size": {"height": HEIGHT, "width": WIDTH},
            "tags": [{"name": tag, "value": None} for tag in tags], "objects": objects,
        }  # fmt: skip
        (root / folder / "ann" / f"{file}.json").write_text(json.dumps(annotation))
    return root


def polygon(exterior: Sequence[Sequence[float]], *holes: Sequence[Sequence[float]], title: str = "person_poly") -> dict:
    points = {"exterior": exterior, "interior": holes}
    return {"id": 7, "classTitle": title, "geometryType": "polygon", "points": points}


def bitmap(mask: np.ndarray, left: int, top: int, title: str = "person_bmp") -> dict[str, Any]:
    """A bitmap as Supervisely writes it: an RGBA picture whose every channel is the mask."""
    content = io.BytesIO()
    Image.fromarray(np.repeat(mask[..., None].astype(np.uint8) * 255, 4, axis=-1)).save(content, "PNG")
    return packed(content.getvalue(), left, top, title)


def packed(content: bytes, left: int = 0, top: int = 0, title: str = "person_bmp") -> dict[str, Any]:
    data = base64.b64encode(zlib.compress(content)).decode()
    return {"id": 8, "classTitle": title, "geometryType": "bitmap", "bitmap": {"data": data, "origin": [left, top]}}
