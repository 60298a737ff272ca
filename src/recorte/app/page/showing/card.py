"""The card of a photo that was cut out."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from recorte.app.page import panels
from recorte.app.page.correcting.buttons import aside_panel, correct_button
from recorte.app.page.cutting import Made, address
from recorte.app.page.showing.before_after import before_after
from recorte.app.page.showing.closer import closer
from recorte.app.page.showing.download import MIMES, download
from recorte.app.page.showing.look import GREY, KINDS, WHITE, Look
from recorte.messages import Language, say
from recorte.removal.steps.backgrounds import ReadBackground

if TYPE_CHECKING:
    from recorte import BackgroundRemover


def show(
    remover: "BackgroundRemover",
    one: Made,
    name: str,
    key: str,
    look: Look,
    language: Language,
    small: bool,
    aside: str | None,
) -> None:
    """Fill a photo's card, under its heading.

    Args:
        remover: what cuts out.
        one: the photo.
        name: of its file.
        key: of its card.
        look: what its files shall be like.
        language: of the visitor.
        small: the card is one of many: its report is folded.
        aside: folder that photos may be put aside into.
    """
    left, right = (st.container(), None) if small else st.columns([3, 2], gap="medium")
    with left:
        before, after, described = _view(remover, one, key, look, language)
        left_word, right_word, label = (say(word, language) for word in ("before", "after", "slide"))
        before_after(address(before), address(after), left_word, right_word, f"{label}: {name}",
                     before.shape[1] / before.shape[0], key=f"slider-{key}")  # fmt: skip
        stem = Path(name).stem
        with st.container(horizontal=True, key=f"downloads-{key}"):
            kind = look.kind
            download(
                say("cutout", language), lambda: look.file(remover, one), f"{stem}-cutout.{kind}", MIMES[kind], key
            )
            download(
                say("mask", language), lambda: look.mask(remover, one), f"{stem}-mask.png", MIMES["png"], key, False
            )
            correct_button(remover, one, name, key, language)
            if st.button(say("closer", language), key=f"closer-{key}", icon=":material/zoom_in:"):
                closer(replace(look, kind="png").file(remover, one), name, language)
        st.html(f"<p class='quiet'>{described}</p>")
        if small and not one.report.found:  # else its report, beside it, tells
            st.html(f"<p class='quiet'>{say('nobody', language)}</p>")
        if one.touches and aside:
            aside_panel(Path(aside), one, name, key, language)
    if right is not None:
        with right:
            st.html(panels.quality(one.report, language))
    with st.expander(say("report" if small else "steps", language)):
        if small:
            st.html(panels.quality(one.report, language))
        st.html(panels.steps(one.steps, language))


def _view(
    remover: "BackgroundRemover", one: Made, key: str, look: Look, language: Language
) -> tuple[np.ndarray, np.ndarray, str]:
    """Give photo and result in small, and what the file will be; made again where anything is another."""
    views = st.session_state.setdefault("views", {})
    kept = views.get(key)
    if kept is None or kept[0] is not one or kept[1] is not look.background or kept[2] != _but_background(look):
        kept = views[key] = one, look.background, _but_background(look), *look.shown(remover, one), look.pixels(one)
    *_, before, after, (width, height) = kept
    touches = len(one.touches)
    touched = f", {say('corrected_1' if touches == 1 else 'corrected', language, touches=touches)}" if touches else ""
    return before, after, f"{KINDS[look.kind]}, {width} x {height}, {_over(look.behind, language)}{touched}"


def _but_background(look: Look) -> tuple[object, ...]:
    return look.crop, look.size, look.margin, look.kind


def _over(background: ReadBackground, language: Language) -> str:
    if isinstance(background, tuple) and background in (WHITE, GREY):
        return say("over_white" if background == WHITE else "over_grey", language)
    kind = {type(None): "transparent", tuple: "colour", str: "blur"}.get(type(background), "picture")
    return say(f"over_{kind}", language)
