"""What a photo's card has for correcting: the button that opens the editor, and the one that puts aside."""

import logging
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from recorte.app.page.correcting.aside import Put, put_aside, put_so_far
from recorte.app.page.correcting.mending import Mending
from recorte.app.page.cutting import Made
from recorte.errors import RecorteError
from recorte.messages import Language, say

if TYPE_CHECKING:
    from recorte import BackgroundRemover

log = logging.getLogger("recorte.page")


def correct_button(remover: "BackgroundRemover", made: Made, name: str, key: str, language: Language) -> None:
    """Offer to correct a photo; `key` is that of its card."""

    def opened() -> None:
        st.session_state.mending = Mending(remover, key, name, made)

    st.button(say("correct", language), key=f"correct-{key}", icon=":material/brush:", on_click=opened)


def aside_panel(folder: Path, made: Made, name: str, key: str, language: Language) -> None:
    """Offer to put a corrected photo and its mask aside, or say what became of them; `key` is that of its card."""
    outcomes: dict[str, tuple[Made, str, str]] = st.session_state.setdefault("put", {})
    of, outcome, where = outcomes.get(key, (None, "put_means", ""))
    if of is not made:  # it was corrected again
        outcome = "put_means"
    replace = outcome == Put.OTHER_MASK.value

    def put() -> None:
        """Put it aside, and keep what became of it for the next run of the page."""
        try:
            done, at = put_aside(folder, name, made.photo, made.mask, replace)
            outcomes[key] = made, done.value, at
        except RecorteError as error:
            log.error("%s", error)
            outcomes[key] = made, "put_failed", str(error)

    with st.container(key=f"aside-{key}"):
        if replace or outcome in ("put_means", "put_failed"):
            label = say("put_replace" if replace else "put_aside", language)
            st.button(label, key=f"put-{key}", icon=":material/inventory_2:", on_click=put)
        words = say(outcome, language, folder=folder, name=where, reason=where, number=put_so_far(folder))
        kind = "role='alert'" if outcome == "put_failed" else "role='status'"
        st.html(f"<p class='quiet' {kind}>{escape(words)}</p>")
