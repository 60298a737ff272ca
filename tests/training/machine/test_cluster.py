from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from timm.layers import convert_sync_batchnorm
from torch import nn

from recorte.model.attention_unet import AttentionUNet
from recorte.training.command.config import find_problems
from recorte.training.machine.cluster import rank, run_name, slurm_problems, sweep_problems
from recorte.training.machine.hardware import register_resolvers
from recorte.training.machine.processes import strategy_for

CONF = Path(__file__).parents[3] / "conf"
JOB = {"SLURM_JOB_ID": "4242", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "8", "SLURM_NTASKS_PER_NODE": "4",
       "SLURM_NNODES": "2", "SLURM_PROCID": "5", "SLURM_JOB_NAME": "people"}  # fmt: skip
SLURM = OmegaConf.create({"_target_": "hydra_plugins.x.SlurmLauncher", "tasks_per_node": 1, "nodes": 1})
BASIC = OmegaConf.create({"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher"})


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    register_resolvers()
    for name in (*JOB, "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def _job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in JOB.items():
        monkeypatch.setenv(name, value)


def composed(*arguments: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", ["run_dir=.", "data=synthetic", "hardware=cpu", *arguments])


def problems(*arguments: str, sweep: bool = False) -> list[str]:
    return find_problems(CONF, "train", ["data=synthetic", *arguments], sweep)


def test_the_number_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rank() == 0
    for number, name in enumerate(("SLURM_PROCID", "LOCAL_RANK", "RANK"), start=1):  # each goes before those above
        monkeypatch.setenv(name, str(number))
        assert rank() == number


def test_all_processes_of_a_job_name_the_run_alike(_job: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_name() == "slurm/4242.0"
    monkeypatch.setenv("SLURM_NTASKS", "1")
    assert run_name().startswith("20")


def test_a_job_with_as_many_processes_as_devices(_job: None) -> None:
    assert list(slurm_problems(composed("trainer.devices=4", "trainer.num_nodes=2"))) == []


@pytest.mark.parametrize("arguments", [[], ["trainer.devices=4"], ["trainer.devices=8", "trainer.num_nodes=1"]])
def test_a_job_with_other_processes(_job: None, arguments: list[str]) -> None:
    (problem,) = slurm_problems(composed(*arguments))
    assert "8 processes on 2 nodes: give trainer.devices=4 trainer.num_nodes=2" in problem


def test_a_job_that_does_not_say_how_many_processes_a_node(_job: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE")  # Lightning needs it
    assert "--ntasks-per-node" in next(slurm_problems(composed("trainer.devices=4", "trainer.num_nodes=2")))


def test_an_interactive_job_is_like_any_machine(_job: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_NAME", "interactive")
    assert list(slurm_problems(composed())) == []
    assert run_name().startswith("20")


@pytest.mark.parametrize(
    "arguments", [["trainer.devices=2"], ["trainer.devices=auto"], ["trainer.num_nodes=2"], ["trainer.strategy=ddp"]]
)
def test_sweeps_of_several_processes_are_refused(arguments: list[str]) -> None:
    (problem,) = problems(*arguments, "hardware=cpu", "optimizer.lr=1e-4,1e-3", sweep=True)
    for word in (arguments[0], "hydra/launcher=joblib", "hydra/launcher=submitit_slurm", "without -m"):
        assert word in problem
    assert problems(*arguments, "hardware=cpu") == []


def test_sweeps_of_one_process_each_are_not() -> None:
    assert problems("hardware=cpu", "optimizer.lr=1e-4,1e-3", sweep=True) == []
    assert list(sweep_problems(composed(), BASIC)) == []


def test_on_slurm_each_job_of_a_sweep_may_have_several_processes() -> None:
    config = composed("trainer.devices=4", "trainer.num_nodes=2")
    assert list(sweep_problems(config, OmegaConf.merge(SLURM, {"tasks_per_node": 4, "nodes": 2}))) == []
    (problem,) = sweep_problems(config, SLURM)
    assert "hydra.launcher.tasks_per_node=4 hydra.launcher.nodes=2" in problem


def test_impossible_devices() -> None:
    found = problems("trainer.devices=0", "trainer.num_nodes=0", "trainer.strategy=fsdp", "trainer.sync_batchnorm=1")
    assert sorted(problem.partition("=")[0] for problem in found) == [
        "trainer.devices", "trainer.num_nodes", "trainer.strategy", "trainer.sync_batchnorm",
    ]  # fmt: skip
    found = problems("hardware=cpu", "trainer.sync_batchnorm=true", "trainer.devices=[0,1]")
    assert "between graphics cards only" in found[0]
    assert "trainer.devices=[0, 1]: on the CPU" in found[1]
    assert problems("hardware=rtx3080", "trainer.sync_batchnorm=true", "trainer.devices=[0,1]") == []


@pytest.mark.parametrize(
    ("arguments", "strategy"),
    [
        ([], "auto"),
        (["trainer.devices=2"], "ddp"),
        (["trainer.strategy=ddp"], "ddp"),
        (["trainer.num_nodes=2"], "ddp"),
        (["trainer.devices=2", "loss=focal_dice"], "ddp_find_unused_parameters_true"),
        (["trainer.devices=2", "loss.weights.perceptual=0"], "ddp_find_unused_parameters_true"),
        (["trainer.devices=2", "freeze_encoder=3"], "ddp_find_unused_parameters_true"),
    ],
)
def test_ddp_looks_for_weights_without_gradients_only_where_there_are_some(arguments: list[str], strategy: str) -> None:
    assert strategy_for(composed(*arguments)) == strategy


@pytest.mark.parametrize("encoder", ["resnet18.a1_in1k", "test_efficientnet"])  # timm's norms hold the activations
def test_synchronised_batch_norm_changes_nothing_else(encoder: str) -> None:
    torch.manual_seed(0)
    network = AttentionUNet(encoder, "none", decoder_channels=(8, 8, 8, 8)).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before, names = network(image).alpha_logits, list(network.state_dict())
        network = convert_sync_batchnorm(network)
        assert torch.equal(network(image).alpha_logits, before)
    assert list(network.state_dict()) == names
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    assert len(norms) > 10
    assert all(isinstance(module, nn.SyncBatchNorm) for module in norms)
