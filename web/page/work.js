// The worker, and the service worker before it: that one fetches everything once, for now and for offline.

/** Asks the worker, which is made again if the browser ends it. */
export class Work {
  #asked = new Map();
  #number = 0;
  #worker = null;
  #broken = null;
  #tell;

  /** `tell` is called with `loading`, `ready`, or what is broken. */
  constructor(tell) {
    this.#tell = tell;
  }

  async start() {
    this.#tell('loading');
    await isolated();
    this.#open();
  }

  #open() {
    this.#broken = null;
    this.#worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }) => this.#answered(data);
    this.#worker.onerror = () => this.#lost();
    for (const { message } of this.#asked.values()) this.#worker.postMessage(message);
  }

  #answered({ ready, broken, number, result, error }) {
    if (ready) this.#tell('ready');
    if (broken) {
      this.#broken = broken;
      this.#tell(broken);
      for (const { reject } of this.#asked.values()) reject(new Error(broken));
      this.#asked.clear();
    }
    const asked = this.#asked.get(number);
    if (!asked) return;
    this.#asked.delete(number);
    if (error) asked.reject(new Error(error));
    else asked.resolve(result);
  }

  /** The worker is gone: what it was at fails, what waits goes to a new one. */
  #lost() {
    this.#worker.terminate();
    const [first] = this.#asked.entries();
    if (!first) return this.#tell('no_model');
    this.#asked.delete(first[0]);
    first[1].reject(new Error('lost'));
    this.#open();
  }

  /** Have something done; rejected with a word of words.js. */
  ask(work, given) {
    if (this.#broken) return Promise.reject(new Error(this.#broken));
    return new Promise((resolve, reject) => {
      const number = ++this.#number, message = { number, work, given };
      this.#asked.set(number, { message, resolve, reject });
      this.#worker?.postMessage(message);
    });
  }
}

/** Wait for the service worker, and load the page once more if only that isolates it. */
async function isolated() {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('sw.js');
    await navigator.serviceWorker.ready;
  } catch {
    return; // a private window, or no network at the first visit: the page does without
  }
  if (window.crossOriginIsolated || sessionStorage.getItem('again') || document.querySelector('.card')) return;
  sessionStorage.setItem('again', 'yes');
  location.reload();
  await new Promise(() => {});
}
