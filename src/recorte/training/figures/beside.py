"""Drawing beside the training, which goes on meanwhile."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)


class Beside:
    """A thread that draws one thing at a time. What it fails of is raised where it is waited for."""

    def __init__(self) -> None:
        self.drawing: Future[None] | None = None

    def draw(self, task: Callable[[], None]) -> None:
        """Begin to draw, when what was begun before is done."""
        self.wait()
        thread = ThreadPoolExecutor(1, "drawing")  # a new one each: it would not be there in a forked process
        self.drawing = thread.submit(task)
        thread.shutdown(wait=False)  # it ends when it has drawn

    def wait(self) -> None:
        """Wait until all is drawn."""
        drawing, self.drawing = self.drawing, None
        if drawing is not None:
            drawing.result()

    def wait_after(self, error: BaseException) -> None:
        """Wait where an error ends the run, which is not hidden by one of drawing: that is logged."""
        try:
            self.wait()
        except Exception as second:
            log.error("Beside %r, drawing failed: %s", error, second)
