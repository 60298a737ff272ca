// From a photo, its alpha and a touch to the corrected alpha, as src/recorte/removal/correct/method.py.

import { cut, even, resize, scale } from '../recorte/src/letterbox.js';
import { regions } from '../recorte/src/looks.js';
import { gap, painted, reach } from './areas.js';
import { FINER, SIDE, follow } from './follow.js';

const CLOSER = 0.6, MARGIN = 0.4, AGREED = 0.3, SEAM = 2, RIM = 6, RIGHT = 0.1, AROUND = 8;

/**
 * Mend an alpha by the last of some touches; those before it are in the alpha already.
 * @param tools `{ ort, thing, refine }`: ONNX Runtime, and the open thing.onnx and refine.onnx
 * @param photo `{ data, width, height }`, RGBA
 * @param alpha Uint8Array, changed in place
 * @param touches `{ keep, stroke: { points, radius } }` each, in the photo's pixels
 */
export async function mend(tools, photo, alpha, touches) {
  const { keep, stroke } = touches.at(-1), { height, width } = photo, full = keep ? 255 : 0;
  const spot = spotOf(stroke, height, width), marked = painted(stroke, spot.bottom - spot.top, spot.right - spot.left, spot);
  const each = (work) => marked.forEach((mark, at) => {
    const wide = spot.right - spot.left;
    if (mark) work((spot.top + Math.floor(at / wide)) * width + spot.left + (at % wide));
  });
  let wrong = false;
  each((at) => { wrong ||= Math.abs(alpha[at] - full) > RIGHT * 255; });
  if (!wrong) return;
  const whole = { top: 0, bottom: height, left: 0, right: width }, look = cellsOf(height, width);
  const other = marks(touches, look);
  const own = painted(stroke, look.rows, look.columns, look);
  own.forEach((mark, at) => { if (mark) other[at] = 0; });
  let thing = await thingOf(tools, photo, alpha, whole, { ...look, own, other }, keep), part = whole, cells = look;
  const window = closer(thing, look, height, width);
  if (window) {
    const near = { ...cellsOf(window.bottom - window.top, window.right - window.left), top: window.top, left: window.left };
    const again = (plane) => smaller(enlarged(plane, look, height, width, window), window, near);
    const mine = painted(stroke, near.rows, near.columns, near), away = again(other).map((mark, at) => mark & ~mine[at]);
    const found = await thingOf(tools, photo, alpha, window, { ...near, own: mine, other: away }, keep), before = again(thing);
    let [both, either] = [0, 0];
    found.forEach((mark, at) => { both += mark & before[at]; either += mark | before[at]; });
    if (both >= AGREED * either) [thing, part, cells] = [found, window, near]; // else it is another thing
  }
  await draw(tools, photo, alpha, part, thing, cells, keep);
  each((at) => { alpha[at] = full; });
}

/** Rows, columns and scale in which a part of a photo is looked at. */
function cellsOf(height, width) {
  const scale = Math.min(1, SIDE / Math.max(height, width));
  return { rows: Math.max(1, even(height * scale)), columns: Math.max(1, even(width * scale)), scale, top: 0, left: 0 };
}

/** What touches of the other kind than the last mark; of those that meet the later counts. */
function marks(touches, { rows, columns, ...frame }) {
  const last = touches.at(-1), found = new Uint8Array(rows * columns);
  for (const { keep, stroke } of touches.slice(0, -1)) {
    painted(stroke, rows, columns, frame).forEach((mark, at) => { if (mark) found[at] = keep === last.keep ? 0 : 1; });
  }
  return found;
}

/** The part of a photo that holds a stroke. */
function spotOf(stroke, height, width) {
  const far = reach(stroke), [xs, ys] = [0, 1].map((axis) => stroke.points.map((point) => point[axis]));
  const least = (values) => Math.max(0, Math.floor(values.reduce((one, other) => Math.min(one, other)) - far));
  const most = (values) => Math.max(0, Math.floor(values.reduce((one, other) => Math.max(one, other)) + far)) + 2;
  return { top: least(ys), left: least(xs), bottom: Math.min(height, most(ys)), right: Math.min(width, most(xs)) };
}

/** All that becomes what the touch asks for, in small. */
async function thingOf(tools, photo, alpha, part, cells, keep) {
  const { rows, columns, own, other } = cells, high = part.bottom - part.top, wide = part.right - part.left;
  const seen = cut(alpha, photo.width, [part.top, part.left, high, wide]);
  const small = resize(seen, 1, high, wide, rows, columns).map((value) => value / 255);
  const rgb = new Uint8Array(FINER * rows * FINER * columns * 3);
  scale(photo, part, FINER * rows, FINER * columns, (row, at, value) => { rgb[row * FINER * columns * 3 + at] = value; });
  const followed = await follow(tools, rgb, { rows, columns, alpha: small, own, other }, keep);
  const thing = held(followed.map((mark, at) => (mark && !other[at]) || own[at] ? 1 : 0), own, rows, columns);
  const right = small.map((value) => (value >= 0.5) === keep), near = gap(thing, rows, columns);
  const apart = gap(thing.map((mark, at) => !right[at] && !mark), rows, columns);
  return thing.map((mark, at) => mark || (right[at] && near[at] <= (keep ? SEAM : RIM) && near[at] < apart[at] && !other[at]) ? 1 : 0);
}

/** The pieces of a thing that hang together with the touch. */
function held(thing, own, rows, columns) {
  const { labels, count } = regions((at) => thing[at], rows, columns), kept = new Uint8Array(count + 1);
  own.forEach((mark, at) => { if (mark) kept[labels[at]] = 1; });
  kept[0] = 0;
  return thing.map((_, at) => kept[labels[at]]);
}

/** First and last row and column of a thing. */
function bounds(thing, columns) {
  const found = { top: Infinity, bottom: -1, left: Infinity, right: -1 };
  thing.forEach((mark, at) => {
    if (!mark) return;
    const y = Math.floor(at / columns), x = at % columns;
    found.top = Math.min(found.top, y);
    found.bottom = Math.max(found.bottom, y);
    found.left = Math.min(found.left, x);
    found.right = Math.max(found.right, x);
  });
  return found;
}

/** The window in which a thing is worth a closer look; null where it would not be closer. */
function closer(thing, { rows, columns }, height, width) {
  const { top, bottom, left, right } = bounds(thing, columns), [down, across] = [height / rows, width / columns];
  const margin = MARGIN * Math.max(bottom - top + 1, right - left + 1) + 2;
  const begin = (line, scale) => Math.max(0, Math.trunc((line - margin) * scale));
  const end = (line, scale, side) => Math.min(side, Math.ceil((line + 1 + margin) * scale));
  const window = { top: begin(top, down), bottom: end(bottom, down, height), left: begin(left, across), right: end(right, across, width) };
  const longest = Math.max(window.bottom - window.top, window.right - window.left);
  return longest > CLOSER * Math.max(height, width) ? null : window;
}

/** A window of a plane of cells at the photo's size, interpolated. */
function enlarged(plane, { rows, columns }, height, width, window) {
  const places = (size, count, from, to) => Array.from({ length: to - from }, (_, number) => {
    const place = Math.min(Math.max((from + number + 0.5) * (size / count) - 0.5, 0), size - 1), first = Math.floor(place);
    return [first, Math.min(first + 1, size - 1), place - first];
  });
  const down = places(rows, height, window.top, window.bottom), across = places(columns, width, window.left, window.right);
  const result = new Float32Array(down.length * across.length);
  down.forEach(([first, second, below], row) => {
    across.forEach(([left, right, beside], column) => {
      const value = (y) => (1 - beside) * plane[y * columns + left] + beside * plane[y * columns + right];
      result[row * across.length + column] = (1 - below) * value(first) + below * value(second);
    });
  });
  return result;
}

/** Bring a window of the photo's size back to cells: 1 where more than half is marked. */
function smaller(plane, window, { rows, columns }) {
  const found = resize(plane, 1, window.bottom - window.top, window.right - window.left, rows, columns);
  return Uint8Array.from(found, (value) => value > 0.5);
}

/** Give the thing the alpha that was asked for, along the photo's edges, in place. */
async function draw({ ort, refine }, photo, alpha, part, thing, { rows, columns }, keep) {
  const found = bounds(thing, columns), high = part.bottom - part.top, wide = part.right - part.left;
  const [top, left] = [Math.max(0, found.top - AROUND), Math.max(0, found.left - AROUND)];
  const lengths = [Math.min(rows, found.bottom + 1 + AROUND) - top, Math.min(columns, found.right + 1 + AROUND) - left];
  const spans = [[top, lengths[0], high, rows], [left, lengths[1], wide, columns]].map(([start, length, side, cells]) =>
    [even(start * (side / cells)), Math.min(side, even((start + length) * (side / cells)))]);
  const sizes = spans.map(([begin, end]) => end - begin), sized = lengths.map((length, axis) => Math.min(FINER * length, sizes[axis]));
  const share = resize(blurred(cut(thing, columns, [top, left, ...lengths]), ...lengths), 1, ...lengths, ...sized);
  const [y, x] = [part.top + spans[0][0], part.left + spans[1][0]], rgb = new Uint8Array(sizes[0] * sizes[1] * 3);
  const place = (at) => (y + Math.floor(at / sizes[1])) * photo.width + x + (at % sizes[1]);
  for (let at = 0; at < sizes[0] * sizes[1]; at++) rgb.set(photo.data.subarray(4 * place(at), 4 * place(at) + 3), 3 * at);
  const { refined } = await refine.run({
    photo: new ort.Tensor('uint8', rgb, [...sizes, 3]), alpha: new ort.Tensor('float32', share, sized),
  });
  refined.data.forEach((strength, at) => { alpha[place(at)] += (strength / 255) * ((keep ? 255 : 0) - alpha[place(at)]) + 0.5; });
}

/** The mean of each cell and the eight around it; beyond the ends the plane is mirrored. */
function blurred(plane, rows, columns) {
  const mirrored = (number, count) => (count === 1 ? 0 : number < 0 ? -number : number >= count ? 2 * count - 2 - number : number);
  return plane.map((_, at) => {
    const y = Math.floor(at / columns), x = at % columns;
    let total = 0;
    for (const down of [-1, 0, 1]) {
      for (const across of [-1, 0, 1]) total += plane[mirrored(y + down, rows) * columns + mirrored(x + across, columns)];
    }
    return total / 9;
  });
}
