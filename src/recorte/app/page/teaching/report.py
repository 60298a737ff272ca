"""What the panel says of a teaching, as HTML. All text that others gave is escaped."""

import base64
from html import escape
from pathlib import Path

from PIL import Image

from recorte.errors import RecorteError
from recorte.files import free_space
from recorte.home import home, model_named
from recorte.messages import Language, say
from recorte.teaching.background import State
from recorte.teaching.facts import Shown, shown_of

SETS = ("judged", "drawn", "earlier")
ROOM = 200_000_000
"""Bytes without which a teaching finds no room for its files."""


def offer(number: int, folder: Path, language: Language) -> str:
    """What teaching does, with so many photos of a folder."""
    return f"<p>{escape(say('teach_offer', language, number=number, folder=folder))}</p>"


def alert(words: str) -> str:
    """A sentence that must not be overlooked."""
    return f"<p class='teach-alert' role='alert'>{escape(words)}</p>"


def end(now: State, language: Language) -> str:
    """How a teaching ended that brought no model; nothing of one whose model is gone since."""
    if now.stage == "stopped":
        return f"<p class='quiet' role='status'>{say('teach_stopped', language)}</p>"
    if now.stage == "failed":
        return alert(say("teach_failed", language, reason=now.reason))
    if now.stage == "cut off":
        return alert(say("teach_full" if free_space(home()) < ROOM else "teach_cut", language))
    return ""


def result(now: State, language: Language) -> str:
    """What a teaching brought: figures, and pictures from before and after."""
    rows = "".join(_figures(name, now, language) for name in SETS if name in now.after)
    better = now.after["judged"] > now.before["judged"]
    verdict = "" if better else alert(say("teach_no_better", language))
    done = escape(say("teach_done", language, photos=now.photos, name=now.name))
    folder = model_named(now.name)
    try:
        shown = [] if folder is None else shown_of(folder)
    except RecorteError:  # the figures alone are worth telling
        shown = []
    pairs = "".join(_pair(one, language) for one in shown if one.picture.is_file())
    return f"""<p role="status">{done}</p>{verdict}
<table class="taught"><thead><tr><th>{say("teach_iou", language)}</th><th>{say("before", language)}</th>
<th>{say("after", language)}</th><th></th></tr></thead><tbody>{rows}</tbody></table>{pairs}"""


def _figures(name: str, now: State, language: Language) -> str:
    before, after = round(100 * now.before[name], 1), round(100 * now.after[name], 1)
    change = round(after - before, 1)
    kind = "good" if change > 0 else "poor" if change < 0 else ""
    return (
        f"<tr><th>{say(f'teach_{name}', language)}</th><td>{before:.1f}</td><td>{after:.1f}</td>"
        f"<td class='{kind}'>{change:+.1f}</td></tr>"
    )


def _pair(one: Shown, language: Language) -> str:
    with Image.open(one.picture) as image:
        ratio = 0.995 * image.width / 2 / image.height  # a hair less, else a line of the next picture is seen
    source = f"data:image/webp;base64,{base64.b64encode(one.picture.read_bytes()).decode()}"
    scores = (f"{say(word, language)} <b>{100 * iou:.1f}</b>" for word, iou in
              (("before", one.before), ("after", one.after)))  # fmt: skip
    halves = (("left", (say("step_original", language), say("mask", language))), ("right", tuple(scores)))
    shown = "".join(
        f"<figure><img class='{side}' src='{source}' style='aspect-ratio:{ratio:.4f}' alt=''>"
        f"<figcaption>{''.join(f'<span>{word}</span>' for word in words)}</figcaption></figure>"
        for side, words in halves
    )
    return f"<section class='taught-photo'><h3>{escape(one.name)}</h3><div>{shown}</div></section>"
