"""What Recorte says to people with photos, in English and Spanish: the advice of a report, and the web page."""

from typing import Literal

Language = Literal["en", "es"]
LANGUAGES: dict[Language, str] = {"en": "English", "es": "Español"}

MESSAGES: dict[str, tuple[str, str]] = {
    # The figures of a report
    "coverage": ("Coverage", "Cobertura"),
    "contrast": ("Contrast", "Contraste"),
    "edges": ("Edges", "Bordes"),
    "resolution": ("Resolution", "Resolución"),
    "coverage_means": ("Share of the photo that is person.", "Parte de la foto que es persona."),
    "contrast_means": (
        "How sure the mask is of what is person and what is not.",
        "Con qué seguridad separa la máscara lo que es persona de lo que no.",
    ),
    "edges_means": ("How narrow the blurred line around the person is.", "Lo fina que es la línea borrosa alrededor."),
    "resolution_means": ("100 from one megapixel on.", "100 a partir de un megapíxel."),
    # Its advice
    "nobody": (
        "Nobody found: the cut-out is empty.",
        "No se ha encontrado a nadie: el recorte está vacío.",
    ),
    "poor": (
        "The network is unsure of much of this photo: look at the cut-out before you use it.",
        "La red duda en buena parte de esta foto: mire el recorte antes de usarlo.",
    ),
    "coverage_low": (
        "The people are small in the photo; one taken closer, or cropped, gives better edges.",
        "Las personas salen pequeñas; una foto más cercana, o recortada, da mejores bordes.",
    ),
    "contrast_low": (
        "Person and background are hard to tell apart here; plainer background or better light helps.",
        "Cuesta distinguir a la persona del fondo; ayudan un fondo más liso o mejor luz.",
    ),
    "edges_low": (
        "The edges are soft; look at hair, hands and feet.",
        "Los bordes son imprecisos; mire el pelo, las manos y los pies.",
    ),
    "resolution_low": (
        "The photo has few pixels; use the original rather than a thumbnail or a screenshot.",
        "La foto tiene pocos píxeles; use el original en vez de una miniatura o una captura.",
    ),
    "cut_left": ("The person is cut at the left border.", "La persona está cortada por el borde izquierdo."),
    "cut_right": ("The person is cut at the right border.", "La persona está cortada por el borde derecho."),
    "cut_top": ("The person is cut at the top border.", "La persona está cortada por el borde superior."),
    "cut_bottom": ("The person is cut at the bottom border.", "La persona está cortada por el borde inferior."),
    "fine": ("Nothing to complain about.", "Nada que objetar."),
}
"""By key: English, Spanish. Words in braces are filled in."""


def say(key: str, language: Language = "en", **values: object) -> str:
    """Give a message in a language, its words in braces replaced by `values`."""
    return MESSAGES[key][list(LANGUAGES).index(language)].format(**values)
