"""Write the graphs that the page without a server and the npm package bring: `python -m recorte.removal.graph web`."""

import warnings
from pathlib import Path

import typer

from recorte.files import write_whole
from recorte.removal.graph.export import parts
from recorte.removal.network import Network

PLACES = {"finish": "package/finish.onnx", "colours": "package/colours.onnx", "refine": "page/correct/refine.onnx"}


def main(web: Path) -> None:
    """Write them below the folder `web`, as the steps and the shipped weights are now."""
    warnings.simplefilter("ignore")  # of spox, which sees no sizes
    network = Network()
    for name, graph in parts(network.image_size, network.sure).items():
        write_whole(web / PLACES[name], graph.SerializeToString(deterministic=True))


if __name__ == "__main__":
    typer.run(main)
