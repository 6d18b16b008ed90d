// The engine against the package: `fixtures.py` wrote what the package computes.
"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const test = require("node:test");
const vm = require("node:vm");

const HalfSpaces = require("../../../lib/halfspace/companion/widgets/engine.js");

const read = (name) => JSON.parse(readFileSync(join(process.env.FIXTURES, `${name}.json`), "utf8"));
const describe = ({ spec, ...rest }) => JSON.stringify(spec) + " " + JSON.stringify(rest);

/** Compare numbers one by one: to a share of the larger, or of 1 if that is larger. */
function close(found, expected, tolerance, what) {
  assert.equal(found.length, expected.length, `${what}: length`);
  for (let k = 0; k < found.length; k++) {
    const error = Math.abs(found[k] - expected[k]);
    const scale = Math.max(1, Math.abs(expected[k]));
    assert.ok(
      error <= tolerance * scale,
      `${what}: number ${k} is ${found[k]}, not ${expected[k]}; off by ${error}`,
    );
  }
}

const exact = (found, expected, what) => close(found, expected, 0, what);
const closeState = (net, state, tolerance, what) => {
  const found = net.state();
  assert.deepEqual(Object.keys(found).sort(), Object.keys(state).sort(), what);
  for (const name of Object.keys(state))
    close(found[name], state[name], tolerance, `${what} ${name}`);
};
const tolerances = { float32: 1e-4, float64: 1e-9 };

test("a seed gives PyTorch's random numbers", () => {
  const { streams, order } = read("random");
  for (const { seed, draws } of streams) {
    const generator = new HalfSpaces.Generator(seed);
    for (const [k, { kind, size, values }] of draws.entries()) {
      const what = `seed ${seed}, draw ${k}, ${kind}`;
      if (kind === "uniform") exact(generator.uniform(size, -0.3, 0.7), values, what);
      if (kind === "permutation") exact(generator.permutation(size), values, what);
      // PyTorch's own normal numbers differ in the last digits from processor to processor.
      if (kind === "normal") close(generator.normal(size, 0.5), values, 1e-6, what);
    }
  }
  for (const [seed, expected] of order) assert.equal(HalfSpaces.orderSeed(seed), expected);
});

test("nets have the weights, outputs, gates and half-spaces of the package", () => {
  for (const fixture of read("nets")) {
    const { spec, seed, precision, state, x, outputs, hard, gates } = fixture;
    const what = describe({ spec, seed, precision });
    const net = HalfSpaces.createNet(spec, new HalfSpaces.Generator(seed), precision);
    closeState(net, state, spec.init === "he" ? 1e-6 : 0, what);
    net.load(state);
    const tolerance = precision === "float32" ? 1e-5 : 1e-12;
    close(net.forward(x), outputs, tolerance, `${what} outputs`);
    close(net.forward(x, { hardGates: true }), hard, tolerance, `${what} hard`);
    net.gates(x).forEach((layer, l) => exact(layer, gates[l], `${what} gates ${l}`));
    net.preactivations(x).forEach((layer, l) => {
      close(layer, fixture.preactivations[l], tolerance, `${what} pre-activations ${l}`);
    });
    if (!fixture.half_spaces) {
      assert.throws(() => net.halfSpaces(), /need a DLGN/);
      continue;
    }
    const layers = net.halfSpaces();
    const [normals, offsets] = fixture.half_spaces;
    close(
      layers.flatMap((layer) => [...layer.normals]),
      normals,
      tolerance,
      `${what} normals`,
    );
    close(
      layers.flatMap((layer) => [...layer.offsets]),
      offsets,
      tolerance,
      `${what} offsets`,
    );
  }
});

test("gradients are the package's", () => {
  for (const { spec, seed, loss, x, y, mean, gradients } of read("gradients")) {
    const what = describe({ spec, loss });
    const net = HalfSpaces.createNet(spec, new HalfSpaces.Generator(seed), "float64");
    const trainer = HalfSpaces.createTrainer(net, { points: x, targets: y, loss });
    close([trainer.loss()], [mean], 1e-12, `${what} loss`);
    close([trainer.step()], [mean], 1e-12, `${what} loss of the step`);
    net.parameters.set(trainer.gradients);
    closeState(net, gradients, 1e-12, what);
  }
});

test("a hundred steps end where the package ends", () => {
  for (const fixture of read("trainings")) {
    const { spec, seed, order, precision, epochs, batch, x, y, rate, optimizer, loss } = fixture;
    const what = describe({ spec, precision, optimizer, loss, frozen: fixture.frozen });
    const net = HalfSpaces.createNet(spec, new HalfSpaces.Generator(seed), precision);
    const trainer = HalfSpaces.createTrainer(net, {
      points: x,
      targets: y,
      batchSize: batch,
      learningRate: rate,
      optimizer,
      loss,
      generator: new HalfSpaces.Generator(order),
    });
    const losses = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      if (epoch === fixture.frozen) net.freeze();
      losses.push(trainer.epoch());
    }
    assert.equal(trainer.epochsDone, epochs);
    assert.equal(trainer.stepsDone, epochs * Math.ceil(y.length / batch));
    close(losses, fixture.losses, tolerances[precision], `${what} losses`);
    close(net.forward(x), fixture.outputs, tolerances[precision], `${what} outputs`);
    closeState(net, fixture.state, tolerances[precision], what);
  }
});

test("targets on the circle are the package's", () => {
  for (const { options, angles, points, targets, top, anywhere } of read("tasks")) {
    const task = HalfSpaces.circleTask(options);
    assert.equal(task.top, top);
    close(task.angles, angles, 1e-15, "angles");
    close(task.points, points, 1e-15, "points");
    close(task.targets, targets, 1e-14, "targets");
    close([-1, 0.5, 4, 7].map(task.target), anywhere, 1e-14, "target");
  }
});

test("runs on the circle are the package's", () => {
  for (const { spec, seed, grid, start, losses, outputs } of read("circle")) {
    const what = JSON.stringify(spec);
    const { net, trainer } = HalfSpaces.circleTraining(spec, seed);
    close(HalfSpaces.circleGrid(16).points, grid, 1e-7, "grid");
    close(net.forward(grid), start, 1e-6, `${what} start`);
    const found = losses.map(() => trainer.epoch());
    close(found, losses, 1e-4, `${what} losses`);
    close(net.forward(grid), outputs, 1e-4, `${what} outputs`);
  }
});

test("a run of the base recipe ends among the recorded ones", () => {
  for (const { spec, seed, epochs, losses } of read("recorded")) {
    const { trainer } = HalfSpaces.circleTraining(spec, seed);
    for (const [k, epoch] of epochs.entries()) {
      while (trainer.epochsDone < epoch) trainer.epoch();
      const what = `${spec.model}, epoch ${epoch}`;
      // Rounding errors grow: later losses are only of the recorded size.
      if (epoch <= 20) close([trainer.loss()], [losses[k][0]], 1e-3, what);
      const sorted = [...losses[k]].sort((a, b) => a - b);
      assert.ok(trainer.loss() <= sorted.at(-1) && trainer.loss() >= sorted[0], what);
    }
  }
});

test("path counts and overlap kernels are the package's, exactly", () => {
  for (const { gates, points, biases, counts, kernel } of read("counts")) {
    const layers = gates.map((layer) => Uint8Array.from(layer));
    exact(HalfSpaces.pathCounts(layers, points, biases), counts, "counts");
    exact(HalfSpaces.overlapKernel(layers, points, biases), kernel, "kernel");
  }
  const open = Array.from({ length: 11 }, () => new Uint8Array(2 * 32).fill(1));
  assert.throws(
    () => HalfSpaces.overlapKernel(open, 2),
    /counts could reach 3.60e\+16, beyond 2\^53/,
  );
  assert.throws(() => HalfSpaces.pathCounts(open, 3), /gates must be of 3 points/);
});

test("regions of the plane are the package's, and the net is affine on each", () => {
  for (const { spec, seed, box, state, cells, patterns, areas } of read("regions")) {
    const what = describe({ spec, seed });
    const net = HalfSpaces.createNet(spec, new HalfSpaces.Generator(seed), "float64");
    if (state) net.load(state);
    const regions = HalfSpaces.planeRegions(net, box);
    assert.equal(regions.length, cells.length, what);
    regions.forEach(({ polygon, pattern, area, affine }, k) => {
      close(polygon, cells[k], 1e-9, `${what} cell ${k}`);
      exact(pattern, patterns[k], `${what} pattern ${k}`);
      close([area], [areas[k]], 1e-9, `${what} area ${k}`);
      if (area < 1e-6) return; // its middle may lie on a border
      const sum = [0, 1].map((i) => polygon.reduce((s, v, j) => s + (j % 2 === i ? v : 0), 0));
      const [x, y] = sum.map((s) => (2 * s) / polygon.length);
      const [a, b, c] = affine;
      const output = net.forward([x, y], { hardGates: true });
      close([a * x + b * y + c], output, 1e-12, `${what} affine ${k}`);
      const gates = net.gates([x, y]).flatMap((layer) => [...layer]);
      if (!state) exact(gates, patterns[k], `${what} gates in the middle of cell ${k}`);
    });
  }
});

test("a linear net has one region", () => {
  const net = HalfSpaces.createNet({ kind: "linear", biases: true }, new HalfSpaces.Generator(1));
  const [region, ...others] = HalfSpaces.planeRegions(net, {
    left: 0,
    right: 2,
    bottom: 0,
    top: 1,
  });
  assert.deepEqual(others, []);
  assert.equal(region.area, 2);
  assert.ok(region.pattern.every((gate) => gate === 1));
  assert.ok(net.gates([1, 1])[4].every((gate) => gate === 1));
});

const smallTraining = (options = {}, spec = {}) => {
  const net = HalfSpaces.createNet(
    { kind: "dlgn", width: 4, depth: 2, ...spec },
    new HalfSpaces.Generator(1),
    "float64",
  );
  const { points, targets } = HalfSpaces.circleTask({ points: 20, frequencies: [1, 2] });
  const generator = new HalfSpaces.Generator(2);
  const trainer = HalfSpaces.createTrainer(net, {
    points,
    targets,
    batchSize: 8,
    generator,
    ...options,
  });
  return { net, trainer };
};

test("steps add up to epochs", () => {
  const steps = smallTraining().trainer;
  const epochs = smallTraining().trainer;
  const first = steps.step();
  assert.equal(steps.epochsDone, 0);
  assert.ok(Number.isNaN(steps.epochLoss));
  const rest = [steps.step(), steps.step()]; // 8, 8 and 4 points
  assert.equal(steps.epochsDone, 1);
  close([steps.epochLoss], [(8 * first + 8 * rest[0] + 4 * rest[1]) / 20], 1e-15, "loss");
  assert.equal(epochs.epoch(), steps.epochLoss);
  steps.step();
  assert.equal(steps.epoch(), epochs.epoch());
  assert.deepEqual(steps.net.parameters, epochs.net.parameters);
});

test("a loss can be that of a part of the points, under hard gates too", () => {
  const { net, trainer } = smallTraining();
  const whole = trainer.loss();
  const parts = [trainer.loss({ to: 5 }), trainer.loss({ from: 5 })];
  close([(5 * parts[0] + 15 * parts[1]) / 20], [whole], 1e-15, "parts");
  const hard = trainer.loss({ hardGates: true });
  assert.notEqual(hard, whole);
  net.setGate({ kind: "hard" });
  assert.equal(trainer.loss(), hard);
});

test("targets and the step size may change during training", () => {
  const { trainer } = smallTraining({ learningRate: 0.01 });
  trainer.epoch();
  trainer.targets.fill(3);
  assert.ok(trainer.loss() > 5);
  trainer.learningRate = 0.1;
  for (let epoch = 0; epoch < 60; epoch++) trainer.epoch();
  assert.ok(trainer.loss() < 0.5);
});

test("a frozen gating network keeps its weights, and follows a new gate", () => {
  const { net, trainer } = smallTraining({ batchSize: 20 });
  trainer.epoch();
  net.freeze();
  const before = net.parameters.slice();
  trainer.epoch();
  const learned = net.parameters.findIndex((weight, k) => weight !== before[k]);
  assert.equal(learned, net.gatingSize);
  net.setGate({ kind: "hard" });
  close([trainer.loss()], [trainer.step()], 1e-15, "hard gates");
  const other = HalfSpaces.createNet(
    { kind: "dlgn", width: 4, depth: 2 },
    new HalfSpaces.Generator(9),
  );
  net.load(other.state());
  close([trainer.loss()], [trainer.step()], 1e-15, "other weights");
});

test("the text of the engine makes the same engine, without anything around it", () => {
  const context = vm.createContext({});
  const code = `${HalfSpaces.source}
    const { net, trainer } = HalfSpaces.circleTraining({ model: 'dlgn' }, 3);
    [trainer.epoch(), typeof HalfSpaces.createNet, typeof module, Object.keys(globalThis).length]`;
  const [loss, type, exported, names] = vm.runInContext(code, context);
  const { trainer } = HalfSpaces.circleTraining({ model: "dlgn" }, 3);
  assert.equal(loss, trainer.epoch());
  assert.deepEqual([type, exported, names], ["function", "undefined", 1]);
});

test("a page gets one global name", () => {
  const file = require.resolve("../../../lib/halfspace/companion/widgets/engine.js");
  const context = vm.createContext({});
  vm.runInContext(readFileSync(file, "utf8"), context);
  assert.deepEqual(Object.keys(context), ["HalfSpaces"]);
});

test("bad input is named", () => {
  const { Generator, createNet, createTrainer, planeRegions, circleTask, circleTraining } =
    HalfSpaces;
  const generator = new Generator(0);
  const net = createNet({ kind: "relu" }, generator);
  const data = { points: [1, 2, 3, 4], targets: [1, 2] };
  const cases = [
    [() => new Generator(-1), /seed must be a whole number of at least 0; got -1/],
    [() => new Generator(2 ** 32), /seed must be below 2\^32; got 4294967296/],
    [() => createNet({ kind: "cnn" }, generator), /kind must be one of relu, .*; got cnn/],
    [() => createNet({ kind: "relu", width: 0 }, generator), /width must be .*; got 0/],
    [() => createNet({ kind: "relu", depth: 1.5 }, generator), /depth must be .*; got 1.5/],
    [() => createNet({ kind: "relu", init: "one" }, generator), /init must be .*; got one/],
    [() => createNet({ kind: "relu", gain: -1 }, generator), /a gain must be .*; got -1/],
    [() => createNet({ kind: "relu" }, generator, "float16"), /precision must be .*; got float16/],
    [
      () => createNet({ kind: "dlgn", gate: { kind: "soft", beta: 0 } }, generator),
      /beta .*; got 0/,
    ],
    [
      () => createNet({ kind: "dlgn", gate: { kind: "open" } }, generator),
      /gate's kind .*; got open/,
    ],
    [() => net.forward([1, 2, 3]), /points must hold 2 numbers each; got 3 numbers/],
    [() => net.freeze(), /only a DLGN can be frozen; got a relu net/],
    [() => net.load({}), /state must hold 32 numbers under value.0.weight/],
    [() => createTrainer(net, { ...data, targets: [1] }), /one for each of 2 points; got 1/],
    [() => createTrainer(net, { points: [], targets: [] }), /number of points must be .*; got 0/],
    [() => createTrainer(net, { ...data, batchSize: 3 }), /batchSize must be at most 2; got 3/],
    [() => createTrainer(net, { ...data, batchSize: 1 }), /batches need a generator/],
    [() => createTrainer(net, { ...data, optimizer: "rms" }), /optimizer must be .*; got rms/],
    [() => createTrainer(net, { ...data, loss: "hinge" }), /loss must be .*; got hinge/],
    [() => createTrainer(net, { ...data, learningRate: 0 }), /learningRate must be .*; got 0/],
    [() => planeRegions(net, { left: 1, right: 1, bottom: 0, top: 1 }), /left < right/],
    [() => planeRegions(net, { left: -Infinity, right: 1, bottom: 0, top: 1 }), /all finite/],
    [
      () => circleTask({ points: 2, topShare: 0.1 }),
      /topShare must leave a point .*; got 0.1 of 2/,
    ],
    [() => circleTraining({ model: "dgn" }, 0), /model must be .*; got dgn/],
  ];
  for (const [call, message] of cases) assert.throws(call, message);
  const wide = createNet({ kind: "relu", inputs: 3 }, generator);
  const box = { left: 0, right: 1, bottom: 0, top: 1 };
  assert.throws(() => planeRegions(wide, box), /regions need 2 inputs; got 3/);
  net.parameters[3] = NaN;
  assert.throws(() => planeRegions(net, box), /regions need finite weights/);
});
