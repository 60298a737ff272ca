"""The web page, which `recorte app` starts: photos in, cut-outs out, with every step and a report.

Streamlit runs this file from top to bottom for every visitor and every touch. What belongs to a visitor is in
`st.session_state`, and photos for a while in what `kept` gives, by a name that only the visitor's tab knows; visitors
share nothing but the model in use, the turns at it, and what was put aside.
"""

import logging
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING

import streamlit as st
from PIL import features
from streamlit.delta_generator import DeltaGenerator

from recorte import BackgroundRemover
from recorte.app.limits import Limits, Refusal
from recorte.app.page import panels
from recorte.app.page.correcting.editor import edit
from recorte.app.page.correcting.mending import Mending
from recorte.app.page.cutting import Made, make, safe_name
from recorte.app.page.options import choose_look
from recorte.app.page.showing.card import show
from recorte.app.page.showing.download import MIMES, download
from recorte.app.page.showing.look import Look, packed
from recorte.app.page.teaching.in_use import InUse
from recorte.app.page.teaching.panel import teaching_panel
from recorte.app.page.visiting.kept import Given, Kept
from recorte.app.page.visiting.visit import visit
from recorte.errors import PhotoError
from recorte.listing import EXTENSIONS
from recorte.messages import LANGUAGES, Language, say
from recorte.removal.files.folder import usable_cores

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

log = logging.getLogger("recorte.page")

LIMITS = Limits(bytes=25_000_000, pixels=50_000_000, photos=12)
KINDS = sorted(suffix[1:] for suffix in EXTENSIONS)
HERE = Path(__file__).parent
# The model, and the folder to put corrected photos aside into, as `launch` gives them.
MODEL, ASIDE = (word or None for word in (*sys.argv[1:], "", "")[:2])


@st.cache_resource(show_spinner=False)
def in_use() -> InUse:
    """Know which model is in use, for all visitors."""
    return InUse(MODEL)


@st.cache_resource(show_spinner=False, max_entries=2)
def opened(model: Path | None) -> BackgroundRemover:
    """Open a model once for all visitors; threads may share it."""
    return BackgroundRemover(model)


def the_remover() -> BackgroundRemover:
    """Give what cuts out with the model in use."""
    return opened(in_use().path)


@st.cache_resource(show_spinner=False)
def turns() -> Semaphore:
    """Let no more photos be worked on at once than there are cores, whoever gave them: memory has an end."""
    return Semaphore(usable_cores())


@st.cache_resource(show_spinner=False)
def kept() -> Kept:
    """Keep the photos of all visits, each for a while."""
    return Kept()


def main() -> None:
    """Lay the page out."""
    st.set_page_config(page_title="Recorte", page_icon=str(HERE / "static" / "icon.png"), layout="centered")
    st.html(HERE / "styles" / "style.css")
    language = choose_language()
    photos = photos_of(visit(language))
    words = {
        "drop": say("drop", language), "drop-more": say("drop_more", language), "choose": say("choose", language),
        "limits": say("limits", language, megabytes=25, photos=LIMITS.photos, kinds=readable()),
        "limits-one": say("limits_one", language, megabytes=25, kinds=readable()),
    }  # fmt: skip
    said = " ".join(f"--{word}: '{text}';" for word, text in words.items())
    st.html(f"<style>:root {{ {said} }}</style>")
    take(photos, st.file_uploader(
        say("photos", language), KINDS, accept_multiple_files=True, label_visibility="collapsed",
        max_upload_size=LIMITS.bytes // 1_000_000, key="photos",
    ))  # fmt: skip
    if photos:
        st.html(HERE / "styles" / "small.css")
        gallery(photos, language)
    else:
        st.html(panels.welcome(language))
        st.html(HERE / "styles" / "empty.css")
    teach(language)


def photos_of(name: str) -> dict[str, Given]:
    """Give the photos of a visit, by its name, which the browser tells but a moment after the page is there."""
    early: dict[str, Given] = st.session_state.setdefault("early", {})
    if not name:
        return early
    photos = kept().of(name)
    photos |= early
    early.clear()
    return photos


def gallery(photos: dict[str, Given], language: Language) -> None:
    """Show the photos, each on a card."""
    if len(photos) > LIMITS.photos:
        st.warning(say("too_many", language, photos=LIMITS.photos, given=len(photos)))
    look = choose_look(language, LIMITS, KINDS)
    with st.container(key="editor"):
        if mending := st.session_state.get("mending"):
            edit(mending, turns(), language)
    everything = st.container()
    seen = dict([*photos.items()][: LIMITS.photos])
    many = len(seen) > 2
    with st.container(key="many" if many else "few"):
        places = {key: st.container(border=True, key=f"card-{key}") for key in seen}
    tops = {key: place.empty() for key, place in places.items()}
    for key, one in seen.items():
        if one.made is None:
            tops[key].html(panels.waiting(safe_name(one.name), language))
    for key, one in seen.items():
        with places[key]:
            card(one, key, photos, look, many, language, tops[key])
    made = [(one.name, one.made) for one in seen.values() if isinstance(one.made, Made)]
    if len(made) > 1:
        with everything, st.container(key="everything", horizontal=True, vertical_alignment="center"):
            st.html(f"<p class='quiet'>{say('done', language, done=len(made), given=len(seen))}</p>")
            download(say("zip", language), lambda: packed(the_remover(), made, look), "recorte.zip", MIMES["zip"])


def readable() -> str:
    """Name the kinds of photos that can be read here, as people call them."""
    others = [("AVIF", features.check("avif")), ("HEIC", find_spec("pillow_heif") is not None)]
    return ", ".join(["JPEG", "PNG", "WebP", "TIFF", *(kind for kind, there in others if there)])


def take(photos: dict[str, Given], files: "Sequence[UploadedFile]") -> None:
    """Take the photos that are new in the uploader, and let go of those that the visitor took out of it."""
    now, before = {file.file_id: file for file in files}, st.session_state.get("uploaded", set())
    for gone in before - now.keys():
        photos.pop(gone, None)
    for key, file in now.items():
        if key not in before:
            photos[key] = Given(file.name, file.getvalue())
    st.session_state.uploaded = {*now}
    views = st.session_state.setdefault("views", {})
    for gone in views.keys() - photos.keys():
        del views[gone]
    for name in ("mending", "mended"):
        if (mending := st.session_state.get(name)) and mending.key not in photos:
            st.session_state[name] = None


def teach(language: Language) -> None:
    """Offer to teach, where photos can be put aside."""
    if ASIDE:
        teaching_panel(Path(ASIDE), in_use(), language)


def choose_language() -> Language:
    """Show the header; the visitor's browser chooses the language until the visitor does."""
    first: Language = "es" if (st.context.locale or "").startswith("es") else "en"
    with st.container(key="top", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        place = st.empty()
        # By `default`, not by the visit's state: that is told once, and a browser which loads slowly may miss it.
        language = st.segmented_control(
            "Language / Idioma", list(LANGUAGES), default=first, format_func=LANGUAGES.__getitem__, key="language",
            required=True, label_visibility="collapsed",
        )  # fmt: skip
    place.html(panels.header(language))
    return language


def card(
    one: Given, key: str, photos: dict[str, Given], look: Look, small: bool, language: Language, place: DeltaGenerator
) -> None:
    """Show one photo; its failure is its card's alone."""
    name = safe_name(one.name)
    corrected = isinstance(one.made, Made) and one.made.touches
    if one.made is None or (one.model != in_use().name and not corrected):
        one.made, one.model = attempt(one.content), in_use().name
    mended: Mending | None = st.session_state.get("mended")
    if mended and mended.key == key:
        if mended.changed:
            with st.spinner(say("mending", language, name=name)), turns():
                one.made = mended.made()
        st.session_state.mended = None
    if isinstance(one.made, str):
        place.html(panels.failure(name, one.made, language))
    else:
        place.html(panels.heading(name, f"{one.made.width} x {one.made.height}", one.made.report, language))
        show(the_remover(), one.made, name, key, look, language, small, aside=ASIDE)
    st.button(
        say("remove", language, name=name), key=f"remove-{key}", icon=":material/close:", type="tertiary",
        on_click=let_go, args=(photos, key),
    )  # fmt: skip


def let_go(photos: dict[str, Given], key: str) -> None:
    """Let go of a photo."""
    photos.pop(key, None)


def attempt(content: bytes) -> Made | str:
    """Cut out a photo, or say why not, by a key of `recorte.messages`."""
    try:
        with turns():
            return make(the_remover(), content, LIMITS)
    except Refusal as error:
        return {413: "too_large", 415: "no_photo"}.get(error.status, "damaged")
    except PhotoError:
        return "damaged"
    except Exception:  # one odd photo must not take the others along
        log.exception("A photo could not be cut out")
        return "unknown_reason"


main()
