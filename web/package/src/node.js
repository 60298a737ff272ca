// What node has for images and files.

import { readFile } from 'node:fs/promises';
import sharp from 'sharp';

/** A file of this package. */
export function bytes(name) {
  return readFile(new URL(`../${name}`, import.meta.url));
}

/** The content of a Blob, or of what is at an address or a path. */
async function content(image) {
  if (image instanceof Blob) return Buffer.from(await image.arrayBuffer());
  if (!/^(https?|data|blob):/.test(image)) return readFile(/^file:/.test(image) ? new URL(image) : image);
  const answer = await fetch(image);
  if (!answer.ok) throw new Error(`${image}: the server answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** The pixels of a Blob, or of what is at an address or a path. */
export async function pixelsOf(image) {
  const file = await content(image);
  const { data, info } = await sharp(file).rotate().toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })
    .catch((error) => {
      throw new Error('this is no image that sharp can read; JPEG, PNG and WebP are', { cause: error });
    });
  return { data, width: info.width, height: info.height };
}

/** Pixels as a PNG. */
export async function png({ data, width, height }) {
  const file = await sharp(data, { raw: { width, height, channels: 4 } }).png().toBuffer();
  return new Blob([file], { type: 'image/png' });
}
