// The playground: three nets that the reader's browser trains side by side, each in a worker.
//
// `engine.js` computes. The page asks the workers for an epoch, draws when all three have reached
// it, and asks again. The whole state is in the address.

/**
 * @typedef {'relu' | 'dlgn' | 'frozen'} NetName
 * @typedef {Record<string, string | number>} State
 * @typedef {object} Task what the nets learn; the first `split` points are one group
 * @property {Float64Array} points
 * @property {Float64Array} targets
 * @property {number} split
 * @property {'squared' | 'logistic'} loss
 *
 * @typedef {object} Plan what a worker trains
 * @property {number} run number of the run; replies to an earlier one are dropped
 * @property {NetSpec} net
 * @property {number} freezeAt epoch after which the gates stand still, -1 for never
 * @property {number} seed
 * @property {boolean} plane
 * @property {Task} task
 *
 * @typedef {object} Picture what is drawn of a net at one epoch
 * @property {Float32Array} values on the ring, or on a grid of the plane
 * @property {Float32Array} hard the same under hard gates
 * @property {Float64Array} paths active paths at these places
 * @property {Float32Array} kernel log10(1 + shared paths), points against points
 * @property {Uint8Array} gates on the ring, layer by layer
 * @property {Float32Array} [edges] of the regions of the plane: x, y, x, y for each edge
 * @property {number} [regions] their number
 *
 * @typedef {{run: number, epoch: number, rows: Float32Array, picture: Picture}} Reply
 *
 * @typedef {object} Net
 * @property {NetName} name
 * @property {Worker} worker
 * @property {number} run
 * @property {boolean} busy
 * @property {number} epoch
 * @property {Float32Array} history
 * @property {Picture | null} picture
 * @property {Picture | null} next that waits for the other nets
 * @property {Float64Array | null} first paths at the start
 * @property {number} brightest largest value of the picture's kernel
 *
 * @typedef {(pen: CanvasRenderingContext2D, width: number, height: number) => void} Draw
 * @typedef {{at: number[], allocation: number[][], loss: number[], seeds: number}} Band
 */

(() => {
  "use strict";

  const RING = 256; // angles at which functions, paths and gates are shown
  const GRID = 40; // places along a side of the plane at which functions and paths are shown
  const REACH = 1.5; // of the plane that is shown, from its middle
  const COLUMNS = 6; // of the history: loss, loss under hard gates, paths, each of both groups
  const BATCH = 32;
  const FITTED = 0.05; // as in the book
  const DRAWN = 64; // values that describe a target drawn by hand
  const LARGEST = 1.5; // of a target
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const BETAS = [1, 2, 4, 10, 30, 100];
  const MOST_POINTS = 128; // of the reader's own
  const PARTS = 4; // frames in which all canvases are drawn while nets train

  // ------------------------------------------------------------------------------- the worker

  /**
   * Run in a worker, after the engine: train one net and describe it.
   *
   * @param {number} ring
   * @param {number} grid
   * @param {number} reach
   * @param {number} columns
   * @param {number} batch
   */
  function work(ring, grid, reach, columns, batch) {
    const KERNEL = 128; // points of the kernel's picture, at most
    const MOST_REGIONS = 20000;
    /** @type {Plan} */
    let plan;
    /** @type {any} */
    let net;
    /** @type {any} */
    let trainer;

    const circle = new Float64Array(2 * ring);
    for (let p = 0; p < ring; p++) {
      const angle = (2 * Math.PI * (p + 0.5)) / ring;
      circle[2 * p] = Math.cos(angle);
      circle[2 * p + 1] = Math.sin(angle);
    }
    const plane = new Float64Array(2 * grid * grid);
    for (let p = 0; p < grid * grid; p++) {
      plane[2 * p] = (2 * ((p % grid) + 0.5) / grid - 1) * reach;
      plane[2 * p + 1] = (1 - (2 * (Math.floor(p / grid) + 0.5)) / grid) * reach;
    }

    const start = () => {
      const { task, seed } = plan;
      net = HalfSpaces.createNet(plan.net, new HalfSpaces.Generator(seed));
      if (plan.freezeAt === 0) net.freeze();
      trainer = HalfSpaces.createTrainer(net, {
        points: task.points,
        targets: task.targets,
        loss: task.loss,
        batchSize: Math.min(batch, task.targets.length),
        generator: new HalfSpaces.Generator(HalfSpaces.orderSeed(seed)),
      });
    };

    /** Write the means over both groups of what `of` tells for each point. */
    const means = (/** @type {Float32Array} */ row, /** @type {number} */ at, /** @type {(p: number) => number} */ of) => {
      const { split, targets } = plan.task;
      let first = 0, second = 0;
      for (let p = 0; p < split; p++) first += of(p);
      for (let p = split; p < targets.length; p++) second += of(p);
      row[at] = first / split;
      row[at + 1] = second / (targets.length - split);
    };

    const measure = (/** @type {Float32Array} */ row) => {
      const { points, targets, loss } = plan.task;
      const outputs = net.forward(points);
      const hard = net.gated ? net.forward(points, { hardGates: true }) : outputs;
      const paths = HalfSpaces.pathCounts(net.gates(points), targets.length, net.biases);
      /** @type {(outputs: ArrayLike<number>) => (p: number) => number} */
      const error = loss === "squared"
        ? (f) => (p) => (f[p] - targets[p]) ** 2
        : (f) => (p) => Math.max(0, -2 * targets[p] * f[p]) + Math.log1p(Math.exp(-2 * Math.abs(f[p])));
      means(row, 0, error(outputs));
      means(row, 2, error(hard));
      means(row, 4, (p) => paths[p]);
    };

    /** @returns {Uint8Array[]} the gates of some of the points */
    const some = (/** @type {Uint8Array[]} */ gates, /** @type {number} */ n, /** @type {number} */ every) => gates.map((layer) => {
      const width = layer.length / n;
      const kept = new Uint8Array(Math.ceil(n / every) * width);
      for (let p = 0, to = 0; p < n; p += every, to += width) kept.set(layer.subarray(p * width, (p + 1) * width), to);
      return kept;
    });

    const kernelOf = (/** @type {Uint8Array[]} */ gates, /** @type {number} */ n) => {
      const every = Math.ceil(n / KERNEL);
      const size = Math.ceil(n / every);
      const shared = HalfSpaces.overlapKernel(some(gates, n, every), size, net.biases);
      const kernel = new Float32Array(size * size);
      for (let k = 0; k < kernel.length; k++) kernel[k] = Math.log10(1 + shared[k]);
      return kernel;
    };

    /** @returns {Picture} */
    const picture = (/** @type {boolean} */ regions) => {
      const places = plan.plane ? plane : circle;
      const gates = net.gates(circle);
      const at = plan.plane ? net.gates(plane) : gates;
      const values = Float32Array.from(net.forward(places));
      /** @type {Picture} */
      const made = {
        values,
        hard: net.gated ? Float32Array.from(net.forward(places, { hardGates: true })) : values.slice(),
        paths: HalfSpaces.pathCounts(at, places.length / 2, net.biases),
        kernel: plan.plane
          ? kernelOf(net.gates(plan.task.points), plan.task.targets.length)
          : kernelOf(gates, ring),
        gates: new Uint8Array(gates.length * gates[0].length),
      };
      gates.forEach((/** @type {Uint8Array} */ layer, /** @type {number} */ l) => made.gates.set(layer, l * layer.length));
      if (regions) {
        const box = { left: -reach, right: reach, bottom: -reach, top: reach };
        const cells = HalfSpaces.planeRegions(net, box);
        const edges = [];
        for (const { polygon } of cells.slice(0, MOST_REGIONS)) {
          for (let k = 0; k < polygon.length; k += 2) {
            const next = (k + 2) % polygon.length;
            edges.push(polygon[k], polygon[k + 1], polygon[next], polygon[next + 1]);
          }
        }
        made.edges = Float32Array.from(edges);
        made.regions = cells.length;
      }
      return made;
    };

    const reply = (/** @type {Float32Array} */ rows, /** @type {boolean} */ regions) => {
      const described = picture(regions);
      const buffers = [rows.buffer, ...Object.values(described).flatMap((part) => (typeof part === "number" ? [] : part.buffer))];
      const message = { run: plan.run, epoch: trainer.epochsDone, rows, picture: described };
      /** @type {any} */ (self).postMessage(message, buffers);
    };

    self.onmessage = ({ data }) => {
      if (data.plan) {
        plan = data.plan;
        start();
        const rows = new Float32Array(columns);
        measure(rows);
        reply(rows, data.regions);
        return;
      }
      if (data.run !== plan.run) return;
      const rows = new Float32Array(columns * (data.to - trainer.epochsDone));
      for (let at = 0; at < rows.length; at += columns) {
        trainer.epoch();
        if (trainer.epochsDone === plan.freezeAt) net.freeze();
        measure(rows.subarray(at, at + columns));
      }
      reply(rows, data.regions);
    };
  }

  // ------------------------------------------------------------------- the state and its link

  /** @type {State} */
  const FIRST = {
    mode: "circle", seed: 3016, top: 2, bottom: 8, topAmplitude: 1, bottomAmplitude: 1, half: 128,
    drawn: "", data: "moons", own: "", depth: 5, width: 16, gain: 0.6, gatedGain: 1, bias: 0,
    beta: 4, hard: 0, freeze: 0, stop: 300, speed: 25, epoch: 0, net: "dlgn", angle: -1, common: 1,
    class: "a", done: "",
  };
  /** Settings that do not change what is computed. */
  const VIEWS = new Set(["stop", "speed", "epoch", "net", "angle", "common", "class", "done"]);
  /** @type {Record<string, (string | number)[]>} */
  const CHOICES = {
    mode: ["circle", "plane"], data: ["moons", "xor", "spiral", "own"], net: ["relu", "dlgn", "frozen"],
    bias: [0, 1], hard: [0, 1], common: [0, 1], beta: BETAS, stop: [100, 300, 1000, 3000, 8000],
    speed: [0, 5, 25, 100], class: ["a", "b"],
  };
  /** @type {Record<string, [number, number, number]>} least, largest, step */
  const RANGES = {
    seed: [0, 0xffffffff, 1], top: [0.5, 16, 0.5], bottom: [0.5, 16, 0.5], topAmplitude: [0, 1.5, 0.1],
    bottomAmplitude: [0, 1.5, 0.1], half: [16, 256, 16], depth: [1, 6, 1], width: [4, 32, 2],
    gain: [0.3, 2, 0.1], gatedGain: [0.3, 2, 0.1], freeze: [0, 8000, 1], epoch: [0, 8000, 1],
    angle: [-1, 359, 1],
  };
  /** @type {Record<string, RegExp>} */
  const TEXTS = {
    drawn: new RegExp(`^[${LETTERS}]{${DRAWN}}$`),
    own: new RegExp(`^([${LETTERS}]{2}[ab]){0,${MOST_POINTS}}$`),
    done: /^[1-6]{0,6}$/,
  };

  /** @type {State} */
  const state = { ...FIRST };

  /** Return a value that a setting can have, the first one for what it cannot have. */
  const fitting = (/** @type {string} */ key, /** @type {string | number} */ wanted) => {
    if (TEXTS[key]) return TEXTS[key].test(String(wanted)) ? String(wanted) : FIRST[key];
    if (CHOICES[key]) return CHOICES[key].find((choice) => String(choice) === String(wanted)) ?? FIRST[key];
    const [least, largest, step] = RANGES[key];
    const number = Number(wanted);
    if (wanted === "" || !Number.isFinite(number)) return FIRST[key];
    const near = least + Math.round((Math.min(largest, Math.max(least, number)) - least) / step) * step;
    return Number(near.toFixed(1));
  };

  const linked = () => {
    /** @type {State} */
    const found = {};
    for (const part of location.hash.slice(1).split("&")) {
      const [key, value] = part.split("=", 2);
      if (value !== undefined && key in FIRST) {
        let text = value;
        try {
          text = decodeURIComponent(value);
        } catch { /* it stays as it is, and does not fit */ }
        found[key] = fitting(key, text);
      }
    }
    return found;
  };

  const hash = () => Object.keys(FIRST).filter((key) => state[key] !== FIRST[key])
    .map((key) => `${key}=${state[key]}`).join("&");

  /** @type {Record<string, {change: State, hint: string}>} */
  const PRESETS = {
    recipe: {
      change: {},
      hint: "Where do the active paths go? Start, and compare the second row with its ghost, the net before training. Then freeze the gates at another epoch.",
    },
    swapped: {
      change: { top: 8, bottom: 2 },
      hint: "Do paths follow the slow target, or the place? The slow sine now lies on the bottom half. Does the allocation turn with it?",
    },
    equal: {
      change: { top: 4, bottom: 4 },
      hint: "What if no half is simpler? Both halves have one frequency. Try several seeds: single nets still move paths, in either direction.",
    },
    large: {
      change: { gain: 2, gatedGain: 2 },
      hint: "Must paths move for a net to fit? With large first weights the nets fit faster and the paths hardly move. Lower the factor step by step.",
    },
    hard: {
      change: { hard: 1 },
      hint: "Does the DLGN compute with its half-spaces? Here its gates are 0 or 1 while it trains. No curve is dashed: hard gates change nothing.",
    },
    zero: {
      change: { topAmplitude: 0 },
      hint: "Is it simplicity that attracts paths, or something to learn? The top half is zero, as simple as can be. Where do the paths go?",
    },
    stalled: {
      change: { seed: 3027 },
      hint: "What does a net that stalls lack? This seed's DLGN is one of 16 in 100 that do not fit in 300 epochs. Look at where no path is active, and at the kernel.",
    },
    plane: {
      change: { mode: "plane", bias: 1, depth: 3, width: 8, gain: 1, gatedGain: 1.5, hard: 1 },
      hint: "What do regions look like? The lines are exact: no gate changes between them. DLGN lines are straight, ReLU lines bend at the lines of earlier layers.",
    },
  };

  // ------------------------------------------------------------------------------------ tasks

  /** @returns {number[]} 64 values between -1.5 and 1.5 */
  const drawnValues = (/** @type {string} */ text) =>
    [...text].map((letter) => Number((((LETTERS.indexOf(letter) - 31) / 31) * LARGEST).toFixed(4)));

  /** Interpolate a drawn target, periodic. */
  const between = (/** @type {number[]} */ values, /** @type {number} */ angle) => {
    const place = (angle / (2 * Math.PI)) * DRAWN;
    const before = Math.floor(place);
    const share = place - before;
    return (1 - share) * values[before % DRAWN] + share * values[(before + 1) % DRAWN];
  };

  const circleTask = () => HalfSpaces.circleTask({
    points: 2 * Number(state.half),
    frequencies: [Number(state.top), Number(state.bottom)],
    amplitudes: [Number(state.topAmplitude), Number(state.bottomAmplitude)],
  });

  /** Return the target at an angle. */
  const target = () => {
    if (state.drawn) {
      const values = drawnValues(String(state.drawn));
      return (/** @type {number} */ angle) => between(values, angle);
    }
    return circleTask().target;
  };

  /** @returns {{points: number[], labels: number[]}} points of two classes, in no order */
  const planeData = () => {
    const random = new HalfSpaces.Generator(7);
    const noise = random.normal(512);
    /** @type {number[]} */
    const points = [];
    /** @type {number[]} */
    const labels = [];
    const add = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ label) => {
      points.push(Number(x.toFixed(3)), Number(y.toFixed(3)));
      labels.push(label);
    };
    if (state.data === "own") {
      for (const [x, y, kind] of String(state.own).match(/.../g) ?? []) {
        add(ownPlace(x), ownPlace(y), kind === "a" ? 1 : -1);
      }
      return { points, labels };
    }
    for (let k = 0; k < 128; k++) {
      const label = k % 2 ? -1 : 1;
      const along = Math.floor(k / 2) / 63;
      const [dx, dy] = [0.06 * noise[2 * k], 0.06 * noise[2 * k + 1]];
      if (state.data === "moons") {
        const angle = Math.PI * along;
        if (label > 0) add(-0.4 + 0.8 * Math.cos(angle) + dx, -0.2 + 0.8 * Math.sin(angle) + dy, label);
        else add(0.4 - 0.8 * Math.cos(angle) + dx, 0.2 - 0.8 * Math.sin(angle) + dy, label);
      } else if (state.data === "xor") {
        const side = Math.floor(k / 2) % 2 ? 1 : -1;
        add(0.7 * side + 3 * dx, 0.7 * side * label + 3 * dy, label);
      } else {
        const angle = 3 * Math.PI * along + (label > 0 ? 0 : Math.PI);
        const radius = 0.15 + 1.15 * along;
        add(radius * Math.cos(angle) + dx / 3, radius * Math.sin(angle) + dy / 3, label);
      }
    }
    return { points, labels };
  };

  const ownPlace = (/** @type {string} */ letter) => ((LETTERS.indexOf(letter) - 31.5) / 32) * REACH;
  const ownLetter = (/** @type {number} */ place) =>
    LETTERS[Math.min(63, Math.max(0, Math.round((place / REACH) * 32 + 31.5)))];

  /** @returns {Task | null} none while a class has no point */
  const task = () => {
    if (state.mode === "circle") {
      const made = circleTask();
      const targets = state.drawn ? made.angles.map(target()) : made.targets;
      return { points: made.points, targets, split: made.top, loss: "squared" };
    }
    const { points, labels } = planeData();
    const order = [...labels.keys()].sort((a, b) => labels[b] - labels[a] || a - b);
    const split = labels.filter((label) => label > 0).length;
    if (!split || split === labels.length) return null;
    return {
      points: Float64Array.from(order.flatMap((p) => [points[2 * p], points[2 * p + 1]])),
      targets: Float64Array.from(order.map((p) => labels[p])),
      split,
      loss: "logistic",
    };
  };

  /** @returns {NetSpec} */
  const netSpec = (/** @type {NetName} */ name) => {
    const sizes = { width: Number(state.width), depth: Number(state.depth), biases: state.bias === 1 };
    if (name === "relu") return { kind: "relu", ...sizes, gain: Number(state.gain) };
    const gain = Number(state.gatedGain);
    return {
      kind: "dlgn-pwc", ...sizes, gain, gatingGain: gain,
      gate: { kind: state.hard ? "straight-through" : "soft", beta: Number(state.beta) },
    };
  };

  // -------------------------------------------------------------------------------- the nets

  const root = /** @type {HTMLElement} */ (document.getElementById("playground"));
  /** @returns {HTMLElement[]} */
  const all = (/** @type {string} */ selector) => Array.from(root.querySelectorAll(selector));
  const given = JSON.parse(document.getElementById("pg-data")?.textContent ?? "{}");
  /** @type {Record<string, Band>} */
  const bands = given.bands;
  /** @type {Record<string, string>} */
  const colors = given.colors;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {NetName[]} */
  const NAMES = ["relu", "dlgn", "frozen"];
  /** @type {Record<NetName, string>} */
  const TITLES = { relu: "ReLU net", dlgn: "DLGN", frozen: "DLGN with frozen gates" };

  const code = [HalfSpaces.source, `(${work})(${[RING, GRID, REACH, COLUMNS, BATCH]});`];
  const address = URL.createObjectURL(new Blob(code, { type: "text/javascript" }));
  const worker = () => new Worker(address);
  /** @type {Net[]} */
  const nets = NAMES.map((name) => ({
    name, worker: worker(), run: 0, busy: false, epoch: 0, history: new Float32Array(0), picture: null,
    next: null, first: null, brightest: 0,
  }));

  let runs = 0;
  let shown = 0; // the epoch that is drawn
  let wanted = 0; // the epoch that the workers compute
  let playing = false;
  let due = 0; // epochs that the chosen speed has earned
  let last = 0; // time of the last frame
  let pace = 1; // epochs at a time, at full speed
  let asked = 0; // time at which the epoch was asked for
  let dirty = true;
  let lastRegions = 0;
  /** @type {Task | null} */
  let learned = null;

  const begin = (/** @type {Net} */ net) => {
    if (!learned) return;
    delete root.dataset.rest;
    net.run = ++runs;
    net.busy = true;
    net.epoch = 0;
    net.next = null;
    const freezeAt = net.name === "frozen" ? Number(state.freeze) : -1;
    /** @type {Plan} */
    const plan = {
      run: net.run, net: netSpec(net.name), freezeAt, seed: Number(state.seed), plane: state.mode === "plane", task: learned,
    };
    net.worker.postMessage({ plan, regions: plan.plane });
  };

  /** Begin again from the first weights, and go to an epoch. */
  const restart = (/** @type {number} */ epoch) => {
    learned = task();
    wanted = epoch;
    shown = 0;
    due = 0;
    for (const net of nets) {
      net.history = new Float32Array(COLUMNS * (Number(state.stop) + 1));
      net.picture = net.first = null;
      begin(net);
    }
    changed();
    if (learned) return;
    pause();
    root.dataset.rest = "0";
  };

  const ask = () => {
    for (const net of nets) {
      if (net.busy || net.epoch >= wanted) continue;
      delete root.dataset.rest;
      net.busy = true;
      const to = Math.min(wanted, net.epoch + 50); // so that a new run need not wait for long
      const now = performance.now();
      const regions = state.mode === "plane" && to === wanted && (!playing || wanted === state.stop || now - lastRegions > 500);
      if (regions && net.name === "frozen") lastRegions = now;
      net.worker.postMessage({ run: net.run, to, regions });
    }
  };

  const receive = (/** @type {Net} */ net, /** @type {Reply} */ reply) => {
    if (reply.run !== net.run) return;
    net.busy = false;
    const from = reply.epoch + 1 - reply.rows.length / COLUMNS;
    const room = COLUMNS * (reply.epoch + 1);
    if (net.history.length < room) {
      const grown = new Float32Array(Math.max(room, COLUMNS * (Number(state.stop) + 1)));
      grown.set(net.history);
      net.history = grown;
    }
    net.history.set(reply.rows, COLUMNS * from);
    net.epoch = reply.epoch;
    net.first ??= reply.picture.paths;
    if (!reply.picture.edges && state.mode === "plane") {
      reply.picture.edges = (net.next ?? net.picture)?.edges;
      reply.picture.regions = (net.next ?? net.picture)?.regions;
    }
    net.next = reply.picture;
    if (nets.some((each) => each.busy || each.epoch < wanted)) {
      ask();
      return;
    }
    for (const each of nets) {
      each.picture = each.next ?? each.picture;
      each.next = null;
      each.brightest = each.picture?.kernel.reduce((most, value) => Math.max(most, value), 0) ?? 0;
    }
    shown = wanted;
    const took = performance.now() - asked;
    pace = Math.max(1, Math.min(50, Math.round(pace * Math.min(1.5, Math.max(0.5, 16 / took)))));
    dirty = true;
    if (shown >= Number(state.stop)) pause();
    else advance(performance.now());
    if (!playing) settled();
  };

  /** Ask for the next epochs if the nets are idle and the speed allows. */
  const advance = (/** @type {number} */ now) => {
    const speed = Number(state.speed);
    if (playing && speed) due = Math.min(due + ((now - last) * speed) / 1000, 50);
    last = now;
    if (!playing || !learned || wanted > shown || nets.some((net) => net.busy)) return;
    const epochs = speed ? Math.floor(due) : pace;
    if (!epochs) return;
    due -= speed ? epochs : 0;
    wanted = Math.min(Number(state.stop), shown + epochs);
    asked = now;
    ask();
  };

  for (const net of nets) {
    net.worker.onmessage = ({ data }) => receive(net, data);
    net.worker.onerror = ({ message }) => {
      pause();
      say(`The ${TITLES[net.name]} stopped: ${message}. Reload the page, or take another setting.`);
    };
  }

  const play = () => {
    if (!learned) return;
    if (shown >= Number(state.stop)) {
      const later = CHOICES.stop.find((stop) => Number(stop) > shown);
      if (later === undefined) return;
      set({ stop: later });
    }
    playing = true;
    due = 1; // the first epoch comes at once
    last = performance.now();
    advance(last);
    labels();
  };

  const pause = () => {
    playing = false;
    labels();
  };

  // --------------------------------------------------------------------------------- readings

  /** @returns {[string, string]} what the groups of points are called */
  const groups = () => {
    if (state.mode === "plane") return ["green class", "ochre class"];
    if (state.drawn || state.top === state.bottom) return ["top half", "bottom half"];
    return state.top < state.bottom ? ["slow half", "fast half"] : ["fast half", "slow half"];
  };

  /** Whether the first group is the green one. */
  const firstIsGreen = () => state.mode === "plane" || Boolean(state.drawn) || state.top <= state.bottom;
  const groupColors = () => (firstIsGreen() ? [colors.low, colors.high] : [colors.high, colors.low]);

  const at = (/** @type {Net} */ net, /** @type {number} */ epoch, /** @type {number} */ column) =>
    net.history[COLUMNS * epoch + column];

  /** @returns {number} ln of the green group's paths over the other's, one path at one point added */
  const ratio = (/** @type {Net} */ net, /** @type {number} */ epoch) => {
    if (!learned) return 0;
    const first = at(net, epoch, 4) + 1 / learned.split;
    const second = at(net, epoch, 5) + 1 / (learned.targets.length - learned.split);
    return firstIsGreen() ? Math.log(first / second) : Math.log(second / first);
  };

  const allocation = (/** @type {Net} */ net, epoch = shown) => ratio(net, epoch) - ratio(net, 0);

  /** Return the mean error of all points. */
  const error = (/** @type {Net} */ net, hard = false, epoch = shown) => {
    if (!learned) return NaN;
    const share = learned.split / learned.targets.length;
    const column = hard ? 2 : 0;
    return share * at(net, epoch, column) + (1 - share) * at(net, epoch, column + 1);
  };

  const setting = (/** @type {NetName} */ net) => {
    const words = [net, state.top, state.bottom, state.topAmplitude, state.bottomAmplitude, state.depth, state.width, state.bias];
    if (net === "relu") return [...words, state.gain].join(" ");
    return [...words, state.gatedGain, state.hard ? "hard" : state.beta].join(" ");
  };

  /** @returns {Band | undefined} what was recorded under these settings */
  const band = (/** @type {NetName} */ net) => {
    const recorded = state.mode === "circle" && !state.drawn && state.half === 128 && !(net === "frozen" && state.freeze);
    return recorded ? bands[setting(net)] : undefined;
  };

  const significant = (/** @type {number} */ value) => {
    if (!(value > 0)) return String(value);
    return value < 1e-3 ? value.toExponential(0).replace("e-", " × 10⁻").replace(/\d+$/, (n) => [...n].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(d)]).join(""))
      : String(Number(value.toPrecision(2)));
  };

  const times = (/** @type {number} */ log) => `×${significant(Math.exp(log))}`;

  const told = () => {
    if (!learned) return "Add points of both classes: click or tap in the square on the left.";
    if (!nets.every((net) => net.picture)) return "";
    const [first, second] = groups();
    const [green, ochre] = firstIsGreen() ? [first, second] : [second, first];
    const dlgn = nets[1];
    const where = (/** @type {number} */ log) => {
      if (Math.abs(log) < Math.log(1.25)) return "training has moved few of its paths from one to the other";
      return `the ${log > 0 ? green : ochre} has gained ${significant(Math.exp(Math.abs(log)))} times as many paths as the ${log > 0 ? ochre : green}`;
    };
    const [greenLoss, ochreLoss] = firstIsGreen() ? [0, 1] : [1, 0];
    const fits = (/** @type {number} */ column) => {
      if (at(dlgn, shown, column) >= FITTED) return "";
      let epoch = shown;
      while (epoch > 0 && at(dlgn, epoch - 1, column) < FITTED) epoch--;
      return `fitted since epoch ${epoch}`;
    };
    const half = (/** @type {string} */ name, /** @type {number} */ column) =>
      `${name} ${fits(column) || `error ${significant(at(dlgn, shown, column))}`}`;
    const soft = error(dlgn), hard = error(dlgn, true);
    const harder = hard > 1.05 * soft ? `with hard gates its error is ${significant(hard / soft)} times as large` : "hard gates do not change its error";
    return `Epoch ${shown}, DLGN: ${half(green, greenLoss)}, ${half(ochre, ochreLoss)}; ${where(allocation(dlgn))}; ${harder}.`;
  };

  // --------------------------------------------------------------------------------- missions

  const missions = Array.from(document.querySelectorAll(".pg-missions li"));

  const twoFrequencies = () => state.mode === "circle" && !state.drawn && state.top !== state.bottom
    && Math.min(Number(state.topAmplitude), Number(state.bottomAmplitude)) >= 0.5;

  /** @type {(() => boolean)[]} what each mission asks for, in the order of the page */
  const ACHIEVED = [
    () => twoFrequencies() && shown >= 100 && error(nets[1]) < FITTED && Math.abs(allocation(nets[1])) < Math.log(1.5),
    () => state.mode === "circle" && !state.drawn && state.top !== state.bottom && shown >= 100 && allocation(nets[1]) < -Math.log(2),
    () => state.mode === "circle" && shown >= 300 && state.seed !== PRESETS.stalled.change.seed && setting("dlgn") === "dlgn 2 8 1 1 5 16 0 1 4" && !state.drawn && error(nets[1]) >= FITTED,
    () => state.mode === "circle" && Number(state.freeze) >= 20 && Number(state.freeze) <= 40 && shown >= 300,
    () => state.mode === "circle" && shown >= 100 && error(nets[1], true) < FITTED && error(nets[1]) < FITTED,
    () => state.mode === "plane" && shown >= 20 && (state.data === "xor" || state.data === "spiral") && error(nets[2]) < 0.1,
  ];

  const judge = () => {
    if (!learned || !nets.every((net) => net.picture)) return;
    const done = new Set(String(state.done));
    const fresh = ACHIEVED.flatMap((achieved, k) => (!done.has(String(k + 1)) && achieved() ? [k + 1] : []));
    if (!fresh.length) return;
    state.done = [...done, ...fresh.map(String)].sort().join("");
    say(`Mission ${fresh.join(" and ")} done.`);
    ticks();
    save();
  };

  const ticks = () => missions.forEach((mission, k) => {
    const done = String(state.done).includes(String(k + 1));
    let tick = mission.querySelector(".pg-tick");
    if (!tick) {
      tick = document.createElement("span");
      tick.className = "pg-tick";
      (mission.querySelector("p") ?? mission).prepend(tick);
    }
    tick.innerHTML = done ? '<span aria-hidden="true">☑</span><span class="visually-hidden">done:</span> '
      : '<span aria-hidden="true">☐</span><span class="visually-hidden">to do:</span> ';
  });

  // ---------------------------------------------------------------------------------- drawing

  /** @type {{canvas: HTMLCanvasElement, draw: Draw, ratio: () => number}[]} */
  const canvases = [];
  let ink = "#757575";
  let faint = "#75757555";
  let back = "#fff";

  const look = () => {
    back = getComputedStyle(document.documentElement).getPropertyValue("--pst-color-background").trim() || "#fff";
    ink = getComputedStyle(root).color;
    faint = "rgba(128, 128, 128, 0.35)";
    dirty = true;
  };

  /** Let a canvas be drawn with the page; its height is `ratio` times its width, in the plane perhaps another. */
  const register = (/** @type {HTMLCanvasElement} */ canvas, /** @type {number} */ circle, /** @type {Draw} */ draw, plane = circle) => {
    canvases.push({ canvas, draw, ratio: () => (state.mode === "plane" ? plane : circle) });
  };

  const resize = () => {
    const density = Math.min(2, devicePixelRatio || 1);
    for (const { canvas, ratio: share } of canvases) {
      const width = canvas.clientWidth;
      const height = Math.round(width * share());
      if (canvas.style.height !== `${height}px`) canvas.style.height = `${height}px`;
      if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
        canvas.width = Math.round(width * density);
        canvas.height = Math.round(height * density);
      }
    }
    dirty = true;
  };

  let owed = 0; // canvases that show an earlier epoch
  let turn = 0; // the next one to draw

  /** Draw what is owed: a part of it while nets train, so that a frame takes no longer than 1/60 s. */
  const drawOwed = () => {
    const density = Math.min(2, devicePixelRatio || 1);
    const count = playing ? Math.min(owed, Math.ceil(canvases.length / PARTS)) : owed;
    owed -= count;
    for (let k = 0; k < count; k++) {
      const { canvas, draw } = canvases[turn];
      turn = (turn + 1) % canvases.length;
      if (!canvas.width) continue; // not shown
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.setTransform(density, 0, 0, density, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.font = "12px sans-serif";
      pen.lineJoin = "round";
      draw(pen, canvas.width / density, canvas.height / density);
    }
  };

  const line = (/** @type {CanvasRenderingContext2D} */ pen, /** @type {string} */ color, /** @type {number} */ width, /** @type {number} */ n, /** @type {(k: number) => [number, number]} */ place, closed = false) => {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.beginPath();
    for (let k = 0; k < n; k++) {
      const [x, y] = place(k);
      if (k) pen.lineTo(x, y);
      else pen.moveTo(x, y);
    }
    if (closed) pen.closePath();
    pen.stroke();
  };

  const angleOf = (/** @type {number} */ k) => (2 * Math.PI * (k + 0.5)) / RING;
  const marked = () => (Number(state.angle) * Math.PI) / 180;

  /** Where a value at an angle lies on the ring. */
  const onRing = (/** @type {number} */ width, /** @type {number} */ height) => {
    const radius = Math.min(width, height) / 2 / 1.65;
    return (/** @type {number} */ angle, /** @type {number} */ value) => {
      const r = radius * (1 + 0.4 * Math.max(-1.6, Math.min(1.6, value)));
      return /** @type {[number, number]} */ ([width / 2 + r * Math.cos(angle), height / 2 - r * Math.sin(angle)]);
    };
  };

  /** @type {{key: string, at: (angle: number) => number}} */
  let kept = { key: "", at: () => 0 };
  /** Return the target, made once for each setting. */
  const targetNow = () => {
    const key = [state.drawn, state.top, state.bottom, state.topAmplitude, state.bottomAmplitude].join(" ");
    if (kept.key !== key) kept = { key, at: target() };
    return kept.at;
  };

  const drawTarget = (/** @type {CanvasRenderingContext2D} */ pen, /** @type {ReturnType<typeof onRing>} */ place, /** @type {number} */ width) => {
    const value = targetNow();
    const [top, bottom] = groupColors();
    line(pen, top, width, RING / 2, (k) => place(angleOf(k), value(angleOf(k))));
    line(pen, bottom, width, RING / 2, (k) => place(angleOf(k + RING / 2), value(angleOf(k + RING / 2))));
  };

  /** @type {(net: Net) => Draw} */
  const ringOf = (net) => (pen, width, height) => {
    const { picture } = net;
    if (!picture) return;
    if (state.mode === "plane") {
      drawPlane(pen, width, height, net, picture);
      return;
    }
    const place = onRing(width, height);
    line(pen, faint, 1, RING, (k) => place(angleOf(k), 0), true);
    pen.globalAlpha = 0.55; // the net's curve lies on it
    drawTarget(pen, place, 5);
    pen.globalAlpha = 1;
    if (net.name !== "relu" && !state.hard) {
      pen.setLineDash([3, 3]);
      line(pen, ink, 1, RING, (k) => place(angleOf(k), picture.hard[k]), true);
      pen.setLineDash([]);
    }
    line(pen, colors[net.name], 2, RING, (k) => place(angleOf(k), picture.values[k]), true);
    if (Number(state.angle) >= 0) {
      line(pen, ink, 1.5, 2, (k) => place(marked(), k ? 1.6 : -1.6));
    }
    pen.fillStyle = ink;
    pen.textAlign = "center";
    pen.fillText("0°", width / 2 + Math.min(width, height) / 2 / 1.65 * 0.3, height / 2 + 4);
    pen.fillText("90°", width / 2, height / 2 - Math.min(width, height) / 2 / 1.65 * 0.22);
  };

  /** @type {(net: Net) => Draw} */
  const pathsOf = (net) => (pen, width, height) => {
    const { picture, first } = net;
    if (!picture || !first) return;
    if (state.mode === "plane") {
      const most = Math.log10(1 + largestPaths());
      image(pen, width, height, GRID, (k) => Math.log10(1 + picture.paths[k]) / most, true);
      drawPoints(pen, width, height, 2);
      return;
    }
    const left = 34, low = height - 18;
    const most = Math.ceil(Math.log10(1 + largestPaths()));
    const x = (/** @type {number} */ k) => left + ((width - left - 2) * (k + 0.5)) / RING;
    const y = (/** @type {number} */ paths) => low - ((low - 6) * Math.log10(1 + paths)) / most;
    const [top, bottom] = groupColors();
    pen.globalAlpha = 0.12;
    pen.fillStyle = top;
    pen.fillRect(left, 6, (width - left - 2) / 2, low - 6);
    pen.fillStyle = bottom;
    pen.fillRect(left + (width - left - 2) / 2, 6, (width - left - 2) / 2, low - 6);
    pen.globalAlpha = 1;
    pen.fillStyle = ink;
    pen.textAlign = "right";
    for (let power = 0; power <= most; power++) {
      const height_ = y(10 ** power - 1);
      line(pen, faint, 1, 2, (k) => [k ? width - 2 : left, height_]);
      if (power % 2 === 0) pen.fillText(power ? `10${["", "", "²", "", "⁴", "", "⁶", "", "⁸", "", "¹⁰"][power]}` : "0", left - 4, Math.max(height_ + 4, 12));
    }
    pen.textAlign = "center";
    ["0°", "90°", "180°", "270°"].forEach((text, k) => pen.fillText(text, left + Math.max(8, ((width - left - 2) * k) / 4), height - 4));
    line(pen, ink, 1, RING, (k) => [x(k), y(first[k])]);
    line(pen, colors[net.name], 2, RING, (k) => [x(k), y(picture.paths[k])]);
    if (Number(state.angle) >= 0) {
      const here = left + ((width - left - 2) * Number(state.angle)) / 360;
      line(pen, ink, 1.5, 2, (k) => [here, k ? low : 6]);
    }
  };

  const largestPaths = () => {
    const width = Number(state.width), depth = Number(state.depth);
    let paths = width ** depth;
    if (state.bias) for (let from = 1; from <= depth; from++) paths += width ** (depth - from);
    return paths;
  };

  const spare = document.createElement("canvas");
  /** @type {Uint32Array} */
  const palette = new Uint32Array(256);
  for (let k = 0; k < 256; k++) {
    const hex = String(given.map).slice(6 * k, 6 * k + 6);
    palette[k] = (0xff000000 | Number(`0x${hex.slice(4)}${hex.slice(2, 4)}${hex.slice(0, 2)}`)) >>> 0;
  }
  /** @type {Map<number, ImageData>} */
  const images = new Map();

  /** Fill a canvas with a square image of shares from 0 to 1, in the book's colours for amounts. */
  const image = (/** @type {CanvasRenderingContext2D} */ pen, /** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ size, /** @type {(k: number) => number} */ share, smooth = false) => {
    let data = images.get(size);
    if (!data) images.set(size, data = new ImageData(size, size));
    const pixels = new Uint32Array(data.data.buffer);
    for (let k = 0; k < pixels.length; k++) pixels[k] = palette[Math.max(0, Math.min(255, Math.round(255 * share(k))))];
    if (spare.width !== size) spare.width = spare.height = size;
    /** @type {CanvasRenderingContext2D} */ (spare.getContext("2d", { willReadFrequently: true })).putImageData(data, 0, 0);
    pen.imageSmoothingEnabled = smooth;
    pen.drawImage(spare, 0, 0, width, height);
  };

  /** @type {(net: Net) => Draw} */
  const kernelOf = (net) => (pen, width, height) => {
    const { picture } = net;
    if (!picture) return;
    const top = Math.max(1e-9, ...(state.common ? nets : [net]).map((each) => each.brightest));
    const { kernel } = picture;
    const size = Math.round(Math.sqrt(kernel.length));
    image(pen, width, height, size, (k) => kernel[k] / top);
    if (state.mode === "circle" && Number(state.angle) >= 0) {
      const here = (width * Number(state.angle)) / 360;
      line(pen, "#fff", 1.5, 2, (k) => [here, k ? height : 0]);
      line(pen, "#fff", 1.5, 2, (k) => [k ? width : 0, (here / width) * height]);
    }
    pen.fillStyle = "rgba(0, 0, 0, 0.6)";
    const text = `brightest: ${significant(Math.round(10 ** top - 1))} shared paths`;
    pen.fillRect(0, 0, pen.measureText(text).width + 8, 17);
    pen.fillStyle = "#fff";
    pen.textAlign = "left";
    pen.fillText(text, 4, 13);
  };

  /** @type {(net: Net) => Draw} */
  const unitsOf = (net) => (pen, width, height) => {
    const { picture } = net;
    if (!picture) return;
    const units = Number(state.width), depth = Number(state.depth);
    if (picture.gates.length !== units * depth * RING) return;
    const left = 14;
    const step = (width - left) / units;
    const rows = height / depth;
    const radius = Math.max(1.5, Math.min(step, rows) / 2 - 1);
    const here = state.mode === "circle" ? Math.floor((Number(state.angle) / 360) * RING) : -1;
    pen.textAlign = "left";
    pen.fillStyle = ink;
    for (let layer = 0; layer < depth; layer++) pen.fillText(String(layer + 1), 0, rows * (layer + 0.5) + 4);
    const disc = new Path2D(), active = new Path2D(), lit = new Path2D();
    for (let layer = 0; layer < depth; layer++) {
      for (let unit = 0; unit < units; unit++) {
        const x = left + step * (unit + 0.5), y = rows * (layer + 0.5);
        disc.moveTo(x + radius, y);
        disc.arc(x, y, radius, 0, 2 * Math.PI);
        const start = layer * RING * units + unit;
        arcs(active, picture.gates, start, units, x, y, radius, net.name === "relu");
        if (here >= 0 && picture.gates[start + here * units]) {
          lit.moveTo(x + radius, y);
          lit.arc(x, y, radius, 0, 2 * Math.PI);
        }
      }
    }
    pen.fillStyle = "rgba(128, 128, 128, 0.16)";
    pen.fill(disc);
    pen.fillStyle = colors[net.name];
    pen.fill(active);
    pen.strokeStyle = ink;
    pen.lineWidth = 1.5;
    pen.stroke(lit);
  };

  /** Add to a path where on the ring a unit is active: sectors, or the cut of a half-plane. */
  const arcs = (/** @type {Path2D} */ path, /** @type {Uint8Array} */ gates, /** @type {number} */ start, /** @type {number} */ stride, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ radius, /** @type {boolean} */ sectors) => {
    let off = 0;
    while (off < RING && gates[start + off * stride]) off++;
    if (off === RING) {
      path.moveTo(x + radius, y);
      path.arc(x, y, radius, 0, 2 * Math.PI);
      return;
    }
    for (let k = 0; k < RING; k++) {
      if (!gates[start + ((off + k) % RING) * stride]) continue;
      const from = k;
      while (k < RING && gates[start + ((off + k) % RING) * stride]) k++;
      const a = -(2 * Math.PI * (off + from)) / RING, b = -(2 * Math.PI * (off + k)) / RING;
      if (sectors) path.moveTo(x, y);
      else path.moveTo(x + radius * Math.cos(a), y + radius * Math.sin(a));
      path.arc(x, y, radius, a, b, true);
      path.closePath();
    }
  };

  const onPlane = (/** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ x, /** @type {number} */ y) =>
    /** @type {[number, number]} */ ([(width * (x / REACH + 1)) / 2, (height * (1 - y / REACH)) / 2]);

  const drawPoints = (/** @type {CanvasRenderingContext2D} */ pen, /** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ size) => {
    const { points, labels: classes } = data();
    pen.lineWidth = 1;
    classes.forEach((label, p) => {
      const [x, y] = onPlane(width, height, points[2 * p], points[2 * p + 1]);
      pen.beginPath();
      if (label > 0) pen.arc(x, y, size, 0, 2 * Math.PI);
      else pen.rect(x - size, y - size, 2 * size, 2 * size);
      pen.fillStyle = label > 0 ? colors.low : colors.high;
      pen.fill();
      pen.strokeStyle = back;
      pen.stroke();
    });
  };

  /** @type {{key: string, made: ReturnType<typeof planeData>}} */
  let keptData = { key: "", made: { points: [], labels: [] } };
  const data = () => {
    const key = `${state.data} ${state.own}`;
    if (keptData.key !== key) keptData = { key, made: planeData() };
    return keptData.made;
  };

  const drawPlane = (/** @type {CanvasRenderingContext2D} */ pen, /** @type {number} */ width, /** @type {number} */ height, /** @type {Net} */ net, /** @type {Picture} */ picture) => {
    const left = (/** @type {number} */ column) => Math.round((width * column) / GRID); // no seams
    const top = (/** @type {number} */ row) => Math.round((height * row) / GRID);
    for (const [sign, color] of /** @type {[number, string][]} */ ([[1, colors.low], [-1, colors.high]])) {
      pen.fillStyle = color;
      for (let k = 0; k < GRID * GRID; k++) {
        const value = sign * picture.values[k];
        if (!(value > 0)) continue;
        pen.globalAlpha = 0.1 + 0.45 * Math.tanh(value);
        const column = k % GRID, row = Math.floor(k / GRID);
        pen.fillRect(left(column), top(row), left(column + 1) - left(column), top(row + 1) - top(row));
      }
    }
    pen.globalAlpha = 1;
    const { edges } = picture;
    if (edges) {
      pen.strokeStyle = ink;
      pen.lineWidth = 0.6;
      pen.beginPath();
      for (let k = 0; k < edges.length; k += 4) {
        pen.moveTo(...onPlane(width, height, edges[k], edges[k + 1]));
        pen.lineTo(...onPlane(width, height, edges[k + 2], edges[k + 3]));
      }
      pen.stroke();
      const text = `${picture.regions} regions`;
      pen.fillStyle = back;
      pen.fillRect(0, 0, pen.measureText(text).width + 8, 17);
      pen.fillStyle = ink;
      pen.textAlign = "left";
      pen.fillText(text, 4, 13);
    }
    drawPoints(pen, width, height, 3);
  };

  const LEAST = -5; // powers of ten of the error that is shown
  const MOST = 0.5;
  const CHART = 36; // pixels beside a chart
  const epochX = (/** @type {number} */ width) => {
    const end = Math.log1p(Number(state.stop));
    return (/** @type {number} */ epoch) => CHART + ((width - CHART - 4) * Math.log1p(epoch)) / end;
  };

  /** @returns {number[]} epochs to draw: all early ones, fewer later, as the axis is logarithmic */
  const epochsToDraw = () => {
    const epochs = [];
    for (let epoch = 0; epoch < shown; epoch = Math.max(epoch + 1, Math.floor(epoch * 1.02))) epochs.push(epoch);
    epochs.push(shown);
    return epochs;
  };

  const epochAxis = (/** @type {CanvasRenderingContext2D} */ pen, /** @type {number} */ width, /** @type {number} */ height) => {
    const x = epochX(width);
    pen.fillStyle = ink;
    pen.textAlign = "center";
    for (const epoch of [0, 10, 100, 1000]) {
      if (epoch <= Number(state.stop)) pen.fillText(String(epoch), Math.min(x(epoch), width - 14), height - 3);
    }
  };

  /** @type {(net: Net) => Draw} */
  const lossesOf = (net) => (pen, width, height) => {
    const low = height - 17;
    const x = epochX(width);
    const y = (/** @type {number} */ loss) => {
      const power = Math.max(LEAST, Math.min(MOST, Math.log10(loss)));
      return low - ((low - 18) * (power - LEAST)) / (MOST - LEAST);
    };
    pen.fillStyle = ink;
    pen.textAlign = "right";
    for (const [power, text] of /** @type {[number, string][]} */ ([[0, "1"], [-2, "10⁻²"], [-4, "10⁻⁴"]])) {
      line(pen, faint, 1, 2, (k) => [k ? width - 4 : CHART, y(10 ** power)]);
      pen.fillText(text, CHART - 4, y(10 ** power) + 4);
    }
    epochAxis(pen, width, height);
    pen.textAlign = "left";
    pen.fillStyle = colors[net.name];
    pen.fillRect(CHART, 3, 10, 10);
    pen.fillStyle = ink;
    pen.fillText(TITLES[net.name] + ": loss", CHART + 14, 12);
    if (!net.picture) return;
    const epochs = epochsToDraw();
    groupColors().forEach((color, group) => {
      if (net.name !== "relu" && !state.hard) {
        pen.setLineDash([4, 3]);
        line(pen, color, 1.2, epochs.length, (k) => [x(epochs[k]), y(at(net, epochs[k], 2 + group))]);
        pen.setLineDash([]);
      }
      line(pen, color, 2, epochs.length, (k) => [x(epochs[k]), y(at(net, epochs[k], group))]);
    });
    if (net.name === "frozen" && Number(state.freeze) > 0) {
      line(pen, colors.frozen, 1.5, 2, (k) => [x(Number(state.freeze)), k ? low : 18]);
    }
  };

  /** @type {Draw} */
  const allocationChart = (pen, width, height) => {
    const low = height - 17;
    const x = epochX(width);
    const most = Math.log(100), least = -Math.log(10);
    const y = (/** @type {number} */ log) => low - ((low - 18) * (Math.max(least, Math.min(most, log)) - least)) / (most - least);
    pen.textAlign = "right";
    pen.fillStyle = ink;
    for (const [factor, text] of /** @type {[number, string][]} */ ([[0.1, "×0.1"], [1, "×1"], [10, "×10"], [100, "×100"]])) {
      line(pen, faint, factor === 1 ? 2 : 1, 2, (k) => [k ? width - 4 : CHART, y(Math.log(factor))]);
      pen.fillText(text, CHART - 4, y(Math.log(factor)) + 4);
    }
    epochAxis(pen, width, height);
    const [first, second] = groups();
    const [green, ochre] = firstIsGreen() ? [first, second] : [second, first];
    pen.textAlign = "left";
    pen.fillText(`paths, ${green} over ${ochre}`, CHART, 12);
    for (const net of nets) {
      const recorded = band(net.name);
      if (!recorded) continue;
      const kept_ = recorded.at.map((epoch, k) => ({ epoch, q: recorded.allocation[k] })).filter(({ epoch }) => epoch <= Number(state.stop));
      pen.globalAlpha = 0.22;
      pen.fillStyle = colors[net.name];
      pen.beginPath();
      kept_.forEach(({ epoch, q }) => pen.lineTo(x(epoch), y(q[2])));
      kept_.reverse().forEach(({ epoch, q }) => pen.lineTo(x(epoch), y(q[0])));
      pen.fill();
      pen.globalAlpha = 1;
    }
    const epochs = epochsToDraw();
    for (const net of nets) {
      if (net.picture) line(pen, colors[net.name], 2, epochs.length, (k) => [x(epochs[k]), y(allocation(net, epochs[k]))]);
    }
  };

  // -------------------------------------------------------------------- drawing by the reader

  /** @type {(id: string) => any} */
  const find = (id) => document.getElementById(`pg-${id}`);
  let cursor = 16; // of the drawn target
  /** @type {[number, number]} */
  let spot = [0, 0]; // of the next own point

  const drawValue = (/** @type {number} */ index, /** @type {number} */ value) => {
    const values = state.drawn ? drawnValues(String(state.drawn))
      : Array.from({ length: DRAWN }, (_, k) => targetNow()((2 * Math.PI * k) / DRAWN));
    values[index] = value;
    const letters = values.map((v) => LETTERS[Math.round(Math.max(-1, Math.min(1, v / LARGEST)) * 31) + 31]);
    set({ drawn: letters.join("") });
  };

  const drawingRing = () => {
    const canvas = /** @type {HTMLCanvasElement} */ (find("draw"));
    register(canvas, 0.8, (pen, width, height) => {
      const place = onRing(width, height);
      line(pen, faint, 1, RING, (k) => place(angleOf(k), 0), true);
      drawTarget(pen, place, 3);
      if (document.activeElement === canvas) {
        const angle = (2 * Math.PI * cursor) / DRAWN;
        const [x, y] = place(angle, targetNow()(angle));
        pen.fillStyle = ink;
        pen.beginPath();
        pen.arc(x, y, 5, 0, 2 * Math.PI);
        pen.fill();
      }
    });
    const follow = (/** @type {PointerEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      const x = event.clientX - box.x - box.width / 2, y = box.y + box.height / 2 - event.clientY;
      const radius = Math.min(box.width, box.height) / 2 / 1.65;
      const turn = (Math.atan2(y, x) / (2 * Math.PI) + 1) % 1;
      const value = Math.max(-LARGEST, Math.min(LARGEST, (Math.hypot(x, y) / radius - 1) / 0.4));
      cursor = Math.round(turn * DRAWN) % DRAWN;
      drawValue(cursor, value);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      follow(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) follow(event);
    });
    canvas.addEventListener("keydown", (event) => {
      const sideways = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
      const up = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      if (!sideways && !up) return;
      event.preventDefault();
      if (sideways) cursor = (cursor + sideways + DRAWN) % DRAWN;
      const angle = (2 * Math.PI * cursor) / DRAWN;
      if (up) drawValue(cursor, Math.max(-LARGEST, Math.min(LARGEST, targetNow()(angle) + up)));
      tellDrawing();
      dirty = true;
    });
    canvas.addEventListener("focus", () => { dirty = true; });
    canvas.addEventListener("blur", () => { dirty = true; });
    find("undraw").addEventListener("click", () => set({ drawn: "" }));
  };

  const tellDrawing = () => {
    const angle = (2 * Math.PI * cursor) / DRAWN;
    const value = targetNow()(angle).toFixed(2);
    find("draw").setAttribute("aria-valuenow", value);
    find("draw").setAttribute("aria-valuetext", `at ${Math.round((360 * cursor) / DRAWN)} degrees: ${value}`);
  };

  const ownPoints = () => {
    const canvas = /** @type {HTMLCanvasElement} */ (find("points"));
    register(canvas, 1, (pen, width, height) => {
      pen.strokeStyle = faint;
      pen.strokeRect(0.5, 0.5, width - 1, height - 1);
      drawPoints(pen, width, height, 4);
      if (document.activeElement === canvas) {
        const [x, y] = onPlane(width, height, ...spot);
        line(pen, ink, 2, 2, (k) => [x + (k ? 7 : -7), y]);
        line(pen, ink, 2, 2, (k) => [x, y + (k ? 7 : -7)]);
      }
    });
    const add = () => {
      const before = state.data === "own" ? String(state.own) : "";
      if (before.length >= 3 * MOST_POINTS) return say(`There is room for ${MOST_POINTS} points.`);
      return set({ data: "own", own: before + ownLetter(spot[0]) + ownLetter(spot[1]) + state.class });
    };
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      spot = [((event.clientX - box.x) / box.width * 2 - 1) * REACH, (1 - (event.clientY - box.y) / box.height * 2) * REACH];
      add();
    });
    canvas.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (move) spot = /** @type {[number, number]} */ (spot.map((place, k) => Math.max(-REACH, Math.min(REACH, place + 0.1 * move[k]))));
      else if (event.key === "Enter" || event.key === " ") add();
      else if (event.key === "Delete" || event.key === "Backspace") set({ own: String(state.own).slice(0, -3) });
      else return;
      event.preventDefault();
      dirty = true;
    });
    canvas.addEventListener("focus", () => { dirty = true; });
    canvas.addEventListener("blur", () => { dirty = true; });
    find("clear").addEventListener("click", () => set({ data: "own", own: "" }));
  };

  // --------------------------------------------------------------------------------- controls

  const controls = /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ (all("[data-key]"));

  const valueOf = (/** @type {HTMLInputElement | HTMLSelectElement} */ control) => {
    const key = String(control.dataset.key);
    if (control instanceof HTMLInputElement && control.type === "checkbox") return control.checked ? 1 : 0;
    if (key === "beta") return BETAS[Number(control.value)];
    return control.value;
  };

  const show = () => {
    for (const control of controls) {
      const key = String(control.dataset.key);
      const value = state[key];
      if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = value === 1;
      else if (control instanceof HTMLInputElement && control.type === "radio") control.checked = control.value === value;
      else if (key === "beta") control.value = String(BETAS.indexOf(Number(value)));
      else if (document.activeElement !== control || control.type !== "number") control.value = String(value);
      const text = key === "angle" ? (Number(value) < 0 ? "nowhere" : `${value}°`) : String(value);
      const output = control.type === "range" ? control.nextElementSibling : null;
      if (output && output.textContent !== text) output.textContent = text;
      if (control.type === "range") control.setAttribute("aria-valuetext", text);
    }
    for (const part of all("[data-mode]")) part.hidden = part.dataset.mode !== state.mode;
    root.dataset.shown = String(state.net);
    if (root.dataset.inputs !== state.mode) {
      root.dataset.inputs = String(state.mode);
      resize(); // a plane is a square
    }
    let chosen = "";
    for (const button of all("[data-preset]")) {
      const name = String(button.dataset.preset);
      const preset = { ...FIRST, ...PRESETS[name].change };
      const on = Object.keys(FIRST).every((key) => VIEWS.has(key) || preset[key] === state[key]);
      button.setAttribute("aria-pressed", String(on));
      if (on) chosen = name;
    }
    find("hint").textContent = chosen ? PRESETS[chosen].hint : "Your own setting. What do you expect? Then start.";
    tellDrawing();
    labels();
  };

  const CAPTIONS = {
    circle: ["Learned function on the circle", "Active paths over the angle", "Overlap kernel, angle against angle", "Units, a row for each layer: where they are active"],
    plane: ["Output, and exact regions", "Active paths in the plane", "Overlap kernel, point against point", "Units, a row for each layer: where on the unit circle they are active"],
  };

  const labels = () => {
    find("play").textContent = playing ? "Pause" : "Start";
    const frozen = Number(state.freeze);
    const text = frozen ? `The third net's gates learn until epoch ${frozen} and stand still from there.` : "The third net's gates stand still from the start.";
    if (find("frozen-at").textContent !== text) find("frozen-at").textContent = text;
    /** @type {HTMLButtonElement} */ (find("undraw")).disabled = !state.drawn;
    /** @type {HTMLButtonElement} */ (find("thaw")).disabled = !frozen;
    const why = noPapermill();
    /** @type {HTMLButtonElement} */ (find("papermill")).disabled = Boolean(why);
    find("papermill-why").textContent = why;
  };

  /** Say once what happened; a screen reader reads it. */
  const say = (/** @type {string} */ text) => {
    find("status").textContent = text;
  };

  let saving = 0;
  const save = () => {
    clearTimeout(saving);
    root.dataset.saving = ""; // tests wait until it is gone
    saving = setTimeout(() => {
      delete root.dataset.saving;
      const text = hash();
      try {
        history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
      } catch { /* a browser that is asked too often: the next change is kept */ }
    }, 300);
  };

  let restarting = 0;
  const set = (/** @type {State} */ changes) => {
    let again = false;
    let any = false;
    for (const [key, value] of Object.entries(changes)) {
      const fit = fitting(key, value);
      if (fit === state[key]) continue;
      state[key] = fit;
      any = true;
      if (!VIEWS.has(key)) again = true;
    }
    if (!any) return;
    if (again && !("epoch" in changes)) state.epoch = 0;
    show();
    dirty = true;
    if (again) {
      delete root.dataset.rest;
      clearTimeout(restarting);
      restarting = setTimeout(() => restart(0), 60); // a slider that moves changes often
    }
    save();
  };

  /** Show that what is computed has changed. */
  const changed = () => {
    dirty = true;
    const title = CAPTIONS[state.mode === "plane" ? "plane" : "circle"];
    all(".pg-caption").forEach((caption, k) => { caption.textContent = title[k % title.length]; });
    const [first, second] = groups();
    const [top, bottom] = groupColors();
    const legend = [
      `<span style="--c:${top}">${first}</span>`, `<span style="--c:${bottom}">${second}</span>`,
      state.hard ? "" : '<span class="dashed">with hard gates</span>',
    ];
    find("legend").innerHTML = legend.join(" ");
    const recorded = NAMES.map((name) => [name, band(name)]).filter(([, found]) => found);
    find("band").textContent = recorded.length
      ? `Bands: what ${recorded.map(([name, found]) => `${/** @type {Band} */ (found).seeds} recorded ${TITLES[/** @type {NetName} */ (name)].replace(/net$|DLGN/, "$&s")}`).join(", ")} did (90 % of the seeds).`
      : "These settings were not recorded, so there is no band.";
  };

  /** Note where a run rests. */
  const settled = () => {
    state.epoch = shown;
    root.dataset.rest = String(shown); // tests wait for it
    find("epoch").textContent = String(shown);
    save();
    judge();
    const text = told();
    find("told").textContent = text;
    find("heard").textContent = text;
    for (const net of nets) describe(net);
  };

  /** Give a net's canvases a text for those who do not see them. */
  const describe = (/** @type {Net} */ net) => {
    const regions = state.mode === "plane" && net.picture ? `, ${net.picture.regions} regions in the square` : "";
    const text = `${TITLES[net.name]} at epoch ${shown}: loss ${significant(error(net))}, allocation ${times(allocation(net))}${regions}`;
    for (const canvas of all(`[data-net=${net.name}] canvas`)) {
      canvas.setAttribute("aria-label", `${canvas.dataset.what}. ${text}`);
    }
    all(`.pg-net[data-net=${net.name}]`)[0].dataset.loss = String(error(net));
  };

  // ------------------------------------------------------------------------------- the copies

  /** Say why chapter 4 cannot make this run; nothing if it can. */
  const noPapermill = () => {
    if (state.mode !== "circle") return "Chapter 4 has no plane: take the Python snippet.";
    const fixed = ["drawn", "topAmplitude", "bottomAmplitude", "half", "depth", "width", "gain", "gatedGain", "bias", "hard"];
    const moved = fixed.find((key) => state[key] !== FIRST[key]);
    /** @type {Record<string, string>} */
    const names = { drawn: "target", topAmplitude: "amplitudes", bottomAmplitude: "amplitudes", half: "points", depth: "layers", width: "units", gain: "first weights", gatedGain: "first weights", bias: "biases", hard: "gates" };
    return moved ? `Chapter 4 has its own ${names[moved]}: take the Python snippet.` : "";
  };

  const epochsToCopy = () => shown || Number(state.stop);

  const papermill = () => {
    const parameters = [["seed", state.seed], ["epochs", Math.max(20, epochsToCopy())]];
    if (state.top !== FIRST.top || state.bottom !== FIRST.bottom || state.beta !== FIRST.beta) {
      parameters.push(["low_frequency", state.top], ["high_frequency", state.bottom], ["beta", state.beta], ["seeds", 2]);
    }
    const options = parameters.map(([name, value]) => `-p ${name} ${value}`).join(" ");
    return `papermill chapters/04_feature_learning.ipynb run.ipynb ${options}`;
  };

  const float = (/** @type {string | number} */ value) => (Number.isInteger(Number(value)) ? `${value}.0` : String(value));
  const list = (/** @type {ArrayLike<number>} */ values) => Array.from(values, String).join(", ");

  const python = () => {
    if (!learned) return "";
    const plane = state.mode === "plane";
    const loss = plane ? "logistic" : "mse";
    const gate = state.hard ? "straight-through" : "soft";
    const lines = ["import itertools", "", "import numpy as np", "import torch"].filter((text) =>
      (text !== "import numpy as np" || state.drawn) && (Number(state.freeze) || (text !== "import itertools" && text !== "")));
    lines.push(
      "from halfspace.companion.circle.specs import recipe",
      "from halfspace.companion.circle.target import Circle",
      "from halfspace.companion.seeds import order_seed",
      "from halfspace.nets import stack",
      "from halfspace.training import fit, net_losses",
      "",
      `seed, epochs = ${state.seed}, ${epochsToCopy()}`,
    );
    if (plane) {
      lines.splice(lines.indexOf("from halfspace.companion.circle.target import Circle"), 1);
      lines.push(
        `x = torch.tensor([${list(learned.points)}]).reshape(-1, 2)`,
        `y = torch.tensor([${list(learned.targets)}]).reshape(-1, 1)`,
      );
    } else {
      lines.push(
        "target = Circle(",
        `    n=${2 * Number(state.half)}, frequencies=(${float(state.top)}, ${float(state.bottom)}),`,
        `    amplitudes=(${float(state.topAmplitude)}, ${float(state.bottomAmplitude)}),`,
        ")",
        "x, y = target.points(), target.values()",
      );
      if (state.drawn) {
        lines.push(
          `drawn = [${list(drawnValues(String(state.drawn)))}]`,
          `turns = target.angles(torch.float64).numpy() / (2 * np.pi) * ${DRAWN}`,
          `y = np.interp(turns, range(${DRAWN + 1}), drawn + drawn[:1])`,
          "y = torch.tensor(y, dtype=torch.float32).reshape(-1, 1)",
        );
      }
    }
    lines.push(
      `sizes = dict(width=${state.width}, depth=${state.depth}, bias=${state.bias ? "True" : "False"})`,
      `gated = dict(gain=${float(state.gatedGain)}, gating_gain=${float(state.gatedGain)}, gate="${gate}", beta=${float(state.beta)})`,
      "specs = {",
      `    "ReLU net": recipe("relu", gain=${float(state.gain)}, **sizes),`,
      '    "DLGN": recipe("dlgn", **gated, **sizes),',
      `    "DLGN, frozen gates": recipe("${Number(state.freeze) ? "dlgn" : "frozen"}", **gated, **sizes),`,
      "}",
      "for name, spec in specs.items():",
      "    net = stack([spec.net(seed)])",
    );
    if (Number(state.freeze)) {
      lines.push(
        "    epoch = itertools.count()",
        "",
        "    def freeze(net, frozen=name.endswith(\"gates\"), epoch=epoch):",
        `        if next(epoch) == ${state.freeze} and frozen:`,
        "            net.gating.requires_grad_(False)",
        "",
      );
    }
    lines.push(
      "    fit(",
      "        net, x, y, seeds=[order_seed(seed)], epochs=epochs, learning_rate=1e-3,",
      `        batch_size=min(${BATCH}, len(x)), loss="${loss}"${Number(state.freeze) ? ", between=freeze" : ""},`,
      "    )",
      `    print(f"{name}: {net_losses(net(x), y, '${loss}').item():.6g}")`,
    );
    return lines.join("\n") + "\n";
  };

  const copy = async (/** @type {string} */ text, /** @type {string} */ what) => {
    const place = find("copied");
    place.hidden = false;
    place.value = text;
    place.rows = Math.min(12, text.split("\n").length);
    try {
      await navigator.clipboard.writeText(text);
      say(`${what} copied.`);
    } catch { // a browser that does not let pages write to the clipboard
      place.select();
      say(document.execCommand("copy") ? `${what} copied.` : `${what}: copy it from the box.`);
    }
  };

  // ---------------------------------------------------------------------------------- the page

  const build = () => {
    for (const net of nets) {
      const place = /** @type {HTMLElement} */ (root.querySelector(`.pg-net[data-net=${net.name}] div`));
      /** @type {[[number, number], Draw, string, string][]} */
      const panels = [
        [[0.82, 1], ringOf(net), "ring", "Learned function"], [[0.42, 1], pathsOf(net), "paths", "Active paths"],
        [[1, 1], kernelOf(net), "kernel", "Overlap kernel"], [[0.4, 0.4], unitsOf(net), "units", "Units"],
      ];
      for (const [[onCircle, inPlane], draw, kind, what] of panels) {
        const caption = document.createElement("p");
        caption.className = "pg-caption";
        const canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", what);
        canvas.dataset.what = what;
        canvas.className = `pg-${kind}`;
        place.append(caption, canvas);
        register(canvas, onCircle, draw, inPlane);
        canvas.addEventListener("pointermove", (event) => point(canvas, kind, event));
        canvas.addEventListener("pointerdown", (event) => point(canvas, kind, event));
        canvas.addEventListener("pointerleave", (event) => {
          if (event.pointerType === "mouse" && Number(state.angle) >= 0) set({ angle: -1 });
        });
      }
      const chart = /** @type {HTMLCanvasElement} */ (root.querySelector(`.pg-chart[data-net=${net.name}] canvas`));
      chart.dataset.what = "Losses";
      register(chart, 0.42, lossesOf(net));
    }
    register(/** @type {HTMLCanvasElement} */ (root.querySelector("[data-chart=allocation] canvas")), 0.62, allocationChart);
    drawingRing();
    ownPoints();
  };

  /** Mark the angle under a pointer in all panels. */
  const point = (/** @type {HTMLCanvasElement} */ canvas, /** @type {string} */ kind, /** @type {PointerEvent} */ event) => {
    if (state.mode !== "circle" || kind === "units") return;
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.x, y = event.clientY - box.y;
    const left = kind === "paths" ? 34 : 0;
    const turn = kind === "ring" ? Math.atan2(box.height / 2 - y, x - box.width / 2) / (2 * Math.PI)
      : (x - left) / (box.width - left);
    if (turn < -0.5 || turn > 1) return;
    set({ angle: Math.floor(((turn + 1) % 1) * 360) });
  };

  const listen = () => {
    for (const control of controls) {
      const kind = control instanceof HTMLInputElement && control.type === "range" ? "input" : "change";
      control.addEventListener(kind, () => {
        const key = String(control.dataset.key);
        set({ [key]: valueOf(control) });
        if (key === "seed") control.value = String(state.seed);
        if (key === "stop" && shown > Number(state.stop)) restart(Number(state.stop));
      });
    }
    for (const button of all("[data-preset]")) {
      button.addEventListener("click", () => {
        const { change } = PRESETS[String(button.dataset.preset)];
        /** @type {State} */
        const computed = Object.fromEntries(Object.entries(FIRST).filter(([key]) => !VIEWS.has(key)));
        pause();
        set({ ...computed, ...change });
        button.scrollIntoView({ block: "nearest", inline: "center" }); // on a phone they are a strip
        if (!calm.matches) starting = true;
      });
    }
    find("play").addEventListener("click", () => (playing ? stopHere() : play()));
    find("step").addEventListener("click", () => {
      playing = false;
      if (shown === wanted && learned) {
        if (shown >= Number(state.stop)) set({ stop: CHOICES.stop.find((stop) => Number(stop) > shown) ?? state.stop });
        wanted = Math.min(Number(state.stop), shown + 1);
        ask();
      }
      labels();
    });
    find("reset").addEventListener("click", () => {
      pause();
      state.epoch = 0;
      restart(0);
      save();
    });
    find("renew").addEventListener("click", () => set({ seed: (Number(state.seed) + 1) % 2 ** 32 }));
    find("freeze").addEventListener("click", () => freeze(shown));
    find("thaw").addEventListener("click", () => freeze(0));
    find("link").addEventListener("click", () => {
      const text = hash();
      copy(location.href.split("#")[0] + (text ? `#${text}` : ""), "Link");
    });
    find("papermill").addEventListener("click", () => copy(papermill(), "Command"));
    find("python").addEventListener("click", () => copy(python(), "Snippet"));
    addEventListener("hashchange", () => read(false));
    new ResizeObserver(resize).observe(root);
    new MutationObserver(look).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  };

  const stopHere = () => {
    pause();
    if (shown === wanted) settled();
  };

  /** Let the third net's gates stand still from an epoch on; it is trained anew up to now. */
  const freeze = (/** @type {number} */ epoch) => {
    if (epoch === state.freeze) return;
    state.freeze = epoch;
    const now = shown;
    wanted = Math.max(wanted, now);
    begin(nets[2]);
    show();
    changed();
    save();
  };

  let starting = false; // whether a run starts by itself once the nets are there

  /** Take the state from the address. */
  const read = (/** @type {boolean} */ first) => {
    const found = linked();
    if (!first && !Object.keys(found).length) return; // an anchor of the page
    Object.assign(state, FIRST, found);
    if (Number(state.epoch) > Number(state.stop)) state.stop = CHOICES.stop.find((stop) => Number(stop) >= Number(state.epoch)) ?? 8000;
    if (Number(state.freeze) > Number(state.epoch) && !("freeze" in found)) state.freeze = 0;
    show();
    ticks();
    playing = false;
    restart(Number(state.epoch));
    starting = first && !calm.matches && !state.epoch;
    labels();
  };

  let toldAt = 0;
  const frame = (/** @type {number} */ now) => {
    requestAnimationFrame(frame);
    if (starting && nets.every((net) => net.picture)) {
      starting = false;
      play();
    }
    advance(now);
    if (dirty) owed = canvases.length;
    drawOwed();
    if (!dirty) return;
    dirty = false;
    const epoch = shown < wanted && !playing ? `${Math.min(...nets.map((net) => net.epoch))} of ${wanted}` : String(shown);
    if (find("epoch").textContent !== epoch) find("epoch").textContent = epoch;
    if (now - toldAt > 250) { // text that changes faster cannot be read
      toldAt = now;
      const text = told();
      if (find("told").textContent !== text) find("told").textContent = text;
      judge();
    }
  };

  root.hidden = false;
  document.getElementById("pst-primary-sidebar")?.classList.add("pst-sidebar-hidden"); // its button shows it
  if (root.clientWidth < 700) for (const fold of all("details")) fold.removeAttribute("open");
  for (const [name, color] of Object.entries(colors)) root.style.setProperty(`--pg-${name}`, color);
  build();
  listen();
  look();
  resize();
  read(true);
  requestAnimationFrame(frame);
})();
