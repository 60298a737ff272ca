// What a browser has for images and files.

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: the server answered ${answer.status}`);
  return answer.blob();
}

/** A file of this package. */
export async function bytes(name) {
  return new Uint8Array(await (await fetched(new URL(`../${name}`, import.meta.url))).arrayBuffer());
}

/** The pixels of a Blob, a canvas, an image or an address. */
export async function pixelsOf(image) {
  const source = typeof image === 'string' || image instanceof URL ? await fetched(image) : image;
  const bitmap = await createImageBitmap(source).catch(() => {
    throw new Error('this is no image that the browser can read; JPEG, PNG and WebP are');
  });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** Pixels as a PNG. */
export function png({ data, width, height }) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
