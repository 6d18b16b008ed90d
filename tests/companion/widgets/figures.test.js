// What the figures' scripts compute, against what the package computed into the file FIXTURES.
"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const vm = require("node:vm");

const FOLDER = path.join(__dirname, "../../../lib/halfspace/companion/widgets");
const fixtures = JSON.parse(readFileSync(process.env.FIXTURES, "utf8"));
vm.runInThisContext(readFileSync(path.join(FOLDER, "plane.js"), "utf8"));
const plane = globalThis.HalfSpacePlane;
const onePath = require(path.join(FOLDER, "one_path.js"));
const jumping = require(path.join(FOLDER, "jumping_region.js"));
const shared = require(path.join(FOLDER, "shared_paths.js"));

const near = (found, expected, gap, told) =>
  assert.ok(Math.abs(found - expected) <= gap, `${told}: ${found} instead of ${expected}`);

test("gates, experts and sums of all paths are those of the package", () => {
  assert.ok(fixtures.nets.length > 3);
  for (const { net, points, gates, experts, outputs } of fixtures.nets)
    points.forEach((point, i) => {
      const all = onePath.paths(net, point);
      assert.deepEqual(all.map(({ gate }) => gate), gates[i]);
      all.forEach(({ expert, factors, value, gate }, k) => {
        near(expert, experts[i][k], 1e-12, "expert");
        near(factors.reduce((a, b) => a * b), experts[i][k], 1e-12, "factors");
        assert.equal(value, gate * expert);
      });
      near(all.at(-1).sum, outputs[i], 1e-12, "sum over paths");
      near(onePath.output(net, point), outputs[i], 1e-12, "output");
    });
});

const within = (polygon, [x, y]) => polygon.every(([ax, ay], i) => {
  const [bx, by] = polygon[(i + 1) % polygon.length];
  return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0;
});

test("regions have the package's areas and hold the points at which their path is open", () => {
  for (const { net, paths, shares, points, gates, half } of fixtures.nets)
    paths.forEach((units, k) => {
      const parts = plane.region(net, units, half);
      near(plane.share(net, units, half), shares[k], 1e-12, `share of path ${units}`);
      points.forEach((point, i) =>
        assert.equal(parts.filter((part) => within(part, point)).length, gates[i][k], `${units} at ${point}`));
    });
});

test("areas over the weight are those of the chapter's figure", () => {
  const { weights, normals, opposite, onB, curves } = fixtures.jump;
  weights.forEach((weight, i) => {
    near(jumping.share(normals, weight, onB, "relu"), curves["ReLU net"][i], 1e-12, "ReLU net");
    near(jumping.share(normals, weight, onB, "dlgn"), curves.DLGN[i], 1e-12, "DLGN");
    // Rounding leaves a strip between half-planes that are opposite.
    near(jumping.share(opposite, weight, onB, "dlgn"), curves["DLGN, opposite normals"][i], 1e-10, "opposite");
  });
});

test("jumps are where the chapter says, and of the size that the package measures", () => {
  const { normals, opposite, onB, jumps } = fixtures.jump;
  assert.equal(jumping.vanishing(normals, onB), undefined);
  near(jumping.vanishing(opposite, onB), onB, 1e-12, "vanishing");
  near(jumping.vanishing(normals, 0), 0, 0, "without B");
  near(jumping.jump(normals, 0, onB, "relu"), jumps.relu, 1e-6, "ReLU net");
  near(jumping.jump(normals, 0, onB, "dlgn"), 0, 1e-6, "DLGN");
  near(jumping.jump(opposite, onB, onB, "dlgn"), jumps.opposite, 1e-6, "opposite");
});

test("turning by no angle changes nothing, by 90 degrees exchanges the axes", () => {
  assert.deepEqual(jumping.turned([0.3, 0.7], 0), [0.3, 0.7]);
  const [x, y] = jumping.turned([0.3, 0.7], 90);
  near(x, -0.7, 1e-15, "x");
  near(y, 0.3, 1e-15, "y");
});

test("gates and shared paths on the circle are those of the package", () => {
  for (const { net, depth, gates, rows } of fixtures.circle) {
    for (let angle = 0; angle < 360; angle++)
      assert.deepEqual(shared.gates(net, angle, depth).flat().map(Number), gates[angle], `gates at ${angle}`);
    for (const { at, row } of rows) assert.deepEqual(shared.kernelRow(net, at, depth), row, `row of ${at}`);
  }
});

test("the limit of wide nets is that of the chapter", () => {
  const { degrees, expected } = fixtures.limit;
  for (const depth in expected)
    degrees.forEach((theta, i) => near(shared.limit(theta, Number(depth)), expected[depth][i], 1e-15, "limit"));
  assert.equal(shared.between(350, 20), 30);
  assert.equal(shared.between(20, 350), 30);
  assert.equal(shared.between(0, 180), 180);
});
