"""Parts of the page as HTML: the header, the report of a photo, its steps. All text that others gave is escaped."""

from html import escape

from recorte.app.page.cutting import STEPS
from recorte.messages import Language, say
from recorte.removal.quality import QualityReport

GOOD, MIDDLING = 80, 60
"""Scores from which on a cut-out is shown as good, and as one to look at."""


def header(language: Language) -> str:
    """The wordmark, half inside a cutting line, and what this is."""
    return f"""<header class="masthead">
  <div class="mark" aria-hidden="true"></div>
  <div><h1>Recorte</h1><p>{say("tagline", language)}</p></div>
</header>"""


def welcome(language: Language) -> str:
    """What is there before any photo is."""
    points = "".join(
        f"<li><b>{say(f'point_{number}', language)}</b><span>{say(f'point_{number}_more', language)}</span></li>"
        for number in (1, 2, 3)
    )
    return f'<ol class="points">{points}</ol>'


def heading(name: str, size: str, report: QualityReport, language: Language) -> str:
    """The top of a photo's card: its name, size in pixels and score."""
    kind = "good" if report.score >= GOOD else "middling" if report.score >= MIDDLING else "poor"
    title = escape(say("score_means", language), quote=True)
    return f"""<div class="card-head"><div><h2>{escape(name)}</h2><span class="quiet">{size}</span></div>
  <span title="{title}"><span class="quiet">{say("score", language)}</span>
  <span class="score {kind}"><b>{report.score}</b><i>/ 100</i></span></span></div>"""


def waiting(name: str, language: Language) -> str:
    """The card of a photo that is being cut out."""
    return f"""<div class="waiting"><h2>{escape(name)}</h2>
  <p class="quiet" role="status">{escape(say("working", language, name=name))}</p><div class="room"></div></div>"""


def failure(name: str, reason: str, language: Language) -> str:
    """The card of a photo that could not be cut out, with the reason, a key of `recorte.messages`."""
    return f"""<div class="failed" role="alert"><h2>{escape(name)}</h2>
  <p><b>{say("failed", language)}</b> {escape(say(reason, language))}</p></div>"""


def quality(report: QualityReport, language: Language) -> str:
    """The report of a photo: advice, the four figures, where people are, and how sure the mask is."""
    advice = "".join(f"<li>{escape(sentence)}</li>" for sentence in report.sentences(language))
    bars = "".join(_bar(name, value, threshold, language) for name, (value, threshold) in report.figures.items())
    cells = "".join(f'<span style="--share:{share:.0f}%">{share:.0f}</span>' for row in report.places for share in row)
    return f"""<section class="quality"><ul class="advice">{advice}</ul><dl class="figures">{bars}</dl>
<div class="maps"><figure><div class="places">{cells}</div><figcaption>{say("places", language)}</figcaption></figure>
<figure>{_histogram(report)}<figcaption>{say("histogram", language)}</figcaption></figure></div></section>"""


def steps(pictures: dict[str, str], language: Language) -> str:
    """Every step from the photo to its cut-out, as small pictures."""
    shown = "".join(
        f'<figure><div><img src="{pictures[name]}" alt="{say(f"step_{name}", language)}"></div>'
        f"<figcaption><b>{number}</b> {say(f'step_{name}', language)}</figcaption></figure>"
        for number, name in enumerate(STEPS, start=1)
    )
    return f'<div class="steps">{shown}</div>'


def _bar(name: str, value: float, threshold: float, language: Language) -> str:
    kind = "enough" if value >= threshold else "low"
    title = escape(say(f"{name}_means", language), quote=True)
    return f"""<div class="{kind}" title="{title}"><dt>{say(name, language)}</dt><dd>{value:.0f}</dd>
<dd class="bar" style="--value:{value:.1f}%;--threshold:{threshold:.1f}%"></dd></div>"""


def _histogram(report: QualityReport) -> str:
    # By the square root, since nearly all pixels are at the ends and the doubtful ones between are what matters.
    highest = max(share**0.5 for share in report.histogram) or 1
    bars = "".join(f'<span style="--height:{share**0.5 / highest:.1%}"></span>' for share in report.histogram)
    return f'<div class="histogram">{bars}</div>'
