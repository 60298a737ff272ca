// The page: photos in, cards out. What is heavy is done by worker.js.

import { LANGUAGES, say } from './words.js';
import { Work } from './work.js';
import { Card } from './cards.js';

const $ = (selector) => document.querySelector(selector);
const state = { language: 'en', cards: [], picture: null, status: 'loading' };
const work = new Work((status) => {
  state.status = status;
  $('#state').textContent = say(status, state.language);
});

/** What the options say; `background` as compose.js takes it. */
function options() {
  const chosen = $('input[name=background]:checked').value;
  const background = { transparent: null, colour: $('#colour').value, picture: state.picture, blur: 'blur' }[chosen];
  return { background, crop: $('#crop').checked, kind: $('input[name=kind]:checked').value };
}

function speak(language) {
  state.language = document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say, language);
  $(`input[name=language][value=${language}]`).checked = true;
  $('#state').textContent = say(state.status, language);
  for (const card of state.cards) card.speak(language);
}

function take(files) {
  for (const file of files) {
    const card = new Card(file, work, options, () => {
      state.cards = state.cards.filter((one) => one !== card);
      arrange();
    });
    state.cards.push(card);
    card.speak(state.language);
    $('#cards').append(card.element);
    card.cut();
  }
  arrange();
}

function arrange() {
  $('#options').hidden = state.cards.length === 0;
  document.body.classList.toggle('empty', state.cards.length === 0);
}

function show() {
  const chosen = $('input[name=background]:checked').value;
  $('#swatch').hidden = chosen !== 'colour';
  $('#behind').hidden = chosen !== 'picture';
  const jpeg = $('input[value=jpeg]');
  jpeg.disabled = options().background === null; // it cannot be transparent
  if (jpeg.disabled && jpeg.checked) $('input[value=png]').checked = true;
  for (const card of state.cards) card.refresh();
}

async function takePicture([file]) {
  if (!file) return;
  const usable = await createImageBitmap(file).then((bitmap) => bitmap.close() ?? true, () => false);
  state.picture = usable ? file : null;
  $('#state').textContent = usable ? '' : say('picture_failed', state.language);
  show();
}

$('#photos').addEventListener('change', ({ target }) => {
  take([...target.files]);
  target.value = '';
});
$('#picture').addEventListener('change', ({ target }) => takePicture(target.files));
$('#options').addEventListener('change', show);
$('#colour').addEventListener('input', show);
for (const input of document.querySelectorAll('input[name=language]')) input.addEventListener('change', () => speak(input.value));
document.addEventListener('paste', ({ clipboardData }) => take([...clipboardData.files]));
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  $('#drop').classList.add('over');
});
for (const end of ['dragleave', 'drop']) document.addEventListener(end, () => $('#drop').classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  take([...event.dataTransfer.files]);
});

arrange();
speak(LANGUAGES.find((language) => navigator.language.startsWith(language)) ?? 'en');
show();
work.start();
