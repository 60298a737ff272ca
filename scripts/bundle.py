"""Put a trained model into the package, as the weights that Recorte ships.

`python scripts/bundle.py outputs/<date>/<time> --data data`

`--share` mixes them with the weights that they went on from: between two weights of one descent lie better ones than
either (WiSE-FT, Wortsman et al. 2022, arXiv:2109.01903). Called with one run after the other it mixes several.
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
    model: Annotated[Path, typer.Argument(help="a run's folder, or a checkpoint in it")],
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/, to measure the rounding on")],
    share: Annotated[
        float, typer.Option(min=0, max=1, help="of the run's averaged weights; the rest are those in the package")
    ] = 1.0,
    into: Annotated[Path | None, typer.Option(help="another folder than the package's own")] = None,
) -> None:
    """Round the weights, measure what that costs, and write them into the package."""
    from recorte.files import write_whole
    from recorte.removal.network import find_model
    from recorte.training.build import BUNDLED_WEIGHTS

    checkpoint = model if model.suffix == ".ckpt" else None
    source = find_model(model.absolute().parents[1] if checkpoint else model).parent
    with tempfile.TemporaryDirectory() as folder:
        anew = bool(checkpoint) or share < 1  # the training exported, and measured, its best weights alone
        if anew:
            source = _mixed(checkpoint or model / "checkpoints/best.ckpt", source, share, Path(folder, "mixed"))
        rounded, whole, less = _rounded(source, Path(folder), data)
        facts = {
            "sure": SURE,
            "rounding": {"bits": 8, "photo_iou_of_32_bits": whole["photo_iou"], "photo_iou": less["photo_iou"]},
        }
        if anew:
            facts["metrics"] = less
        content = _content(source, rounded, facts)
    size = sum(map(len, content.values()))
    if size > MOST_BYTES:
        raise RecorteError(f"{size / 1e6:.1f} MB in all, at most {MOST_BYTES / 1e6:.0f} go into the package")
    for name, part in content.items():
        write_whole((into or BUNDLED_WEIGHTS) / name, part)
        print(f"{name}: {len(part) / 1e6:.1f} MB")


def _rounded(source: Path, folder: Path, data: Path) -> tuple[Path, dict[str, float], dict[str, float]]:
    """Store a model in 8 bits; give the file, and the figures at full photo size in 32 bits and in 8."""
    from recorte import BackgroundRemover
    from recorte.model.eight_bits import store_in_eight_bits
    from recorte.model.export import note_in_onnx

    page = json.loads((source / "model.json").read_text()) | {"sure": SURE}
    exact, rounded = folder / "32", folder / "8"
    for place in (exact, rounded):
        place.mkdir()
        (place / "model.json").write_text(json.dumps(page))
    shutil.copy(source / "model.onnx", exact)
    store_in_eight_bits(source / "model.onnx", rounded / "model.onnx")
    note_in_onnx(rounded / "model.onnx", page["image_size"], sure=SURE)
    whole, less = (_figures(BackgroundRemover(path).predict_alpha, data) for path in (exact, rounded))
    for name in less:
        print(f"{name} at full size: {whole[name]:.4f} with weights of 32 bits, {less[name]:.4f} with 8")
    lost = whole["photo_iou"] - less["photo_iou"]
    if lost >= MOST_LOST:
        raise RecorteError(f"the rounding costs {100 * lost:.2f} points of IoU, at most 0.3 may be lost")
    return rounded / "model.onnx", whole, less


def _content(source: Path, rounded: Path, facts: dict[str, Any]) -> dict[str, bytes]:
    """Give the three files of the package: their names and bytes."""
    import torch
    from safetensors.torch import save

    from recorte.model.export import load_network

    network, page = load_network(source)
    # Half precision does for training to go on from; the few values of norms and biases stay as they are.
    state = {
        name: value.to(torch.float16 if value.ndim > 1 else value.dtype).contiguous()
        for name, value in network.state_dict().items()
    }
    page |= {"origin": _without_paths(page["origin"])} | facts
    return {
        "model.onnx": rounded.read_bytes(),
        "model.safetensors": save(state),
        "model.json": (json.dumps(page, indent=2) + "\n").encode(),
    }


def _mixed(checkpoint: Path, described: Path, share: float, folder: Path) -> Path:
    """Export a mixture of a checkpoint's averaged weights and the package's own; give its folder.

    It looks at photos at the size of the package's, since a short run may have learned at a smaller one.
    """
    from recorte.model.export import export_model, load_network
    from recorte.training.build import BUNDLED_WEIGHTS

    network, facts = load_network(checkpoint)
    page = json.loads((described / "model.json").read_text())
    package, package_page = load_network(BUNDLED_WEIGHTS)
    before = package.state_dict()
    shapes, needed = ({name: value.shape for name, value in one.items()} for one in (network.state_dict(), before))
    if shapes != needed:
        raise RecorteError(f"{checkpoint}: another network than that of the package, with which it is to be mixed")
    state = {
        name: share * value + (1 - share) * before[name] if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    origin = page["origin"] | {"averaged": facts["averaged"], "share": share}
    export_model(network, folder, package_page["image_size"], {"metrics": page["metrics"], "origin": origin})
    return folder


def _figures(predict: Any, data: Path) -> dict[str, float]:
    strata, _ = measure(predict, validation(data))
    figures = {
        name if part == "all" else f"{part}/{name}": float(value)
        for part in ("all", "persons", "portraits")
        for name, value in strata[part].compute().items()
    }
    return {name: value for name, value in figures.items() if value == value}


def _without_paths(origin: dict[str, Any]) -> dict[str, Any]:
    """Leave out where the files of the run were on the machine that trained it."""
    # Of two overrides of one key the last counts; the first may name a place that is nowhere else in the config.
    last = {override.partition("=")[0]: override for override in origin["config"]["overrides"]}
    config = origin["config"] | {"overrides": [*last.values()]}
    text = json.dumps(origin | {"config": config})
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
