"""`dry_run=true`: what a training would have to work with and what memory it would take, and nothing else."""

import sys
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, open_dict

from recorte.errors import RecorteError, within_limits
from recorte.training.command.config import resolved
from recorte.training.runs.failure import reason_of


def is_dry_run(overrides: Sequence[str]) -> bool:
    """Tell whether a command line asks for a dry run."""
    return any(text.lower() == "dry_run=true" for text in overrides)


def dry_runs(conf: Path, overrides: Sequence[str]) -> int:
    """Show what each training of a command line would take; Hydra's main would leave a folder for each.

    Args:
        conf: the folder of configs.
        overrides: `key=value` as Hydra takes them; with several values each of their combinations is shown.

    Returns:
        Status: 2 if one of them could not start, else 0.
    """
    status = 0
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        jobs = BasicSweeper.split_arguments(parsed, max_batch_size=None)[0]
    except HydraException as error:
        print(within_limits(f"dry_run=true: {error}"), file=sys.stderr)
        return 2
    for job in jobs:
        with initialize_config_dir(str(conf), version_base="1.3"):
            config = compose("train", ["run_dir=outputs", *job])
        with open_dict(config):
            config.overrides = list(job)
        try:
            print("Dry run of", *(text for text in job if not is_dry_run([text])))
            status = max(status, show(config))
        except (RecorteError, InstantiationException) as error:
            print(reason_of(error), file=sys.stderr)
            status = 2
    return status


def show(config: DictConfig) -> int:
    """Print what a training has to work with, its problems, and the memory that it takes.

    Args:
        config: composed from `conf/train.yaml`.

    Returns:
        Status: 2 if it could not start on this machine, else 0.
    """
    from recorte.training.build import model_of_init, with_network_of_init
    from recorte.training.machine import inspection as facts
    from recorte.training.machine.memory import count_need
    from recorte.training.machine.memory_advice import memory_lines

    config = resolved(with_network_of_init(config, model_of_init(config)))
    machine = facts.look(Path(config.run_dir), facts.first_device(config))
    need = count_need(config)
    card: facts.Card | None
    if machine.card is None and config.card is not None and facts.wants_card(config, machine):
        card = facts.Card(**config.card)
        profile = f"Hardware profile {config.hardware_profile}, {config.trainer.precision}"
        lines = [f"{profile}, for a {card.name}, which is not in this machine: computed, not measured"]
        if card.capability < 7.5:
            lines.append(f"It needs PyTorch built for CUDA 12.6: {facts.OLD_CARDS}")
        problems = []
    else:
        card = machine.card if facts.wants_card(config, machine) else None
        lines = facts.description(config, machine, need.checkpoint)
        lines += [f"Warning: {text}" for text in facts.warnings(config, machine, need.checkpoint)]
        problems = facts.problems(config, machine, need.checkpoint)
        lines += [f"Error: {text}" for text in problems]
    print("\n".join(f"  {line}" for line in [*lines, *memory_lines(config, need, card)]), flush=True)
    return 2 if problems else 0
