// Cuts people out of photos, on this device.

import * as ort from 'onnxruntime-web/wasm';
import { bytes, pixelsOf, png } from '#platform';
import { cutOutPixels, open } from './src/engine.js';

let engine;

/** Open the network once; after a failure the next call tries again. */
function opened() {
  engine ??= Promise.all(['model.onnx', 'finish.onnx', 'colours.onnx'].map(bytes)).then((models) => {
    if (typeof crossOriginIsolated === 'undefined' || !crossOriginIsolated) ort.env.wasm.numThreads = 1;
    return open(ort, models);
  }).catch((error) => {
    engine = undefined;
    throw error;
  });
  return engine;
}

/** Cut the people out of an image: a PNG of the same size, transparent around them; index.d.ts says of what. */
export async function cutOut(image) {
  const pixels = 'data' in Object(image) ? image : await pixelsOf(image);
  return png(await cutOutPixels(await opened(), pixels));
}
