"""No message to a user is ever longer than 500 characters, whatever was given."""

import base64
from pathlib import Path

import numpy as np
import pytest

import cli_process
import commands
from recorte import BackgroundRemover
from recorte.data.folder import ImageMaskFolder
from recorte.errors import ConfigError, DataError, RecorteError, within_limits

LINE = 76
TEXT = base64.b64encode(np.random.default_rng(0).bytes(60_000)).decode()
WRAPPED = "\n".join(TEXT[start : start + LINE] for start in range(0, len(TEXT), LINE))
"""As `base64` writes it."""


def longest(text: str) -> int:
    return max(map(len, text.splitlines()))


def test_both_ends_of_a_message_stay() -> None:
    text = str(RecorteError(f"begin {'x' * 8_000_000} end"))
    assert len(text) <= 500
    assert text.startswith("begin xxx") and "xxx...xxx" in text and text.endswith("xxx end")
    exact = "x" * 480
    assert str(RecorteError(exact)) == exact
    assert str(RecorteError("plain")) == "plain" and str(RecorteError()) == ""


def test_each_entry_of_a_list_counts_by_itself_and_so_do_their_number() -> None:
    text = str(DataError("faults:" + "".join(f"\n  {number} {'x' * 1000}" for number in range(5))))
    lines = text.splitlines()
    assert [line.split()[0] for line in lines] == ["faults:", "0", "1", "2", "3", "4"]
    assert all(len(line) <= 500 for line in lines)
    many = within_limits("faults:" + "".join(f"\n  {number}" for number in range(100_000))).splitlines()
    assert len(many) == 40 and many[20] == "  ..." and many[-1] == "  99999"
    assert len(within_limits(WRAPPED)) <= 500  # its lines are no list


@pytest.mark.parametrize(
    "arguments",
    [
        [WRAPPED], [TEXT], ["a.jpg", "--background", TEXT], ["a.jpg", "--jobs", TEXT], [f"--{TEXT}"],
        ["a.jpg", "-o", TEXT], ["info", "--model", TEXT], ["video", TEXT], ["video", "a.mp4", "--fit", TEXT],
    ],
    ids=lambda arguments: " ".join(text[:12] for text in arguments).replace("\n", " "),
)  # fmt: skip
def test_the_command(arguments: list[str], tmp_path: Path) -> None:
    answer = cli_process.recorte(*arguments, cwd=tmp_path)
    assert answer.returncode == 2 and "Traceback" not in answer.stderr
    assert longest(answer.stderr) <= 500


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("train", [f"data.root={TEXT}"]),
        ("train", [f"data={TEXT}", f"{TEXT}=1", f"trainer.max_epochs={TEXT}"]),
        ("dataset", [TEXT]),
        ("dataset", ["verify", "data=folder", f"data.sources.folder.photos={TEXT}"]),
        ("runs", [TEXT]),
        ("runs", [f"--{TEXT}"]),
    ],
    ids=range(6),
)
def test_scripts(script: str, arguments: list[str], tmp_path: Path) -> None:
    answer = commands.run(script, tmp_path, *arguments)
    assert answer.returncode in (1, 2) and "Traceback" not in answer.stderr
    assert longest(answer.stderr + answer.stdout) <= 500


def test_python(tmp_path: Path) -> None:
    with pytest.raises(RecorteError) as told:
        BackgroundRemover(model=TEXT)
    assert len(str(told.value)) <= 500
    with pytest.raises(ConfigError) as told:
        ImageMaskFolder(tmp_path, "train", val_share=int("9" * 4000))
    assert len(str(told.value)) <= 500
