// What the controls offer, on the conditions that Python wrote into the file FIXTURES.
"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const FOLDER = path.join(__dirname, "../../../lib/halfspace/companion/widgets");
const { found, options, halves, otherSide } = require(path.join(FOLDER, "what_attracts_paths.js"));
const { conditions, start } = JSON.parse(readFileSync(process.env.FIXTURES, "utf8"));
const keys = Object.keys(conditions[0].choice);

test("each condition is the only one with its choices", () => {
  for (const each of conditions) assert.equal(found(conditions, each.choice), each);
  assert.equal(found(conditions, { ...conditions[0].choice, topAmplitude: "0.7" }), undefined);
});

test("controls offer what is recorded, and nothing else", () => {
  for (const { choice } of conditions)
    for (const key of keys)
      for (const [value, recorded] of options(conditions, choice, key)) {
        const wanted = { ...choice, [key]: value };
        const there = conditions.some((each) => keys.every((one) => each.choice[one] === wanted[one]));
        assert.equal(recorded, there);
      }
  const values = options(conditions, conditions[start].choice, "bottomFrequency").map(([value]) => value);
  assert.deepEqual(values, ["0", "2", "3", "4", "6", "8", "12", "16"]);
});

test("one control at a time leads to every condition", () => {
  const reached = new Set([conditions[start]]);
  for (const { choice } of reached)
    for (const key of keys)
      for (const [value, recorded] of options(conditions, choice, key))
        if (recorded) reached.add(found(conditions, { ...choice, [key]: value }));
  const missed = conditions.filter((each) => !reached.has(each));
  assert.deepEqual(missed.map((each) => each.choice), []);
});

test("the slow half has the lower frequency, and seeds of the other side are counted", () => {
  const of = (top, bottom) => halves({ choice: { topFrequency: top, bottomFrequency: bottom } });
  assert.deepEqual(of("8", "16"), ["top", "bottom"]);
  assert.deepEqual(of("8", "2"), ["bottom", "top"]);
  assert.equal(otherSide({ allocation: [0.5, 2, 3, 4], interval: [2.1] }), 1);
  assert.equal(otherSide({ allocation: [0.5, 2, 3, 4], interval: [0.9] }), 3);
});
