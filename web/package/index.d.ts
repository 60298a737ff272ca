/** Pixels as in `ImageData`: RGBA, four bytes each, upright. */
export interface Pixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/** An image's file, its pixels, or its address; in a browser a canvas or an element, too, in node a path. */
export type Source =
  | Blob
  | Pixels
  | URL
  | string
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | ImageBitmap;

/**
 * Cut the people out of an image.
 * @returns a PNG of the same size, transparent around them and without fringes of the old background's colours
 * @throws Error if it is no image that can be read here
 */
export function cutOut(image: Source): Promise<Blob>;
