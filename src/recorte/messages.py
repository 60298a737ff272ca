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
        "Nobody found, or somebody too small to judge: less than half a per cent of the photo is person.",
        "No se ha encontrado a nadie, o es demasiado pequeño para juzgarlo: hay persona en menos del 0,5 % de la foto.",
    ),
    "poor": (
        "The network is unsure of much of this photo: look at the cut-out before you use it.",
        "La red duda en buena parte de esta foto: mira el recorte antes de usarlo.",
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
        "Los bordes son imprecisos; mira el pelo, las manos y los pies.",
    ),
    "resolution_low": (
        "The photo has few pixels; use the original rather than a thumbnail or a screenshot.",
        "La foto tiene pocos píxeles; usa el original en vez de una miniatura o una captura.",
    ),
    "cut_left": ("The person is cut at the left border.", "La persona está cortada por el borde izquierdo."),
    "cut_right": ("The person is cut at the right border.", "La persona está cortada por el borde derecho."),
    "cut_top": ("The person is cut at the top border.", "La persona está cortada por el borde superior."),
    "cut_bottom": ("The person is cut at the bottom border.", "La persona está cortada por el borde inferior."),
    "fine": ("Nothing to complain about.", "Nada que objetar."),
    # The page
    "tagline": (
        "People cut out of photos, without a cloud.",
        "Recorta a las personas de tus fotos, sin nube.",
    ),
    "photos": ("Photos", "Fotos"),
    "drop": ("Drop photos of people here", "Suelta aquí fotos de personas"),
    "choose": ("Choose photos", "Elegir fotos"),
    "limits": (
        "or paste one. Up to {photos} at once, {megabytes} MB each: {kinds}",
        "o pega una. Hasta {photos} a la vez, de {megabytes} MB cada una: {kinds}",
    ),
    "limits_one": ("One picture, up to {megabytes} MB: {kinds}", "Una imagen, de hasta {megabytes} MB: {kinds}"),
    "drop_more": ("Drop more photos here", "Suelta aquí más fotos"),
    "too_many": (
        "{given} photos are too many at once: here are the first {photos}.",
        "{given} fotos son demasiadas a la vez: aquí están las primeras {photos}.",
    ),
    "point_1": ("At full size", "A tamaño completo"),
    "point_1_more": (
        "The cut-out has every pixel of your photo, with its colour profile.",
        "El recorte conserva cada píxel de la foto y su perfil de color.",
    ),
    "point_2": ("Honest about it", "Sin engaños"),
    "point_2_more": (
        "Each cut-out says how good it is likely to be, and what would help.",
        "Cada recorte dice lo bueno que será probablemente y qué ayudaría.",
    ),
    "point_3": ("On this machine", "En este equipo"),
    "point_3_more": (
        "Photos stay where this page runs, and are gone half an hour after you leave, but for those you put aside.",
        "Las fotos se quedan donde corre esta página y desaparecen media hora después de irte, salvo las que guardes.",
    ),
    "background": ("Background", "Fondo"),
    "transparent": ("Transparent", "Transparente"),
    "white": ("White", "Blanco"),
    "grey": ("Light grey", "Gris claro"),
    "colour": ("Own colour", "Color propio"),
    "picture": ("Picture", "Imagen"),
    "blur": ("Blurred", "Desenfocado"),
    "over_blur": ("over its background, blurred", "sobre su fondo, desenfocado"),
    "over_transparent": ("transparent", "transparente"),
    "over_white": ("over white", "sobre blanco"),
    "over_grey": ("over light grey", "sobre gris claro"),
    "over_colour": ("over a colour", "sobre un color"),
    "over_picture": ("over a picture", "sobre una imagen"),
    "picture_behind": ("The picture behind", "La imagen de fondo"),
    "picture_failed": ("This picture cannot be used.", "Esta imagen no se puede usar."),
    "crop": ("Crop to the people", "Ajustar a las personas"),
    "files": ("Size and format", "Tamaño y formato"),
    "size": ("Size in pixels", "Tamaño en píxeles"),
    "size_means": (
        "1000x1000 for pictures of one size, 1000x for so wide, x1000 for so high; empty: the photo's own.",
        "1000x1000 para imágenes de un solo tamaño, 1000x para ese ancho, x1000 para ese alto; vacío: el de la foto.",
    ),
    "margin": ("Room around the people, in %", "Espacio alrededor, en %"),
    "margin_means": (
        "With it people are equally large in all pictures of one size; 0: as the photo has it.",
        "Con él las personas salen igual de grandes en todas las imágenes de un tamaño; 0: como en la foto.",
    ),
    "size_wrong": (
        "This size cannot be made; write it as 1000x1000, 1000x or x1000, with sides from 1 to 20,000.",
        "Ese tamaño no se puede hacer; escríbelo como 1000x1000, 1000x o x1000, con lados de 1 a 20 000.",
    ),
    "format": ("Format", "Formato"),
    "closer": ("Look closely", "Ver de cerca"),
    "copy": ("Copy", "Copiar"),
    "copied": ("Copied: paste it anywhere.", "Copiado: pégalo donde quieras."),
    "copy_refused": (
        "The browser did not allow it; download the file instead.",
        "El navegador no lo ha permitido; descarga el archivo.",
    ),
    "remove": ("Take {name} away", "Quitar {name}"),
    "report": ("Report and steps", "Informe y pasos"),
    "working": ("Cutting out {name}", "Recortando {name}"),
    "failed": ("This photo could not be cut out.", "Esta foto no se ha podido recortar."),
    "too_large": (
        "It has more bytes or pixels than this page takes; scale it down.",
        "Tiene más bytes o píxeles de los que admite esta página; redúcela.",
    ),
    "no_photo": (
        "It is not a photo, or of a kind that cannot be read here; JPEG, PNG, WebP, BMP and TIFF can.",
        "No es una foto, o es de un tipo que aquí no se lee; se leen JPEG, PNG, WebP, BMP y TIFF.",
    ),
    "damaged": (
        "Its file is truncated or damaged; copy it again from where it came.",
        "El archivo está incompleto o dañado; cópialo de nuevo desde su origen.",
    ),
    "unknown_reason": (
        "The reason is in the log of this page.",
        "El motivo está en el registro de esta página.",
    ),
    "before": ("Before", "Antes"),
    "after": ("After", "Después"),
    "slide": ("Slide between photo and cut-out", "Desliza entre la foto y el recorte"),
    "cutout": ("Cut-out", "Recorte"),
    "mask": ("Mask", "Máscara"),
    "zip": ("All as a ZIP", "Todo en un ZIP"),
    "done": ("{done} of {given} photos cut out", "{done} de {given} fotos recortadas"),
    # Correcting, and putting aside
    "correct": ("Correct", "Corregir"),
    "mending": ("Correcting {name}", "Corrigiendo {name}"),
    "corrected_1": ("corrected by 1 touch", "corregido con 1 toque"),
    "corrected": ("corrected by {touches} touches", "corregido con {touches} toques"),
    "edit_title": ("Correct {name}", "Corregir {name}"),
    "edit_what": (
        "Brush over what is missing, or over what must go: the rest of the thing follows.",
        "Pinta sobre lo que falta o sobre lo que sobra: el resto del objeto lo sigue.",
    ),
    "edit_done": ("Done", "Listo"),
    "edit_photo": (
        "Photo to paint on. Arrows move the brush, the space bar paints.",
        "Foto sobre la que pintar. Las flechas mueven el pincel, la barra espaciadora pinta.",
    ),
    "edit_brushes": ("Brush", "Pincel"),
    "edit_size": ("Size of the brush", "Tamaño del pincel"),
    "edit_keep": ("Keep", "Conservar"),
    "edit_drop": ("Drop", "Quitar"),
    "edit_move": ("Move", "Mover"),
    "edit_undo": ("Undo", "Deshacer"),
    "edit_redo": ("Redo", "Rehacer"),
    "edit_in": ("Zoom in", "Acercar"),
    "edit_out": ("Zoom out", "Alejar"),
    "edit_fit": ("Whole photo", "Foto entera"),
    "edit_behind": ("Show what is left out", "Mostrar lo que queda fuera"),
    "edit_working": ("Working", "Trabajando"),
    "edit_most": (
        "A photo takes up to 1,000 touches; undo some to make others.",
        "Una foto admite hasta 1000 toques; deshaz algunos para hacer otros.",
    ),
    "edit_keys": (
        "Wheel: zoom. Right button: move. Keys: 1, 2, 3 choose; arrows and space paint; Shift and arrows move; "
        "+ - 0 zoom; [ ] size; Ctrl+Z undoes.",
        "Rueda: acercar. Botón derecho: mover. Teclas: 1, 2, 3 eligen; flechas y espacio pintan; Mayús y flechas "
        "mueven; + - 0 acercan; [ ] tamaño; Ctrl+Z deshace.",
    ),
    "edit_fingers": ("Two fingers zoom and move.", "Con dos dedos se acerca y se mueve."),
    "touches_most": (
        "A photo takes up to 1,000 touches; the last one was not taken.",
        "Una foto admite hasta 1000 toques; el último no se ha aplicado.",
    ),
    "touch_refused": ("This touch could not be taken.", "Este toque no se ha podido aplicar."),
    "put_aside": ("Put aside for training", "Guardar para entrenar"),
    "put_replace": ("Replace its mask", "Reemplazar su máscara"),
    "put_means": ("Writes photo and mask into {folder}.", "Escribe la foto y su máscara en {folder}."),
    "put_new": (
        "Put aside as {name} in {folder}; photos there: {number}.",
        "Guardada como {name} en {folder}; fotos allí: {number}.",
    ),
    "put_there": (
        "It is in {folder} already, as {name}, with this very mask.",
        "Ya está en {folder}, como {name}, con esta misma máscara.",
    ),
    "put_other": (
        "It is in {folder} already, as {name}, with another mask.",
        "Ya está en {folder}, como {name}, con otra máscara.",
    ),
    "put_replaced": ("The mask of {name} in {folder} was replaced.", "Reemplazada la máscara de {name} en {folder}."),
    "put_failed": ("Not put aside: {reason}", "No se ha guardado: {reason}"),
    # Teaching, and the model in use
    "model": ("Model in use", "Modelo en uso"),
    "model_bundled": ("The one that comes with Recorte", "El que trae Recorte"),
    "teach_title": ("Teach Recorte", "Enseñar a Recorte"),
    "teach_few": (
        "Photos put aside: {number}. From three on, Recorte can learn from them.",
        "Fotos guardadas: {number}. A partir de tres, Recorte puede aprender de ellas.",
    ),
    "teach_offer": (
        "Recorte can learn from the {number} photos in {folder}: on this machine, in some minutes, while everything "
        "else goes first. A fifth of them judges what was learned, and the model in use stays until you choose.",
        "Recorte puede aprender de las {number} fotos de {folder}: en este equipo, en unos minutos y cediendo el paso "
        "a todo lo demás. Una quinta parte juzga lo aprendido, y el modelo en uso sigue hasta que elijas.",
    ),
    "teach_begin": ("Teach it these photos", "Enseñarle estas fotos"),
    "teach_needs": (
        "Teaching needs packages that are not installed: pip install 'recorte[train]', and start this page again.",
        "Para enseñar faltan paquetes: pip install 'recorte[train]', y vuelve a iniciar esta página.",
    ),
    "teach_looking": ("Looking at the photos", "Mirando las fotos"),
    "teach_measuring": ("Measuring the model as it is", "Midiendo el modelo tal como está"),
    "teach_learning": ("Learning, step {step} of {steps}", "Aprendiendo, paso {step} de {steps}"),
    "teach_finishing": ("Writing the new model, and measuring it", "Escribiendo el modelo nuevo y midiéndolo"),
    "teach_stopping": ("Stopping", "Parando"),
    "left": ("about {minutes} minutes left", "quedan unos {minutes} minutos"),
    "left_1": ("about a minute left", "queda un minuto, más o menos"),
    "teach_leave": (
        "You may close this page: it goes on, and tells here how it went.",
        "Puedes cerrar esta página: sigue sola, y aquí contará cómo ha ido.",
    ),
    "teach_stop": ("Stop", "Parar"),
    "teach_stopped": ("The teaching was stopped; nothing was changed.", "Se ha parado; no ha cambiado nada."),
    "teach_cut": (
        "The process that learned was ended from outside; nothing was changed, and what was put aside is still there.",
        "Algo ha terminado el proceso que aprendía; no ha cambiado nada, y las fotos guardadas siguen ahí.",
    ),
    "teach_full": (
        "The disk is full, and the teaching ended; nothing was changed. Make room, and teach again.",
        "El disco está lleno y se ha dejado de aprender; no ha cambiado nada. Haz sitio y vuelve a enseñarle.",
    ),
    "teach_failed": ("Not done: {reason}", "No se ha hecho: {reason}"),
    "teach_done": (
        "Learned from {photos} photos. The new model is called {name}; it is not in use yet.",
        "Ha aprendido de {photos} fotos. El modelo nuevo se llama {name}; todavía no está en uso.",
    ),
    "teach_no_better": (
        "The photos that judge are cut out no better than before.",
        "Las fotos que juzgan no se recortan mejor que antes.",
    ),
    "teach_iou": ("Overlap with the true masks (IoU, %)", "Coincidencia con las máscaras (IoU, %)"),
    "teach_judged": ("Your photos that judge", "Tus fotos que juzgan"),
    "teach_drawn": ("Drawn figures", "Figuras dibujadas"),
    "teach_earlier": ("Photos taught earlier", "Fotos enseñadas antes"),
    "teach_use": ("Use it", "Usarlo"),
    "teach_away": ("Throw it away", "Descartarlo"),
    "score": ("Likely quality", "Calidad probable"),
    "score_means": (
        "How much of the cut-out is likely to be right, told without knowing the truth.",
        "Qué parte del recorte será probablemente correcta, estimado sin conocer la verdad.",
    ),
    "places": ("Where people are, in %", "Dónde hay personas, en %"),
    "histogram": ("From background to person: pixels", "De fondo a persona: píxeles"),
    "steps": ("Step by step", "Paso a paso"),
    "step_original": ("Photo", "Foto"),
    "step_letterboxed": ("What the network sees", "Lo que ve la red"),
    "step_raw_alpha": ("The network's alpha", "El alfa de la red"),
    "step_alpha": ("Alpha at full size", "Alfa a tamaño completo"),
    "step_foreground": ("Colours of the person", "Colores de la persona"),
    "step_cutout": ("Cut-out, at last", "Y el recorte"),
}
"""By key: English, Spanish. Words in braces are filled in."""


def say(key: str, language: Language = "en", **values: object) -> str:
    """Give a message in a language, its words in braces replaced by `values`."""
    return MESSAGES[key][list(LANGUAGES).index(language)].format(**values)
