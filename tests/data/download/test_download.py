"""Downloads from a server of our own, on this machine, that does everything wrong that servers do."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from recorte.data.download import coco as coco_download
from recorte.data.download import fetch as fetching
from recorte.data.download.coco import PARTS, Part, download
from recorte.data.download.fetch import Remote, fetch
from recorte.data.download.unpack import unpack
from recorte.errors import ConfigError, DataError, DiskFullError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
Answer = Callable[["Handler", int], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request by the next of `answers`, and by a good one when there are no more."""

    answers: ClassVar[list[Answer]] = []
    files: ClassVar[dict[str, bytes]] = {}
    requests: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.requests.append((self.path, self.headers["Range"]))
        start = int((self.headers["Range"] or "bytes=0-")[6:-1])
        (self.answers.pop(0) if self.answers else Handler.give)(self, start)

    def give(
        self, start: int, end: int | None = None, ranges: bool = True, content: bytes | None = None, told: bool = True
    ) -> None:
        content = self.files[self.path] if content is None else content
        goes_on = ranges and start > 0
        self.send_response(206 if goes_on else 200)
        if goes_on:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        sent = content[start:] if goes_on else content
        if told:
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent if end is None else sent[:end])

    def log_message(self, *_: object) -> None: ...


class Server(ThreadingHTTPServer):
    """Says nothing of the connections that it was told to break."""

    def handle_error(self, *_: object) -> None: ...


def cut_after(count: int) -> Answer:
    return lambda handler, start: handler.give(start, end=count)


def status(code: int) -> Answer:
    return lambda handler, start: handler.send_error(code)


def ignoring_ranges(handler: Handler, start: int) -> None:
    handler.give(start, ranges=False)


def wrong_bytes(handler: Handler, start: int) -> None:
    handler.give(start, content=bytes(len(handler.files[handler.path])))


def login_page(handler: Handler, start: int) -> None:
    handler.give(start, ranges=False, content=b"<html>log in</html>")


def login_page_of_unknown_length(handler: Handler, start: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.end_headers()
    handler.wfile.write(b"<html>log in</html>")


def another_file(handler: Handler, start: int) -> None:
    handler.give(start, content=CONTENT + b"more")


def hanging_up(handler: Handler, start: int) -> None:
    handler.connection.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Handler, "answers", [])
    monkeypatch.setattr(Handler, "files", {"/file": CONTENT})
    monkeypatch.setattr(Handler, "requests", [])
    with Server(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def remote(server: str, content: bytes = CONTENT) -> Remote:
    return Remote(f"{server}/file", len(content), hashlib.sha256(content).hexdigest())


def get(server: str, target: Path, **arguments: Any) -> None:
    fetch(remote(server), target, pause=0, **arguments)


# One file


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [cut_after(1_000_000), cut_after(500_000), cut_after(1)],
        [cut_after(1_000_000), ignoring_ranges],
        [cut_after(1_000_000), lambda handler, _: handler.give(1, end=500_000, ranges=False), cut_after(1_000_000)],
        [status(503), status(500), status(429), status(408)],
        [hanging_up, cut_after(0), hanging_up],
        [wrong_bytes],
        [cut_after(1_000_000), wrong_bytes],
    ],
)
def test_whatever_happens_on_the_way_the_file_is_right(server: str, tmp_path: Path, answers: list[Answer]) -> None:
    Handler.answers = list(answers)
    get(server, tmp_path / "a folder/file")
    assert (tmp_path / "a folder/file").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "a folder").iterdir()] == ["file"]
    assert len(Handler.requests) >= len(answers)


def test_it_goes_on_where_the_connection_was_cut(server: str, tmp_path: Path) -> None:
    Handler.answers = [cut_after(1_000_000), cut_after(500_000)]
    told: list[int] = []
    get(server, tmp_path / "file", progress=told.append)
    assert [wanted for _, wanted in Handler.requests] == [None, "bytes=1000000-", "bytes=1500000-"]
    assert told == sorted(told) and told[-1] == len(CONTENT)


def test_three_interrupted_calls_and_a_fourth_finish_it(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BLOCK", 200_000)

    class Stopped(Exception): ...

    def stop_after(limit: int) -> Callable[[int], None]:
        def progress(done: int) -> None:
            if done > limit:
                raise Stopped

        return progress

    for limit in (0, 1_000_000, 2_000_000):
        with pytest.raises(Stopped):
            get(server, tmp_path / "file", progress=stop_after(limit))
        assert not (tmp_path / "file").exists()
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    starts = [int((wanted or "bytes=0-")[6:-1]) for _, wanted in Handler.requests]
    assert starts == sorted(set(starts)) and len(starts) == 4


def test_what_is_there_is_not_fetched_again(server: str, tmp_path: Path) -> None:
    get(server, tmp_path / "file")
    get(server, tmp_path / "file")
    assert len(Handler.requests) == 1


def test_a_part_that_is_too_long_is_begun_anew(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([status(404)], r"/file: the server answers 404 \(Not Found\)"),
        ([status(403)], "the server answers 403"),
        ([status(416)], "the server answers 416"),
        ([wrong_bytes, wrong_bytes], "its SHA-256 differs, twice"),
        ([status(503)] * 5, "cannot be fetched .the server answers 503"),
        ([cut_after(1_000_000), *[hanging_up] * 5], r"cannot be fetched .*1\.0 MB are kept"),
    ],
)
def test_what_cannot_be_had_is_told(server: str, tmp_path: Path, answers: list[Answer], words: str) -> None:
    Handler.answers = list(answers)
    with pytest.raises(DataError, match=words):
        get(server, tmp_path / "file")
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (login_page, "the answer is a file of 19 bytes, but the file has 3,000,000 bytes"),
        (login_page_of_unknown_length, "the answer is a web page, but the file has 3,000,000 bytes"),
        (another_file, "the answer is a file of 3,000,004 bytes"),
    ],
)
@pytest.mark.parametrize("have", [0, 1_000_000])
def test_what_is_not_the_file_is_refused_at_once(
    server: str, tmp_path: Path, answer: Answer, words: str, have: int
) -> None:
    if have:
        (tmp_path / "file.part").write_bytes(CONTENT[:have])
    Handler.answers = [answer]
    with pytest.raises(DataError, match=words):
        get(server, tmp_path / "file")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([CONTENT[:have]] if have else [])
    get(server, tmp_path / "file")
    assert [wanted for _, wanted in Handler.requests[1:]] == [f"bytes={have}-" if have else None]


def test_what_comes_again_is_no_progress(server: str, tmp_path: Path) -> None:
    lengths = [300_000, 200_000] * 20

    def begin_anew(handler: Handler, start: int) -> None:
        handler.give(start, end=lengths.pop(0), ranges=False)

    Handler.answers = [begin_anew] * len(lengths)
    with pytest.raises(DataError, match=r"the connection was cut.*0\.2 MB are kept"):
        get(server, tmp_path / "file")
    assert len(Handler.requests) == 1 + fetching.TRIES


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TRIES", 2)
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9/file: cannot be fetched .*refused"):
        get("http://127.0.0.1:9", tmp_path / "file")


def test_a_longer_answer_than_was_promised_is_not_written(server: str, tmp_path: Path) -> None:
    Handler.answers = [lambda handler, start: handler.give(start, content=CONTENT + bytes(5_000_000), told=False)]
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match="no room"):
        get(server, tmp_path / "file")


# Unpacking


def archive(path: Path, files: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as content:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            for key, value in attributes.items():
                setattr(member, key, value)
            content.writestr(member, data)
    return path


def test_unpacking_goes_on_where_it_stopped(tmp_path: Path) -> None:
    files = {f"val2017/{number}.jpg": bytes([number]) * 1000 for number in range(10)}
    path = archive(tmp_path / "a.zip", {"val2017/": b"", **files})

    def stop_at_four(done: int, total: int) -> None:
        assert total == 10
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(path, tmp_path, {"val2017"}, stop_at_four)
    (tmp_path / "val2017/0.jpg").write_bytes(b"half")  # as a crash of the whole machine may leave it
    assert unpack(path, tmp_path, {"val2017"}) == 7
    assert {f"val2017/{file.name}": file.read_bytes() for file in (tmp_path / "val2017").iterdir()} == files
    assert unpack(path, tmp_path, {"val2017"}) == 0


@pytest.mark.parametrize(
    "name",
    ["../evil", "val2017/../../evil", "/evil", "evil", "other/evil", "val2017\\..\\..\\evil", "C:evil", "C:/val2017/x"],
)
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = archive(tmp_path / "in/a.zip", {"val2017/good": b"1", name: b"2"})
    with pytest.raises(DataError, match="does not lie in val2017"):
        unpack(path, tmp_path / "in", {"val2017"})
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["a.zip", "in"]


def test_links_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"val2017/link": b"/etc/passwd"}, external_attr=0o120777 << 16)
    with pytest.raises(DataError, match="is a link"):
        unpack(path, tmp_path, {"val2017"})


def test_damaged_archives(tmp_path: Path) -> None:
    whole = archive(tmp_path / "a.zip", {"val2017/a": CONTENT[:50_000]}).read_bytes()
    for content in (b"", b"no zip", whole[:1000], whole[:20_000] + b"xxxx" + whole[20_004:]):
        (tmp_path / "b.zip").write_bytes(content)
        with pytest.raises(DataError, match=r"b\.zip: damaged, or no ZIP"):
            unpack(tmp_path / "b.zip", tmp_path, {"val2017"})
        assert not [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".zip"]


# COCO


class Report:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.last = (0, 0)

    def begin(self, what: str, unit: str) -> None:
        self.pieces.append(f"{what} in {unit}")

    def reached(self, done: int, total: int) -> None:
        self.last = done, total


@pytest.fixture
def small_coco(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A COCO of a few files on the server."""
    contents = {
        "annotations": {f"annotations/person_keypoints_{split}2017.json": b"{}" for split in ("train", "val")},
        "val": {f"val2017/{number}.jpg": bytes(100) for number in range(3)},
        "train": {f"train2017/{number}.jpg": bytes(100) for number in range(5)},
    }
    parts = {}
    for name, files in contents.items():
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as packed:
            for path, data in files.items():
                packed.writestr(path, data)
        data = content.getvalue()
        part = PARTS[name]
        Handler.files[f"/{part.path}"] = data
        parts[name] = part._replace(
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            files=len(files),
            unpacked=sum(map(len, files.values())),
        )
    monkeypatch.setattr(coco_download, "PARTS", parts)
    return server


def test_only_what_is_missing_is_fetched(small_coco: str, tmp_path: Path) -> None:
    root, report = tmp_path / "COCO", Report()
    assert download(root, report, server=small_coco) == ["annotations", "val", "train"]
    assert sorted(path.name for path in root.iterdir()) == ["annotations", "train2017", "val2017"]
    assert report.pieces[:2] == [
        "fetching annotations_trainval2017.zip in bytes",
        "unpacking annotations_trainval2017.zip in files",
    ]
    assert report.last == (5, 5)
    (root / "val2017/1.jpg").unlink()
    assert download(root, Report(), server=small_coco) == ["val"]
    assert download(root, Report(), server=small_coco) == []
    assert [path for path, _ in Handler.requests].count("/zips/train2017.zip") == 1


def test_archives_may_stay_and_parts_may_be_chosen(small_coco: str, tmp_path: Path) -> None:
    assert download(tmp_path, Report(), ["val"], keep_archives=True, server=small_coco) == ["val"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["val2017", "val2017.zip"]
    (tmp_path / "val2017/1.jpg").unlink()
    assert download(tmp_path, Report(), ["val"], keep_archives=True, server=small_coco) == ["val"]
    assert len(Handler.requests) == 1


def test_what_a_stopped_unpacking_left_needs_no_room_again(
    small_coco: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download(tmp_path, Report(), ["val"], keep_archives=True, server=small_coco)
    (tmp_path / "val2017/1.jpg").unlink()
    monkeypatch.setattr(fetching, "free_space", lambda folder: 99)
    with pytest.raises(DataError, match="needed"):
        download(tmp_path, Report(), ["val"], keep_archives=True, server=small_coco)
    monkeypatch.setattr(fetching, "free_space", lambda folder: 100)
    assert download(tmp_path, Report(), ["val"], keep_archives=True, server=small_coco) == ["val"]


def test_names_that_begin_with_a_dot_are_no_photos(small_coco: str, tmp_path: Path) -> None:
    part = coco_download.PARTS["val"]
    (tmp_path / "val2017").mkdir()
    for name in ("0.jpg", "1.jpg", ".recorte-2.jpg", "._0.jpg"):
        (tmp_path / "val2017" / name).write_bytes(bytes(100))
    assert part.missing(tmp_path) and part.to_unpack(tmp_path) == 100
    assert download(tmp_path, Report(), ["val"], server=small_coco) == ["val"]
    assert (tmp_path / "val2017/2.jpg").is_file()


@pytest.mark.parametrize("server", ["foo", "", None, "ftp://host", "http://", "http://[::1"])
def test_a_server_that_is_no_address_is_told(tmp_path: Path, server: str | None) -> None:
    with pytest.raises(ConfigError, match=r"server=.*: must be an address with http:// or https://, such as http"):
        download(tmp_path / "COCO", Report(), server=server)
    assert not (tmp_path / "COCO").exists()


def test_a_folder_that_cannot_be_made_is_told(small_coco: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"file: cannot be written \(it is a file, not a folder\); give another data"):
        download(tmp_path / "file", Report(), ["val"], server=small_coco)
    with pytest.raises(DataError, match=r"cannot be written \(Not a directory\); give another data.root"):
        download(tmp_path / "file/below", Report(), ["val"], server=small_coco)
    assert not Handler.requests


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    small_coco: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = {name: part._replace(unpacked=10**18) for name, part in coco_download.PARTS.items()}
    monkeypatch.setattr(coco_download, "PARTS", huge)
    with pytest.raises(DataError, match=r"GB are needed and .* GB are free"):
        download(tmp_path / "COCO", Report(), server=small_coco)
    assert not Handler.requests and not (tmp_path / "COCO").exists()


def test_the_real_ones_are_of_the_published_sizes() -> None:
    assert [part.size for part in PARTS.values()] == [252_907_541, 815_585_330, 19_336_861_798]
    assert all(isinstance(part, Part) and len(part.sha256) == 64 for part in PARTS.values())
