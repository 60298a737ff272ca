"""A result at the photo's own pixels, in a dialogue: to be looked at closely, and to be copied."""

import base64
from functools import cache
from pathlib import Path

import streamlit as st

from recorte.messages import Language, say

HTML = """
<div class="closer"><div class="frame" tabindex="0" role="group"><img alt=""></div>
<p><button type="button"></button><span role="status"></span></p></div>
"""
HERE = Path(__file__).parent


@cache
def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def closer(content: bytes, title: str, language: Language) -> None:
    """Show a PNG at its own pixels.

    Args:
        content: the file.
        title: of the dialogue.
        language: of the visitor.
    """
    mount = st.components.v2.component("recorte_closer", html=HTML, css=_part("closer.css"), js=_part("closer.js"))

    @st.dialog(title, width="large")
    def shown() -> None:
        picture = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        words = {word: say(word, language) for word in ("copy", "copied")}
        mount(data=words | {"picture": picture, "label": title, "refused": say("copy_refused", language)}, key="closer")

    shown()
