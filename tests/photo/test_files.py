import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recorte.errors import DiskFullError
from recorte.files import PREFIX, whole_file, write_whole

BLOCKED_WRITER = """
import sys
from recorte.files import whole_file
with whole_file(sys.argv[1]) as temporary:
    temporary.write_bytes(b"half of the new con")
    print(temporary, flush=True)
    sys.stdin.read()
"""


def test_content_arrives_and_folders_are_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b" / "text.txt", "grün")
    assert (tmp_path / "a" / "b" / "text.txt").read_bytes() == "grün".encode()


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    write_whole(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    with pytest.raises(error), whole_file(target) as temporary:
        temporary.write_bytes(b"new")
        raise error
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_target_that_is_a_folder_fails_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_the_temporary_file_lies_beside_the_target_hidden_with_its_suffix(tmp_path: Path) -> None:
    name = "n" * 240 + ".onnx"
    with whole_file(tmp_path / name) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".onnx"
        assert temporary.name.startswith(".")
    assert (tmp_path / name).exists()


def test_a_process_killed_in_the_middle_leaves_the_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    command = [sys.executable, "-c", BLOCKED_WRITER, target]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        temporary = Path(writer.stdout.readline().strip())  # blocks until the half is written
        assert temporary.read_bytes() == b"half of the new con"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    assert target.read_bytes() == b"old"
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    code = "import os, sys; from recorte.files import write_whole; os.umask(int(sys.argv[2])); "
    code += "write_whole(sys.argv[1], b'content')"
    subprocess.run([sys.executable, "-c", code, tmp_path / "file", str(umask)], check=True)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_the_umask_of_the_process_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It belongs to all threads: two that changed it at once could leave the process without one.
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("changed the umask"))
    write_whole(tmp_path / "file", b"content")


def test_the_content_is_on_the_disk_before_the_move_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(number: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{number}").readlink()))
        sync(number)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", lambda one, other: (done.append("move"), replace(one, other)))
    write_whole(tmp_path / "file", b"content")
    written, move, folder = done
    assert Path(written).parent == tmp_path
    assert Path(written).name.startswith(PREFIX)
    assert (move, folder) == ("move", str(tmp_path))


def test_a_full_disk_is_named_and_the_old_file_stays(small_disk: Path) -> None:
    target = small_disk / "deep" / "file.bin"
    write_whole(target, b"old" * 20_000)
    with pytest.raises(DiskFullError) as error:
        write_whole(target, b"new" * 80_000)
    for word in (str(target), f"mounted at {small_disk}", "0.2 MB", "untouched"):
        assert word in str(error.value)
    with pytest.raises(DiskFullError, match="no room for this file:"), whole_file(target) as temporary:
        temporary.write_bytes(b"new" * 80_000)
    assert target.read_bytes() == b"old" * 20_000
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_while_encoding(tmp_path: Path, number: int) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(DiskFullError), whole_file(tmp_path / "file"):
        raise OSError(number, os.strerror(number))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
