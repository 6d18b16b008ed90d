// Soft or hard? Trained DLGNs whose gates one makes softer or harder afterwards.

/**
 * @typedef {object} SoftNet a DLGN without biases whose value network gets ones, on points of the circle
 * @property {number} width units of a layer
 * @property {number} depth
 * @property {Float64Array} normals of all units' half-spaces, x and y, layer by layer
 * @property {Float64Array} first what the first value layer computes
 * @property {Float32Array[]} later weights of the other value layers, row by row
 */

(() => {
  "use strict";
  const TURN = 2 * Math.PI;

  /** @param {string} text base64 @returns {Float32Array} */
  const floats = (text) =>
    new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

  /**
   * @param {Float32Array} weights of the gating layers, then of the value layers, row by row
   * @param {number} width @param {number} depth @returns {SoftNet}
   */
  const createNet = (weights, width, depth) => {
    let at = 0;
    /** @param {number} n */
    const take = (n) => weights.subarray(at, (at += n));
    const normals = new Float64Array(2 * depth * width);
    normals.set(take(2 * width));
    for (let layer = 1; layer < depth; layer++) {
      const turn = take(width * width);
      for (let i = 0; i < width; i++)
        for (let j = 0; j < width; j++)
          for (let d = 0; d < 2; d++)
            normals[2 * (layer * width + i) + d] +=
              turn[i * width + j] * normals[2 * ((layer - 1) * width + j) + d];
    }
    const ones = take(2 * width);
    const first = Float64Array.from({ length: width }, (_, i) => ones[2 * i] + ones[2 * i + 1]);
    const later = Array.from({ length: depth }, (_, k) => take(k < depth - 1 ? width * width : width));
    return { width, depth, normals, first, later };
  };

  /**
   * @param {SoftNet} net @param {number} unit counted over all layers
   * @param {number} angle @param {number} beta sharpness, Infinity for hard gates
   */
  const gate = (net, unit, angle, beta) => {
    const eta = net.normals[2 * unit] * Math.cos(angle) + net.normals[2 * unit + 1] * Math.sin(angle);
    return beta === Infinity ? +(eta >= 0) : 1 / (1 + Math.exp(-beta * eta));
  };

  /**
   * @param {SoftNet} net @param {ArrayLike<number>} angles @param {number} beta
   * @returns {Float64Array} the net's outputs, for any sharpness of its gates
   */
  const outputs = (net, angles, beta) => {
    const { width, depth, first, later } = net;
    const h = new Float64Array(width);
    const open = new Float64Array(width);
    return Float64Array.from(angles, (angle) => {
      h.set(first);
      for (let layer = 0; layer < depth; layer++) {
        for (let i = 0; i < width; i++) open[i] = h[i] * gate(net, layer * width + i, angle, beta);
        const rows = layer < depth - 1 ? width : 1;
        for (let i = 0; i < rows; i++) {
          h[i] = 0;
          for (let j = 0; j < width; j++) h[i] += later[layer][i * width + j] * open[j];
        }
      }
      return h[0];
    });
  };

  /**
   * @param {SoftNet} net @param {ArrayLike<number>} angles @param {ArrayLike<number>} targets
   * @param {number} beta @returns {number} mean squared error
   */
  const error = (net, angles, targets, beta) =>
    outputs(net, angles, beta).reduce((sum, y, i) => sum + (y - targets[i]) ** 2, 0) / angles.length;

  /**
   * @param {SoftNet} net @param {ArrayLike<number>} angles @param {number} beta
   * @returns {number} share of the gates between 0.1 and 0.9, over all units and angles
   */
  const halfOpen = (net, angles, beta) => {
    const units = net.width * net.depth;
    let count = 0;
    for (let unit = 0; unit < units; unit++)
      for (let i = 0; i < angles.length; i++) {
        const value = gate(net, unit, angles[i], beta);
        count += +(value > 0.1 && value < 0.9);
      }
    return count / units / angles.length;
  };

  /** @param {number} value two significant digits */
  const short = (value) => {
    const digits = Math.max(0, 1 - Math.floor(Math.log10(value)));
    return value.toFixed(Math.min(digits, 8));
  };
  /** @param {number} ratio of an error to that of the training */
  const times = (ratio) => (Math.abs(ratio - 1) < 0.005 ? "the same" : `×${short(ratio)}`);
  /** @param {number} beta */
  const named = (beta) => (beta === Infinity ? "∞ (hard)" : `${beta}`);

  if (typeof module === "object") {
    module.exports = { floats, createNet, outputs, error, halfOpen };
    return;
  }

  HalfSpaceKit.start("soft_or_hard", ({ data, state, set, row, slider, button, reset, canvas, tell }) => {
    const { width, depth, colors } = data;
    const angles = floats(data.angles);
    const targets = floats(data.targets);
    /** @type {number[]} of the gates now, the last one hard */
    const betas = data.betas.map((/** @type {number | null} */ each) => each ?? Infinity);
    const hard = betas.length - 1;
    const fine = Float64Array.from({ length: 720 }, (_, i) => ((i + 0.5) / 720) * TURN);
    /** @type {{beta: number, net: SoftNet, errors: number[]}[]} */
    const nets = data.nets.map((/** @type {{beta: number | null, weights: string}} */ given) => {
      const net = createNet(floats(given.weights), width, depth);
      return { beta: given.beta ?? Infinity, net, errors: betas.map((beta) => error(net, angles, targets, beta)) };
    });
    const trained = () => nets[+state.trained];
    const beta = () => betas[+state.gate];

    const top = row();
    slider({
      parent: top, key: "gate", label: "Gates now, β", min: 0, max: hard, step: 1,
      value: hard, text: (i) => named(betas[i]),
    });
    slider({
      parent: top, key: "trained", label: "Trained with β", min: 0, max: nets.length - 1, step: 1,
      value: data.start, text: (i) => named(nets[i].beta),
    });
    button("Gates of the training", () => set({ gate: betas.indexOf(trained().beta) }), top);
    reset(top);

    /**
     * A curve over the angle, in a frame.
     * @param {CanvasRenderingContext2D} pen @param {ArrayLike<number>} at angles @param {ArrayLike<number>} values
     * @param {(angle: number) => number} x @param {(value: number) => number} y
     */
    const curve = (pen, at, values, x, y) => {
      pen.beginPath();
      for (let i = 0; i < at.length; i++) pen.lineTo(x(at[i]), y(values[i]));
      pen.stroke();
    };
    /** @param {CanvasRenderingContext2D} pen @param {(angle: number) => number} x @param {number} bottom */
    const angleAxis = (pen, x, bottom) => {
      pen.textAlign = "center";
      pen.textBaseline = "top";
      for (const degrees of [0, 90, 180, 270, 360]) pen.fillText(`${degrees}°`, x((degrees / 360) * TURN), bottom + 4);
    };
    /** @param {CanvasRenderingContext2D} pen @param {string} color @param {string} text @param {number} x */
    const key = (pen, color, text, x) => {
      pen.textAlign = "left";
      pen.textBaseline = "middle";
      const ink = pen.fillStyle;
      pen.fillStyle = color;
      pen.fillRect(x, 9, 16, 3);
      pen.fillStyle = ink;
      pen.fillText(text, x + 21, 11);
      return x + 37 + pen.measureText(text).width;
    };

    canvas({
      label: "Target and output of the net against the angle on the circle", height: () => 210,
      paint(pen, wide, tall) {
        const ink = pen.strokeStyle;
        const x = (/** @type {number} */ angle) => 34 + (angle / TURN) * (wide - 52);
        const y = (/** @type {number} */ value) => 26 + ((1.6 - Math.max(-1.6, Math.min(1.6, value))) / 3.2) * (tall - 50);
        key(pen, colors.dlgn, `DLGN, gates β = ${named(beta())}`, key(pen, colors.target, "target", 34));
        pen.textAlign = "right";
        for (const value of [-1, 0, 1]) {
          pen.fillText(`${value}`.replace("-", "−"), 28, y(value));
          pen.globalAlpha = 0.25;
          pen.fillRect(x(0), y(value), x(TURN) - x(0), 1);
          pen.globalAlpha = 1;
        }
        angleAxis(pen, x, tall - 20);
        pen.lineWidth = 3;
        pen.strokeStyle = colors.target;
        curve(pen, angles, targets, x, y);
        pen.lineWidth = 2;
        pen.strokeStyle = colors.dlgn;
        curve(pen, fine, outputs(trained().net, fine, beta()), x, y);
        pen.strokeStyle = ink;
      },
    });

    const panels = row();
    canvas({
      parent: row(panels), label: "Error against the sharpness of the gates now", height: () => 230,
      paint(pen, wide, tall) {
        const ink = pen.strokeStyle;
        const end = Math.log(betas[hard - 1] / betas[0]);
        const x = (/** @type {number} */ i) => 44 + (wide - 70) * (i === hard ? 1 : (0.86 * Math.log(betas[i] / betas[0])) / end);
        const y = (/** @type {number} */ value) => 26 + ((0.5 - Math.log10(Math.min(3, Math.max(1e-5, value)))) / 5.5) * (tall - 66);
        pen.textAlign = "left";
        pen.fillText("error (mean square)", 4, 14);
        pen.textBaseline = "middle";
        pen.textAlign = "right";
        for (const power of [-4, -2, 0]) {
          pen.fillText(["10⁻⁴", "0.01", "1"][2 + power / 2], 38, y(10 ** power));
          pen.globalAlpha = 0.25;
          pen.fillRect(x(0), y(10 ** power), x(hard) - x(0), 1);
          pen.globalAlpha = 1;
        }
        pen.textAlign = "center";
        pen.textBaseline = "top";
        betas.forEach((each, i) => {
          if ([1, 10, 100, 1000].includes(each)) pen.fillText(`${each}`, x(i), tall - 38);
        });
        pen.fillText("∞", x(hard), tall - 38);
        pen.fillText("gates now, β", (x(0) + x(hard)) / 2, tall - 18);
        nets.forEach((net, k) => {
          const chosen = k === +state.trained;
          pen.globalAlpha = chosen ? 1 : 0.45;
          pen.lineWidth = chosen ? 2.5 : 1;
          pen.strokeStyle = chosen ? colors.dlgn : ink;
          pen.beginPath();
          net.errors.forEach((value, i) => pen.lineTo(x(i), y(value)));
          pen.stroke();
          const own = betas.indexOf(net.beta);
          pen.beginPath();
          pen.arc(x(own), y(net.errors[own]), chosen ? 7 : 4, 0, 7);
          pen.stroke();
        });
        pen.globalAlpha = 1;
        pen.fillStyle = colors.dlgn;
        pen.beginPath();
        pen.arc(x(+state.gate), y(trained().errors[+state.gate]), 5, 0, 7);
        pen.fill();
      },
    });
    canvas({
      parent: row(panels), label: "Gates of all units against the angle, a row for each layer", height: () => 230,
      paint(pen, wide, tall) {
        const x = (/** @type {number} */ angle) => 22 + (angle / TURN) * (wide - 44);
        const step = (tall - 44) / depth;
        pen.textAlign = "left";
        pen.fillText("gates, layer by layer: open above, shut below", 4, 14);
        angleAxis(pen, x, tall - 20);
        pen.textBaseline = "middle";
        for (let layer = 0; layer < depth; layer++) {
          const top = 22 + layer * step;
          const y = (/** @type {number} */ value) => top + (1 - value) * (step - 7) + 3;
          pen.textAlign = "left";
          pen.fillText(`${layer + 1}`, 4, y(0.5));
          const ink = pen.strokeStyle;
          pen.strokeStyle = colors.dlgn;
          pen.globalAlpha = 0.55;
          for (let unit = 0; unit < width; unit++)
            curve(pen, fine, fine.map((angle) => gate(trained().net, layer * width + unit, angle, beta())), x, y);
          pen.strokeStyle = ink;
          pen.globalAlpha = 1;
        }
      },
    });

    tell(() => {
      const { net, beta: own, errors } = trained();
      const at = errors[+state.gate];
      const before = errors[betas.indexOf(own)];
      const open = Math.round(100 * halfOpen(net, angles, beta()));
      const start = own === Infinity ? "Trained with hard gates (straight-through)" : `Trained with soft gates, β = ${own}`;
      const now = beta() === Infinity ? "" : `with gates at β = ${beta()} now: ${short(at)}, ${times(at / before)}; `;
      return `${start}: error ${short(before)}. The same weights ${now}with hard gates: `
        + `${short(errors[hard])}, ${times(errors[hard] / before)}. ${open} % of the gates are now half open (between 0.1 and 0.9).`;
    });
  });
})();
