// Outputs of a graph model by TensorFlow.js itself, on its CPU backend.
//   node tfjs_outputs.mjs TFJS_FOLDER MODEL.json INPUT.bin NAME=D,D,D,D OUTPUT,OUTPUT…
// INPUT.bin holds float32; to stdout goes an object of each output's shape and base64 of its float32.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [folder, file, inputFile, inputSpec, outputs] = process.argv.slice(2);
const load = createRequire(path.resolve(folder, "package.json"));
const tf = load("@tensorflow/tfjs");
await tf.setBackend("cpu");

const model = JSON.parse(fs.readFileSync(file, "utf8"));
const group = model.weightsManifest[0];
const shards = group.paths.map((name) => fs.readFileSync(path.join(path.dirname(file), name)));
const weights = Buffer.concat(shards);
const graph = await tf.loadGraphModel({
  load: async () => ({
    modelTopology: model.modelTopology,
    weightSpecs: group.weights,
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
    format: model.format,
    signature: model.signature,
  }),
});
const [name, sizes] = inputSpec.split("=");
const bytes = fs.readFileSync(inputFile);
const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const input = tf.tensor(numbers, sizes.split(",").map(Number));
const names = outputs.split(",");
const values = [].concat(graph.execute({ [name]: input }, names));
const told = {};
for (const [place, value] of values.entries()) {
  const data = Float32Array.from(await value.data());
  told[names[place]] = { shape: value.shape, data: Buffer.from(data.buffer).toString("base64") };
}
console.log(JSON.stringify({ versions: tf.version, outputs: told }));
