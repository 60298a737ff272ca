// The closer looks, as in src/recorte/boxes.py and src/recorte/removal/steps/looks.py.

import { boxOf, cut, even, resize } from './letterbox.js';

const INSIDE = 0.5, LEAST = 0.0015, WIDER = 0.2, EDGE = 0.02, MOST = 0.9, FRAME = 0.1, SHARED = 0.3, LARGER = 2;

/** Number the connected regions of what `inside` tells of: labels from 1 on, and how many there are. */
export function regions(inside, height, width) {
  const labels = new Int32Array(height * width), waiting = [];
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] || !inside(start)) continue;
    labels[start] = ++count;
    waiting.push(start);
    while (waiting.length) {
      const at = waiting.pop(), y = Math.floor(at / width), x = at % width;
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (!labels[next] && inside(next)) {
            labels[next] = count;
            waiting.push(next);
          }
        }
      }
    }
  }
  return { labels, count };
}

/** Parts of a photo that are worth another look; `alpha` is what the first one saw, rows x columns. */
export function boxes(alpha, rows, columns, height, width, most) {
  const { labels, count } = regions((at) => alpha[at] > INSIDE, rows, columns);
  const found = Array.from({ length: count }, () => ({ top: rows, bottom: 0, left: columns, right: 0, area: 0 }));
  labels.forEach((label, at) => {
    if (!label) return;
    const region = found[label - 1], y = Math.floor(at / columns), x = at % columns;
    region.top = Math.min(region.top, y);
    region.bottom = Math.max(region.bottom, y + 1);
    region.left = Math.min(region.left, x);
    region.right = Math.max(region.right, x + 1);
    region.area++;
  });
  const [down, across] = [height / rows, width / columns];
  let apart = [];
  for (const region of found.filter(({ area }) => area >= LEAST * alpha.length)) {
    const [top, bottom, left, right] = [region.top * down, region.bottom * down, region.left * across, region.right * across];
    const above = WIDER * (bottom - top) + EDGE * height, beside = WIDER * (right - left) + EDGE * width;
    apart = joined(apart, {
      top: Math.max(0, even(top - above)), bottom: Math.min(height, even(bottom + above)),
      left: Math.max(0, even(left - beside)), right: Math.min(width, even(right + beside)),
    });
  }
  const area = (box) => (box.bottom - box.top) * (box.right - box.left);
  return apart
    .filter((box) => Math.max(box.bottom - box.top, box.right - box.left) <= MOST * Math.max(height, width))
    .sort((one, other) => area(other) - area(one))
    .slice(0, most);
}

function joined(apart, box) {
  const meets = (other) => box.top < other.bottom && other.top < box.bottom && box.left < other.right && other.left < box.right;
  for (let meeting = apart.filter(meets); meeting.length; meeting = apart.filter(meets)) {
    apart = apart.filter((other) => !meeting.includes(other));
    for (const other of meeting) {
      box = {
        top: Math.min(box.top, other.top), bottom: Math.max(box.bottom, other.bottom),
        left: Math.min(box.left, other.left), right: Math.max(box.right, other.right),
      };
    }
  }
  return [...apart, box];
}

/** Lay further looks, each `{ box, alpha }` with a canvas of `size`, over the first: a canvas and its side. */
export function laidOver(first, size, height, width, closer) {
  const side = Math.max(size, Math.min(LARGER * size, Math.max(height, width)));
  const canvas = resize(first, 1, size, size, side, side);
  const small = boxOf(height, width, size), [top, left, rows, columns] = boxOf(height, width, side);
  const whole = resize(cut(first, size, small), 1, small[2], small[3], rows, columns);
  for (let row = 0; row < rows; row++) {
    canvas.set(whole.subarray(row * columns, (row + 1) * columns), (top + row) * side + left);
  }
  const [down, across] = [rows / height, columns / width];
  for (const { box, alpha } of closer) {
    const from = even(box.top * down), to = Math.max(from + 1, even(box.bottom * down));
    const begin = even(box.left * across), end = Math.max(begin + 1, even(box.right * across));
    const high = Math.min(rows, to) - from, wide = Math.min(columns, end) - begin;
    const inner = boxOf(box.bottom - box.top, box.right - box.left, size);
    const seen = resize(cut(alpha, size, inner), 1, inner[2], inner[3], high, wide);
    const part = cut(canvas, side, [top + from, left + begin, high, wide]);
    const both = agreed(part, seen, high, wide);
    const ramps = [ramp(high, box.top > 0, box.bottom < height), ramp(wide, box.left > 0, box.right < width)];
    for (let row = 0; row < high; row++) {
      for (let column = 0; column < wide; column++) {
        const share = Math.min(ramps[0][row], ramps[1][column]), at = row * wide + column;
        canvas[(top + from + row) * side + left + begin + column] = (1 - share) * part[at] + share * both[at];
      }
    }
  }
  return { canvas, side };
}

/** The second look, or the mean of both where only one sees somebody. */
function agreed(first, second, height, width) {
  const { labels, count } = regions((at) => Math.max(first[at], second[at]) > INSIDE, height, width);
  const areas = new Float64Array(count + 1), shared = new Float64Array(count + 1);
  labels.forEach((label, at) => {
    areas[label]++;
    if (Math.min(first[at], second[at]) > INSIDE) shared[label]++;
  });
  return first.map((value, at) => {
    const label = labels[at];
    return !label || shared[label] >= SHARED * areas[label] ? second[at] : (value + second[at]) / 2;
  });
}

function ramp(length, begins, ends) {
  const width = Math.max(1, FRAME * length);
  const rising = (number) => (number + 0.5) / width;
  return Array.from({ length }, (_, number) =>
    Math.min(1, begins ? rising(number) : 1, ends ? rising(length - 1 - number) : 1));
}
