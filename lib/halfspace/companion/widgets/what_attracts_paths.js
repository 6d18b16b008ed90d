// What attracts paths? The recorded conditions of the circle, one at a time, and what they say.

/**
 * @typedef {Record<string, string>} Choice values of the controls, by key
 * @typedef {object} Condition
 * @property {string} label the net as a reader sees it
 * @property {string} variant what is changed in it
 * @property {Choice} choice
 * @property {number} gain
 * @property {[number, number]} phases of the target on the top and on the bottom half
 * @property {number[]} allocation a factor for each seed
 * @property {string} fitted "1" or "0" for each seed
 * @property {[number, number, number]} interval geometric mean, lower and upper end
 * @property {[number, number, number]} beside the same, as a ratio to the usual target's
 * @property {Record<string, [string, string]>} explanations what is predicted, and whether it happened
 */

(() => {
  "use strict";
  const DECADES = 3; // the axis of allocations goes from 0.001 to 1000

  /** @param {Condition[]} conditions @param {Choice} choice */
  const found = (conditions, choice) =>
    conditions.find((each) => Object.keys(each.choice).every((key) => each.choice[key] === choice[key]));

  /**
   * The values of a control, and which of them are recorded together with the other choices.
   * @param {Condition[]} conditions @param {Choice} choice @param {string} key
   * @returns {[string, boolean][]}
   */
  const options = (conditions, choice, key) =>
    [...new Set(conditions.map((each) => each.choice[key]))]
      .sort((a, b) => Number(a) - Number(b) || 0) // words stay in their order
      .map((value) => [value, !!found(conditions, { ...choice, [key]: value })]);

  /** @param {Condition} condition @returns {["top" | "bottom", "top" | "bottom"]} the slow half, the fast one */
  const halves = ({ choice }) =>
    Number(choice.topFrequency) <= Number(choice.bottomFrequency) ? ["top", "bottom"] : ["bottom", "top"];

  /** @param {Condition} condition how many seeds lie on the other side of 1 than the mean */
  const otherSide = ({ allocation, interval }) =>
    allocation.filter((factor) => (factor > 1) !== (interval[0] > 1)).length;

  if (typeof module === "object") {
    module.exports = { found, options, halves, otherSide };
    return;
  }

  /** @param {number} factor */
  const short = (factor) => (factor >= 10 ? factor.toFixed(0) : factor >= 2 ? factor.toFixed(1) : factor >= 0.095 ? factor.toFixed(2) : factor.toPrecision(2));

  HalfSpaceKit.start("what_attracts_paths", ({ data, state, set, row, slider, choice, reset, canvas, tell }) => {
    const { colors, firstSeed } = data;
    /** @type {Condition[]} */
    const conditions = data.conditions;
    let condition = conditions[data.start];
    /** @type {Record<string, string>} */
    const labels = {
      topFrequency: "Top: frequency", topAmplitude: "Top: amplitude",
      bottomFrequency: "Bottom: frequency", bottomAmplitude: "Bottom: amplitude",
      gain: "Initial weights ×", net: "Net", variant: "Its variant",
    };
    /** @param {string} key @param {string} value */
    const shown = (key, value) => {
      const one = conditions.find((each) => each.choice[key] === value);
      if (key === "net") return one?.label ?? "";
      return value === "usual" ? "as usual" : key === "variant" ? one?.variant ?? "" : value;
    };

    const top = row();
    /** @type {Record<string, HTMLElement>} */
    const places = {};
    /** @param {string} key @param {HTMLElement} place */
    const offer = (key, place) => {
      places[key] = place;
      choice({
        parent: place, key, label: labels[key], value: condition.choice[key],
        options: options(conditions, condition.choice, key).map(([value]) => [value, shown(key, value)]),
      });
    };
    for (const key of Object.keys(labels)) if (key !== "variant") offer(key, row(top));

    /** Follow the controls, and offer what is recorded. A link to what is not changes nothing. */
    const follow = () => {
      const wanted = Object.fromEntries(Object.keys(labels).map((key) => [key, String(state[key])]));
      condition = found(conditions, wanted) ?? condition;
      set(condition.choice);
      for (const key of Object.keys(labels)) {
        const recorded = new Map(options(conditions, condition.choice, key));
        for (const input of places[key].querySelectorAll("input")) {
          input.disabled = !recorded.get(input.value);
          const label = /** @type {HTMLElement} */ (input.parentElement);
          label.title = input.disabled ? "not recorded with the other choices" : "";
          label.style.opacity = input.disabled ? "0.45" : "";
        }
      }
    };
    tell(() => {
      follow();
      return "Pale: not recorded together with the other choices.";
    });

    canvas({
      label: "The target against the angle on the circle", height: () => 120,
      paint(pen, wide, tall) {
        const ink = pen.strokeStyle;
        const [slow] = halves(condition);
        const x = (/** @type {number} */ angle) => 34 + (angle / (2 * Math.PI)) * (wide - 52);
        const y = (/** @type {number} */ value) => 10 + ((1.1 - value) / 2.2) * (tall - 34);
        pen.textBaseline = "middle";
        pen.textAlign = "right";
        for (const value of [-1, 0, 1]) pen.fillText(`${value}`.replace("-", "−"), 28, y(value));
        pen.textAlign = "center";
        pen.textBaseline = "top";
        for (const degrees of [0, 90, 180, 270, 360]) pen.fillText(`${degrees}°`, x((degrees / 180) * Math.PI), tall - 16);
        pen.globalAlpha = 0.25;
        pen.fillRect(x(0), y(0), x(2 * Math.PI) - x(0), 1);
        pen.globalAlpha = 1;
        pen.lineWidth = 2.5;
        for (const [index, half] of ["top", "bottom"].entries()) {
          pen.strokeStyle = half === slow ? colors.low : colors.high;
          pen.beginPath();
          for (let i = 0; i <= 200; i++) {
            const angle = Math.PI * (index + i / 200);
            const wave = Math.sin(Number(condition.choice[`${half}Frequency`]) * angle + condition.phases[index]);
            pen.lineTo(x(angle), y(Number(condition.choice[`${half}Amplitude`]) * wave));
          }
          pen.stroke();
        }
        pen.strokeStyle = ink;
      },
    });

    const HIGH = 38; // of the row of an explanation
    canvas({
      label: "What four explanations predict, and the allocation of each seed", height: () => 5 * HIGH + 156,
      paint(pen, wide, tall) {
        const ink = pen.strokeStyle;
        const left = 96;
        const x = (/** @type {number} */ factor) =>
          left + ((Math.log10(factor) + DECADES) / (2 * DECADES)) * (wide - left - 26);
        pen.textBaseline = "middle";
        const axis = tall - 46;
        for (let power = -DECADES; power <= DECADES; power++) {
          const at = x(10 ** power);
          pen.globalAlpha = power ? 0.2 : 0.8;
          pen.fillRect(at, 22, 1, axis - 22);
          pen.globalAlpha = 1;
          pen.textAlign = "center";
          if (wide > 560 || power % 2 || !power) pen.fillText(`×${10 ** power}`, at, axis + 14);
        }
        const [slow, fast] = halves(condition);
        const more = wide > 560 ? "more paths on the " : "";
        pen.textAlign = "left";
        pen.fillText(`${more}slow half (${slow}) →`, x(1) + 6, 10);
        pen.textAlign = "right";
        pen.fillText(`← ${more}fast half (${fast})`, x(1) - 6, 10);
        const usual = condition.interval[0] / condition.beside[0];
        Object.entries(condition.explanations).forEach(([name, [predicted, judged]], i) => {
          const middle = 22 + HIGH * (i + 0.5);
          pen.textAlign = "left";
          pen.fillText(name, 0, judged ? middle - 8 : middle);
          pen.fillText(judged, 0, middle + 9);
          const toSlow = predicted === "slow half" || predicted === "more";
          const relative = predicted === "less" || predicted === "more";
          if (toSlow || predicted === "fast half" || predicted === "less") {
            const from = relative ? x(usual) : x(1);
            const to = from + (toSlow ? 1 : -1) * 0.16 * (wide - left);
            const back = toSlow ? -12 : 12;
            pen.strokeStyle = pen.fillStyle = toSlow ? colors.low : colors.high;
            pen.lineWidth = 4;
            pen.beginPath();
            pen.moveTo(from, middle);
            pen.lineTo(to + back / 2, middle);
            pen.stroke();
            pen.beginPath();
            pen.moveTo(to, middle);
            pen.lineTo(to + back, middle - 8);
            pen.lineTo(to + back, middle + 8);
            pen.fill();
            pen.strokeStyle = pen.fillStyle = ink;
            if (relative) {
              pen.textAlign = toSlow ? "right" : "left";
              pen.fillText(predicted, from + (toSlow ? -6 : 6), middle);
            }
          } else {
            pen.fillText(predicted === "–" ? "says nothing" : predicted, x(1) + 6, middle);
          }
        });
        if (!Object.keys(condition.explanations).length) {
          pen.textAlign = "left";
          pen.fillText("The chapter predicts nothing for this target.", 0, 22 + HIGH);
        }
        const middle = (22 + 4 * HIGH + axis) / 2;
        pen.textAlign = "left";
        pen.fillText("measured", 0, middle);
        pen.strokeStyle = pen.fillStyle = colors[condition.choice.net];
        pen.lineWidth = 1.2;
        const room = axis - 22 - 4 * HIGH - 14;
        const height = (/** @type {number} */ seed) => middle + room * (((seed * 0.618) % 1) - 0.5);
        condition.allocation.forEach((factor, seed) => {
          pen.globalAlpha = 0.75;
          pen.beginPath();
          pen.arc(x(factor), height(seed), 3, 0, 7);
          if (condition.fitted[seed] === "1") pen.fill();
          pen.stroke();
        });
        pen.globalAlpha = 1;
        pen.strokeStyle = pen.fillStyle = ink;
        const [mean, low, high] = condition.interval;
        pen.fillRect(x(low), middle - 1.5, Math.max(1, x(high) - x(low)), 3);
        pen.fillRect(x(mean) - 1.5, middle - 16, 3, 32);
        const seed = Number(state.seed) - firstSeed;
        pen.lineWidth = 2;
        pen.beginPath();
        pen.arc(x(condition.allocation[seed]), height(seed), 7, 0, 7);
        pen.stroke();
        pen.textAlign = "center";
        pen.fillText("allocation at the end", x(1), axis + 34);
      },
    });

    const last = row();
    slider({
      parent: last, key: "seed", label: "Seed", min: firstSeed, max: firstSeed + condition.allocation.length - 1,
      step: 1, value: firstSeed, text: String,
    });
    reset(last);
    offer("variant", row());
    tell(() => {
      const { label, variant, gain, allocation, interval, fitted, explanations } = condition;
      const [mean, low, high] = interval.map(short);
      const seed = Number(state.seed) - firstSeed;
      const stalled = [...fitted].filter((each) => each === "0").length;
      const said = Object.entries(explanations).map(([name, [predicted, judged]]) =>
        `${name}: ${predicted === "–" ? "nothing" : predicted}${judged && `, ${judged}`}`).join("; ");
      return `${label}${variant && `, ${variant}`}, initial weights × ${gain}. Measured allocation: ×${mean} (95 % interval ${low} to ${high}, `
        + `${allocation.length} seeds, ${stalled} stalled); ${otherSide(condition)} seeds lie on the other side of ×1. `
        + `Seed ${state.seed} alone: ×${short(allocation[seed])}, ${fitted[seed] === "1" ? "fitted" : "stalled"}. `
        + `Predicted: ${said || "nothing in this chapter"}.`;
    });
  });
})();
