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

const { fround } = Math; // OpenCV reckons in 32 bits; ties, which are many, fall as they do there

/** Which of `size` values make each of `count` others: first index and shares, of which all make `total`. */
function windows(size, count, total = 1) {
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
      shares.push(fround((Math.max(0, Math.min(pixel + 1, end) - Math.max(pixel, begin)) / step) * total));
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
      across.forEach(([start, parts], column) => {
        result[(plane * rows + row) * columns + column] = parts.reduce((total, part, number) => total + part * line[start + number], 0);
      });
    });
  }
  return result;
}

/** Letterbox a part of a photo, RGBA: `Float32Array` of 3 x size x size in [0, 1]. */
export function letterboxed({ data, width }, part, size) {
  const height = part.bottom - part.top, wide = part.right - part.left;
  const [top, left, rows, columns] = boxOf(height, wide, size);
  const canvas = new Float32Array(3 * size * size);
  for (let channel = 0; channel < 3; channel++) canvas.fill(PADDING[channel] / 255, channel * size * size, (channel + 1) * size * size);
  const put = (row, at, value) => { canvas[(at % 3) * size * size + (top + row) * size + left + Math.floor(at / 3)] = value / 255; };
  scale({ data, width }, part, rows, columns, put);
  return canvas;
}

/** Scale a part of a photo, RGBA; `put` takes a row, three times a column and a channel, and a whole value. */
export function scale({ data, width }, part, rows, columns, put) {
  const grows = part.bottom - part.top < rows || part.right - part.left < columns;
  (grows ? grow : shrink)(data, width, part, rows, columns, put);
}

/** Means of areas. */
function shrink(data, width, part, rows, columns, put) {
  const height = part.bottom - part.top, wide = part.right - part.left;
  const factors = [height / rows, wide / columns], whole = factors.every(Number.isInteger);
  const [down, across] = [windows(height, rows, whole ? factors[0] : 1), windows(wide, columns, whole ? factors[1] : 1)];
  const scale = whole ? fround(1 / (factors[0] * factors[1])) : 1, half = factors.every((factor) => factor === 2);
  const mean = new Float32Array(3 * columns);
  down.forEach(([first, shares], row) => {
    mean.fill(0);
    shares.forEach((share, number) => add(mean, share, data, ((part.top + first + number) * width + part.left) * 4, across));
    for (let at = 0; at < mean.length; at++) {
      const value = fround(mean[at] * scale);
      put(row, at, half ? Math.floor(value + 0.5) : even(value));
    }
  });
}

/** Add a share of a line of pixels, from `from` on, to the means of its windows. */
function add(mean, share, data, from, across) {
  for (let column = 0; column < across.length; column++) {
    const [first, shares] = across[column];
    let [red, green, blue] = [0, 0, 0];
    for (let number = 0; number < shares.length; number++) {
      const at = from + 4 * (first + number), part = shares[number];
      red = fround(red + fround(part * data[at]));
      green = fround(green + fround(part * data[at + 1]));
      blue = fround(blue + fround(part * data[at + 2]));
    }
    mean[3 * column] += fround(share * red);
    mean[3 * column + 1] += fround(share * green);
    mean[3 * column + 2] += fround(share * blue);
  }
}

/** Bilinear, in the whole numbers that OpenCV has: shares of 2048. */
function grow(data, width, part, rows, columns, put) {
  const inside = (number, size) => Math.min(Math.max(number, 0), size - 1);
  const places = (size, count, kept) => Array.from({ length: count }, (_, number) => {
    const exact = fround((number + 0.5) * (size / count) - 0.5), place = kept ? inside(exact, size) : exact;
    const first = Math.floor(place), near = even(fround(1 - fround(place - first)) * 2048);
    return [inside(first, size), inside(first + 1, size), near];
  });
  // Rows are first weighed, and then kept within.
  const down = places(part.bottom - part.top, rows, false), across = places(part.right - part.left, columns, true);
  const between = (row, channel, [first, second, near]) => {
    const from = ((part.top + row) * width + part.left) * 4 + channel;
    return near * data[from + 4 * first] + (2048 - near) * data[from + 4 * second];
  };
  down.forEach(([first, second, near], row) => {
    for (let at = 0; at < 3 * columns; at++) {
      const x = across[Math.floor(at / 3)], above = between(first, at % 3, x) >> 4, below = between(second, at % 3, x) >> 4;
      put(row, at, (((near * above) >> 16) + (((2048 - near) * below) >> 16) + 2) >> 2);
    }
  });
}

/** Cut the photo's box out of a canvas, without the padding. */
export function cut(canvas, size, [top, left, rows, columns]) {
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    result.set(canvas.subarray((top + row) * size + left, (top + row) * size + left + columns), row * columns);
  }
  return result;
}
