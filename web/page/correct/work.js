// What the worker does for the editor.

import { opened } from '../recorte/src/engine.js';
import { mend } from './method.js';

/** Bytes as a small Blob, and back: of an alpha there is one for each touch, to go back to. */
export const packed = (bytes) => through(new Blob([bytes]), new CompressionStream('gzip')).blob();
export const unpacked = async (blob) => new Uint8Array(await through(blob, new DecompressionStream('gzip')).arrayBuffer());
const through = (blob, stream) => new Response(blob.stream().pipeThrough(stream));

/**
 * What can be asked; its models are loaded when a first touch needs them.
 * @param engine the promise of the open one
 * @param bytes gives a file of the page
 * @param pixels decodes a photo's file
 * @param written makes the file of a photo and an alpha
 */
export function correcting(engine, bytes, pixels, written) {
  let tools, photo = { key: null };

  async function open() {
    const { ort } = await engine;
    tools ??= Promise.all(['thing', 'refine'].map((name) => bytes(`correct/${name}.onnx`).then((model) => opened(ort, model))))
      .then(([thing, refine]) => ({ ort, thing, refine }))
      .catch((error) => {
        tools = undefined; // the next touch tries again
        throw error;
      });
    return tools;
  }

  /** The pixels of the photo under work, decoded once. */
  async function decoded(key, file) {
    if (photo.key !== key) photo = { key, pixels: await pixels(file) };
    return photo.pixels;
  }

  return {
    /** Mend an alpha by the last of some touches. */
    async touch({ key, file, alpha, touches }) {
      const mended = await unpacked(alpha);
      await mend(await open(), await decoded(key, file), mended, touches);
      return packed(mended);
    },

    /** An alpha as a picture that is black, and as opaque as the alpha says. */
    async mask({ alpha, width, height, side }) {
      const image = new ImageData(width, height), scale = Math.min(1, side / Math.max(width, height));
      (await unpacked(alpha)).forEach((value, at) => { image.data[4 * at + 3] = value; });
      const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
      canvas.getContext('2d').drawImage(await createImageBitmap(image), 0, 0, canvas.width, canvas.height);
      return canvas.convertToBlob({ type: 'image/png' });
    },

    /** The cut-out that an alpha makes; the editor is closed. */
    async finish({ key, file, alpha }) {
      const made = await written(await decoded(key, file), await unpacked(alpha));
      photo = { key: null };
      return made;
    },
  };
}
