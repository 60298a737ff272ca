// From a photo's pixels to its cut-out's, with the network that Recorte ships and the graph of the steps after it.

import { boxOf, cut, letterboxed } from './letterbox.js';
import { boxes, laidOver } from './looks.js';

/** What the network sees, in pixels, and how often a photo is looked at, at most. */
export const SIZE = 320, LOOKS = 4;

/**
 * Open both models.
 * @param ort ONNX Runtime, of the web or of node
 * @param network the bytes of model.onnx
 * @param finish the bytes of finish.onnx
 */
export async function open(ort, network, finish) {
  const options = { logSeverityLevel: 4, extra: { session: { disable_quant_qdq: '1' } } };
  const sessions = [await ort.InferenceSession.create(network, options), await ort.InferenceSession.create(finish, options)];
  return { ort, network: sessions[0], finish: sessions[1] };
}

async function seen(engine, photo, part) {
  const image = new engine.ort.Tensor('float32', letterboxed(photo, part, SIZE), [1, 3, SIZE, SIZE]);
  const { alpha } = await engine.network.run({ image }, ['alpha']);
  return alpha.data.map((value) => Math.min(1, Math.max(0, value)));
}

/**
 * Cut the people out of a photo.
 * @param engine as `open` gives it
 * @param photo `{ data, width, height }`, RGBA as in ImageData, upright
 * @returns the same form, straight RGBA, the soft edges free of the old background's colours
 */
export async function cutOutPixels(engine, photo, looks = LOOKS) {
  const { data, width, height } = photo;
  let canvas = await seen(engine, photo, { top: 0, bottom: height, left: 0, right: width }), side = SIZE;
  const box = boxOf(height, width, SIZE);
  const further = looks > 1 ? boxes(cut(canvas, SIZE, box), box[2], box[3], height, width, looks - 1) : [];
  if (further.length) {
    const closer = [];
    for (const part of further) closer.push({ box: part, alpha: await seen(engine, photo, part) });
    ({ canvas, side } = laidOver(canvas, SIZE, height, width, closer));
  }
  const rgb = new Uint8Array(width * height * 3);
  for (let at = 0, to = 0; at < data.length; at += 4) {
    rgb[to++] = data[at];
    rgb[to++] = data[at + 1];
    rgb[to++] = data[at + 2];
  }
  const { Tensor } = engine.ort;
  const { cutout } = await engine.finish.run(
    { photo: new Tensor('uint8', rgb, [height, width, 3]), seen: new Tensor('float32', canvas, [side, side]) }, ['cutout'],
  );
  const result = new Uint8ClampedArray(cutout.data.buffer, cutout.data.byteOffset, cutout.data.length);
  for (let at = 3; at < data.length; at += 4) {  // what is transparent in the photo stays so
    if (data[at] < result[at]) result[at] = data[at];
  }
  return { data: result, width, height };
}
