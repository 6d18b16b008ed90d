/**
 * The networks of the book in plain JavaScript, for pages that compute while they are read.
 *
 * Small ReLU nets, deep linear nets and DLGNs with one output: outputs, gates, training, path
 * counts, half-spaces and regions of the plane. A seed means the same net, the same batches and the
 * same run as in the Python package `halfspace`, which the tests compare with this file.
 *
 * Points are row-major: point p has its coordinates at `points[p * inputs + i]`. Gates are one
 * Uint8Array for each layer, unit u of point p at `p * width + u`. A typed array that a net or a
 * trainer returns is the caller's own, except where said.
 *
 * One global name, `HalfSpaces`. It works from a file, without a server, and in a worker made from
 * a Blob: `new Worker(URL.createObjectURL(new Blob([HalfSpaces.source, ownCode])))`.
 *
 * @typedef {'float32' | 'float64'} Precision
 * @typedef {Float32Array | Float64Array} Floats
 * @typedef {ArrayLike<number>} Numbers
 * @typedef {{kind: 'soft' | 'hard' | 'straight-through', beta?: number}} Gate
 *   `beta` is the sigmoid's sharpness; 4 if not given, and without meaning for the hard gate.
 *
 * @typedef {object} NetSpec
 * @property {'relu' | 'dlgn' | 'dlgn-pwc' | 'linear'} kind
 *   `dlgn` feeds the input to the value network (piecewise linear), `dlgn-pwc` feeds it ones
 *   (piecewise constant)
 * @property {number} [inputs] numbers in a point; 2
 * @property {number} [width] units in a layer; 16
 * @property {number} [depth] hidden layers; 5
 * @property {boolean} [biases] whether every layer has a constant unit; false
 * @property {'default' | 'xavier' | 'he'} [init] law of the initial weights
 * @property {number} [gain] factor on the initial hidden weights (of the value network); 1
 * @property {number} [gatingGain] factor on the gating network's initial weights; 1
 * @property {Gate} [gate] of a DLGN; soft with beta 4
 *
 * @typedef {object} Layer where a layer's weights lie in `net.parameters`
 * @property {string} name as in PyTorch: `gating.0`, `value.5`
 * @property {number} weight start of the weights, row-major, `outputs * inputs` numbers
 * @property {number} bias start of the biases, `outputs` numbers; -1 without biases
 * @property {number} inputs
 * @property {number} outputs
 *
 * @typedef {{normals: Float64Array, offsets: Float64Array}} HalfSpaceLayer
 *   Unit u is active where `normals[u * inputs] * x + ... + offsets[u] >= 0`.
 *
 * @typedef {object} Region a cell of the plane in which no gate changes
 * @property {Float64Array} polygon corners x, y, x, y, ..., anticlockwise
 * @property {Uint8Array} pattern gates, unit u of layer l at `l * width + u`
 * @property {number} area
 * @property {Float64Array} affine a, b, c: under hard gates the output is `a x + b y + c` here
 *
 * @typedef {object} TrainerOptions
 * @property {Numbers} points
 * @property {Numbers} targets one for each point; signs 1 and -1 for the logistic loss
 * @property {number} [batchSize] all points if not given; an epoch's last batch may be smaller
 * @property {number} [learningRate] 0.001
 * @property {'adam' | 'sgd'} [optimizer] PyTorch's defaults otherwise; `adam`
 * @property {'squared' | 'logistic'} [loss] the logistic loss is `log(1 + exp(-2 y f))`; `squared`
 * @property {Generator} [generator] draws the batches' order; not used if a batch has all points
 *
 * @typedef {{hardGates?: boolean, from?: number, to?: number}} LossOptions
 *   `from` and `to` pick a range of points, as in `slice`.
 *
 * @typedef {object} CircleTarget `a sin(f angle + phase)` on the top and on the bottom half
 * @property {number} [points] 256
 * @property {[number, number]} [frequencies] top, bottom; 2, 8
 * @property {[number, number]} [amplitudes] 1, 1
 * @property {[number, number]} [phases] 0, 0
 * @property {number} [topShare] share of the points on the top half; 0.5
 *
 * @typedef {object} CircleTask
 * @property {Float64Array} angles increasing, radians
 * @property {Float64Array} points 2 numbers each
 * @property {Float64Array} targets
 * @property {number} top number of points on the top half; they come first
 * @property {(angle: number) => number} target
 *
 * @typedef {object} CircleSpec the package's `CircleTraining`, with its defaults and `recipe`'s
 * @property {'relu' | 'dlgn' | 'frozen' | 'linear'} model
 * @property {CircleTarget} [target]
 * @property {number} [width] 16
 * @property {number} [depth] 5
 * @property {Gate['kind']} [gate] soft
 * @property {number} [beta] 4
 * @property {'default' | 'xavier' | 'he'} [init]
 * @property {number} [gain] 0.6 for ReLU nets, else 1
 * @property {number} [gatingGain] 1
 * @property {boolean} [biases] false
 * @property {boolean} [constantInput] whether a DLGN's value network is fed ones; true
 * @property {'adam' | 'sgd'} [optimizer] adam
 * @property {number} [learningRate] 0.001
 * @property {number} [batchSize] 32
 * @property {boolean} [ownOrder] whether the batches' order has a random stream of its own, as in
 *   the recorded runs; false
 */
var HalfSpaces = (function () {
  function engine() {
    'use strict';

    const TOLERANCE = 1e-10; // of polygons' cuts, relative to the largest coordinate
    const CHUNK = 64; // points that pass through a net together

    /**
     * @param {string} name
     * @param {unknown} value
     * @param {number} least
     * @returns {number}
     */
    function integer(name, value, least) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
        throw new RangeError(`${name} must be a whole number of at least ${least}; got ${value}`);
      }
      return value;
    }

    /**
     * @template {string} T
     * @param {string} name
     * @param {T} value
     * @param {readonly T[]} allowed
     * @returns {T}
     */
    function oneOf(name, value, allowed) {
      if (!allowed.includes(value)) {
        throw new RangeError(`${name} must be one of ${allowed.join(', ')}; got ${value}`);
      }
      return value;
    }

    /**
     * @param {string} name
     * @param {number} value
     * @returns {number}
     */
    function positive(name, value) {
      if (!(value > 0 && value < Infinity)) {
        throw new RangeError(`${name} must be a positive number; got ${value}`);
      }
      return value;
    }

    /**
     * @param {Precision} precision
     * @param {number} size
     * @returns {Floats}
     */
    function floats(precision, size) {
      return precision === 'float32' ? new Float32Array(size) : new Float64Array(size);
    }

    /**
     * A source of random numbers: PyTorch's generator on the CPU, number for number.
     *
     * The Mersenne Twister MT19937 of Matsumoto and Nishimura (1998).
     */
    class Generator {
      /** @param {number} seed a whole number from 0 to 2^32 - 1 */
      constructor(seed) {
        integer('seed', seed, 0);
        if (seed > 0xffffffff) throw new RangeError(`seed must be below 2^32; got ${seed}`);
        this.state = new Uint32Array(624);
        this.next = 624;
        /** Second number of a pair of normal ones, kept for the next call. */
        this.spare = NaN;
        this.state[0] = seed;
        for (let i = 1; i < 624; i++) {
          const last = this.state[i - 1];
          this.state[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
        }
      }

      /** @returns {number} a whole number from 0 to 2^32 - 1 */
      integer() {
        const state = this.state;
        if (this.next === 624) {
          for (let i = 0; i < 624; i++) {
            const both = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
            state[i] = state[(i + 397) % 624] ^ (both >>> 1) ^ (both & 1 ? 0x9908b0df : 0);
          }
          this.next = 0;
        }
        let y = state[this.next++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return (y ^ (y >>> 18)) >>> 0;
      }

      /**
       * Draw what `torch.empty(n).uniform_(low, high)` holds.
       *
       * @param {number} n
       * @param {number} [low]
       * @param {number} [high]
       * @returns {Float32Array}
       */
      uniform(n, low = 0, high = 1) {
        const values = new Float32Array(n);
        const start = Math.fround(low);
        const range = Math.fround(Math.fround(high) - start);
        for (let i = 0; i < n; i++) {
          values[i] = (this.integer() & 0xffffff) * 2 ** -24 * range + start;
        }
        return values;
      }

      /**
       * Draw what `torch.empty(n).normal_(0, deviation)` holds, up to rounding.
       *
       * @param {number} n
       * @param {number} [deviation]
       * @returns {Float32Array}
       */
      normal(n, deviation = 1) {
        if (n < 16) return Float32Array.from({ length: n }, () => deviation * this._normal());
        // Box and Muller's method on blocks of 16 uniform numbers: the first eight decide radii,
        // the last eight decide angles. A last block that is not full is drawn again, whole.
        const values = this.uniform(n);
        for (let start = 0; start + 16 <= n; start += 16) boxMuller(values, start, deviation);
        if (n % 16) {
          values.set(this.uniform(16), n - 16);
          boxMuller(values, n - 16, deviation);
        }
        return values;
      }

      /** @returns {number} one normal number, of which each second one waits for the next call */
      _normal() {
        const spare = this.spare;
        if (spare === spare) {
          this.spare = NaN;
          return spare;
        }
        const angle = 2 * Math.PI * this._double();
        const radius = Math.sqrt(-2 * Math.log1p(-this._double()));
        this.spare = radius * Math.sin(angle);
        return radius * Math.cos(angle);
      }

      /** @returns {number} a uniform number of 53 bits */
      _double() {
        const high = this.integer() & 0x1fffff;
        return (high * 2 ** 32 + this.integer()) * 2 ** -53;
      }

      /**
       * Draw what `torch.randperm(n)` holds.
       *
       * @param {number} n
       * @param {Int32Array} [into] where to write it; a new array if not given
       * @returns {Int32Array}
       */
      permutation(n, into = new Int32Array(n)) {
        for (let i = 0; i < n; i++) into[i] = i;
        for (let i = 0; i < n - 1; i++) {
          const other = i + (this.integer() % (n - i));
          const value = into[i];
          into[i] = into[other];
          into[other] = value;
        }
        return into;
      }
    }

    /**
     * Turn 16 uniform numbers into normal ones, in place.
     *
     * @param {Float32Array} values
     * @param {number} start
     * @param {number} deviation
     */
    function boxMuller(values, start, deviation) {
      for (let i = start; i < start + 8; i++) {
        const radius = Math.sqrt(-2 * Math.log(1 - values[i]));
        const angle = 2 * Math.PI * values[i + 8];
        values[i] = radius * Math.cos(angle) * deviation;
        values[i + 8] = radius * Math.sin(angle) * deviation;
      }
    }

    /**
     * Write `out = points weight^T + bias` for n points.
     *
     * @param {Floats} out
     * @param {Floats} h
     * @param {Floats} w
     * @param {Layer} layer
     * @param {number} n
     */
    function affine(out, h, w, layer, n) {
      const { inputs, outputs, weight, bias } = layer;
      for (let p = 0; p < n; p++) {
        const hp = p * inputs;
        const zp = p * outputs;
        let o = 0;
        for (; o + 3 < outputs; o += 4) {
          const a = weight + o * inputs;
          const b = a + inputs;
          const c = b + inputs;
          const d = c + inputs;
          let s0 = 0;
          let s1 = 0;
          let s2 = 0;
          let s3 = 0;
          if (bias >= 0) {
            s0 = w[bias + o];
            s1 = w[bias + o + 1];
            s2 = w[bias + o + 2];
            s3 = w[bias + o + 3];
          }
          for (let i = 0; i < inputs; i++) {
            const x = h[hp + i];
            s0 += w[a + i] * x;
            s1 += w[b + i] * x;
            s2 += w[c + i] * x;
            s3 += w[d + i] * x;
          }
          out[zp + o] = s0;
          out[zp + o + 1] = s1;
          out[zp + o + 2] = s2;
          out[zp + o + 3] = s3;
        }
        for (; o < outputs; o++) {
          const a = weight + o * inputs;
          let sum = bias >= 0 ? w[bias + o] : 0;
          for (let i = 0; i < inputs; i++) sum += w[a + i] * h[hp + i];
          out[zp + o] = sum;
        }
      }
    }

    /** A net with one output; made by `createNet`. */
    class Net {
      /**
       * @param {NetSpec} spec
       * @param {Generator} generator
       * @param {Precision} precision
       */
      constructor(spec, generator, precision) {
        const { kind, inputs = 2, width = 16, depth = 5, biases = false } = spec;
        const { init = 'default', gain = 1, gatingGain = 1 } = spec;
        oneOf('kind', kind, ['relu', 'dlgn', 'dlgn-pwc', 'linear']);
        /** @type {Precision} */
        this.precision = oneOf('precision', precision, ['float32', 'float64']);
        this.kind = kind;
        this.inputs = integer('inputs', inputs, 1);
        this.width = integer('width', width, 1);
        this.depth = integer('depth', depth, 1);
        this.biases = biases;
        /** Whether separate weights decide the gates: true for DLGNs. */
        this.gated = kind === 'dlgn' || kind === 'dlgn-pwc';
        this.constantInput = kind === 'dlgn-pwc';
        /** Whether the gating network has stopped learning. */
        this.frozen = false;
        /** Grows when gates change other than by training. */
        this.changes = 0;
        this.gate = checkedGate(spec.gate);

        /** @type {Layer[]} */
        this.gating = [];
        /** @type {Layer[]} */
        this.value = [];
        let size = 0;
        /** @type {(name: string, from: number, to: number) => Layer} */
        const layer = (name, from, to) => {
          const made = { name, weight: size, bias: -1, inputs: from, outputs: to };
          size += from * to;
          if (biases) {
            made.bias = size;
            size += to;
          }
          return made;
        };
        if (this.gated) {
          for (let l = 0; l < depth; l++) {
            this.gating.push(layer(`gating.${l}`, l ? width : inputs, width));
          }
        }
        /** Number of the gating network's parameters; they come first. */
        this.gatingSize = size;
        for (let l = 0; l <= depth; l++) {
          this.value.push(layer(`value.${l}`, l ? width : inputs, l < depth ? width : 1));
        }
        /** All weights and biases; `gating` and `value` tell where each layer's lie. */
        this.parameters = floats(precision, size);
        for (const each of this.gating) draw(this.parameters, each, init, gatingGain, generator);
        for (const each of this.value) {
          draw(this.parameters, each, init, each === this.value[depth] ? 1 : gain, generator);
        }
        this.room = new Room(this, CHUNK);
      }

      /**
       * Map points to outputs.
       *
       * @param {Numbers} points n points
       * @param {{hardGates?: boolean}} [options] `hardGates`: hard gates, whatever the net's are
       * @returns {Floats} n outputs
       */
      forward(points, { hardGates = false } = {}) {
        const n = this._count(points);
        const outputs = floats(this.precision, n);
        for (let start = 0; start < n; start += CHUNK) {
          const size = Math.min(CHUNK, n - start);
          this.room.load(points, start, size);
          if (this.gated) this._gates(this.room, size, hardGates);
          this._values(this.room, size);
          for (let p = 0; p < size; p++) outputs[start + p] = this.room.out[p];
        }
        return outputs;
      }

      /**
       * Tell which units are active, pre-activation at least zero; a linear net's all are.
       *
       * @param {Numbers} points n points
       * @returns {Uint8Array[]} for each layer n * width gates, 0 or 1
       */
      gates(points) {
        const layers = this.preactivations(points);
        return layers.map((etas) => {
          const gates = new Uint8Array(etas.length);
          for (let k = 0; k < etas.length; k++) {
            gates[k] = this.kind === 'linear' || etas[k] >= 0 ? 1 : 0;
          }
          return gates;
        });
      }

      /**
       * Compute what the gates follow from.
       *
       * @param {Numbers} points n points
       * @returns {Floats[]} for each layer n * width numbers
       */
      preactivations(points) {
        const n = this._count(points);
        const { width, depth, room } = this;
        const layers = Array.from({ length: depth }, () => floats(this.precision, n * width));
        for (let start = 0; start < n; start += CHUNK) {
          const size = Math.min(CHUNK, n - start);
          room.load(points, start, size);
          if (this.gated) this._gates(room, size, true);
          else this._values(room, size);
          for (let l = 0; l < depth; l++) {
            const etas = this.gated ? room.eta[l] : room.z[l];
            layers[l].set(etas.subarray(0, size * width), start * width);
          }
        }
        return layers;
      }

      /**
       * Write each gating unit's pre-activation as an affine function of the input.
       *
       * @returns {HalfSpaceLayer[]} one for each layer
       */
      halfSpaces() {
        if (!this.gated) throw new TypeError(`half-spaces need a DLGN; got a ${this.kind} net`);
        throw new Error('not written yet');
      }

      /** Stop the gating network's learning, from now on. */
      freeze() {
        if (!this.gated) throw new TypeError(`only a DLGN can be frozen; got a ${this.kind} net`);
        this.frozen = true;
        this.changes++;
      }

      /**
       * Change the gate, for example its sharpness after training.
       *
       * @param {Gate} gate
       */
      setGate(gate) {
        this.gate = checkedGate(gate);
        this.changes++;
      }

      /**
       * Copy the weights, by their names in PyTorch (`value.0.weight`).
       *
       * @returns {Record<string, Floats>}
       */
      state() {
        /** @type {Record<string, Floats>} */
        const state = {};
        for (const [name, start, end] of this._names()) {
          state[name] = this.parameters.slice(start, end);
        }
        return state;
      }

      /**
       * Replace the weights.
       *
       * @param {Record<string, Numbers>} state
       */
      load(state) {
        const names = this._names();
        for (const [name, start, end] of names) {
          if (!state[name] || state[name].length !== end - start) {
            throw new RangeError(`state must hold ${end - start} numbers under ${name}`);
          }
        }
        for (const [name, start] of names) this.parameters.set(state[name], start);
        this.changes++;
      }

      /** @returns {[string, number, number][]} name, start and end of each tensor */
      _names() {
        /** @type {[string, number, number][]} */
        const names = [];
        for (const { name, weight, bias, inputs, outputs } of [...this.gating, ...this.value]) {
          names.push([`${name}.weight`, weight, weight + inputs * outputs]);
          if (bias >= 0) names.push([`${name}.bias`, bias, bias + outputs]);
        }
        return names;
      }

      /**
       * @param {Numbers} points
       * @returns {number}
       */
      _count(points) {
        if (points.length % this.inputs) {
          throw new RangeError(
            `points must hold ${this.inputs} numbers each; got ${points.length} numbers`,
          );
        }
        return points.length / this.inputs;
      }

      /**
       * Compute the gates of the points in a room.
       *
       * @param {Room} room
       * @param {number} n
       * @param {boolean} hard
       */
      _gates(room, n, hard) {
        const { kind, beta } = this.gate;
        const size = n * this.width;
        for (let l = 0; l < this.depth; l++) {
          const eta = room.eta[l];
          const gate = room.gate[l];
          affine(eta, l ? room.eta[l - 1] : room.x, this.parameters, this.gating[l], n);
          if (hard || kind !== 'soft') {
            for (let k = 0; k < size; k++) gate[k] = eta[k] >= 0 ? 1 : 0;
          } else {
            for (let k = 0; k < size; k++) gate[k] = 1 / (1 + Math.exp(-beta * eta[k]));
          }
        }
      }

      /**
       * Compute the outputs of the points in a room; a DLGN's gates are there already.
       *
       * @param {Room} room
       * @param {number} n
       */
      _values(room, n) {
        const size = n * this.width;
        let h = this.constantInput ? room.ones : room.x;
        for (let l = 0; l < this.depth; l++) {
          const z = room.z[l];
          const after = room.h[l];
          affine(z, h, this.parameters, this.value[l], n);
          if (this.gated) {
            const gate = room.gate[l];
            for (let k = 0; k < size; k++) after[k] = z[k] * gate[k];
          } else if (this.kind === 'relu') {
            for (let k = 0; k < size; k++) after[k] = z[k] > 0 ? z[k] : 0;
          } // a linear net's h is its z
          h = after;
        }
        affine(room.out, h, this.parameters, this.value[this.depth], n);
      }
    }

    /** Memory for the points that pass through a net together. */
    class Room {
      /**
       * @param {Net} net
       * @param {number} points
       */
      constructor(net, points) {
        const { inputs, width, depth, precision } = net;
        const layers = () => {
          return Array.from({ length: depth }, () => floats(precision, points * width));
        };
        this.inputs = inputs;
        this.x = floats(precision, points * inputs);
        this.ones = floats(precision, points * inputs).fill(1);
        this.eta = net.gated ? layers() : [];
        this.gate = net.gated ? layers() : [];
        this.z = layers();
        this.h = net.kind === 'linear' ? this.z : layers();
        this.out = floats(precision, points);
      }

      /**
       * Copy points.
       *
       * @param {Numbers} points
       * @param {number} start number of the first one
       * @param {number} n
       */
      load(points, start, n) {
        const first = start * this.inputs;
        for (let k = 0; k < n * this.inputs; k++) this.x[k] = points[first + k];
      }
    }

    /**
     * @param {Gate} [gate]
     * @returns {{kind: Gate['kind'], beta: number}}
     */
    function checkedGate({ kind, beta = 4 } = { kind: 'soft' }) {
      oneOf("the gate's kind", kind, ['soft', 'hard', 'straight-through']);
      return { kind, beta: positive('beta', beta) };
    }

    /**
     * Draw a layer's initial weights, as `halfspace.nets.Linear` does.
     *
     * @param {Floats} parameters
     * @param {Layer} layer
     * @param {'default' | 'xavier' | 'he'} init
     * @param {number} gain
     * @param {Generator} generator
     */
    function draw(parameters, { weight, bias, inputs, outputs }, init, gain, generator) {
      const size = inputs * outputs;
      /** @type {Float32Array} */
      let drawn;
      if (init === 'he') {
        drawn = generator.normal(size, Math.sqrt(2 / inputs));
      } else {
        oneOf('init', init, ['default', 'xavier', 'he']);
        const bound = init === 'xavier' ? Math.sqrt(6 / (inputs + outputs)) : 1 / Math.sqrt(inputs);
        drawn = generator.uniform(size, -bound, bound);
        if (init === 'default' && bias >= 0) {
          parameters.set(generator.uniform(outputs, -bound, bound), bias);
        }
      }
      const factor = Math.fround(positive('a gain', gain));
      for (let k = 0; k < size; k++) parameters[weight + k] = Math.fround(drawn[k] * factor);
    }

    /**
     * Make a net with random weights: the package's net for the same generator.
     *
     * In either precision the weights are drawn in single precision.
     *
     * @param {NetSpec} spec
     * @param {Generator} generator
     * @param {Precision} [precision]
     * @returns {Net}
     */
    function createNet(spec, generator, precision = 'float32') {
      return new Net(spec, generator, precision);
    }

    /** Trains a net; made by `createTrainer`. */
    class Trainer {
      /**
       * @param {Net} net
       * @param {TrainerOptions} options
       */
      constructor(net, options) {
        this.net = net;
        this.points = floats(net.precision, options.points.length);
        this.points.set(options.points);
        /** The targets; they may be changed at any time. */
        this.targets = floats(net.precision, options.targets.length);
        this.targets.set(options.targets);
        this.stepsDone = 0;
        this.epochsDone = 0;
      }

      /**
       * Take one step.
       *
       * @returns {number} mean loss of the batch, before the step
       */
      step() {
        throw new Error('not written yet');
      }

      /**
       * Take the steps that are left of the epoch.
       *
       * @returns {number} mean loss of the epoch over its batches, each before its step
       */
      epoch() {
        throw new Error('not written yet');
      }

      /**
       * Compute the mean loss now.
       *
       * @param {LossOptions} [options]
       * @returns {number}
       */
      loss(options = {}) {
        throw new Error('not written yet');
      }
    }

    /**
     * @param {Net} net
     * @param {TrainerOptions} options
     * @returns {Trainer}
     */
    function createTrainer(net, options) {
      return new Trainer(net, options);
    }

    /**
     * Count the paths that are active for both points of each pair, exactly.
     *
     * @param {Uint8Array[]} gates of n points, layer by layer
     * @param {number} n
     * @param {boolean} [biases] also count the paths that start at the constant unit of a layer
     * @returns {Float64Array} n * n counts
     */
    function overlapKernel(gates, n, biases = false) {
      throw new Error('not written yet');
    }

    /**
     * Count each point's active paths, exactly.
     *
     * @param {Uint8Array[]} gates of n points, layer by layer
     * @param {number} n
     * @param {boolean} [biases] also count the paths that start at the constant unit of a layer
     * @returns {Float64Array} n counts
     */
    function pathCounts(gates, n, biases = false) {
      throw new Error('not written yet');
    }

    /**
     * Cut a box of the plane into the cells in which no gate changes, exactly.
     *
     * @param {Net} net with two inputs
     * @param {{left: number, right: number, bottom: number, top: number}} box
     * @returns {Region[]}
     */
    function planeRegions(net, box) {
      throw new Error('not written yet');
    }

    /**
     * Return n equally spaced angles, half a step from 0, and their points on the circle.
     *
     * @param {number} n
     * @returns {{angles: Float64Array, points: Float64Array}}
     */
    function circleGrid(n) {
      const { angles, points } = circleTask({ points: 2 * integer('n', n, 1), topShare: 0.5 });
      return { angles, points };
    }

    /**
     * Sample a target on the circle, as the package's `Circle`.
     *
     * @param {CircleTarget} [target]
     * @returns {CircleTask}
     */
    function circleTask(target = {}) {
      throw new Error('not written yet');
    }

    /**
     * Return the seed of the batches' order that belongs to a net's seed.
     *
     * @param {number} seed
     * @returns {number}
     */
    function orderSeed(seed) {
      throw new Error('not written yet');
    }

    /**
     * Prepare the training run of one seed that the package's `CircleTraining` describes.
     *
     * @param {CircleSpec} spec
     * @param {number} seed
     * @param {Precision} [precision]
     * @returns {{net: Net, trainer: Trainer, task: CircleTask}}
     */
    function circleTraining(spec, seed, precision = 'float32') {
      throw new Error('not written yet');
    }

    return {
      Generator,
      createNet,
      createTrainer,
      overlapKernel,
      pathCounts,
      planeRegions,
      circleGrid,
      circleTask,
      circleTraining,
      orderSeed,
    };
  }

  return Object.assign(engine(), {
    /** The text of the engine itself, for a worker that is made from a Blob. */
    source: `var HalfSpaces = (${engine})();\n`,
  });
})();

if (typeof module === 'object') Object.assign(module, { exports: HalfSpaces });
