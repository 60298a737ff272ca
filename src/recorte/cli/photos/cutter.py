"""What the options ask for, and cutting out one photo after the other so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from recorte.cli.show import complain
from recorte.errors import DiskFullError, PhotoError, RecorteError

if TYPE_CHECKING:
    from recorte.removal.files.report import Aside
    from recorte.removal.quality import JudgingPipeline, QualityReport


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the options ask for.

    Attributes:
        output: a file, a folder, `-`, or None: beside the photo.
        overwrite: replace results that exist.
        watch: stay, and take photos as they arrive.
        jobs: photos at a time; None = by the cores.
        report: say how good each cut-out is likely to be.
        as_json: tell of each photo in JSON.
        kind: of the results' files, as `BackgroundRemover` takes it; None = as `output` says, else PNG.
        model: as `BackgroundRemover` takes it.
        making: further arguments of `BackgroundRemover`.
        showing: what the result shows, as `Options.read` takes it; what was not asked for is left out.
        usual_kind: of the files where `kind` is None, instead of PNG.
        keep: touches that mend the one photo, as text: `X,Y` or `X0,Y0,X1,Y1`.
        drop: the same.
        correct: a record of touches made before.
    """

    output: str | None
    overwrite: bool
    watch: bool
    jobs: int | None
    report: bool
    as_json: bool
    kind: str | None
    model: Path | None
    making: Mapping[str, Any]
    showing: Mapping[str, Any]
    keep: Sequence[str] = ()
    drop: Sequence[str] = ()
    correct: Path | None = None
    usual_kind: str | None = None

    @property
    def touched(self) -> bool:
        """Whether the photo is mended by touches, which only one photo can be."""
        return bool(self.keep or self.drop or self.correct)

    @property
    def ending(self) -> str:
        """What a result's name ends with when it lies beside its photo."""
        return f"-{'mask' if self.showing.get('mask') else 'cutout'}{self.suffix}"

    @property
    def suffix(self) -> str:
        """That of results whose names nobody gave."""
        return f".{self.kind or self.usual_kind or 'png'}"


class Cutter:
    """Cuts out one photo after the other, by threads at once too, as was wished.

    Args:
        wishes: what the options ask for.
        threads: of the network, for one photo.

    Raises:
        RecorteError: options that do not fit, a background that cannot be read, a format that is not transparent.
    """

    def __init__(self, wishes: Wishes, threads: int | None = None) -> None:
        from recorte import BackgroundRemover
        from recorte.removal.files.output import suffix_of
        from recorte.removal.options import Options, Showing

        self.options = Options.read(cast(Showing, wishes.showing))
        self._kind = wishes.kind
        if self._kind or not Path(wishes.output or "").suffix:  # else `check` looks at the file's name
            suffix_of(self._kind, None, self.options)
        self._touches = _read_touches(wishes)
        self._overwrite = wishes.overwrite
        self._report = wishes.report
        self._judging: JudgingPipeline | None = None
        self._reports: dict[Path | bytes, QualityReport] = {}
        self._make = partial(BackgroundRemover, wishes.model, threads, **wishes.making)

    def check(self, target: Path, source: Path) -> None:
        """Find out whether `target` may be written, before the model is opened.

        Raises:
            RecorteError: it may not.
        """
        from recorte.removal.files.output import check_target, suffix_of

        check_target(self.first(target), source, self._overwrite, self.options.transparent)
        suffix_of(self._kind, target, self.options)

    def first(self, target: Path) -> Path:
        """Name the first file that a result makes, by which one sees that it is there."""
        return self.options.targets(target, 1)[0]

    def files(self, target: Path, result: Any) -> list[Path]:
        """Name all the files that were made, by what cutting out gave."""
        files = self.options.targets(target, len(result) if isinstance(result, list) else 1)
        if self._touches:
            from recorte.removal.correct.record import beside

            files.append(beside(target))
        return files

    def open(self) -> None:
        """Open the model.

        Raises:
            ModelError: there is none, or a broken one.
        """
        self._remover = self._make()
        if self._report:
            from recorte.removal.quality import JudgingPipeline

            self._remover.pipeline = self._judging = JudgingPipeline.like(self._remover.pipeline)

    def __call__(self, source: Path, target: Path) -> "Aside":
        """Cut out a photo, and give what is to be told of it."""
        from recorte.removal.files.report import Aside

        aside = Aside()
        self._cut_out(source, target, aside)
        return aside

    def _cut_out(self, source: Path | bytes, target: Path | None, aside: "Aside") -> Any:
        """Do as `removal.files.single.remove`. If a report is wished, it is made and kept."""
        from recorte.removal.files.single import remove

        # The target's own suffix says what is written; without one it is a pipe.
        kind = self._kind if target is None else None
        result = remove(
            self._remover.pipeline,
            self.options,
            source,
            target,
            overwrite=self._overwrite,
            kind=kind,
            aside=aside,
            **self._touches,
        )
        # Here rather than where it is shown, since that is one thread for all photos.
        if self._judging is not None:
            self._judge(source, self._judging)
        return result

    def attempt(self, source: Path | bytes, target: Path | None, name: str) -> tuple[Any, "Aside", str | None]:
        """Cut out a photo, which errors call `name`; give the result, what is to be told of it, or why there is none.

        Raises:
            RecorteError: what was asked cannot be, whatever the photo.
        """
        from recorte.removal.files.report import Aside

        aside = Aside()
        try:
            return self._cut_out(source, target, aside), aside, None
        except (PhotoError, DiskFullError) as trouble:
            return None, Aside(), _named(trouble, source, name)
        except RecorteError:
            raise
        except Exception as trouble:  # no memory for a giant, say
            return None, Aside(), f"{name}: {type(trouble).__name__}: {trouble}"

    def report_of(self, source: Path | bytes) -> "QualityReport | None":
        """Hand out the report on a photo that was cut out, if there is one."""
        return self._reports.pop(source, None)

    def _judge(self, source: Path | bytes, pipeline: "JudgingPipeline") -> None:
        from recorte.photo import name_of

        try:
            self._reports[source] = pipeline.judge_last()
        except Exception as trouble:  # no memory, say: the result is there all the same
            reason = str(trouble) or type(trouble).__name__
            complain(f"{name_of(source)}: cut out, but no report could be made ({reason})")


def _read_touches(wishes: Wishes) -> dict[str, Any]:
    """Give the touches as `removal.files.single.remove` takes them; nothing where there are none.

    Raises:
        RecorteError: some are not of their form, or their record cannot be read.
    """
    if not wishes.touched:
        return {}
    if wishes.report:
        raise RecorteError("--report judges what the network found, not what was corrected; leave it out with touches")
    from recorte.removal.correct.record import read_record
    from recorte.removal.correct.touches import parse_touches

    record = None if wishes.correct is None else read_record(wishes.correct)
    return {"touches": parse_touches(wishes.keep, wishes.drop), "record": record}


def _named(error: Exception, source: Path | bytes, name: str) -> str:
    """An error's message, in which bytes have the name of where they came from."""
    from recorte.photo import name_of

    return str(error).replace(name_of(source), name, 1) if isinstance(source, bytes) else str(error)
