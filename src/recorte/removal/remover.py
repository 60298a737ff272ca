"""Removing the background from photographs of people, with a trained model."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from itertools import starmap
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from recorte.errors import RecorteError
from recorte.listing import left_out
from recorte.removal.correct.touches import Shape, Touch, check_touches, touches_of
from recorte.removal.files import output
from recorte.removal.files.folder import cut_out_all, spread, usable_cores
from recorte.removal.files.plan import plan_folder
from recorte.removal.files.report import Aside, BatchReport, Failure
from recorte.removal.files.single import remove
from recorte.removal.files.sources import Result, Source, check_alpha, check_array
from recorte.removal.network import Network
from recorte.removal.network.providers import Providers
from recorte.removal.options import Options, Showing
from recorte.removal.pipeline import MOST_LOOKS, Pipeline, Steps
from recorte.removal.steps.backgrounds import Background
from recorte.removal.steps.smoothing import Smoothing


class BackgroundRemover:
    """Cuts people out of photographs.

    Can be used from several threads at once and can be pickled: the copy opens the model again, by its path.

    Args:
        model: a `best_model` folder, a run's folder that contains one, or an .onnx file; None = the bundled weights.
        threads: CPU threads for one photo; None = as many as there are cores.
        refine: bring the alpha to the photo's size along the photo's own edges; False: by plain interpolation.
        colours: free soft edges of the old background's colours; False: leave them as they are.
        tta: take the mean of the photo and its mirror image, in twice the network's time.
        looks: how often a photo is looked at, at most, from 1 to 4: the first time as a whole, then closer at people
            who fill a part of it. Each look takes the network's time.
        providers: what computes the network: "cuda", "tensorrt", "coreml", "directml" or "openvino", where the ONNX
            Runtime that is installed has it, or another by ONNX Runtime's own name; several in the order in which they
            are to be tried. None = what the variable `RECORTE_PROVIDERS` says, else the processor.

    Raises:
        ModelError: the model is missing, broken, or of another kind.
        RecorteError: `threads` is no number of threads, `looks` none of looks, or a provider is not there.

    Example:
        >>> remover = BackgroundRemover("outputs/2026-01-31/12-00-00")
        >>> remover.remove_background("holiday.jpg", "holiday.png")
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        threads: int | None = None,
        *,
        refine: bool = True,
        colours: bool = True,
        tta: bool = False,
        looks: int = MOST_LOOKS,
        providers: Providers = None,
    ) -> None:
        if looks not in range(1, MOST_LOOKS + 1):
            raise RecorteError(f"looks must be a whole number from 1 to {MOST_LOOKS}, not {looks!r}")
        self.network = Network(model, threads, providers)
        self.threads, self.providers = threads, providers
        self.pipeline = Pipeline(self.network, refine, colours, tta, looks)
        # None stays None, so that a copy on another machine finds the weights of its own installation.
        self._model = None if model is None else self.network.path

    def __repr__(self) -> str:
        given = {"model": self._model and str(self._model), "threads": self.threads} | self._switches
        return f"BackgroundRemover({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def __reduce__(self) -> tuple[object, ...]:
        return self._again, (self._model, self.threads, self._switches)

    @property
    def _switches(self) -> dict[str, Any]:
        names = ("refine", "colours", "tta", "looks")
        return {name: getattr(self.pipeline, name) for name in names} | {"providers": self.providers}

    @classmethod
    def _again(cls, model: Path | None, threads: int | None, switches: dict[str, Any]) -> "BackgroundRemover":
        return cls(model, threads, **switches)

    def with_threads(self, threads: int) -> "BackgroundRemover":
        """Give a remover like this one that uses so many CPU threads for one photo."""
        return self._again(self._model, threads, self._switches)

    @cached_property
    def _for_many(self) -> "BackgroundRemover":
        """What cuts out many photos at a time: a thread for each, unless the user says otherwise."""
        return self if self.threads is not None else self.with_threads(spread(usable_cores())[1])

    def predict_alpha(self, photo: np.ndarray) -> np.ndarray:
        """Find the people in a photo.

        Args:
            photo: `uint8 (H, W, 3)`, RGB, upright.

        Returns:
            `float32 (H, W)` in [0, 1], 1 = person. A photo of nobody gives an empty alpha: nothing is stretched to
            fill the range, and regions of which the network is nowhere sure are cleared.

        Raises:
            PhotoError: an array of another type or shape.
        """
        check_array(photo)
        return self.pipeline.enlarge(self.pipeline.found(photo), photo)

    def correct(
        self,
        photo: np.ndarray,
        alpha: np.ndarray,
        keep: Iterable[Shape] = (),
        drop: Iterable[Shape] = (),
        *,
        touches: Sequence[Touch] = (),
    ) -> np.ndarray:
        """Mend an alpha by touches: what is kept becomes person, what is dropped background.

        The thing that was touched follows to its own edges; nothing far away changes. Touches that the alpha fulfils
        already change nothing, but hold for those after them: give all that were made, with the first alpha or with
        the last one, which takes less time. `remove_background(photo, alpha=...)` makes the cut-out.

        Args:
            photo: `uint8 (H, W, 3)`, RGB, upright.
            alpha: `float32 (H, W)` in [0, 1], as `predict_alpha` gives it; left as it is.
            keep: points `(x, y)`, boxes `(x0, y0, x1, y1)` around things, and strokes, `Stroke(points, radius)` or
                `{"points": ..., "radius": ...}`, in the photo's pixels.
            drop: the same.
            touches: those before them, of both kinds, in the order in which they were made.

        Returns:
            `float32 (H, W)` in [0, 1].

        Raises:
            PhotoError: an array of another type or shape.
            RecorteError: an alpha of another size or range, or touches that cannot be: no touch of a known form,
                outside the photo, more than 1,000, or two that contradict each other.
        """
        check_array(photo)
        check_alpha(alpha, photo)
        given = [*touches, *touches_of(keep, drop)]
        check_touches(given, *photo.shape[:2])
        return self.pipeline.correct(photo, alpha, given)

    def steps(self, photo: np.ndarray, own: np.ndarray | None = None) -> Steps:
        """Cut the people out of `uint8 (H, W, 3)`, RGB, and keep what each step gives.

        `own` is the photo's own alpha, `uint8 (H, W)`, as `read_photo` gives it, which the cut-out's does not pass.

        Raises:
            PhotoError: an array of another type or shape.
        """
        check_array(photo)
        return self.pipeline.steps(photo, own)

    def cut_out(self, photo: np.ndarray) -> np.ndarray:
        """Cut the people out of `uint8 (H, W, 3)`, RGB: `uint8 (H, W, 4)`; `remove_background` says more.

        Raises:
            PhotoError: an array of another type or shape.
        """
        check_array(photo)
        return self.pipeline.results(photo, Options(), "an array")[0].picture

    def remove_background(
        self,
        source: Source,
        target: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        kind: str | None = None,
        alpha: np.ndarray | None = None,
        keep: Iterable[Shape] = (),
        drop: Iterable[Shape] = (),
        **showing: Unpack[Showing],
    ) -> Result | list[Result]:
        """Cut the people out of one photo.

        The cut-out has the size of the upright photo, straight (not premultiplied) RGBA: the photo's own colours where
        it is opaque, at soft edges the people's without the old background's, and black wherever it is fully
        transparent: what was removed is gone, and the files are far smaller. What is transparent in the photo itself
        stays so. Colour profile and EXIF are kept, the orientation applied.

        Args:
            source: a path, a file's bytes, a file that is open for reading bytes, a Pillow image, or an array,
                upright: `uint8 (H, W, 3)`, RGB, `(H, W, 4)`, RGBA, or `(H, W)`, grey.
            target: also write the result there, by its suffix as PNG, WebP or TIFF, which lose nothing, or JPEG.
            overwrite: replace a `target` that exists; the photo itself is never replaced.
            kind: give the bytes of a file of this kind: "png", "webp", "tiff" or "jpeg".
            alpha: `float32 (H, W)` in [0, 1], who is cut out of the upright photo; None: whom the network finds.
            keep: touches that mend the alpha before, as for `correct`. With a `target` they are written beside it:
                `person.correct.json` beside `person.png`.
            drop: the same.
            showing: what the result shows: background, mask, crop, people, size, margin, align, shadow, threshold,
                grow, quality, preset; see `recorte.removal.options.Showing`.

        Returns:
            The kind that was given: for an array an array (`uint8 (H, W, 4)`, with a background `(H, W, 3)`, a mask
            `(H, W)`), for bytes and open files the bytes of a file (as written to `target`, else PNG), for a Pillow
            image or a path a Pillow image with profile and EXIF in its `info`, and there `not_kept`, a list, if
            something of the photo is not in the result (and its file): "16 bits per channel", say. For "each" a list
            of these. Of further pages of a TIFF, of which the first is taken, Python's `warnings` tell.

        Raises:
            PhotoError: the photo cannot be read, nobody is in it whom `crop` or "each" could show, or the kind of
                file cannot hold so large a result; the message names it.
            RecorteError: `target` cannot be written, or must not be; or an option is not valid, or a touch.
        """
        options, touches = Options.read(showing), touches_of(keep, drop)
        return remove(
            self.pipeline, options, source, target, overwrite=overwrite, kind=kind, alpha=alpha, touches=touches
        )

    def cut_out_batch(self, sources: Iterable[Source], **showing: Unpack[Showing]) -> list[Result | list[Result]]:
        """Cut the people out of several photos at a time, on all cores, which is faster than one after the other.

        Args:
            sources: photos, as `remove_background` takes them.
            showing: as for `remove_background`.

        Returns:
            What `remove_background` gives for each, in their order. `batch_process` is for more than memory holds.

        Raises:
            PhotoError: one of the photos cannot be read; the message names it, and no result is given.
            RecorteError: an option is not valid, or `sources` is one photo rather than several.
        """
        if isinstance(sources, str | bytes):  # whose letters would be taken for names
            raise RecorteError("cut_out_batch takes several photos, such as a list of paths, not one")
        options, pipeline = Options.read(showing), self._for_many.pipeline
        with ThreadPoolExecutor(spread(usable_cores())[0], thread_name_prefix="recorte") as pool:
            return list(pool.map(lambda source: remove(pipeline, options, source), sources))

    def stream(
        self, frames: Iterable[np.ndarray], *, background: Background = None, mask: bool = False
    ) -> Iterator[np.ndarray]:
        """Cut the people out of a film's or a camera's frames, one after the other, calm from one to the next.

        Where the picture stands still the alpha is averaged over time, as `recorte video` does, and each frame is
        looked at once.

        Args:
            frames: `uint8 (H, W, 3)`, RGB, in their order; one is taken when its result is asked for. OpenCV gives
                BGR: `frame[..., ::-1]`.
            background: as for `remove_background`.
            mask: give the alpha itself.

        Returns:
            For each frame `uint8 (H, W, 4)`, with an opaque background `(H, W, 3)`, a mask `(H, W)`.

        Raises:
            PhotoError: a frame of another type or shape.
            RecorteError: an option is not valid.
        """
        options, smoothing = Options.of(background, mask), Smoothing()
        pipeline = replace(self.pipeline, looks=1)

        def cut(frame: np.ndarray) -> np.ndarray:
            check_array(frame)
            frame = np.ascontiguousarray(frame)
            alpha = pipeline.enlarge(pipeline.found(frame, smoothing), frame)
            return pipeline.results(frame, options, "a frame", alpha=alpha)[0].picture

        return map(cut, frames)

    def batch_process(
        self,
        folder: str | os.PathLike[str],
        target: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        on_photo: Callable[[int, int, Path], None] | None = None,
        jobs: int = 1,
        kind: str | None = None,
        **showing: Unpack[Showing],
    ) -> BatchReport:
        """Cut the people out of every photo in a tree of folders, which is kept; a stopped run can be resumed.

        `sub/a.jpg` becomes `target/sub/a.png`; photos of one folder that differ by their suffix alone keep it
        (`a.jpg.png`, `a.png.png`). A cut-out that exists already is not made again. A photo that fails is
        reported and the rest goes on.

        Args:
            folder: where the photos are; hidden files, and `target` if it lies inside, are passed over.
            target: where the cut-outs go; not `folder` itself.
            overwrite: make those again that exist already.
            on_photo: called after each photo with how many are done, how many there are, and the photo's path.
            jobs: photos at a time, each on a thread of its own; they share the cores if `threads` is None.
            kind: of the files: "png", "webp", "tiff" or, with an opaque background or for masks, "jpeg"; None = what a
                preset says, else "png".
            showing: as for `remove_background`.

        Returns:
            What was written, what existed already, what failed and why; a folder that cannot be looked into, too; how
            many files were left out, by kind; what of which photo was not kept; and in which nobody was found.

        Raises:
            PhotoError: `folder` is no folder, cannot be looked into, or holds no photos.
            RecorteError: `target` cannot be used, or an option is not valid.
            ModelError: the model is at fault, so no photo would go better.
        """
        options = Options.read(showing)
        suffix = output.suffix_of(kind, None, options)
        sealed: dict[Path, str] = {}
        plan = plan_folder(Path(folder), Path(target), sealed, suffix)
        remover = self.with_threads(spread(usable_cores(), jobs)[1]) if jobs > 1 and self.threads is None else self

        def cut_out(photo: Path, result: Path) -> Aside:
            aside = Aside()
            remove(remover.pipeline, options, photo, result, overwrite=overwrite, aside=aside)
            return aside

        report = cut_out_all(cut_out, plan, overwrite=overwrite, on_photo=on_photo, jobs=jobs, options=options)
        report.failed += starmap(Failure, sealed.items())
        report.left_out = left_out(folder, target)
        return report
