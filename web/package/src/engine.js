// From a photo's pixels to its cut-out's, with the network that Recorte ships and the graph of the steps after it.

import { boxOf, cut, letterboxed } from './letterbox.js';
import { boxes, laidOver } from './looks.js';

/** What the network sees, in pixels, and how often a photo is looked at, at most. */
export const SIZE = 320, LOOKS = 4;

/**
 * Open the models.
 * @param ort ONNX Runtime, of the web or of node
 * @param models the bytes of model.onnx, finish.onnx and colours.onnx
 * @param provider what computes the network; where it cannot, WebAssembly does, as it does all else
 */
export async function open(ort, [network, finish, colours], provider = 'wasm') {
  const slower = provider === 'wasm' ? null : () => opened(ort, network);
  const first = await opened(ort, network, provider).catch((error) => {
    if (!slower) throw error;
    return slower();
  });
  return { ort, slower, network: first, finish: await opened(ort, finish), colours: await opened(ort, colours) };
}

/** Open one model. */
export function opened(ort, model, provider = 'wasm') {
  const options = { executionProviders: [provider], logSeverityLevel: 4, extra: { session: { disable_quant_qdq: '1' } } };
  return ort.InferenceSession.create(model, options);
}

async function seen(engine, photo, part) {
  const image = new engine.ort.Tensor('float32', letterboxed(photo, part, SIZE), [1, 3, SIZE, SIZE]);
  const answer = () => engine.network.run({ image }, ['alpha']);
  const { alpha } = await answer().catch(async (error) => { // a graphics card may be lost at any time
    if (!engine.slower) throw error;
    engine.network = await engine.slower();
    engine.slower = null;
    return answer();
  });
  return alpha.data.map((value) => Math.min(1, Math.max(0, value)));
}

/**
 * Find the people in a photo.
 * @param engine as `open` gives it
 * @param photo `{ data, width, height }`, RGBA as in ImageData, upright
 * @returns Uint8Array, 255 = person
 */
export async function alphaOf(engine, photo, looks = LOOKS) {
  const { data, width, height } = photo;
  let canvas = await seen(engine, photo, { top: 0, bottom: height, left: 0, right: width }), side = SIZE;
  const box = boxOf(height, width, SIZE);
  const further = looks > 1 ? boxes(cut(canvas, SIZE, box), box[2], box[3], height, width, looks - 1) : [];
  if (further.length) {
    const closer = [];
    for (const part of further) closer.push({ box: part, alpha: await seen(engine, photo, part) });
    ({ canvas, side } = laidOver(canvas, SIZE, height, width, closer));
  }
  const { Tensor } = engine.ort, place = BigInt64Array.from(boxOf(height, width, side), BigInt);
  const { alpha } = await engine.finish.run({
    photo: pixelsOf(engine, photo), seen: new Tensor('float32', canvas, [side, side]), box: new Tensor('int64', place, [4]),
  });
  return alpha.data.map((value, at) => Math.min(value, data[4 * at + 3])); // what is transparent in the photo stays so
}

/**
 * Cut out what an alpha shows.
 * @returns the photo's form, straight RGBA, the soft edges free of the old background's colours
 */
export async function coloured(engine, photo, alpha) {
  const { width, height } = photo;
  const shown = new engine.ort.Tensor('uint8', alpha, [height, width]);
  const { cutout } = await engine.colours.run({ photo: pixelsOf(engine, photo), alpha: shown });
  return { data: new Uint8ClampedArray(cutout.data.buffer, cutout.data.byteOffset, cutout.data.length), width, height };
}

/** Cut the people out of a photo; both as above. */
export async function cutOutPixels(engine, photo) {
  return coloured(engine, photo, await alphaOf(engine, photo));
}

function pixelsOf({ ort }, { data, width, height }) {
  const rgb = new Uint8Array(width * height * 3);
  for (let at = 0, to = 0; at < data.length; at += 4) {
    rgb[to++] = data[at];
    rgb[to++] = data[at + 1];
    rgb[to++] = data[at + 2];
  }
  return new ort.Tensor('uint8', rgb, [height, width, 3]);
}
