// The geometry between a photo and the network, as in src/recorte/letterbox.py: scale, centre, pad; and back.

const PADDING = [124, 116, 104];

/** Where a photo of `height` x `width` lies in a square canvas: top, left, height, width. */
export function boxOf(height, width, size) {
  const scale = size / Math.max(height, width);
  const side = (length) => Math.min(size, Math.max(1, even(length * scale)));
  const [rows, columns] = [side(height), side(width)];
  return [Math.floor((size - rows) / 2), Math.floor((size - columns) / 2), rows, columns];
}

/** Round as Python does: what lies between two whole numbers becomes the even one. */
export function even(value) {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** Which of `size` values make each of `count` others: first index and shares. */
function windows(size, count) {
  const step = size / count;
  return Array.from({ length: count }, (_, number) => {
    if (step < 1) {
      const place = Math.min(Math.max((number + 0.5) * step - 0.5, 0), size - 1);
      const first = Math.floor(place);
      return first + 1 < size ? [first, [1 - (place - first), place - first]] : [first, [1]];
    }
    const [begin, end] = [number * step, (number + 1) * step];
    const first = Math.floor(begin), shares = [];
    for (let pixel = first; pixel < Math.min(size, Math.ceil(end)); pixel++) {
      shares.push(Math.max(0, Math.min(pixel + 1, end) - Math.max(pixel, begin)) / step);
    }
    return [first, shares];
  });
}

/** Resize planes that lie one behind the other: means of areas when shrinking, bilinear when growing. */
export function resize(planes, count, height, width, rows, columns) {
  const down = windows(height, rows), across = windows(width, columns);
  const result = new Float32Array(count * rows * columns), line = new Float64Array(width);
  for (let plane = 0; plane < count; plane++) {
    down.forEach(([first, shares], row) => {
      line.fill(0);
      shares.forEach((share, number) => {
        const from = (plane * height + first + number) * width;
        for (let x = 0; x < width; x++) line[x] += share * planes[from + x];
      });
      combine(line, 1, 0, across, result, (plane * rows + row) * columns, 1);
    });
  }
  return result;
}

function combine(line, stride, offset, across, result, at, step) {
  for (let column = 0; column < across.length; column++) {
    const [first, shares] = across[column];
    let total = 0;
    for (let number = 0; number < shares.length; number++) total += shares[number] * line[(first + number) * stride + offset];
    result[at + column * step] = total;
  }
}

/** Letterbox a part of a photo, RGBA: `Float32Array` of 3 x size x size in [0, 1]. */
export function letterboxed({ data, width }, part, size) {
  const height = part.bottom - part.top, wide = part.right - part.left;
  const [top, left, rows, columns] = boxOf(height, wide, size);
  const down = windows(height, rows), across = windows(wide, columns);
  const half = height === 2 * rows && wide === 2 * columns;
  const canvas = new Float32Array(3 * size * size), line = new Float64Array(4 * wide), made = new Float64Array(columns);
  for (let channel = 0; channel < 3; channel++) canvas.fill(PADDING[channel] / 255, channel * size * size, (channel + 1) * size * size);
  down.forEach(([first, shares], row) => {
    line.fill(0);
    shares.forEach((share, number) => {
      const from = ((part.top + first + number) * width + part.left) * 4;
      for (let x = 0; x < 4 * wide; x++) line[x] += share * data[from + x];
    });
    for (let channel = 0; channel < 3; channel++) {
      combine(line, 4, channel, across, made, 0, 1);
      const at = channel * size * size + (top + row) * size + left;
      for (let x = 0; x < columns; x++) canvas[at + x] = (half ? Math.floor(made[x] + 0.5) : even(made[x])) / 255;
    }
  });
  return canvas;
}

/** Cut the photo's box out of a canvas, without the padding. */
export function cut(canvas, size, [top, left, rows, columns]) {
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    result.set(canvas.subarray((top + row) * size + left, (top + row) * size + left + columns), row * columns);
  }
  return result;
}
