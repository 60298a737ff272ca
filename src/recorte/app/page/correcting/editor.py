"""The editor, in which a visitor paints on a photo what to keep and what to drop: a component of our own.

Of the components that exist none zooms under two fingers and shows a result while one paints.
"""

from functools import cache
from pathlib import Path
from threading import Semaphore

import streamlit as st

from recorte.app.page.correcting.mending import Mending
from recorte.messages import Language, say

HERE = Path(__file__).parent
WORDS = ("title", "what", "done", "keys", "photo", "brushes", "size", "keep", "drop", "move", "undo", "redo", "in",
         "out", "fit", "fingers", "behind", "working", "most")  # fmt: skip
"""What the editor says: keys of `recorte.messages` behind `edit_`."""


@cache
def _part(*names: str) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


@st.fragment
def edit(mending: Mending, turns: Semaphore, language: Language) -> None:
    """Show the editor over the page. Once it is closed the page runs again, with `mended` in the visitor's state.

    Args:
        mending: the photo; it is in the visitor's state, too, by its own name.
        turns: at the processor.
        language: of the visitor.
    """
    key = f"editor-{mending.number}"

    def work() -> None:
        with turns:
            mending.take(st.session_state[key].work)

    def done() -> None:
        with turns:
            mending.take(st.session_state[key].done)
        st.session_state.mending, st.session_state.mended = None, mending

    mount = st.components.v2.component(
        "recorte_editor",
        html=_part("editor.html"),
        css=_part("editor.css"),
        js=_part("view.js", "picture.js", "hands.js", "editor.js"),
    )
    if st.session_state.mending is not mending:
        st.rerun()
    words = {word: say(f"edit_{word}", language, name=mending.name) for word in WORDS}
    problem = mending.problem and say(mending.problem, language)
    data = mending.data() | {"words": words, "problem": problem}
    mount(data=data, key=key, on_work_change=work, on_done_change=done)
