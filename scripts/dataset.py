"""Look at data, and bring them: `python scripts/dataset.py quick data=coco data.root=COCO`."""

import sys
from importlib import import_module

from omegaconf import DictConfig

from recorte.errors import within_limits
from recorte.training.command.door import run

VERBS = {
    "quick": "recorte.desk.quick:quick",
    "verify": "recorte.desk.verify:verify",
    "analyze": "recorte.desk.analysis:analyze",
    "sheet": "recorte.desk.contact_sheet:sheet",
    "batch": "recorte.desk.batch:batch",
    "convert": "recorte.desk.conversion:convert",
    "download": "recorte.desk.fetching:fetch_data",
}


def dataset(config: DictConfig) -> int:
    module, _, name = VERBS[config.verb].partition(":")
    status = getattr(import_module(module), name)(config)
    if status:
        sys.exit(status)


if __name__ == "__main__":
    if not {"--help", "-h"} & set(sys.argv):
        words = [text for text in sys.argv[1:2] if "=" not in text]
        if words not in [[verb] for verb in VERBS]:
            said = f"{words[0]}: there is no such verb" if words else "the first word must be a verb"
            print(within_limits(f"{said}; valid are {', '.join(VERBS)}"), file=sys.stderr)
            sys.exit(2)
        sys.argv[1] = f"verb={words[0]}"
    run("dataset", dataset)
