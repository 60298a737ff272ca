// One photo on the page; its failure is its card's alone.

import { LANGUAGES, say } from './words.js';

const SHOWN = 1600;

export class Card {
  #file; #work; #options; #made = null; #reason = null; #language = 'en'; #showing = 0; #addresses = new Map();

  /**
   * @param file of the photo
   * @param work as in work.js
   * @param options gives what the options say
   * @param gone is called when the card was removed
   */
  constructor(file, work, options, gone) {
    this.#file = file;
    this.#work = work;
    this.#options = options;
    this.element = document.querySelector('#card').content.cloneNode(true).firstElementChild;
    this.$('h2').textContent = file.name || 'photo';
    this.$('.remove').onclick = () => {
      for (const address of this.#addresses.values()) URL.revokeObjectURL(address);
      this.element.remove();
      gone();
    };
    this.$('input').oninput = ({ target }) => this.$('.pair').style.setProperty('--at', `${target.value}%`);
    this.$('.save').onclick = () => this.#save();
    this.$('.copy').onclick = () => this.#copy();
    this.$('.correct').onclick = () => this.#correct();
  }

  $(selector) {
    return this.element.querySelector(selector);
  }

  async cut() {
    try {
      this.#made = await this.#work.ask('cut', this.#file);
      await this.show();
    } catch (error) {
      this.#fail(error);
    }
    this.$('.working').hidden = true;
  }

  #fail(error) {
    this.#reason = error.message;
    this.$('.failed').hidden = false;
    this.speak(this.#language);
  }

  /** Show the cut-out over what the options say, now that these are others. */
  refresh() {
    if (this.#made) this.show().catch((error) => this.#fail(error));
  }

  /** Show the cut-out over what the options say. */
  async show() {
    const turn = ++this.#showing, { width, height, somebody } = this.#made;
    const [before, after] = await Promise.all([
      this.#addresses.has('before') ? null : this.#compose({ background: null, kind: 'webp', side: SHOWN, cutout: this.#file }),
      this.#compose({ ...this.#options(), crop: false, kind: 'webp', side: SHOWN }),
    ]);
    if (turn !== this.#showing) return;
    if (before) this.#picture('before', before);
    this.#picture('after', after);
    this.$('.pair').style.width = `min(100%, ${(66 * width) / height}vh)`;
    this.$('.pair').style.aspectRatio = width / height;
    this.$('.size').textContent = `${width} × ${height}`;
    this.$('.nobody').hidden = somebody;
    this.$('.done').hidden = false;
    this.$('.failed').hidden = true;
    this.#reason = null;
  }

  #compose(how) {
    const { cutout } = this.#made;
    return this.#work.ask('compose', { photo: this.#file, cutout, crop: false, ...how });
  }

  #picture(name, blob) {
    if (this.#addresses.has(name)) URL.revokeObjectURL(this.#addresses.get(name));
    this.#addresses.set(name, URL.createObjectURL(blob));
    this.$(`.${name}`).src = this.#addresses.get(name);
  }

  async #save() {
    const { kind, ...how } = this.#options();
    const link = document.createElement('a'), made = await this.#compose({ kind, ...how }).catch((error) => this.#fail(error));
    if (!made) return;
    link.href = URL.createObjectURL(made);
    link.download = `${(this.#file.name || 'photo').replace(/\.[^.]*$/, '')}-cutout.${kind === 'jpeg' ? 'jpg' : kind}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async #correct() {
    const busy = (is) => { this.$('.working').hidden = !is; };
    try {
      const { correct } = await import('./correct/correcting.js');
      const made = await correct(this.#work, this.#file, this.#made, LANGUAGES.indexOf(this.#language), () => busy(true));
      if (made) this.#made = made;
      if (made) await this.show();
    } catch {
      this.$('.told').textContent = say('not_corrected', this.#language);
    }
    busy(false);
  }

  async #copy() {
    let word = 'copied';
    try {
      const picture = this.#compose({ ...this.#options(), kind: 'png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
    } catch {
      word = 'not_copied';
    }
    this.$('.told').textContent = say(word, this.#language);
  }

  speak(language) {
    this.#language = language;
    const name = this.#file.name || 'photo', words = (key) => say(key, language, { name });
    for (const key of ['remove', 'save', 'copy', 'correct', 'working', 'nobody']) this.$(`.${key}`).textContent = words(key);
    for (const key of ['remove', 'save', 'copy', 'correct']) this.$(`.${key}`).setAttribute('aria-label', `${words(key)}: ${name}`);
    this.$('.left').textContent = words('before');
    this.$('.right').textContent = words('after');
    this.$('.before').alt = words('photo_of');
    this.$('.after').alt = words('cutout_of');
    this.$('input').setAttribute('aria-label', words('slide'));
    this.$('.told').textContent = '';
    if (this.#reason) this.$('.failed').textContent = `${words('failed')} ${words(this.#reason)}`;
  }
}
