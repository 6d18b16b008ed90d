// What a DLGN computes under any gate, against what the package computed into the file FIXTURES.
"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const FOLDER = path.join(__dirname, "../../../lib/halfspace/companion/widgets");
const { createNet, outputs, error, halfOpen, floats } = require(path.join(FOLDER, "soft_or_hard.js"));
const cases = JSON.parse(readFileSync(process.env.FIXTURES, "utf8"));

for (const { told, width, depth, weights, angles, targets, gates } of cases) {
  const net = createNet(floats(weights), width, depth);
  for (const { beta, expected, mean, share } of gates)
    test(`${told}, beta ${beta ?? "infinite"}`, () => {
      const sharpness = beta ?? Infinity;
      const found = outputs(net, angles, sharpness);
      assert.equal(found.length, expected.length);
      const scale = Math.max(1, ...expected.map(Math.abs));
      found.forEach((y, i) => assert.ok(Math.abs(y - expected[i]) <= 1e-5 * scale, `${y}, not ${expected[i]}`));
      const gap = error(net, angles, targets, sharpness) - mean;
      assert.ok(Math.abs(gap) <= 1e-5 * scale ** 2, `error differs by ${gap}`);
      assert.ok(Math.abs(halfOpen(net, angles, sharpness) - share) < 1e-9);
    });
}
