"""The process that learns: `python -m recorte.teaching.learning request.json`, started by `recorte.teaching.process`.

The request holds keys of `conf/train.yaml` and their values, to be set in `experiment=teach`. Each step is told as a
line of JSON, a mistake of the user as `{"error": "..."}`.
"""

import json
import logging
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf, open_dict

from recorte.errors import RecorteError
from recorte.teaching.process import lower_priority
from recorte.training.machine.hardware import CONF, register_resolvers

MISTAKE = 2


def main() -> None:
    """Train as the request asks for."""
    lower_priority()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        config = composed(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
        from recorte.training.fit import fit

        fit(config)
    except RecorteError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        sys.exit(MISTAKE)


def composed(settings: dict[str, object]) -> DictConfig:
    """Compose `experiment=teach`, and set some of its keys."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["experiment=teach", "run_dir=."])
    with open_dict(config):
        for key, value in settings.items():
            OmegaConf.update(config, key, value)
    return config


if __name__ == "__main__":
    main()
