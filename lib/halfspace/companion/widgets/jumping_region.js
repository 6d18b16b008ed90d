// The jumping region: where the path through A and C is open, as a weight of C passes through zero.
(() => {
  "use strict";
  const PATH = [0, 0];
  const SMALL = 1e-7; // from a jump to the points that are computed beside it

  /**
   * The ReLU net and the DLGN of a state: C is the first unit of layer 2, A and B are layer 1.
   * @param {number[][]} normals of A and B @param {number[]} weights of C on A and on B
   * @returns {{relu: PlaneNet, dlgn: PlaneNet}}
   */
  const nets = (normals, weights) => {
    const gating = [normals, [weights]];
    return { relu: { gating, value: [], gated: false }, dlgn: { gating, value: [], gated: true } };
  };

  /** @param {number[]} normal @param {number} degrees */
  const turned = ([x, y], degrees) => {
    if (!degrees) return [x, y];
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    return [cos * x - sin * y, sin * x + cos * y];
  };

  /** The weight on A at which C's effective normal in the DLGN is zero, if there is one.
   * @param {number[][]} normals @param {number} onB */
  const vanishing = ([a, b], onB) => {
    const weight = (-onB * (a[0] * b[0] + a[1] * b[1])) / (a[0] * a[0] + a[1] * a[1]);
    const rest = Math.hypot(weight * a[0] + onB * b[0], weight * a[1] + onB * b[1]);
    return rest < 1e-9 ? weight : undefined;
  };

  /** @param {number[][]} normals @param {number} onA @param {number} onB @param {"relu" | "dlgn"} name */
  const share = (normals, onA, onB, name) => HalfSpacePlane.share(nets(normals, [onA, onB])[name], PATH, 1);

  /** How much the share changes as the weight on A passes a value.
   * @param {number[][]} normals @param {number} at @param {number} onB @param {"relu" | "dlgn"} name */
  const jump = (normals, at, onB, name) =>
    Math.abs(share(normals, at + SMALL, onB, name) - share(normals, at - SMALL, onB, name));

  if (typeof module === "object") {
    module.exports = { nets, turned, vanishing, share, jump };
    return;
  }

  /** @param {number} value */
  const written = (value) => (value + 0).toFixed(2).replace("-", "−");
  /** @param {number} value */
  const percent = (value) => `${(100 * value).toFixed(0)} %`;
  /** @type {("relu" | "dlgn")[]} */
  const NAMES = ["relu", "dlgn"];
  const HALF = 2; // of the window; shares of it do not depend on its size

  HalfSpaceKit.start("jumping_region", ({ data, state, set, row, slider, choice, reset, canvas, tell }) => {
    const { colors, labels } = data;
    const normals = () => {
      const a = turned(data.normals[0], +state.a);
      return [a, state.b === "opposite" ? a.map((each) => -each) : turned(data.normals[1], +state.turn)];
    };
    const current = () => nets(normals(), [+state.w, +state.u]);
    /** @param {string} name */
    const effective = (name) => {
      const [a, b] = normals();
      const sum = [0, 1].map((i) => +state.w * a[i] + +state.u * b[i]);
      return name === "dlgn" ? { A: a, B: b, C: sum } : { A: a, B: b };
    };

    slider({ key: "w", label: "w: C on A", min: -1, max: 1, step: 0.01, value: data.weights[0], text: written });
    slider({ key: "u", label: "u: C on B", min: -1, max: 1, step: 0.01, value: data.weights[1], text: written });
    /** @param {number} degrees */
    const angle = (degrees) => `${degrees}°`.replace("-", "−");
    slider({ key: "a", label: "Turn normal A", min: -180, max: 180, step: 1, value: 0, text: angle });
    slider({ key: "turn", label: "Turn normal B", min: -180, max: 180, step: 1, value: 0, text: angle });
    const options = row();
    choice({
      parent: options, key: "b", label: "B's normal", value: "own",
      options: [["own", "its own"], ["opposite", "opposite to A's"]],
    });
    reset(options);

    const panels = row();
    for (const name of NAMES) {
      const panel = row(panels);
      panel.style.flexBasis = "9rem";
      /** @param {number} width */
      const scale = (width) => (width - 2) / (2 * HALF);
      /** The normal whose arrow's tip is nearest to a place, and how near.
       * @param {number} x @param {number} y @param {number} width */
      const nearest = (x, y, width) => {
        const [a, b] = normals().map((normal) =>
          Math.hypot(x - width / 2 - normal[0] * scale(width), width / 2 - y - normal[1] * scale(width)));
        return a < b || state.b === "opposite" ? { key: "a", index: 0, distance: a } : { key: "turn", index: 1, distance: b };
      };
      canvas({
        parent: panel, label: `${labels[name]}: where the path through A and C is open, and the normals as arrows`,
        height: (width) => width,
        paint(pen, width) {
          const unit = scale(width);
          pen.translate(width / 2, width / 2);
          pen.fillStyle = colors[name];
          pen.globalAlpha = 0.5;
          pen.beginPath();
          for (const part of HalfSpacePlane.region(current()[name], PATH, HALF)) {
            part.forEach(([x, y], i) => (i ? pen.lineTo(x * unit, -y * unit) : pen.moveTo(x * unit, -y * unit)));
            pen.closePath();
          }
          pen.fill();
          pen.globalAlpha = 0.4;
          pen.strokeRect(-HALF * unit, -HALF * unit, 2 * HALF * unit, 2 * HALF * unit);
          pen.globalAlpha = 1;
          pen.fillStyle = pen.strokeStyle;
          pen.fillText(labels[name], 8 - HALF * unit, 20 - HALF * unit);
          pen.textAlign = "center";
          pen.textBaseline = "middle";
          pen.lineWidth = 2;
          for (const [label, [x, y]] of Object.entries(effective(name))) {
            const away = 14 / (Math.hypot(x, y) || 1); // of the letter: C's stands beside its line
            const [right, up] = label === "C" ? [-away * y, away * x] : [away * x, away * y];
            pen.save();
            pen.setLineDash(label === "C" ? [5, 3] : []);
            pen.beginPath();
            pen.moveTo(0, 0);
            pen.lineTo(x * unit, -y * unit);
            pen.stroke();
            pen.restore();
            pen.beginPath();
            pen.arc(x * unit, -y * unit, 5, 0, 7);
            pen.fill();
            pen.fillText(label, x * unit + right, -y * unit - up);
          }
        },
        move(x, y, width) {
          const { key, index } = nearest(x, y, width);
          const to = Math.atan2(width / 2 - y, x - width / 2) - Math.atan2(data.normals[index][1], data.normals[index][0]);
          set({ [key]: Math.round((to * 180) / Math.PI + 540) % 360 - 180 });
        },
        grabs: (x, y, width) => nearest(x, y, width).distance < 24,
      });
    }

    /** @type {{key: string, lines: [number, number][][]}} */
    let kept = { key: "", lines: [] };
    /** The share over the weight on A, for both nets. */
    const lines = () => {
      const [a, b] = normals();
      const key = `${a} ${b} ${state.u}`;
      const jumps = [0, vanishing([a, b], +state.u) ?? 0].flatMap((at) => [at - SMALL, at + SMALL]);
      const weights = [...Array.from({ length: 201 }, (_, i) => (i - 100) / 100), ...jumps]
        .filter((weight) => Math.abs(weight) <= 1).sort((c, d) => c - d);
      if (key !== kept.key)
        kept = { key, lines: NAMES.map((name) => weights.map((weight) => [weight, share([a, b], weight, +state.u, name)])) };
      return kept.lines;
    };
    canvas({
      label: "Share of the window on which the path is open, over the weight w: a line for each net",
      height: () => 240,
      paint(pen, width, height) {
        const ink = pen.strokeStyle;
        const [left, right, top, bottom] = [44, width - 8, 44, height - 36];
        /** @param {number} weight */
        const across = (weight) => left + ((weight + 1) / 2) * (right - left);
        /** @param {number} value */
        const level = (value) => bottom - (value / 0.5) * (bottom - top);
        pen.textBaseline = "middle";
        for (const value of [0, 0.25, 0.5]) {
          pen.globalAlpha = 0.3;
          pen.beginPath();
          pen.moveTo(left, level(value));
          pen.lineTo(right, level(value));
          pen.stroke();
          pen.globalAlpha = 1;
          pen.textAlign = "right";
          pen.fillText(percent(value), left - 4, level(value));
        }
        pen.textAlign = "center";
        for (const weight of [-1, -0.5, 0, 0.5, 1])
          pen.fillText(`${weight}`.replace("-", "−"), Math.min(across(weight), width - 10), bottom + 12);
        pen.fillText("weight w of C on A", (left + right) / 2, height - 8);
        pen.textAlign = "left";
        pen.fillText("share of the window", 0, 28);
        lines().forEach((line, i) => {
          pen.strokeStyle = colors[NAMES[i]];
          pen.lineWidth = i ? 2 : 5;
          pen.beginPath();
          for (const [weight, value] of line) pen.lineTo(across(weight), level(value));
          pen.stroke();
          pen.fillStyle = colors[NAMES[i]];
          pen.fillRect(100 * i, i ? 7 : 6, 16, i ? 3 : 5);
          pen.fillStyle = ink;
          pen.fillText(labels[NAMES[i]], 22 + 100 * i, 9);
        });
        pen.strokeStyle = ink;
        pen.lineWidth = 1;
        pen.beginPath();
        pen.moveTo(across(+state.w), top);
        pen.lineTo(across(+state.w), bottom);
        pen.stroke();
        for (const name of NAMES) {
          pen.beginPath();
          pen.arc(across(+state.w), level(share(normals(), +state.w, +state.u, name)), 5, 0, 7);
          pen.fillStyle = colors[name];
          pen.fill();
          pen.stroke();
        }
      },
      move: (x, _, width) => set({ w: ((x - 44) / (width - 52)) * 2 - 1 }),
      grabs: (x, _, width) => Math.abs(x - 44 - ((+state.w + 1) / 2) * (width - 52)) < 24,
    });

    tell(() => {
      const [relu, dlgn] = NAMES.map((name) => percent(share(normals(), +state.w, +state.u, name)));
      const zero = vanishing(normals(), +state.u);
      return `At w = ${written(+state.w)} the path through A and C is open on ${relu} of the window in the ReLU net, on ${dlgn} in ` +
        `the DLGN. At w = 0 the ReLU net's region jumps by ${percent(jump(normals(), 0, +state.u, "relu"))} of the window. ` +
        (zero === undefined ? "In the DLGN the normal of C is zero for no w: its region changes without a jump."
          : `In the DLGN the normal of C is zero at w = ${written(zero)}: there its region jumps by ` +
            `${percent(jump(normals(), zero, +state.u, "dlgn"))}.`);
    });
  });
})();
