// Areas of a picture: what a brush marks, and how far all else is from something, as in src/recorte/removal/correct.

import { even } from '../recorte/src/letterbox.js';

const { fround } = Math;

/** How far a stroke reaches beyond its points. */
export const reach = ({ radius }) => Math.max(0.5, radius);

/**
 * Paint a stroke, as `touches.painted` does with OpenCV, whose circles are polygons.
 * @param stroke `{ points, radius }` in the photo's pixels
 * @param frame `{ top, left, scale }` of the canvas in the photo
 * @returns Uint8Array of rows x columns, 1 = marked
 */
export function painted(stroke, rows, columns, { top = 0, left = 0, scale = 1 } = {}) {
  const sides = [columns, rows], canvas = new Uint8Array(rows * columns), radius = even(16 * reach(stroke) * scale) / 16;
  const thick = Math.max(1, even(2 * reach(stroke) * scale)), half = (thick + (thick % 2)) / 2;
  const whole = Math.round(radius), step = whole < 3 ? 90 : whole < 10 ? 30 : whole < 15 ? 18 : 5;
  const corners = Array.from({ length: 360 / step }, (_, number) => (number * step * Math.PI) / 180);
  const sixteenth = (place) => even(place * 16) / 16;
  const places = stroke.points.map(([x, y]) => [sixteenth((x + 0.5 - left) * scale - 0.5), sixteenth((y + 0.5 - top) * scale - 0.5)]);
  places.forEach(([x, y], number) => {
    fill(canvas, sides, corners.map((angle) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)]));
    if (!number) return;
    const [a, b] = places[number - 1];
    if (thick === 1) return fill(canvas, sides, [[a, b], [x, y]], [Math.abs(x - a) < Math.abs(y - b) ? 1 : 0]);
    const far = Math.hypot(x - a, y - b) || Infinity;
    const [across, down] = [((y - b) / far) * half, ((a - x) / far) * half];
    fill(canvas, sides, [[a + across, b + down], [a - across, b - down], [x - across, y - down], [x + across, y + down]]);
    for (const end of [[a, b], [x, y]]) disc(canvas, sides, end.map((value) => Math.floor(value + 0.5)), Math.floor(thick / 2 + 0.5));
  });
  return canvas;
}

/** Mark a convex polygon's pixels, row by row and column by column: what its outline runs through belongs to it. */
function fill(canvas, sides, corners, axes = [0, 1]) {
  const mark = (place) => {
    if (place.every((value, axis) => value >= 0 && value < sides[axis])) canvas[place[1] * sides[0] + place[0]] = 1;
  };
  for (const corner of corners) mark(corner.map((value) => Math.floor(value + 0.5)));
  for (const axis of axes) {
    const other = 1 - axis, values = corners.map((corner) => corner[axis]);
    const last = Math.min(sides[axis] - 1, Math.floor(Math.max(...values)));
    for (let line = Math.max(0, Math.ceil(Math.min(...values))); line <= last; line++) {
      let [least, most] = [Infinity, -Infinity];
      corners.forEach((corner, number) => {
        const before = corners.at(number - 1), [low, high] = corner[axis] < before[axis] ? [corner, before] : [before, corner];
        if (line < low[axis] || line > high[axis]) return;
        const share = (line - low[axis]) / (high[axis] - low[axis] || 1), met = low[other] + share * (high[other] - low[other]);
        [least, most] = [Math.min(least, met), Math.max(most, met)];
      });
      const end = Math.min(sides[other] - 1, Math.floor(most + 0.5));
      for (let at = Math.max(0, Math.floor(least + 0.5)); at <= end; at++) mark(axis ? [at, line] : [line, at]);
    }
  }
}

/** Mark a disc around a pixel. */
function disc(canvas, [columns, rows], [x, y], radius) {
  for (let down = Math.max(-radius, -y); down <= Math.min(radius, rows - 1 - y); down++) {
    const wide = Math.floor(Math.sqrt(radius * radius - down * down));
    const from = Math.max(0, x - wide), to = Math.min(columns - 1, x + wide);
    if (to >= from) canvas.fill(1, (y + down) * columns + from, (y + down) * columns + to + 1);
  }
}

const CHAMFER = [[-2, -1, 2.1969], [-2, 1, 2.1969], [-1, -2, 2.1969], [-1, -1, 1.4], [-1, 0, 1], [-1, 1, 1.4], [-1, 2, 2.1969], [0, -1, 1]];

/** How far each cell is from an area, as OpenCV's `distanceTransform` with a 5 x 5 mask measures. */
export function gap(area, rows, columns) {
  const far = Float32Array.from(area, (inside) => (inside ? 0 : 1e6));
  for (const sign of [1, -1]) {
    for (let count = 0; count < far.length; count++) {
      const at = sign > 0 ? count : far.length - 1 - count, y = Math.floor(at / columns), x = at % columns;
      for (const [down, across, length] of CHAMFER) {
        const row = y + sign * down, column = x + sign * across;
        if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
        far[at] = Math.min(far[at], far[row * columns + column] + length);
      }
    }
  }
  return far;
}

const SWEEPS = 3;

/** The length of the shortest way from any seed, over costs of steps across and down; see `geodesic.distances`. */
export function distances(seeds, { across, down }, rows, columns) {
  const found = Float32Array.from(seeds, (seed) => (seed ? 0 : 1e6));
  const step = (at, from, cost) => { found[at] = Math.min(found[at], fround(found[from] + cost)); };
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const up = sweep % 2 === 1;
    for (let count = 0; count < rows; count++) {
      const row = up ? rows - 1 - count : count, start = row * columns;
      if (count) {
        const before = up ? row + 1 : row - 1;
        for (let x = 0; x < columns; x++) step(start + x, before * columns + x, down[Math.min(row, before) * columns + x]);
      }
      for (let x = 1; x < columns; x++) step(start + x, start + x - 1, across[row * (columns - 1) + x - 1]);
      for (let x = columns - 2; x >= 0; x--) step(start + x, start + x + 1, across[row * (columns - 1) + x]);
    }
  }
  return found;
}
