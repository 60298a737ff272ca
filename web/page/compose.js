// What lies behind people, and the file of a result.

const MARGIN = 0.03, SEEN = 8, CELLS = 320, SIGMA = 6;

/**
 * Lay a cut-out over a background, crop it, and write it.
 * @param photo file of the photo
 * @param cutout file of the cut-out
 * @param how `background`: null, a colour, a picture's file or 'blur'; `crop`; `kind`: png, webp, jpeg; `side`: the longest, at most
 */
export async function composed(photo, cutout, { background, crop, kind, side = Infinity }) {
  const people = await createImageBitmap(cutout);
  const scale = Math.min(1, side / Math.max(people.width, people.height));
  const [width, height] = [people.width, people.height].map((length) => Math.max(1, Math.round(length * scale)));
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  if (background === 'blur') context.drawImage(await blurred(photo, people), 0, 0, width, height);
  else if (background instanceof Blob) cover(context, await createImageBitmap(background), width, height);
  else if (background) {
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
  }
  context.drawImage(people, 0, 0, width, height);
  const result = crop ? cropped(canvas, people) : canvas;
  return result.convertToBlob({ type: `image/${kind}`, quality: kind === 'png' ? undefined : 0.92 });
}

function cover(context, picture, width, height) {
  const scale = Math.max(width / picture.width, height / picture.height);
  const [wide, high] = [picture.width * scale, picture.height * scale];
  context.drawImage(picture, (width - wide) / 2, (height - high) / 2, wide, high);
}

/** The part of a canvas that holds people, and a small margin; all of it if nobody is there. */
function cropped(canvas, people) {
  const { width, height } = people;
  const look = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  look.drawImage(people, 0, 0);
  const { data } = look.getImageData(0, 0, width, height);
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let y = 0, at = 3; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      if (data[at] < SEEN) continue;
      top = Math.min(top, y);
      bottom = y;
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  if (bottom < 0) return canvas;
  const margin = Math.round(MARGIN * Math.max(bottom - top, right - left)), scale = canvas.width / width;
  [top, left] = [Math.max(0, top - margin), Math.max(0, left - margin)].map((edge) => Math.floor(edge * scale));
  [bottom, right] = [Math.min(height, bottom + 1 + margin), Math.min(width, right + 1 + margin)].map((edge) => Math.ceil(edge * scale));
  const result = new OffscreenCanvas(right - left, bottom - top);
  result.getContext('2d').drawImage(canvas, -left, -top);
  return result;
}

/** A photo's background, blurred, in small; the people give it no colour, so that no shadow surrounds them. */
async function blurred(photo, people) {
  const scale = Math.min(1, CELLS / Math.max(people.width, people.height));
  const [width, height] = [people.width, people.height].map((length) => Math.max(1, Math.round(length * scale)));
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d', { willReadFrequently: true });
  const pixels = async (picture) => {
    context.clearRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const seen = await pixels(await createImageBitmap(photo)), shown = await pixels(people);
  const planes = Array.from({ length: 4 }, () => new Float32Array(width * height));
  for (let at = 0; at < width * height; at++) {
    const weight = (1 - shown[at * 4 + 3] / 255) ** 2 + 1e-3;
    for (let channel = 0; channel < 3; channel++) planes[channel][at] = weight * seen[at * 4 + channel];
    planes[3][at] = weight;
  }
  // Three means of windows are near enough to a Gaussian.
  const radius = Math.round((Math.sqrt(4 * SIGMA ** 2 + 1) - 1) / 2);
  for (let time = 0; time < 3; time++) {
    for (const plane of planes) {
      for (let y = 0; y < height; y++) mean(plane, y * width, 1, width, radius);
      for (let x = 0; x < width; x++) mean(plane, x, width, height, radius);
    }
  }
  const image = new ImageData(width, height);
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < 3; channel++) image.data[at * 4 + channel] = planes[channel][at] / planes[3][at];
    image.data[at * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Replace the values of a line by the means of their surroundings; at the ends the last ones count on. */
function mean(plane, from, step, count, radius) {
  const line = Array.from({ length: count }, (_, number) => plane[from + number * step]);
  const value = (number) => line[Math.min(count - 1, Math.max(0, number))];
  let total = 0;
  for (let number = -radius; number <= radius; number++) total += value(number);
  for (let number = 0; number < count; number++) {
    plane[from + number * step] = total / (2 * radius + 1);
    total += value(number + radius + 1) - value(number - radius);
  }
}
