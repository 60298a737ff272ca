// Keeps the whole page, so that it works offline, and lets it be isolated from other origins, so that threads may be used.

const VERSION = '', FILES = {}, REST = {}; // written by `recorte app --static`

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    + "img-src 'self' blob: data:; font-src 'self'; connect-src 'self' blob:; manifest-src 'self'; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'",
};

async function keep(files) {
  const kept = await caches.open(VERSION), missing = [];
  for (const [file, integrity] of Object.entries(files)) {
    if (!await kept.match(file)) missing.push(new Request(file, { cache: 'no-cache', integrity }));
  }
  await kept.addAll(missing);
}

self.addEventListener('install', (event) => {
  event.waitUntil(keep(FILES));
  self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  const old = caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith('recorte-') && name !== VERSION).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === self.location.origin) event.respondWith(answered(request));
});

async function answered(request) {
  // What only some need is kept once somebody asks for it.
  const late = Object.keys(REST).find((file) => new URL(file, self.location).href === request.url);
  if (late) await keep({ [late]: REST[late] }).catch(() => {});
  const kept = await caches.match(request, { cacheName: VERSION, ignoreSearch: true });
  const answer = kept ?? await fetch(request);
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}
