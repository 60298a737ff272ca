// The worker that cuts out, and the service worker that keeps the page for offline.

/** Asks the worker, which is made again if the browser ends it. */
export class Work {
  #asked = new Map();
  #number = 0;
  #worker = null;
  #ready = false;
  #broken = null;
  #tell;

  /** `tell` is called with `loading`, `ready`, or what is broken. */
  constructor(tell) {
    this.#tell = tell;
  }

  /** Not before the page is kept: what the worker needs is fetched once. */
  async start() {
    this.#tell('loading');
    if (await kept() && !document.querySelector('.card') && isolate()) return;
    this.#open();
  }

  #open() {
    this.#ready = false;
    this.#worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }) => this.#answered(data);
    this.#worker.onerror = () => this.#lost();
    for (const { message } of this.#asked.values()) this.#worker.postMessage(message);
  }

  #answered({ ready, broken, number, result, error }) {
    if (ready) {
      this.#ready = true;
      this.#tell('ready');
      // Kept for later, too, so that it is there without a network.
      if (navigator.serviceWorker?.controller) fetch(new URL('correct/thing.onnx', import.meta.url)).catch(() => {});
    }
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
    const [first] = this.#asked;
    if (first) {
      this.#asked.delete(first[0]);
      first[1].reject(new Error('lost'));
    }
    if (this.#ready) this.#open();
    else this.#answered({ broken: 'no_model' });
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

/** Have the service worker keep the page; true once it does. */
async function kept() {
  try {
    const { installing, waiting } = await navigator.serviceWorker.register('sw.js');
    const coming = installing ?? waiting;
    if (!coming) return true;
    return await new Promise((resolve) => coming.addEventListener('statechange', () => {
      if (coming.state === 'activated' || coming.state === 'redundant') resolve(coming.state === 'activated');
    }));
  } catch {
    return false; // a private window, no network, or no HTTPS: the page does without
  }
}

/** Load the page once more, with the headers of the service worker, which let it use threads; false where it would be in vain. */
function isolate() {
  if (window.crossOriginIsolated || sessionStorage.getItem('again')) return false;
  sessionStorage.setItem('again', 'yes');
  location.reload();
  return true;
}
