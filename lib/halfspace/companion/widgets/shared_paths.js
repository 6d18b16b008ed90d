// Shared paths on the circle: the units that two inputs share, layer by layer, and their product.
(() => {
  "use strict";

  /**
   * Which units are active at an angle, in the first layers. A unit's half-circle is around its normal.
   * @param {number[][]} net each layer's normals, in degrees @param {number} at @param {number} depth
   */
  const gates = (net, at, depth) =>
    net.slice(0, depth).map((layer) => layer.map((normal) => Math.cos(((at - normal) * Math.PI) / 180) >= 0));

  /**
   * How many units of each layer are active at both of two inputs.
   * @param {boolean[][]} one @param {boolean[][]} other
   */
  const shared = (one, other) =>
    one.map((layer, i) => layer.reduce((count, on, unit) => count + (on && other[i][unit] ? 1 : 0), 0));

  /** @param {number[]} counts */
  const product = (counts) => counts.reduce((all, count) => all * count, 1);

  /**
   * The row of the overlap kernel that belongs to an input: the paths it shares with 0°, 1°, ... 359°.
   * @param {number[][]} net @param {number} at @param {number} depth
   */
  const kernelRow = (net, at, depth) => {
    const here = gates(net, at, depth);
    return Array.from({ length: 360 }, (_, angle) => product(shared(here, gates(net, angle, depth))));
  };

  /** The angle between two inputs, up to 180°. @param {number} a @param {number} b */
  const between = (a, b) => 180 - Math.abs(180 - (Math.abs(a - b) % 360));

  /** The share of its active paths that an input keeps, in the limit of wide nets.
   * @param {number} theta @param {number} depth */
  const limit = (theta, depth) => (1 - theta / 180) ** depth;

  if (typeof module === "object") {
    module.exports = { gates, shared, product, kernelRow, between, limit };
    return;
  }

  /** @param {number} count */
  const written = (count) => count.toLocaleString("en").replaceAll(",", "\u202f");
  /** @param {number} share */
  const percent = (share) => `${(100 * share).toFixed(share && share < 0.095 ? 1 : 0)} %`;

  HalfSpaceKit.start("shared_paths", ({ data, state, set, row, slider, choice, reset, canvas, tell }) => {
    const { nets, color, start } = data;
    const widths = Object.keys(nets);
    const depths = nets[widths[0]][0].length;
    const net = () => nets[state.m][+state.net - 1];
    /** @type {{key: string, counts: number[]}} */
    let kept = { key: "", counts: [] };
    const counts = () => {
      const key = [state.m, state.net, state.x, state.H].join();
      if (key !== kept.key) kept = { key, counts: kernelRow(net(), +state.x, +state.H) };
      return kept.counts;
    };
    const all = () => counts()[+state.x];

    const top = row();
    choice({
      parent: top, key: "m", label: "Units a layer, m", value: `${start.width}`, options: widths.map((m) => [m, m]),
    });
    choice({
      parent: top, key: "net", label: "Net", value: "1",
      options: nets[widths[0]].map((/** @type {unknown} */ _, /** @type {number} */ i) => [`${i + 1}`, `${i + 1}`]),
    });
    reset(top);
    /** @param {number} degrees */
    const angle = (degrees) => `${degrees}°`;
    slider({ key: "H", label: "Layers, H", min: 1, max: depths, step: 1, value: start.depth });
    slider({ key: "x", label: "Angle of x", min: 0, max: 359, step: 1, value: start.angles[0], text: angle });
    slider({ key: "y", label: "Angle of x′", min: 0, max: 359, step: 1, value: start.angles[1], text: angle });

    const panels = row();
    const left = row(panels);
    left.style.maxWidth = "18rem"; // beside it a finger finds room to scroll
    /** @param {number} degrees @param {number} width @param {number} radius @returns {[number, number]} */
    const place = (degrees, width, radius) => {
      const turn = (degrees * Math.PI) / 180;
      return [width / 2 + radius * width * Math.cos(turn), width / 2 - radius * width * Math.sin(turn)];
    };
    /** Which of the two inputs is nearer to a place, and how near. @param {number} x @param {number} y @param {number} width */
    const nearest = (x, y, width) => {
      const [one, other] = [state.x, state.y].map((degrees) => {
        const [atX, atY] = place(+degrees, width, 0.4);
        return Math.hypot(x - atX, y - atY);
      });
      return one < other ? { key: "x", distance: one } : { key: "y", distance: other };
    };
    canvas({
      parent: left, label: "The circle of inputs: the darker, the more paths an input there shares with x",
      height: (width) => width,
      paint(pen, width) {
        const ink = pen.strokeStyle;
        pen.lineWidth = 0.09 * width;
        pen.strokeStyle = color;
        counts().forEach((count, degrees) => {
          pen.globalAlpha = all() && count / all();
          pen.beginPath();
          pen.arc(width / 2, width / 2, 0.4 * width, (-(degrees + 0.55) * Math.PI) / 180, (-(degrees - 0.55) * Math.PI) / 180);
          pen.stroke();
        });
        pen.globalAlpha = 0.4;
        pen.lineWidth = 1;
        pen.strokeStyle = ink;
        for (const radius of [0.355, 0.445]) {
          pen.beginPath();
          pen.arc(width / 2, width / 2, radius * width, 0, 7);
          pen.stroke();
        }
        pen.globalAlpha = 1;
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        for (const [label, degrees] of [["x", +state.x], ["x′", +state.y]]) {
          pen.beginPath();
          pen.moveTo(width / 2, width / 2);
          pen.lineTo(...place(+degrees, width, 0.26));
          pen.stroke();
          pen.beginPath();
          pen.arc(...place(+degrees, width, 0.4), 7, 0, 7);
          pen.fill();
          pen.fillText(`${label}`, ...place(+degrees, width, 0.31));
        }
      },
      move: (x, y, width) => set({
        [nearest(x, y, width).key]: (Math.round((Math.atan2(width / 2 - y, x - width / 2) * 180) / Math.PI) + 360) % 360,
      }),
      grabs: (x, y, width) => nearest(x, y, width).distance < 24,
    });

    const right = row(panels);
    canvas({
      parent: right, label: "The units of each layer: filled if active at both inputs, outlined if at one, a point if at none",
      height: () => 28 * depths + 40,
      paint(pen, width) {
        const ink = pen.strokeStyle;
        const [one, other] = [+state.x, +state.y].map((at) => gates(net(), at, depths));
        const both = shared(one, other);
        const [from, to] = [24, width - 58];
        const step = Math.min(22, (to - from) / +state.m);
        const size = Math.min(18, 0.8 * step);
        pen.textBaseline = "middle";
        pen.fillText("shared", to + 8, 8);
        both.forEach((count, layer) => {
          const y = 30 + 28 * layer;
          const used = layer < +state.H;
          pen.globalAlpha = used ? 1 : 0.25;
          pen.fillStyle = ink;
          pen.fillText(`${layer + 1}`, 2, y);
          if (used) pen.fillText(`${layer ? "× " : ""}${count}`, to + 8, y);
          one[layer].forEach((on, unit) => {
            const x = from + unit * step;
            const also = other[layer][unit];
            pen.fillStyle = color;
            if (on && also) pen.fillRect(x, y - 9, size, 18);
            else if (on || also) pen.strokeRect(x + 0.5, y - 8.5, Math.max(1, size - 1), 17);
            else pen.fillRect(x + size / 2 - 1, y - 1, 2, 2);
          });
        });
        pen.globalAlpha = 1;
        pen.fillStyle = ink;
        pen.textAlign = "right";
        pen.fillText(`= ${written(product(both.slice(0, +state.H)))} shared paths`, width - 2, 28 * depths + 28);
      },
    });

    canvas({
      label: "Share of the active paths of x that an input shares, over its angle from x: this net, and the limit of wide nets",
      height: () => 220,
      paint(pen, width, height) {
        const ink = pen.strokeStyle;
        const [from, to, top, bottom] = [48, width - 12, 28, height - 36];
        /** @param {number} degrees */
        const across = (degrees) => from + ((degrees + 180) / 360) * (to - from);
        /** @param {number} share */
        const level = (share) => bottom - share * (bottom - top);
        pen.textBaseline = "middle";
        for (const share of [0, 0.5, 1]) {
          pen.globalAlpha = 0.3;
          pen.beginPath();
          pen.moveTo(from, level(share));
          pen.lineTo(to, level(share));
          pen.stroke();
          pen.globalAlpha = 1;
          pen.textAlign = "right";
          pen.fillText(percent(share), from - 4, level(share));
        }
        pen.textAlign = "center";
        for (const degrees of [-180, -90, 0, 90, 180])
          pen.fillText(`${degrees}°`.replace("-", "−"), Math.min(across(degrees), width - 18), bottom + 12);
        pen.fillText("angle of x′ from x", (from + to) / 2, height - 8);
        const angles = Array.from({ length: 361 }, (_, i) => i - 180);
        pen.strokeStyle = color;
        pen.lineWidth = 2;
        pen.beginPath();
        if (all()) for (const degrees of angles) pen.lineTo(across(degrees), level(counts()[(+state.x + degrees + 360) % 360] / all()));
        pen.stroke();
        pen.strokeStyle = ink;
        pen.setLineDash([5, 4]);
        pen.lineWidth = 1.5;
        pen.beginPath();
        for (const degrees of angles) pen.lineTo(across(degrees), level(limit(Math.abs(degrees), +state.H)));
        pen.stroke();
        pen.setLineDash([]);
        pen.textAlign = "left";
        pen.fillStyle = color;
        pen.fillRect(0, 8, 16, 3);
        pen.fillStyle = ink;
        pen.fillText("this net", 22, 9);
        pen.fillText("- -  limit of wide nets", 90, 9);
        const away = ((+state.y - +state.x + 540) % 360) - 180;
        pen.beginPath();
        pen.moveTo(across(away), top);
        pen.lineTo(across(away), bottom);
        pen.stroke();
        if (!all()) return;
        pen.beginPath();
        pen.arc(across(away), level(counts()[+state.y] / all()), 6, 0, 7);
        pen.fill();
      },
      move: (x, _, width) => set({ y: (Math.round(+state.x + ((x - 48) / (width - 60)) * 360 - 180) + 720) % 360 }),
      grabs: () => false,
    });

    tell(() => {
      const theta = between(+state.x, +state.y);
      const [one, other] = [+state.x, +state.y].map((at) => gates(net(), at, +state.H));
      const factors = shared(one, other);
      const inputs = `The inputs are ${theta}° apart. They share ${factors.join(" × ")}${factors.length > 1 ? ` = ${written(product(factors))}` : ""} paths`;
      const expected = `In a wide random DLGN it is (1 − ${theta}/180) to the power ${state.H}, ${percent(limit(theta, +state.H))}.`;
      return all() ? `${inputs}, ${percent(product(factors) / all())} of the ${written(all())} that are active at x. ${expected}`
        : `${inputs}: no path of this net is active at x. ${expected}`;
    });
  });
})();
