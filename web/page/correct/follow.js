// What finds the thing that was touched, in small, as src/recorte/removal/correct/features.py and follow.py.

import { distances, gap } from './areas.js';

export const SIDE = 128, FINER = 2;
const CHANNELS = 12, WAYS = [[0.01, 2, 0.3], [0.003, 1, 0]], REACH = 0.1, NEARNESS = [7, 8], ALIKE = 0.3, LEFT = 0.05;

/**
 * Find the thing that was touched.
 * @param tools `{ ort, thing }`, ONNX Runtime and the open network
 * @param photo RGB of FINER rows x FINER columns
 * @param cells `{ rows, columns, alpha, own, other }`: alpha in [0, 1], what the touch marks, and what touches of the other kind do
 * @returns Uint8Array of rows x columns
 */
export async function follow({ ort, thing: network }, photo, cells, keep) {
  const { rows, columns, alpha } = cells, large = FINER * SIDE;
  const seen = features(photo, cells, keep), canvas = new Float32Array(3 * large * large);
  for (let row = 0; row < FINER * rows; row++) {
    for (let column = 0; column < FINER * columns; column++) {
      for (let channel = 0; channel < 3; channel++) {
        canvas[(channel * large + row) * large + column] = photo[(row * FINER * columns + column) * 3 + channel] / 255;
      }
    }
  }
  const { thing: found } = await network.run({
    photo: new ort.Tensor('float32', canvas, [1, 3, large, large]), touch: new ort.Tensor('float32', seen, [1, CHANNELS, SIDE, SIDE]),
  }, ['thing']);
  const place = (at) => Math.floor(at / columns) * SIDE + (at % columns);
  const wrong = alpha.map((value) => (value >= 0.5) !== keep);
  const thing = alpha.map((_, at) => (wrong[at] ? found.data[place(at)] : 0));
  let [best, followed] = [ALIKE, Uint8Array.from(thing, (value) => value > 0.5)];
  for (const channel of keep ? NEARNESS : []) {
    const nearness = alpha.map((_, at) => seen[channel * SIDE * SIDE + place(at)]);
    const [agreement, least] = mostAlike(nearness, thing, wrong);
    if (agreement > best) [best, followed] = [agreement, Uint8Array.from(thing, (value, at) => wrong[at] && nearness[at] >= least && value > LEFT)];
  }
  return followed;
}

/** Of all that can be wrong the part nearest to the touch that agrees best with the network: how well, and its least nearness. */
function mostAlike(nearness, thing, wrong) {
  const order = [...wrong.keys()].filter((at) => wrong[at]).sort((one, other) => nearness[other] - nearness[one]);
  const total = thing.reduce((sum, value) => sum + value, 0);
  let [shared, best, least] = [0, 0, Infinity];
  order.forEach((at, number) => {
    shared += thing[at];
    const agreement = shared / (number + 1 + total - shared);
    if (agreement > best) [best, least] = [agreement, nearness[at]];
  });
  return [best, least];
}

/** Describe a touch: Float32Array of CHANNELS x SIDE x SIDE, the photo at the top left. */
function features(photo, { rows, columns, alpha, own, other }, keep) {
  const lab = labOf(photo, rows, columns), costs = WAYS.map((way) => costsOf(lab, alpha, rows, columns, way));
  const near = gap(own, rows, columns).map((value) => value / (REACH * SIDE));
  const marked = own.reduce((sum, mark) => sum + mark, 0);
  const mean = [0, 1, 2].map((channel) => lab.reduce((sum, value, at) => sum + (at % 3 === channel && own[Math.floor(at / 3)] ? value : 0), 0) / marked);
  const from = (seeds, cost) => distances(seeds, cost, rows, columns).map((value) => Math.exp(-2 * value));
  const planes = [
    ...[0.5, 0, 0].map((less, channel) => alpha.map((_, at) => lab[3 * at + channel] - less)),
    keep ? alpha : alpha.map((value) => 1 - value),
    alpha.map(() => (keep ? 1 : -1)),
    near.map((value) => Math.exp(-value)),
    near.map((value) => Math.exp(-value / 4)),
    ...costs.map((cost) => from(own, cost)),
    alpha.map((_, at) => Math.exp(-Math.hypot(...mean.map((value, channel) => lab[3 * at + channel] - value)) / REACH)),
    other.includes(1) ? from(other, costs[0]) : alpha.map(() => 0),
    alpha.map(() => 1),
  ];
  const found = new Float32Array(CHANNELS * SIDE * SIDE);
  planes.forEach((plane, channel) => {
    for (let row = 0; row < rows; row++) {
      found.set(plane.subarray(row * columns, (row + 1) * columns), (channel * SIDE + row) * SIDE);
    }
  });
  return found;
}

/** Lab of a photo of twice the rows and columns, 1 = 100: three values a cell. */
function labOf(photo, rows, columns) {
  const lab = new Float32Array(rows * columns * 3), wide = FINER * columns * 3;
  const root = (value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  for (let at = 0; at < rows * columns; at++) {
    const from = Math.floor(at / columns) * FINER * wide + (at % columns) * FINER * 3;
    const [red, green, blue] = [0, 1, 2].map((channel) => {
      const [a, b, c, d] = [0, 3, wide, wide + 3].map((step) => photo[from + step + channel]);
      return linear(((a + b + c + d + 2) >> 2) / 255);
    });
    const y = 0.212671 * red + 0.71516 * green + 0.072169 * blue;
    const [fx, fy, fz] = [
      root((0.412453 * red + 0.35758 * green + 0.180423 * blue) / 0.950456), root(y),
      root((0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.088754),
    ];
    lab[3 * at] = (y > 0.008856 ? 116 * fy - 16 : 903.3 * y) / 100;
    lab[3 * at + 1] = 5 * (fx - fy);
    lab[3 * at + 2] = 2 * (fy - fz);
  }
  return lab;
}

/** What a step from cell to cell costs, across and down. */
function costsOf(lab, alpha, rows, columns, [step, colour, rise]) {
  const cost = (one, other) => step + rise * Math.abs(alpha[one] - alpha[other])
    + colour * Math.hypot(...[0, 1, 2].map((channel) => lab[3 * one + channel] - lab[3 * other + channel]));
  const across = new Float32Array(rows * (columns - 1)), down = new Float32Array((rows - 1) * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = y * columns + x;
      if (x + 1 < columns) across[y * (columns - 1) + x] = cost(at, at + 1);
      if (y + 1 < rows) down[at] = cost(at, at + columns);
    }
  }
  return { across, down };
}
