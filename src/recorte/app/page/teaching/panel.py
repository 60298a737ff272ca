"""The panel in which Recorte is taught what was put aside, and in which the model in use is chosen."""

import logging
import math
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import streamlit as st

from recorte.app.page.correcting.aside import put_so_far
from recorte.app.page.teaching import report
from recorte.app.page.teaching.in_use import BUNDLED, InUse, label
from recorte.errors import RecorteError
from recorte.home import model_named
from recorte.messages import Language, say
from recorte.teaching import background
from recorte.teaching.background import State

FEWEST = 3
"""Photos to teach with, as in `recorte.teaching.lessons`, which needs what training does."""
PARTS = {"looking": 0.01, "measuring": 0.03, "learning": 0.06, "finishing": 0.94, "stopping": 0.97}
"""How much of a teaching is over when a stage begins, about."""

log = logging.getLogger("recorte.page")


def teaching_panel(folder: Path, in_use: InUse, language: Language) -> None:
    """Show the panel, as soon as there is anything to teach or to choose.

    Args:
        folder: into which photos are put aside.
        in_use: the model in use.
        language: of the visitor.
    """
    now = background.state()
    if now is None and len(in_use.names()) == 1 and not put_so_far(folder):
        return
    goes_on = now is not None and now.goes_on
    with st.container(border=True, key="teaching"):
        st.html(Path(__file__).with_name("teaching.css"))
        st.fragment(_panel, run_every=1.0 if goes_on else None)(folder, in_use, language, goes_on)


def _panel(folder: Path, in_use: InUse, language: Language, goes_on: bool) -> None:
    now = background.state()
    if (now is not None and now.goes_on) != goes_on:  # the whole page decides how often this is looked at
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", key="teach-top"):
        st.html(f"<h2>{say('teach_title', language)}</h2>")
        _model_list(in_use, language)
    if now is not None and now.goes_on:
        _progress(now, language)
    elif now is not None and now.stage == "done" and model_named(now.name) is not None:
        _decision(now, in_use, language)
    else:
        if now is not None:
            st.html(report.end(now, language))
        _offer(folder, in_use, language)
    if problem := st.session_state.pop("teach_problem", None):
        st.html(report.alert(say("teach_failed", language, reason=problem)))


def _model_list(in_use: InUse, language: Language) -> None:
    names = in_use.names()
    if len(names) == 1:
        return
    chosen = st.selectbox(
        say("model", language), names, names.index(in_use.name), key=f"model-{in_use.name}", width=280,
        format_func=lambda name: say("model_bundled", language) if name == BUNDLED else label(name),
    )  # fmt: skip
    if chosen != in_use.name:
        _use(in_use, chosen)


def _offer(folder: Path, in_use: InUse, language: Language) -> None:
    number = put_so_far(folder)
    if number < FEWEST:
        st.html(f"<p>{say('teach_few', language, number=number)}</p>")
        return
    st.html(report.offer(number, folder, language))
    ready = find_spec("torch") is not None
    st.button(
        say("teach_begin", language), key="teach", type="primary", icon=":material/school:", disabled=not ready,
        on_click=_tried(lambda: background.begin(folder, in_use.path)),
    )  # fmt: skip
    if not ready:
        st.html(report.alert(say("teach_needs", language)))


def _progress(now: State, language: Language) -> None:
    share = PARTS[now.stage]
    if now.steps:
        share += (PARTS["finishing"] - share) * now.step / now.steps
    words = say(f"teach_{now.stage}", language, step=now.step, steps=now.steps)
    if now.seconds_left is not None:
        minutes = math.ceil(now.seconds_left / 60)
        words += f" · {say('left_1' if minutes <= 1 else 'left', language, minutes=minutes)}"
    st.progress(share, words)
    st.html(f"<p class='quiet'>{say('teach_leave', language)}</p>")
    st.button(
        say("teach_stop", language), key="teach-stop", icon=":material/stop_circle:", on_click=background.stop,
        disabled=now.process is None or now.stage == "stopping",
    )  # fmt: skip


def _decision(now: State, in_use: InUse, language: Language) -> None:
    st.html(report.result(now, language))
    with st.container(horizontal=True, key="teach-decision"):
        if st.button(say("teach_use", language), key="teach-use", type="primary", icon=":material/check:"):
            _use(in_use, now.name)
        st.button(
            say("teach_away", language), key="teach-away", icon=":material/delete:",
            on_click=_tried(background.throw_away), disabled=now.name == in_use.name,
        )  # fmt: skip


def _use(in_use: InUse, name: str) -> None:
    """Use a model from now on; the page cuts the photos that nobody corrected out with it at once."""
    now = background.state()
    if now is not None and now.name == name:
        background.forget()
    _tried(lambda: in_use.choose(name))()
    st.rerun()


def _tried(act: Callable[[], None]) -> Callable[[], None]:
    """Let the visitor know why something could not be done."""

    def attempt() -> None:
        try:
            act()
        except (RecorteError, OSError) as error:
            log.error("%s", error)
            st.session_state.teach_problem = str(error)

    return attempt
