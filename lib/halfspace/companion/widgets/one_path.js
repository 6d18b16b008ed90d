// One path at a time: a net's output at a point of the plane is the sum of its paths' values.
(() => {
  "use strict";

  /**
   * Every path at a point, in lexicographic order, and the sum so far.
   * @param {PlaneNet} net @param {number[]} x
   * @returns {{path: number[], gate: number, factors: number[], expert: number, value: number, sum: number}[]}
   */
  const paths = (net, x) => {
    const layers = HalfSpacePlane.gates(net, x);
    const [first, ...others] = net.value;
    /** @type {number[][]} */
    let all = [[]];
    for (const layer of net.gating) all = all.flatMap((path) => layer.map((_, unit) => [...path, unit]));
    let sum = 0;
    return all.map((path) => {
      const gate = path.every((unit, layer) => layers[layer].on[unit]) ? 1 : 0;
      const factors = [
        first[path[0]][0] * x[0] + first[path[0]][1] * x[1],
        ...others.map((matrix, layer) => matrix[path[layer + 1] ?? 0][path[layer]]),
      ];
      const expert = factors.reduce((product, factor) => product * factor);
      sum += gate * expert;
      return { path, gate, factors, expert, value: gate * expert, sum };
    });
  };

  /**
   * What the net computes, layer by layer, without paths.
   * @param {PlaneNet} net @param {number[]} x
   */
  const output = (net, x) => {
    const layers = HalfSpacePlane.gates(net, x);
    return net.value.reduce((below, matrix, layer) => matrix.map((row, unit) => {
      const sum = row.reduce((total, weight, i) => total + weight * below[i], 0);
      return layer === layers.length || layers[layer].on[unit] ? sum : 0;
    }), x)[0];
  };

  if (typeof module === "object") {
    module.exports = { paths, output };
    return;
  }

  /** @param {number} value */
  const written = (value) => (Math.abs(value) < 0.0005 ? "0" : value.toFixed(3).replace(/\.?0+$/, "").replace("-", "−"));
  /** @param {number[]} path */
  const name = (path) => path.map((unit) => unit + 1).join(",");
  /** The next number of 1, 2, 5, 10, ... @param {number} value */
  const round = (value) => {
    const power = value && 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((digit) => digit * power).find((each) => each >= value) ?? value;
  };

  HalfSpaceKit.start("one_path", ({ data, state, set, row, slider, choice, reset, canvas, tell }) => {
    const { nets, half, point, colors } = data;
    const names = Object.keys(nets);
    const depth = nets[names[0]].gating.length;
    const units = nets[names[0]].gating[0].length;
    const net = () => nets[state.net];
    const color = () => colors[state.net];
    const at = () => [+state.x, +state.y];
    const chosen = () => Array.from({ length: depth }, (_, layer) => +state[`layer${layer + 1}`] - 1);
    /** @param {number[]} path */
    const choose = (path) => set(Object.fromEntries(path.map((unit, layer) => [`layer${layer + 1}`, `${unit + 1}`])));

    const top = row();
    choice({ parent: top, key: "net", label: "Gates of", value: names[0], options: names.map((name) => [name, nets[name].label]) });
    for (let layer = 1; layer <= depth; layer++)
      choice({
        parent: top, key: `layer${layer}`, label: `Unit of layer ${layer}`, value: `${data.path[layer - 1] + 1}`,
        options: Array.from({ length: units }, (_, unit) => [`${unit + 1}`, `${unit + 1}`]),
      });
    reset(top);
    const panels = row();
    const left = row(panels);
    left.style.maxWidth = "18rem"; // beside it a finger finds room to scroll
    const right = row(panels);

    /** @param {number} width */
    const scale = (width) => (width - 2) / (2 * half);
    canvas({
      parent: left, label: "The plane of the inputs: where the chosen path is open, and the input as a dot",
      height: (width) => width,
      paint(pen, width) {
        const unit = scale(width);
        const ink = pen.strokeStyle;
        pen.translate(width / 2, width / 2);
        pen.fillStyle = color();
        pen.globalAlpha = 0.5;
        pen.beginPath();
        for (const part of HalfSpacePlane.region(net(), chosen(), half)) {
          part.forEach(([x, y], i) => (i ? pen.lineTo(x * unit, -y * unit) : pen.moveTo(x * unit, -y * unit)));
          pen.closePath();
        }
        pen.fill();
        pen.globalAlpha = 0.4;
        pen.strokeRect(-half * unit, -half * unit, 2 * half * unit, 2 * half * unit);
        for (const [x, y] of [[half, 0], [0, half]]) {
          pen.beginPath();
          pen.moveTo(-x * unit, -y * unit);
          pen.lineTo(x * unit, y * unit);
          pen.stroke();
        }
        pen.globalAlpha = 1;
        pen.fillStyle = ink;
        pen.fillText("x₁", half * unit - 18, -6);
        pen.fillText("x₂", 6, 16 - half * unit);
        pen.beginPath();
        pen.arc(at()[0] * unit, -at()[1] * unit, 7, 0, 7);
        pen.fill();
      },
      move: (x, y, width) => set({ x: (x - width / 2) / scale(width), y: (width / 2 - y) / scale(width) }),
      grabs: (x, y, width) =>
        Math.hypot(x - width / 2 - at()[0] * scale(width), width / 2 - y - at()[1] * scale(width)) < 24,
    });
    for (const [index, key] of ["x", "y"].entries())
      slider({
        parent: left, key, label: `Input x${"₁₂"[index]}`, min: -half, max: half, step: 0.05, value: point[index],
        text: written,
      });

    // Columns of inputs, units and the output, and where each stands.
    const sizes = [2, ...Array(depth).fill(units), 1];
    /** @param {number} layer @param {number} unit @param {number} width @param {number} height @returns {[number, number]} */
    const place = (layer, unit, width, height) => [
      20 + (layer * (width - 40)) / (depth + 1),
      height / 2 - 8 + (unit - (sizes[layer] - 1) / 2) * ((height - 16) / Math.max(2, units)),
    ];
    /** @param {number} layer @param {number} unit */
    const onPath = (layer, unit) => layer === 0 || layer > depth || chosen()[layer - 1] === unit;
    canvas({
      parent: right, label: "The net: filled units are active, the bold line is the chosen path with its weights",
      height: () => 70 * Math.max(units, 3),
      paint(pen, width, height) {
        const ink = pen.strokeStyle;
        const layers = HalfSpacePlane.gates(net(), at());
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        /** @param {() => void} shape */
        const clear = (shape) => {
          pen.globalAlpha = 1;
          pen.globalCompositeOperation = "destination-out";
          pen.beginPath();
          shape();
          pen.fill();
          pen.globalCompositeOperation = "source-over";
        };
        /** @param {string} text @param {number} x @param {number} y */
        const write = (text, x, y) => {
          const wide = pen.measureText(text).width + 4;
          clear(() => pen.rect(x - wide / 2, y - 9, wide, 18));
          pen.fillText(text, x, y);
        };
        for (const bold of [false, true])
          for (let layer = 1; layer < sizes.length; layer++)
            for (let unit = 0; unit < sizes[layer]; unit++)
              for (let from = 0; from < sizes[layer - 1]; from++) {
                if (bold !== (onPath(layer, unit) && onPath(layer - 1, from))) continue;
                const [start, end] = [place(layer - 1, from, width, height), place(layer, unit, width, height)];
                pen.globalAlpha = bold ? 1 : 0.25;
                pen.lineWidth = bold ? 3 : 1;
                pen.strokeStyle = bold ? color() : ink;
                pen.beginPath();
                pen.moveTo(...start);
                pen.lineTo(...end);
                pen.stroke();
                if (!bold) continue;
                const [x, y] = start.map((each, i) => each + 0.45 * (end[i] - each));
                write(written(net().value[layer - 1][unit][from]), x, y);
              }
        pen.globalAlpha = 1;
        sizes.forEach((size, layer) => {
          for (let unit = 0; unit < size; unit++) {
            const [x, y] = place(layer, unit, width, height);
            const gated = layer > 0 && layer <= depth;
            const radius = gated ? 12 : 6;
            clear(() => pen.arc(x, y, radius, 0, 7));
            pen.beginPath();
            pen.arc(x, y, radius, 0, 7);
            pen.fillStyle = gated ? color() : ink;
            if (!gated || layers[layer - 1].on[unit]) pen.fill();
            pen.lineWidth = onPath(layer, unit) ? 3 : 1;
            pen.strokeStyle = ink;
            pen.stroke();
            pen.fillStyle = ink;
            if (gated) write(`η ${written(layers[layer - 1].eta[unit])}`, x, y + 24);
            else write(layer ? "ŷ" : `x${"₁₂"[unit]}`, x, y + 18);
          }
        });
      },
      move(x, y, width, height) {
        for (let layer = 1; layer <= depth; layer++)
          for (let unit = 0; unit < units; unit++) {
            const [atX, atY] = place(layer, unit, width, height);
            if (Math.hypot(x - atX, y - atY) < 24) set({ [`layer${layer}`]: `${unit + 1}` });
          }
      },
    });
    tell(() => {
      const { path, gate, expert, value, factors } = paths(net(), at())[number()];
      const layers = HalfSpacePlane.gates(net(), at());
      return `Path ${name(path)}: gate ${path.map((unit, layer) => +layers[layer].on[unit]).join(" · ")} = ${gate}; ` +
        `expert ${factors.map((each) => (each < 0 ? `(${written(each)})` : written(each))).join(" · ")} = ${written(expert)}; gate × expert = ${written(value)}.`;
    }, right);

    // The sum so far, path by path.
    const count = units ** depth;
    const number = () => chosen().reduce((before, unit) => before * units + unit, 0);
    canvas({
      label: "The sum over the paths, path by path, up to the output of the net",
      height: () => 190,
      paint(pen, width, height) {
        const ink = pen.strokeStyle;
        const step = width / count;
        const all = paths(net(), at());
        const high = round(Math.max(1, ...all.map(({ sum }) => sum)));
        const low = -round(Math.max(0, ...all.map(({ sum }) => -sum)));
        /** @param {number} value */
        const level = (value) => 26 + ((high - value) / (high - low)) * (height - 56);
        pen.globalAlpha = 0.4;
        for (const value of new Set([low, 0, high])) {
          pen.beginPath();
          pen.moveTo(0, level(value));
          pen.lineTo(width, level(value));
          pen.stroke();
        }
        pen.globalAlpha = 1;
        for (const value of new Set([low, 0, high])) pen.fillText(written(value), 2, level(value) - 3);
        const whole = level(output(net(), at()));
        pen.textAlign = "center";
        all.forEach(({ path, gate, value, sum }, i) => {
          pen.fillStyle = gate ? color() : ink;
          pen.globalAlpha = gate ? 1 : 0.6;
          const [from, to] = [level(sum - value), level(sum)];
          pen.fillRect(i * step + 0.15 * step, Math.min(from, to) - 1, 0.7 * step, Math.abs(to - from) + 2);
          pen.globalAlpha = 0.4;
          pen.beginPath();
          pen.moveTo((i + 0.85) * step, to);
          pen.lineTo((i + 1.15) * step, to);
          pen.stroke();
          pen.globalAlpha = 1;
          pen.fillStyle = ink;
          pen.fillText(name(path), (i + 0.5) * step, height - 8);
          pen.lineWidth = 2;
          if (i === number()) pen.strokeRect(i * step + 1, 1, step - 2, height - 2);
          pen.lineWidth = 1;
        });
        pen.setLineDash([5, 4]);
        pen.beginPath();
        pen.moveTo(0, whole);
        pen.lineTo(width, whole);
        pen.stroke();
        pen.textAlign = "right";
        pen.fillText("dashed: output of the net", width - 4, 12);
      },
      move(x, _, width) {
        const path = paths(net(), at())[Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)))].path;
        choose(path);
      },
    });
    tell(() => {
      const all = paths(net(), at());
      const opened = all.filter(({ gate }) => gate).length;
      const gap = Math.abs(all[count - 1].sum - output(net(), at()));
      return `At (${written(at()[0])}, ${written(at()[1])}), ${opened} of ${count} paths are open. Their values add up to ` +
        `${written(all[count - 1].sum)}. Layer by layer the net computes ${written(output(net(), at()))}` +
        (gap ? `, ${gap.toExponential(0).replace("-", "−")} away, which is rounding.` : ", the same number.");
    });
  });
})();
