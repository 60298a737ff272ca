// Correcting by touches, in the editor of `recorte app`: editor.js, editor.html, editor.css and words.js are its own.

import edit from './editor.js';
import { WORDS } from './words.js';

const LARGE = 2000;
let keys = 0;

/** Where the editor stands, apart from the page's own style. */
async function stage() {
  const found = document.querySelector('#editor')?.shadowRoot;
  if (found) return found;
  const host = document.createElement('div'), root = host.attachShadow({ mode: 'open' });
  host.id = 'editor';
  const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: new URL('editor.css', import.meta.url).href });
  root.append(style, document.createElement('div'));
  document.body.append(host);
  await new Promise((resolve, reject) => Object.assign(style, { onload: resolve, onerror: reject }));
  return root;
}

/**
 * Let somebody correct a cut-out.
 * @param work as in work.js
 * @param file of the photo
 * @param made what it is so far, as the worker's `cut`, and this, give it
 * @param words gives a word of the editor
 * @param busy is called when the editor is closed
 * @returns what it is now; null: as it was
 */
export async function correct(work, file, made, language, busy) {
  const place = (await stage()).querySelector('div'), key = ++keys;
  place.innerHTML = await (await fetch(new URL('editor.html', import.meta.url))).text();
  const { width, height } = made, before = made.touches ?? [], alphas = [...(made.alphas ?? [made.alpha])];
  const say = (word) => WORDS[word][language].replace('{name}', file.name || 'photo');
  const words = Object.fromEntries(Object.keys(WORDS).map((word) => [word, say(word)]));
  let past = made.past ?? before, [current, shown, addresses, turns] = [before, null, [], Promise.resolve()];
  const address = (blob) => addresses[addresses.push(URL.createObjectURL(blob)) - 1];

  /** Go to other touches: what of them was there before is known. */
  async function go(touches) {
    const shared = touches.findIndex((touch, at) => touch !== past[at]), known = shared < 0 ? touches.length : shared;
    for (let count = known; count < touches.length; count++) {
      const alpha = await work.ask('touch', { key, file, alpha: alphas[count], touches: touches.slice(0, count + 1) });
      alphas.splice(count + 1, Infinity, alpha); // what was undone cannot be done again
      past = touches.slice(0, count + 1);
    }
    current = touches;
  }

  return new Promise((resolve, reject) => {
    const data = { words, width, height, photo: null, mask: null, touches: before, turn: 0, problem: null };
    const component = { parentElement: place, data, setStateValue: (_, message) => { turns = turns.then(() => take(message)); } };
    const tell = () => edit(component);

    async function take({ turn, touches, seen }) {
      const all = { turn, problem: null };
      try {
        if (!seen) all.photo = address(await work.ask('compose', { photo: file, cutout: file, background: null, crop: false, kind: 'webp', side: LARGE }));
        await go(touches);
      } catch {
        all.problem = words.touch_refused;
      }
      if (shown !== alphas[current.length]) {
        shown = alphas[current.length];
        all.mask = await work.ask('mask', { alpha: shown, width, height, side: LARGE }).then(address, () => data.mask);
      }
      Object.assign(data, all, { touches: current });
      tell();
    }

    component.setTriggerValue = (_, { touches }) => {
      busy();
      turns = turns.then(() => go(touches)).catch(() => {}).then(async () => {
        place.replaceChildren();
        for (const one of addresses) URL.revokeObjectURL(one);
        if (current === before) return resolve(null);
        const finished = await work.ask('finish', { key, file, alpha: alphas[current.length] });
        resolve({ ...made, ...finished, touches: current, past, alphas });
      }).catch(reject);
    };
    tell();
  });
}
