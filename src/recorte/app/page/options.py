"""What a visitor chooses for all photos: what is behind the people, and what files are like."""

import re
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from recorte.app.limits import Limits, check_photo
from recorte.app.page.cutting import smaller
from recorte.app.page.showing.look import GREY, KINDS, WHITE, Look, fitting
from recorte.errors import RecorteError
from recorte.messages import Language, say
from recorte.photo import read_photo
from recorte.removal.steps.backgrounds import BLUR, ReadBackground, read_colour
from recorte.removal.steps.profiles import in_srgb

OWN = "#f2c14e"
"""The own colour of a visitor who chose none yet."""


def choose_look(language: Language, limits: Limits, kinds: Sequence[str]) -> Look:
    """Ask what goes behind the people, and what files are like."""
    with st.container(key="options", horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control(
            say("background", language), ["transparent", "white", "grey", "colour", "picture", "blur"],
            default="transparent", format_func=lambda name: say(name, language), key="background", required=True,
            wrap=True,
        )  # fmt: skip
        place = st.empty()  # what comes and goes has a place of its own: else Streamlit builds all cards after it anew
        backgrounds: dict[str, ReadBackground] = {"white": WHITE, "grey": GREY, "blur": BLUR}
        background = backgrounds.get(kind or "")
        if kind == "colour":
            background = _own_colour(place, language)
        crop = st.toggle(say("crop", language), key="crop")
        look = _files(Look(background, crop), language)
    place = st.empty()
    if kind == "picture":
        with place.container():
            given = st.file_uploader(say("picture_behind", language), kinds, key="picture", max_upload_size=25)
            picture = _read(given.getvalue(), limits, language) if given else None
            look = replace(look, background=picture)
    return look


def _own_colour(place: "st.delta_generator.DeltaGenerator", language: Language) -> ReadBackground:
    """Ask for a colour, which is kept in the page's address: a bookmark has the shop's own."""
    kept = st.query_params.get("colour", "")
    first = f"#{kept}" if re.fullmatch("[0-9a-f]{6}", kept) else OWN
    chosen = place.color_picker(say("colour", language), first, key="colour", label_visibility="collapsed")
    if chosen != first:
        st.query_params["colour"] = chosen.removeprefix("#")
    return read_colour(chosen)


def _files(look: Look, language: Language) -> Look:
    with st.popover(say("files", language), icon=":material/tune:"):
        kind = st.segmented_control(
            say("format", language), list(KINDS), default="png", format_func=KINDS.__getitem__, key="kind",
            required=True,
        )  # fmt: skip
        size = st.text_input(say("size", language), placeholder="1000x1000", key="size", max_chars=20)
        st.html(f"<p class='quiet'>{say('size_means', language)}</p>")
        margin = st.number_input(say("margin", language), 0, 45, 0, key="margin")
        st.html(f"<p class='quiet'>{say('margin_means', language)}</p>")
    look, wrong = fitting(replace(look, size=size.strip() or None, margin=margin / 100 or None, kind=kind or "png"))
    if wrong:
        st.error(say("size_wrong", language))
    return look


def _read(content: bytes, limits: Limits, language: Language) -> ReadBackground:
    """Read the picture that goes behind people; nothing if it cannot be read, and say so."""
    try:
        check_photo(content, limits)
        return smaller(in_srgb(read_photo(content)), 4000)
    except RecorteError:
        st.error(say("picture_failed", language))
        return None
