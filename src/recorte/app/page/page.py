"""The web page, which `recorte app` starts: photos in, cut-outs out, with every step and a report.

Streamlit runs this file from top to bottom for every visitor and every touch. What belongs to a visitor is in
`st.session_state`; visitors share nothing but the model in use, the turns at it, and what was put aside.
"""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Semaphore

import streamlit as st

from recorte import BackgroundRemover
from recorte.app.limits import Limits, Refusal, check_photo
from recorte.app.page import panels
from recorte.app.page.before_after import before_after
from recorte.app.page.correcting.buttons import aside_panel, correct_button
from recorte.app.page.correcting.editor import edit
from recorte.app.page.correcting.mending import Mending
from recorte.app.page.cutting import Made, address, finished, make, mask_of, packed, safe_name, shown, smaller
from recorte.app.page.teaching.in_use import InUse
from recorte.app.page.teaching.panel import teaching_panel
from recorte.errors import PhotoError, RecorteError
from recorte.listing import EXTENSIONS
from recorte.messages import LANGUAGES, Language, say
from recorte.photo import read_photo
from recorte.removal.files.folder import usable_cores
from recorte.removal.steps.backgrounds import BLUR, ReadBackground, read_colour
from recorte.removal.steps.profiles import in_srgb

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


def main() -> None:
    """Lay the page out."""
    st.set_page_config(page_title="Recorte", page_icon=str(HERE / "static" / "icon.png"), layout="centered")
    st.html(HERE / "style.css")
    language = choose_language()
    st.html(f"<style>:root {{ --drop: '{say('drop', language)}'; --choose: '{say('choose', language)}'; "
            f"--limits: '{say('limits', language, megabytes=25, photos=LIMITS.photos)}'; }}</style>")  # fmt: skip
    files = st.file_uploader(
        say("photos", language), KINDS, accept_multiple_files=True, label_visibility="collapsed",
        max_upload_size=LIMITS.bytes // 1_000_000, key="photos",
    )  # fmt: skip
    if not files:
        forget([])
        st.html(panels.welcome(language))
        st.html(HERE / "empty.css")
        teach(language)
        return
    if len(files) > LIMITS.photos:
        st.warning(say("too_many", language, photos=LIMITS.photos, given=len(files)))
        files = files[: LIMITS.photos]
    forget([file.file_id for file in files])
    background, crop = choose_options(language)
    with st.container(key="editor"):
        if mending := st.session_state.get("mending"):
            edit(mending, turns(), language)
    everything = st.container()
    made = []
    for file in files:
        one = card(file, background, crop, language)
        if one is not None:
            made.append((file.name, one))
    if len(made) > 1:
        with everything, st.container(key="everything", horizontal=True, vertical_alignment="center"):
            st.html(f"<p class='quiet'>{say('done', language, done=len(made), given=len(files))}</p>")
            download(say("zip", language), lambda: packed(made, background, crop), "recorte.zip", "application/zip")
    teach(language)


def teach(language: Language) -> None:
    """Offer to teach, where photos can be put aside."""
    if ASIDE:
        teaching_panel(Path(ASIDE), in_use(), language)


def choose_language() -> Language:
    """Show the header; the visitor's browser chooses the language until the visitor does."""
    if "language" not in st.session_state:
        st.session_state.language = "es" if (st.context.locale or "").startswith("es") else "en"
    with st.container(key="top", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        place = st.empty()
        st.segmented_control(
            "Language / Idioma", list(LANGUAGES), format_func=LANGUAGES.__getitem__, key="language", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
    language: Language = st.session_state.language
    place.html(panels.header(language))
    return language


def choose_options(language: Language) -> tuple[ReadBackground, bool]:
    """Ask what goes behind the people, and whether to crop to them."""
    with st.container(key="options", horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control(
            say("background", language), ["transparent", "colour", "picture", "blur"], default="transparent",
            format_func=lambda name: say(name, language), key="background", required=True, wrap=True,
        )  # fmt: skip
        place = st.empty()  # what comes and goes has a place of its own: else Streamlit builds all cards after it anew
        background: ReadBackground = None
        if kind == "colour":
            background = read_colour(
                place.color_picker(say("colour", language), "#f2c14e", key="colour", label_visibility="collapsed")
            )
        elif kind == "blur":
            background = BLUR
        crop = st.toggle(say("crop", language), key="crop")
    place = st.empty()
    if kind == "picture":
        with place.container():
            given = st.file_uploader(say("picture_behind", language), KINDS, key="picture", max_upload_size=25)
            background = read_background(given.getvalue(), language) if given else None
    return background, crop


def read_background(content: bytes, language: Language) -> ReadBackground:
    """Read the picture that goes behind people; nothing if it cannot be read, and say so."""
    try:
        check_photo(content, LIMITS)
        return smaller(in_srgb(read_photo(content)), 4000)
    except RecorteError:
        st.error(say("picture_failed", language))
        return None


def card(file: "st.runtime.uploaded_file_manager.UploadedFile", background: ReadBackground, crop: bool,
         language: Language) -> Made | None:  # fmt: skip
    """Show one photo; its failure is its card's alone."""
    with st.container(border=True, key=f"card-{file.file_id}"):
        name = safe_name(file.name)
        kept: dict[str, Made | str] = st.session_state.setdefault("made", {})
        if file.file_id not in kept:
            with st.spinner(say("working", language, name=name)):
                kept[file.file_id] = attempt(file.getvalue())
        mended: Mending | None = st.session_state.get("mended")
        if mended and mended.key == file.file_id:
            if mended.changed:
                with st.spinner(say("mending", language, name=name)), turns():
                    kept[file.file_id] = mended.made()
            st.session_state.mended = None
        one = kept[file.file_id]
        if isinstance(one, str):
            st.html(panels.failure(name, one, language))
            return None
        show(one, name, file.file_id, background, crop, language)
        return one


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


def show(one: Made, name: str, key: str, background: ReadBackground, crop: bool, language: Language) -> None:
    """Fill a photo's card."""
    st.html(panels.heading(name, f"{one.width} x {one.height}", one.report, language))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        after = address(shown(one, background))
        left_word, right_word, label = (say(word, language) for word in ("before", "after", "slide"))
        ratio = one.width / one.height
        before_after(address(one.photo_shown), after, left_word, right_word, label, ratio, key=f"slider-{key}")
        stem = Path(name).stem
        with st.container(horizontal=True, key=f"downloads-{key}"):
            download(say("cutout", language), lambda: finished(one, background, crop), f"{stem}-cutout.png", key=key)
            download(say("mask", language), lambda: mask_of(one, crop), f"{stem}-mask.png", key=key, primary=False)
            correct_button(the_remover(), one, name, key, language)
        st.html(f"<p class='quiet'>{described(one, background, crop, language)}</p>")
        if one.touches and ASIDE:
            aside_panel(Path(ASIDE), one, name, key, language)
    with right:
        st.html(panels.quality(one.report, language))
    with st.expander(say("steps", language)):
        st.html(panels.steps(one.steps, language))


def described(one: Made, background: ReadBackground, crop: bool, language: Language) -> str:
    """What the file of a result will be."""
    height, width = ((side.stop - side.start) for side in one.box) if crop else (one.height, one.width)
    kind = {type(None): "transparent", tuple: "colour", str: "blur"}.get(type(background), "picture")
    touches = len(one.touches)
    touched = f", {say('corrected_1' if touches == 1 else 'corrected', language, touches=touches)}" if touches else ""
    return f"PNG, {width} x {height}, {say(f'over_{kind}', language)}{touched}"


def download(label: str, content: Callable[[], bytes], name: str, mime: str = "image/png", key: str = "",
             primary: bool = True) -> None:  # fmt: skip
    """Offer a file that is made when it is asked for."""
    st.download_button(
        label, content, name, mime, key=f"{name}-{key}", on_click="ignore",
        type="primary" if primary else "secondary", icon=":material/download:",
    )  # fmt: skip


def forget(kept: list[str]) -> None:
    """Let go of photos that the visitor took away."""
    made = st.session_state.setdefault("made", {})
    for gone in made.keys() - kept:
        del made[gone]
    for name in ("mending", "mended"):
        if (mending := st.session_state.get(name)) and mending.key not in kept:
            st.session_state[name] = None


main()
