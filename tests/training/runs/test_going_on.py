import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from recorte.errors import ConfigError
from recorte.training.command.config import resolved
from recorte.training.command.run_folder import recall_arguments, with_run_folder
from recorte.training.machine.hardware import CONF, register_resolvers
from recorte.training.runs.resume import (
    check_can_go_on,
    claimed,
    clear_remains,
    differences,
    find_unfinished,
    state_of,
)

DRAWN = ["data=synthetic", "hardware=cpu"]
HOLDER = """
import sys
from pathlib import Path
from recorte.training.runs.resume import claimed
with claimed(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def composed(*arguments: str, run_dir: Path | str = "RUN_DIR") -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", list(arguments))
    config.run_dir = str(run_dir)
    return resolved(config)


def write_run(run_dir: Path, *arguments: str) -> Path:
    """Leave a run's folder as it is after the start."""
    config = composed(*arguments, run_dir=run_dir)
    OmegaConf.set_struct(config, False)
    config.overrides = list(arguments)
    run_dir.mkdir(parents=True)
    OmegaConf.save(config, run_dir / "config.yaml")
    return run_dir


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder of a process that is alone."""
    for name in ("LOCAL_RANK", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Path]:
    """A run that another process works on."""
    run_dir = write_run(tmp_path / "busy", *DRAWN)
    command = [sys.executable, "-c", HOLDER, str(run_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "mine\n"
        yield run_dir
        process.kill()


def test_the_state_of_a_folder(tmp_path: Path) -> None:
    assert state_of(tmp_path) == "none"
    run_dir = write_run(tmp_path / "run", *DRAWN)
    assert state_of(run_dir) == "unfinished"
    with claimed(run_dir):
        assert state_of(run_dir) == "running"
        assert state_of(run_dir) == "running"
    assert state_of(run_dir) == "unfinished"
    assert [path.name for path in run_dir.iterdir()] == ["config.yaml"]
    (run_dir / "metrics.json").write_text("{}")
    assert state_of(run_dir) == "finished"


def test_a_run_belongs_to_one_process_until_that_is_killed(busy: Path) -> None:
    assert state_of(busy) == "running"
    with pytest.raises(ConfigError, match="another process is training there"), claimed(busy):
        pass
    assert (busy / ".running").exists()


def test_a_killed_process_keeps_nothing(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path / "run", *DRAWN)
    command = [sys.executable, "-c", HOLDER, str(run_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.kill()
        process.wait()
    assert (run_dir / ".running").exists()
    assert state_of(run_dir) == "unfinished"
    with claimed(run_dir):
        pass


def test_differences_name_every_key_but_those_that_change_nothing() -> None:
    run = composed(*DRAWN, run_dir="/there/run")
    assert differences(run, composed(*DRAWN, run_dir="/here/moved")) == []
    harmless = ["data.num_workers=7", "resume=auto", "callbacks.last.every_steps=3"]
    assert differences(run, composed(*DRAWN, *harmless)) == []
    found = differences(run, composed(*DRAWN, "optimizer.lr=1", "trainer.max_epochs=7", "callbacks.averaging=null"))
    assert {"optimizer.lr is 0.0001 in the run, and 1 now", "trainer.max_epochs is 100 in the run, and 7 now"} <= set(
        found
    )
    assert any(text.startswith("callbacks.averaging is not there in the run") for text in found)


def test_auto_takes_the_newest_unfinished_run_of_the_same_config(elsewhere: Path, busy: Path) -> None:
    outputs = elsewhere / "outputs"
    for age, name in enumerate(("finished", "other", "newer", "older")):
        arguments = [*DRAWN, "seed=7"] if name == "other" else DRAWN
        run_dir = write_run(outputs / "2026-01-31" / name, *arguments)
        os.utime(run_dir / "config.yaml", (2e9 - age, 2e9 - age))
    (outputs / "2026-01-31" / "finished" / "metrics.json").write_text("{}")
    (outputs / "damaged").mkdir()
    (outputs / "damaged" / "config.yaml").write_text("{")
    busy.rename(outputs / "busy")
    assert find_unfinished(composed(*DRAWN), outputs) == outputs / "2026-01-31" / "newer"
    assert find_unfinished(composed(*DRAWN, "seed=8"), outputs) is None
    arguments = with_run_folder(CONF, [*DRAWN, "resume=auto"])
    assert arguments == [*DRAWN, "resume=auto", "hydra.run.dir='outputs/2026-01-31/newer'"]


def test_a_new_run_gets_a_folder_of_its_own_in_any_second(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recorte.training.command.run_folder.run_name", lambda: "2026-01-31/12-00-00")
    found = [with_run_folder(CONF, [*DRAWN, *more])[-1] for more in ([], [], ["resume=auto"])]
    assert found == [f"hydra.run.dir='outputs/2026-01-31/12-00-00{end}'" for end in ("", "-2", "-3")]
    assert with_run_folder(CONF, [*DRAWN, "run_dir=mine"])[-1] == "hydra.run.dir='mine'"
    assert with_run_folder(CONF, ["hydra.run.dir=mine"]) == ["hydra.run.dir='mine'"]
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert with_run_folder(CONF, ["hydra.run.dir=mine"]) == ["hydra.run.dir=mine"]


def test_a_run_is_recalled_by_its_path_alone(elsewhere: Path) -> None:
    run_dir = write_run(elsewhere / "it's a run", *DRAWN, "seed=7", "optimizer.lr=3e-4")
    checkpoint = run_dir / "checkpoints" / "last.ckpt"
    checkpoint.parent.mkdir()
    checkpoint.touch()
    for path in (run_dir, checkpoint):
        arguments = recall_arguments([f'resume="{path}"', "optimizer.lr=3e-4", "data.num_workers=0"])
        assert arguments[:-1] == [*DRAWN, "seed=7", "optimizer.lr=3e-4", "data.num_workers=0"]
        target = with_run_folder(CONF, arguments)[-1]
        assert target == f"hydra.run.dir='{elsewhere}/it\\'s a run'"


def test_a_run_with_another_config_is_refused_with_every_key(elsewhere: Path) -> None:
    write_run(elsewhere / "run", *DRAWN)
    arguments = recall_arguments(["resume=run", "seed=7", "trainer.max_epochs=200"])
    with pytest.raises(ConfigError) as refused:
        with_run_folder(CONF, arguments)
    for word in ("seed is 0 in the run, and 7 now", "trainer.max_epochs is 100 in the run, and 200 now"):
        assert word in str(refused.value)


def test_what_cannot_go_on_is_said(elsewhere: Path, busy: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such run"):
        recall_arguments(["resume=nowhere"])
    with pytest.raises(ConfigError, match=r"no config\.yaml"):
        recall_arguments([f"resume={elsewhere}"])
    with pytest.raises(ConfigError, match="another process"):
        check_can_go_on(busy, composed(*DRAWN))
    run_dir = write_run(elsewhere / "run", *DRAWN)
    with pytest.raises(ConfigError, match="goes on in its own folder"):
        with_run_folder(CONF, [*DRAWN, "resume=run", "run_dir=other"])
    (run_dir / "metrics.json").write_text("{}")
    check_can_go_on(run_dir, composed(*DRAWN, run_dir=run_dir))  # its model can still be exported
    (run_dir / "best_model").mkdir()
    with pytest.raises(ConfigError, match="schedule was laid out over 100 epochs"):
        check_can_go_on(run_dir, composed(*DRAWN, "trainer.max_epochs=200", run_dir=run_dir))
    with pytest.raises(ConfigError, match=r"is finished; init=.*run starts a new one"):
        check_can_go_on(run_dir, composed(*DRAWN))


def test_only_the_remains_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    kept = [tmp_path / "checkpoints" / "last.ckpt", tmp_path / "metrics.csv"]
    for path in [*kept, tmp_path / "checkpoints" / ".recorte-12ab.ckpt", tmp_path / "hpc_ckpt_1.ckpt"]:
        path.touch()
    clear_remains(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def test_a_run_of_an_earlier_recorte(elsewhere: Path) -> None:
    run_dir = write_run(elsewhere / "outputs" / "old", *DRAWN)
    text = (run_dir / "config.yaml").read_text()
    (run_dir / "config.yaml").write_text(text.replace("recorte.training.callbacks.", "recorte.training."))
    said = [*DRAWN, f"resume={run_dir}"]
    with pytest.raises(ConfigError, match="an earlier Recorte started this run") as refused:
        with_run_folder(CONF, said)
    assert "start another run" in str(refused.value)
    (run_dir / "checkpoints").mkdir()
    (run_dir / "checkpoints" / "last.ckpt").touch()
    with pytest.raises(ConfigError, match=r"init=\S+last\.ckpt starts a new run from its weights$"):
        with_run_folder(CONF, said)


def test_auto_says_that_a_run_is_of_an_earlier_recorte(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_dir = write_run(elsewhere / "outputs" / "old", *DRAWN)
    text = (run_dir / "config.yaml").read_text()
    (run_dir / "config.yaml").write_text(text.replace("recorte.training.callbacks.", "recorte.training."))
    with_run_folder(CONF, [*DRAWN, "resume=auto"])
    assert f"{Path('outputs/old')}, is of an earlier Recorte, so a new one starts" in capsys.readouterr().err
