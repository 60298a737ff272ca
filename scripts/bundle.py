"""Put a trained model into the package, as the weights that Recorte ships.

`python scripts/bundle.py outputs/<date>/<time> --data data`
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from recorte.cli.script import run
from recorte.errors import RecorteError
from studies.strata import measure, validation

MOST_LOST = 0.003
"""Greatest loss of IoU that weights of 8 bits may cost."""
MOST_BYTES = 25_000_000
SURE = 0.95
"""What the alpha of a region must reach, to be a person: two photos of nobody less are marked than without."""


def main(
    model: Annotated[Path, typer.Argument(help="a run's folder")],
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/, to measure the rounding on")],
    into: Annotated[Path | None, typer.Option(help="another folder than the package's own")] = None,
) -> None:
    """Round the weights, measure what that costs, and write them into the package."""
    import torch
    from safetensors.torch import save

    from recorte import BackgroundRemover
    from recorte.files import write_whole
    from recorte.model.eight_bits import store_in_eight_bits
    from recorte.model.export import load_network, note_in_onnx
    from recorte.removal.network import find_model
    from recorte.training.build import BUNDLED_WEIGHTS

    source = find_model(model).parent
    with tempfile.TemporaryDirectory() as folder:
        exact, rounded = Path(folder, "32"), Path(folder, "8")
        for place in (exact, rounded):
            place.mkdir()
            page = json.loads((source / "model.json").read_text()) | {"sure": SURE}
            (place / "model.json").write_text(json.dumps(page))
        shutil.copy(source / "model.onnx", exact)
        store_in_eight_bits(source / "model.onnx", rounded / "model.onnx")
        note_in_onnx(rounded / "model.onnx", page["image_size"], sure=SURE)
        whole, less = (_photo_iou(BackgroundRemover(path).predict_alpha, data) for path in (exact, rounded))
        print(f"photo_iou at full size: {whole:.4f} with weights of 32 bits, {less:.4f} with 8")
        if whole - less >= MOST_LOST:
            raise RecorteError(f"the rounding costs {100 * (whole - less):.2f} points of IoU, at most 0.3 may be lost")
        network, page = load_network(source)
        # Half precision does for training to go on from; the few values of norms and biases stay as they are.
        state = {
            name: value.to(torch.float16 if value.ndim > 1 else value.dtype).contiguous()
            for name, value in network.state_dict().items()
        }
        page["origin"] = _without_paths(page["origin"])
        page["sure"] = SURE
        page["rounding"] = {"bits": 8, "photo_iou_of_32_bits": whole, "photo_iou": less}
        content = {
            "model.onnx": (rounded / "model.onnx").read_bytes(),
            "model.safetensors": save(state),
            "model.json": (json.dumps(page, indent=2) + "\n").encode(),
        }
    size = sum(map(len, content.values()))
    if size > MOST_BYTES:
        raise RecorteError(f"{size / 1e6:.1f} MB in all, at most {MOST_BYTES / 1e6:.0f} go into the package")
    for name, part in content.items():
        write_whole((into or BUNDLED_WEIGHTS) / name, part)
        print(f"{name}: {len(part) / 1e6:.1f} MB")


def _photo_iou(predict: Any, data: Path) -> float:
    strata, _ = measure(predict, validation(data))
    return float(strata["all"].compute()["photo_iou"])


def _without_paths(origin: dict[str, Any]) -> dict[str, Any]:
    """Leave out where the files of the run were on the machine that trained it."""
    config = origin["config"]
    text = json.dumps(origin)
    places = {config["run_dir"]: "outputs/bundled", config["data"]["root"]: "data"}
    if config["data"].get("teacher"):
        places[config["data"]["teacher"]] = "taught"
    if config.get("init") not in (None, "bundled"):
        places[config["init"]] = "outputs/before/last.ckpt"
    for place, name in places.items():
        text = text.replace(json.dumps(place)[1:-1], name)
    return json.loads(text)


if __name__ == "__main__":
    run(main)
