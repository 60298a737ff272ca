// The work, away from the page, so that it never stands still. Every message has a number, and so has its answer.

import { alphaOf, coloured, open } from './recorte/src/engine.js';
import { composed } from './compose.js';
import { correcting, packed } from './correct/work.js';

/** A mistake that the page has a sentence for. */
class Refused extends Error {}

const PIXELS = 50e6;
const engine = start();
engine.then(() => postMessage({ ready: true }), (error) => postMessage({ broken: reason(error) }));
let turn = Promise.resolve();

onmessage = ({ data: { number, work, given } }) => {
  turn = turn.then(async () => {
    try {
      postMessage({ number, result: await WORK[work](given) });
    } catch (error) {
      postMessage({ number, error: reason(error) });
    }
  });
};

const WORK = {
  cut,
  compose: ({ photo, cutout, ...how }) => composed(photo, cutout, how),
  ...correcting(engine, async (name) => new Uint8Array(await (await fetched(name)).arrayBuffer()), pixels, written),
};

function reason(error) {
  if (error instanceof Refused) return error.message;
  return error instanceof RangeError || /memory|alloc/i.test(error.message ?? '') ? 'memory' : 'unreadable';
}

async function start() {
  if (typeof WebAssembly === 'undefined') throw new Refused('no_wasm');
  const gpu = await graphics(), build = gpu ? 'jspi' : 'wasm', bytes = (name) => fetched(name).then((blob) => blob.arrayBuffer());
  const [ort, wasm, ...models] = await Promise.all([
    import(`./ort/ort.${build}.min.mjs`),
    fetched(`ort/ort.${build}.packed`).then((packed) => new Response(packed.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()),
    ...['model.onnx', 'recorte/finish.onnx', 'recorte/colours.onnx'].map(bytes),
  ].map((one) => one.catch(() => { throw new Refused('no_model'); })));
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.wasmPaths = { mjs: new URL(`ort/ort-wasm-simd-threaded${gpu ? '.jspi' : ''}.mjs`, import.meta.url).href };
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency ?? 1, 8) : 1;
  try {
    return await open(ort, models.map((model) => new Uint8Array(model)), gpu ? 'webgpu' : 'wasm');
  } catch {
    throw new Refused('no_model');
  }
}

/** Whether a graphics card computes here; without JSPI it would need a build that is twice as large. */
async function graphics() {
  const adapter = 'Suspending' in WebAssembly && await navigator.gpu?.requestAdapter().catch(() => null);
  if (!adapter || (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter)) return false;
  // ONNX Runtime would wait for ever for a device that cannot be had.
  return adapter.requestDevice().then((device) => device.destroy() ?? true, () => false);
}

async function fetched(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Refused('no_model');
  return answer.blob();
}

/** Cut out the photo of a file; its alpha, packed, can be corrected. */
async function cut(file) {
  if (await moves(file)) throw new Refused('moving');
  const photo = await pixels(file), alpha = await alphaOf(await engine, photo);
  return { ...await written(photo, alpha), alpha: await packed(alpha) };
}

async function pixels(file) {
  const bitmap = await createImageBitmap(file).catch(() => { throw new Refused('unreadable'); });
  const { width, height } = bitmap;
  if (width * height > PIXELS) throw new Refused('too_large');
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** The file of what an alpha shows of a photo. */
async function written(photo, alpha) {
  const { data, width, height } = await coloured(await engine, photo, alpha);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
  return { cutout: await canvas.convertToBlob({ type: 'image/png' }), width, height, somebody: alpha.some((value) => value > 127) };
}

/** Whether a file is an animation: GIF, PNG or WebP with several pictures. */
async function moves(file) {
  const start = new TextDecoder('latin1').decode(await file.slice(0, 2e6).arrayBuffer());
  if (start.startsWith('GIF8')) return pictures(new Uint8Array(await file.arrayBuffer())) > 1;
  if (start.startsWith('RIFF')) return start.slice(12, 64).includes('ANIM');
  return start.slice(1, 4) === 'PNG' && start.split('IDAT')[0].includes('acTL');
}

/** How many pictures a GIF has: its blocks are counted, whatever is in them. */
function pictures(bytes) {
  const table = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(bytes[10]), count = 0;
  while (bytes[at] === 0x2c || bytes[at] === 0x21) {
    if (bytes[at] === 0x2c) count++;
    at += bytes[at] === 0x2c ? 11 + table(bytes[at + 9]) : 2;
    while (bytes[at]) at += bytes[at] + 1;
    at++;
  }
  return count;
}
