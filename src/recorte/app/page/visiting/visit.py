"""What the browser tells of a visit, by a component without anything to see."""

from pathlib import Path

import streamlit as st

from recorte.messages import Language

JS = Path(__file__).with_name("visit.js").read_text(encoding="utf-8")


def visit(language: Language) -> str:
    """Tell the browser the page's language and have it paste photos; give what this visit is called, "" at first.

    The name is made by the browser's tab, stays when that loads the page again, goes when it is closed, and cannot be
    guessed.
    """
    mount = st.components.v2.component("recorte_visit", html="<i hidden></i>", js=JS)
    known = st.session_state.get("visit") or {}
    with st.container(key="visiting"):
        found = mount(
            data={"language": language, "visit": known.get("visit") or ""}, key="visit", on_visit_change=lambda: None
        )
    return str(found.visit or "")
