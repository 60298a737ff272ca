// What the page says, in English and Spanish; what `recorte app` says too is in src/recorte/messages.py.

const WORDS = {
  tagline: ['People cut out of photos, without a cloud.', 'Recorta a las personas de tus fotos, sin nube.'],
  drop: ['Drop photos of people here', 'Suelta aquí fotos de personas'],
  choose: ['Choose photos', 'Elegir fotos'],
  limits: ['Or paste one. Up to 50 megapixels: whatever this browser shows', 'O pega una. Hasta 50 megapíxeles: lo que este navegador muestre'],
  point_1: ['At full size', 'A tamaño completo'],
  point_1_more: ['The cut-out has every pixel of your photo.', 'El recorte conserva cada píxel de la foto.'],
  point_2: ['On this device', 'En este dispositivo'],
  point_2_more: ['No photo leaves it: the page works on its own, and asks nobody for anything.', 'Ninguna foto sale de él: la página trabaja sola y no pide nada a nadie.'],
  point_3: ['Without a network', 'Sin conexión'],
  point_3_more: ['After this first visit it works offline, and can be installed.', 'Tras esta primera visita funciona sin conexión y se puede instalar.'],
  background: ['Background', 'Fondo'],
  transparent: ['Transparent', 'Transparente'],
  colour: ['Colour', 'Color'],
  picture: ['Picture', 'Imagen'],
  blur: ['Blurred', 'Desenfocado'],
  picture_behind: ['The picture behind', 'La imagen de fondo'],
  picture_failed: ['This picture cannot be used.', 'Esta imagen no se puede usar.'],
  file: ['File', 'Archivo'],
  crop: ['Crop to the people', 'Ajustar a las personas'],
  before: ['Before', 'Antes'],
  after: ['After', 'Después'],
  slide: ['Slide between photo and cut-out', 'Desliza entre la foto y el recorte'],
  photo_of: ['The photo {name}', 'La foto {name}'],
  cutout_of: ['The cut-out of {name}', 'El recorte de {name}'],
  save: ['Save', 'Guardar'],
  copy: ['Copy', 'Copiar'],
  correct: ['Correct', 'Corregir'],
  not_corrected: ['It could not be corrected; it is as it was.', 'No se ha podido corregir; sigue como estaba.'],
  copied: ['Copied', 'Copiado'],
  not_copied: ['This browser does not let the page copy pictures.', 'Este navegador no deja que la página copie imágenes.'],
  remove: ['Remove', 'Quitar'],
  waiting: ['Waiting', 'En espera'],
  working: ['Cutting out', 'Recortando'],
  loading: ['Getting ready…', 'Preparando…'],
  ready: ['Ready', 'Listo'],
  nobody: ['Nobody was found in this photo.', 'No se ha encontrado a nadie en esta foto.'],
  failed: ['This photo could not be cut out.', 'Esta foto no se ha podido recortar.'],
  unreadable: ['It is not a photo, or of a kind that this browser cannot read (HEIC, say), or its file is damaged; JPEG and PNG can be read everywhere.',
    'No es una foto, o es de un tipo que este navegador no lee (HEIC, por ejemplo), o su archivo está dañado; JPEG y PNG se leen en todas partes.'],
  too_large: ['It has more than 50 megapixels; scale it down.', 'Tiene más de 50 megapíxeles; redúcela.'],
  moving: ['It is an animation; give a single picture of it.', 'Es una animación; da una sola imagen de ella.'],
  memory: ['This device has not enough memory for it; scale it down.', 'Este dispositivo no tiene memoria suficiente; redúcela.'],
  lost: ['The browser stopped the work; give the photo again.', 'El navegador detuvo el trabajo; da la foto otra vez.'],
  no_wasm: ['This browser cannot run the network: it has no WebAssembly. A newer one can.', 'Este navegador no puede ejecutar la red: no tiene WebAssembly. Uno más nuevo sí.'],
  no_model: ['The network did not arrive whole; load the page again.', 'La red no ha llegado entera; vuelve a cargar la página.'],
};

export const LANGUAGES = ['en', 'es'];

/** A sentence in a language, its words in braces replaced. */
export function say(key, language, values = {}) {
  return WORDS[key][LANGUAGES.indexOf(language)].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
