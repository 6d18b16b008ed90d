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
 * @typedef {{permutation: (n: number, into: Int32Array) => Int32Array}} RandomOrder
 *
 * @typedef {object} TrainerOptions
 * @property {Numbers} points
 * @property {Numbers} targets one for each point; signs 1 and -1 for the logistic loss
 * @property {number} [batchSize] all points if not given; an epoch's last batch may be smaller
 * @property {number} [learningRate] 0.001
 * @property {'adam' | 'sgd'} [optimizer] PyTorch's defaults otherwise; `adam`
 * @property {'squared' | 'logistic'} [loss] the logistic loss is `log(1 + exp(-2 y f))`; `squared`
 * @property {RandomOrder} [generator] a `Generator`; not used if a batch has all points
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
 *
 * @typedef {ReturnType<typeof HalfSpaces.createNet>} HalfSpacesNet
 * @typedef {ReturnType<typeof HalfSpaces.createTrainer>} HalfSpacesTrainer
 */
var HalfSpaces = (function () {
  function engine() {
    "use strict";

    const TOLERANCE = 1e-10; // of polygons' cuts, relative to the largest coordinate
    const LINEAR = 20; // above it PyTorch's softplus is the identity
    const CHUNK = 64; // points that pass through a net together

    /**
     * @param {string} name
     * @param {unknown} value
     * @param {number} least
     * @returns {number}
     */
    function integer(name, value, least) {
      if (typeof value !== "number" || !Number.isInteger(value) || value < least) {
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
        throw new RangeError(`${name} must be one of ${allowed.join(", ")}; got ${value}`);
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
      return precision === "float32" ? new Float32Array(size) : new Float64Array(size);
    }

    /**
     * A source of random numbers: PyTorch's generator on the CPU, number for number.
     *
     * The Mersenne Twister MT19937 of Matsumoto and Nishimura (1998).
     */
    class Generator {
      /** @param {number} seed a whole number from 0 to 2^32 - 1 */
      constructor(seed) {
        integer("seed", seed, 0);
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
     * Add a product of matrices, `out[r, c] += sum over k of a[r, k] b[c, k]`.
     *
     * Two rows by four columns are summed together, so that six numbers are read for eight
     * products. A matrix is an array, its start and the distances to the next row (of `b`, the
     * next column's) and to the next k.
     *
     * @param {Floats} out
     * @param {number} outStart the rows of `out` follow each other
     * @param {number} rows
     * @param {number} columns
     * @param {number} terms
     * @param {Floats} a
     * @param {number} aStart
     * @param {number} aRow
     * @param {number} aNext
     * @param {Floats} b
     * @param {number} bStart
     * @param {number} bColumn
     * @param {number} bNext
     */
    function addProduct(
      out,
      outStart,
      rows,
      columns,
      terms,
      a,
      aStart,
      aRow,
      aNext,
      b,
      bStart,
      bColumn,
      bNext,
    ) {
      let r = 0;
      for (; r + 1 < rows; r += 2) {
        const first = outStart + r * columns;
        let c = 0;
        for (; c + 3 < columns; c += 4) {
          const top = first + c;
          const low = top + columns;
          let s0 = out[top];
          let s1 = out[top + 1];
          let s2 = out[top + 2];
          let s3 = out[top + 3];
          let t0 = out[low];
          let t1 = out[low + 1];
          let t2 = out[low + 2];
          let t3 = out[low + 3];
          let i = aStart + r * aRow;
          let j = bStart + c * bColumn;
          for (let k = 0; k < terms; k++) {
            const x = a[i];
            const y = a[i + aRow];
            const b0 = b[j];
            const b1 = b[j + bColumn];
            const b2 = b[j + 2 * bColumn];
            const b3 = b[j + 3 * bColumn];
            s0 += x * b0;
            s1 += x * b1;
            s2 += x * b2;
            s3 += x * b3;
            t0 += y * b0;
            t1 += y * b1;
            t2 += y * b2;
            t3 += y * b3;
            i += aNext;
            j += bNext;
          }
          out[top] = s0;
          out[top + 1] = s1;
          out[top + 2] = s2;
          out[top + 3] = s3;
          out[low] = t0;
          out[low + 1] = t1;
          out[low + 2] = t2;
          out[low + 3] = t3;
        }
        if (c < columns) {
          addRest(
            out,
            outStart,
            r,
            r + 2,
            c,
            columns,
            terms,
            a,
            aStart,
            aRow,
            aNext,
            b,
            bStart,
            bColumn,
            bNext,
          );
        }
      }
      if (r < rows) {
        addRest(
          out,
          outStart,
          r,
          rows,
          0,
          columns,
          terms,
          a,
          aStart,
          aRow,
          aNext,
          b,
          bStart,
          bColumn,
          bNext,
        );
      }
    }

    /**
     * Do the part of `addProduct` that fills no tile: rows from `row`, columns from `column`.
     *
     * @param {Floats} out
     * @param {number} outStart
     * @param {number} row
     * @param {number} rows
     * @param {number} column
     * @param {number} columns
     * @param {number} terms
     * @param {Floats} a
     * @param {number} aStart
     * @param {number} aRow
     * @param {number} aNext
     * @param {Floats} b
     * @param {number} bStart
     * @param {number} bColumn
     * @param {number} bNext
     */
    function addRest(
      out,
      outStart,
      row,
      rows,
      column,
      columns,
      terms,
      a,
      aStart,
      aRow,
      aNext,
      b,
      bStart,
      bColumn,
      bNext,
    ) {
      for (let r = row; r < rows; r++) {
        for (let c = column; c < columns; c++) {
          let sum = out[outStart + r * columns + c];
          let i = aStart + r * aRow;
          let j = bStart + c * bColumn;
          for (let k = 0; k < terms; k++) {
            sum += a[i] * b[j];
            i += aNext;
            j += bNext;
          }
          out[outStart + r * columns + c] = sum;
        }
      }
    }

    /**
     * Write `out = h weight^T + bias` for n points.
     *
     * @param {Floats} out
     * @param {Floats} h
     * @param {Floats} w
     * @param {Layer} layer
     * @param {number} n
     */
    function affine(out, h, w, { inputs, outputs, weight, bias }, n) {
      if (bias < 0) {
        out.fill(0, 0, n * outputs);
      } else {
        for (let k = 0; k < n * outputs; k += outputs) {
          for (let o = 0; o < outputs; o++) out[k + o] = w[bias + o];
        }
      }
      addProduct(out, 0, n, outputs, inputs, h, 0, inputs, 1, w, weight, inputs, 1);
    }

    /**
     * Write the weights' gradient, `d^T h`, and the biases', the sum of d over n points.
     *
     * @param {Floats} gradients
     * @param {Layer} layer
     * @param {Floats} d gradient of the layer's outputs
     * @param {Floats} h the layer's inputs
     * @param {number} n
     */
    function weightGradients(gradients, { inputs, outputs, weight, bias }, d, h, n) {
      gradients.fill(0, weight, weight + inputs * outputs);
      addProduct(gradients, weight, outputs, inputs, n, d, 0, 1, outputs, h, 0, 1, inputs);
      if (bias < 0) return;
      for (let o = 0; o < outputs; o++) {
        let sum = 0;
        for (let k = o; k < n * outputs; k += outputs) sum += d[k];
        gradients[bias + o] = sum;
      }
    }

    /**
     * Add the inputs' gradient, `d weight`, to `out` for n points.
     *
     * @param {Floats} out
     * @param {Floats} d gradient of the layer's outputs
     * @param {Floats} w
     * @param {Layer} layer
     * @param {number} n
     */
    function addInputGradients(out, d, w, { inputs, outputs, weight }, n) {
      addProduct(out, 0, n, inputs, outputs, d, 0, outputs, 1, w, weight, 1, inputs);
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
        const { init = "default", gain = 1, gatingGain = 1 } = spec;
        oneOf("kind", kind, ["relu", "dlgn", "dlgn-pwc", "linear"]);
        /** @type {Precision} */
        this.precision = oneOf("precision", precision, ["float32", "float64"]);
        this.kind = kind;
        this.inputs = integer("inputs", inputs, 1);
        this.width = integer("width", width, 1);
        this.depth = integer("depth", depth, 1);
        this.biases = biases;
        /** Whether separate weights decide the gates: true for DLGNs. */
        this.gated = kind === "dlgn" || kind === "dlgn-pwc";
        this.constantInput = kind === "dlgn-pwc";
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
            gates[k] = this.kind === "linear" || etas[k] >= 0 ? 1 : 0;
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
        const terms = this.inputs + 1;
        let maps = inputMaps(this.inputs, false);
        return this.gating.map((layer) => {
          maps = throughLayer(this, layer, maps, terms);
          const normals = maps.filter((_, k) => k % terms < this.inputs);
          return { normals, offsets: maps.filter((_, k) => k % terms === this.inputs) };
        });
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
          if (hard || kind !== "soft") {
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
          } else if (this.kind === "relu") {
            for (let k = 0; k < size; k++) {
              const x = z[k];
              after[k] = x > 0 ? x : 0;
            }
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
        this.h = net.kind === "linear" ? this.z : layers();
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
    function checkedGate({ kind, beta = 4 } = { kind: "soft" }) {
      oneOf("the gate's kind", kind, ["soft", "hard", "straight-through"]);
      return { kind, beta: positive("beta", beta) };
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
      if (init === "he") {
        drawn = generator.normal(size, Math.sqrt(2 / inputs));
      } else {
        oneOf("init", init, ["default", "xavier", "he"]);
        const bound = init === "xavier" ? Math.sqrt(6 / (inputs + outputs)) : 1 / Math.sqrt(inputs);
        drawn = generator.uniform(size, -bound, bound);
        if (init === "default" && bias >= 0) {
          parameters.set(generator.uniform(outputs, -bound, bound), bias);
        }
      }
      const factor = Math.fround(positive("a gain", gain));
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
    function createNet(spec, generator, precision = "float32") {
      return new Net(spec, generator, precision);
    }

    /**
     * Copy the rows of a batch.
     *
     * @param {Floats} into
     * @param {Floats} rows
     * @param {number} width of a row
     * @param {Int32Array} order numbers of the rows
     * @param {number} first place of the batch in the order
     * @param {number} n rows in the batch
     */
    function pick(into, rows, width, order, first, n) {
      for (let p = 0, k = 0; p < n; p++) {
        const start = order[first + p] * width;
        for (let i = 0; i < width; i++) into[k++] = rows[start + i];
      }
    }

    /**
     * Write the gradient by the gating network's pre-activations, as far as their own gates go.
     *
     * @param {Floats} dEta
     * @param {Floats} dH gradient of the units' outputs, gate times z
     * @param {Floats} z
     * @param {Floats} gate
     * @param {Floats} eta
     * @param {{kind: Gate['kind'], beta: number}} law
     * @param {number} size
     */
    function gateGradients(dEta, dH, z, gate, eta, { kind, beta }, size) {
      if (kind === "soft") {
        for (let k = 0; k < size; k++) dEta[k] = dH[k] * z[k] * beta * gate[k] * (1 - gate[k]);
      } else {
        // Straight-through: the gate is hard, its derivative the sigmoid's.
        for (let k = 0; k < size; k++) {
          const soft = 1 / (1 + Math.exp(-beta * eta[k]));
          dEta[k] = dH[k] * z[k] * beta * soft * (1 - soft);
        }
      }
    }

    /**
     * @param {number} z
     * @returns {number} log(1 + exp(z)), with PyTorch's shortcut for large z
     */
    function softplus(z) {
      return z > LINEAR ? z : Math.log1p(Math.exp(z));
    }

    /** Trains a net; made by `createTrainer`. */
    class Trainer {
      /**
       * @param {Net} net
       * @param {TrainerOptions} options
       */
      constructor(net, options) {
        const { points, targets, batchSize, learningRate = 1e-3, generator } = options;
        const { optimizer = "adam", loss = "squared" } = options;
        const { precision, width, depth } = net;
        this.net = net;
        this.count = integer("the number of points", net._count(points), 1);
        if (targets.length !== this.count) {
          throw new RangeError(
            `targets must be one for each of ${this.count} points; got ${targets.length}`,
          );
        }
        this.points = floats(precision, points.length);
        this.points.set(points);
        /** The targets; they may be changed at any time. */
        this.targets = floats(precision, this.count);
        this.targets.set(targets);
        this.batchSize = integer("batchSize", batchSize ?? this.count, 1);
        if (this.batchSize > this.count) {
          throw new RangeError(`batchSize must be at most ${this.count}; got ${batchSize}`);
        }
        if (this.batchSize < this.count && !generator) {
          throw new TypeError("batches need a generator for their order; got none");
        }
        /** The step size; it may be changed at any time. */
        this.learningRate = positive("learningRate", learningRate);
        this.optimizer = oneOf("optimizer", optimizer, ["adam", "sgd"]);
        this.lossKind = oneOf("loss", loss, ["squared", "logistic"]);
        this.generator = generator;
        this.stepsDone = 0;
        this.epochsDone = 0;

        const size = net.parameters.length;
        /** Gradient of the last batch's mean loss, laid out as `net.parameters`. */
        this.gradients = floats(precision, size);
        this.means = floats(precision, optimizer === "adam" ? size : 0);
        this.squares = floats(precision, optimizer === "adam" ? size : 0);
        this.order = Int32Array.from({ length: this.count }, (_, p) => p);
        this.done = 0; // points of this epoch that were in a batch already
        this.lossSum = 0; // over these points
        /** Mean loss of the last whole epoch, as `epoch` returns it. */
        this.epochLoss = NaN;

        const batch = this.batchSize;
        this.room = new Room(net, batch);
        this.dOut = floats(precision, batch);
        this.dH = floats(precision, batch * width);
        this.dBelow = floats(precision, batch * width);
        this.dEta = net.gated
          ? Array.from({ length: depth }, () => floats(precision, batch * width))
          : [];
        /** @type {Floats[]} gates of all points, while they are frozen */
        this.frozenGates = [];
        this.changes = -1; // of the net, when the frozen gates were computed
      }

      /**
       * Take one step.
       *
       * @returns {number} mean loss of the batch, before the step
       */
      step() {
        const { net, count, order, room } = this;
        if (this.done === 0 && this.batchSize < count && this.generator) {
          this.generator.permutation(count, order);
        }
        const first = this.done;
        const n = Math.min(this.batchSize, count - first);
        if (net.frozen && this.changes !== net.changes) this._keepGates();
        pick(room.x, this.points, net.inputs, order, first, n);
        if (net.frozen) {
          for (let l = 0; l < net.depth; l++) {
            pick(room.gate[l], this.frozenGates[l], net.width, order, first, n);
          }
        } else if (net.gated) {
          net._gates(room, n, false);
        }
        net._values(room, n);
        const sum = this._differentiateLoss(first, n);
        const learned = net.gated && (net.frozen || net.gate.kind === "hard") ? net.gatingSize : 0;
        this._backward(n, learned === 0);
        this.stepsDone++;
        if (this.optimizer === "adam") this._adam(learned);
        else this._sgd(learned);
        this.done += n;
        this.lossSum += sum;
        if (this.done === count) {
          this.epochLoss = this.lossSum / count;
          this.epochsDone++;
          this.done = 0;
          this.lossSum = 0;
        }
        return sum / n;
      }

      /**
       * Take the steps that are left of the epoch.
       *
       * @returns {number} mean loss of the epoch over its batches, each before its step
       */
      epoch() {
        const epoch = this.epochsDone;
        while (this.epochsDone === epoch) this.step();
        return this.epochLoss;
      }

      /**
       * Compute the mean loss now.
       *
       * @param {LossOptions} [options]
       * @returns {number}
       */
      loss({ hardGates = false, from = 0, to = this.count } = {}) {
        const points = this.points.subarray(from * this.net.inputs, to * this.net.inputs);
        const outputs = this.net.forward(points, { hardGates });
        let sum = 0;
        for (let p = 0; p < outputs.length; p++) {
          const target = this.targets[from + p];
          sum +=
            this.lossKind === "squared"
              ? (outputs[p] - target) ** 2
              : softplus(-2 * target * outputs[p]);
        }
        return sum / outputs.length;
      }

      /** Compute the gates of all points, which stay as they are. */
      _keepGates() {
        const { net, count, points, room } = this;
        this.frozenGates = Array.from({ length: net.depth }, () => {
          return floats(net.precision, count * net.width);
        });
        for (let start = 0; start < count; start += this.batchSize) {
          const n = Math.min(this.batchSize, count - start);
          room.load(points, start, n);
          net._gates(room, n, false);
          for (let l = 0; l < net.depth; l++) {
            this.frozenGates[l].set(room.gate[l].subarray(0, n * net.width), start * net.width);
          }
        }
        this.changes = net.changes;
      }

      /**
       * Write the gradient of the batch's mean loss by the outputs.
       *
       * @param {number} first place of the batch in the order
       * @param {number} n
       * @returns {number} sum of the losses
       */
      _differentiateLoss(first, n) {
        const { targets, order, dOut } = this;
        const out = this.room.out;
        let sum = 0;
        if (this.lossKind === "squared") {
          for (let p = 0; p < n; p++) {
            const error = out[p] - targets[order[first + p]];
            sum += error * error;
            dOut[p] = (2 * error) / n;
          }
        } else {
          for (let p = 0; p < n; p++) {
            const target = targets[order[first + p]];
            const z = -2 * target * out[p];
            sum += softplus(z);
            dOut[p] = (-2 * target * (z > LINEAR ? 1 : 1 / (1 + Math.exp(-z)))) / n;
          }
        }
        return sum;
      }

      /**
       * Write the gradient of the batch's mean loss by the parameters.
       *
       * @param {number} n points in the batch
       * @param {boolean} gatesLearn whether the gating network, if there is one, has a gradient
       */
      _backward(n, gatesLearn) {
        const { net, room, gradients, dEta } = this;
        const { depth, gated, kind, parameters, value, gating } = net;
        const size = n * net.width;
        weightGradients(gradients, value[depth], this.dOut, room.h[depth - 1], n);
        let d = this.dH;
        let below = this.dBelow;
        d.fill(0, 0, size);
        addInputGradients(d, this.dOut, parameters, value[depth], n);
        for (let l = depth - 1; l >= 0; l--) {
          const z = room.z[l];
          if (gated) {
            const gate = room.gate[l];
            if (gatesLearn) gateGradients(dEta[l], d, z, gate, room.eta[l], net.gate, size);
            for (let k = 0; k < size; k++) d[k] *= gate[k];
          } else if (kind === "relu") {
            for (let k = 0; k < size; k++) if (!(z[k] > 0)) d[k] = 0;
          }
          const input = net.constantInput ? room.ones : room.x;
          weightGradients(gradients, value[l], d, l ? room.h[l - 1] : input, n);
          if (l === 0) break;
          below.fill(0, 0, size);
          addInputGradients(below, d, parameters, value[l], n);
          [d, below] = [below, d];
        }
        if (!gated) return;
        if (!gatesLearn) gradients.fill(0, 0, net.gatingSize);
        for (let l = depth - 1; gatesLearn && l >= 0; l--) {
          weightGradients(gradients, gating[l], dEta[l], l ? room.eta[l - 1] : room.x, n);
          if (l) addInputGradients(dEta[l - 1], dEta[l], parameters, gating[l], n);
        }
      }

      /**
       * Take a step of Adam (Kingma and Ba 2015), as PyTorch does.
       *
       * @param {number} first number of the first parameter that learns
       */
      _adam(first) {
        const { gradients, means, squares } = this;
        const w = this.net.parameters;
        const size = this.learningRate / (1 - 0.9 ** this.stepsDone);
        const scale = Math.sqrt(1 - 0.999 ** this.stepsDone);
        for (let k = first; k < w.length; k++) {
          const g = gradients[k];
          const mean = means[k] + 0.1 * (g - means[k]);
          const square = 0.999 * squares[k] + 0.001 * g * g;
          means[k] = mean;
          squares[k] = square;
          w[k] -= (size * mean) / (Math.sqrt(square) / scale + 1e-8);
        }
      }

      /**
       * Take a step of gradient descent.
       *
       * @param {number} first number of the first parameter that learns
       */
      _sgd(first) {
        const { gradients, learningRate } = this;
        const w = this.net.parameters;
        for (let k = first; k < w.length; k++) w[k] -= learningRate * gradients[k];
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
      refuseLargeCounts(gates, n, biases);
      const kernel = new Float64Array(n * n).fill(1);
      for (const layer of gates) {
        const width = layer.length / n;
        const words = Math.ceil(width / 32); // 32 gates in a number
        const packed = new Int32Array(n * words);
        for (let p = 0; p < n; p++) {
          for (let u = 0; u < width; u++) {
            packed[p * words + (u >> 5)] |= layer[p * width + u] << (u & 31);
          }
        }
        for (let p = 0; p < n; p++) {
          for (let q = 0; q <= p; q++) {
            let shared = 0;
            for (let k = 0; k < words; k++) {
              let bits = packed[p * words + k] & packed[q * words + k];
              bits -= (bits >>> 1) & 0x55555555;
              bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
              shared += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
            }
            kernel[p * n + q] = kernel[p * n + q] * shared + (biases ? 1 : 0);
          }
        }
      }
      for (let p = 0; p < n; p++) {
        for (let q = 0; q < p; q++) kernel[q * n + p] = kernel[p * n + q];
      }
      return kernel;
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
      refuseLargeCounts(gates, n, biases);
      const counts = new Float64Array(n).fill(1);
      for (const layer of gates) {
        const width = layer.length / n;
        for (let p = 0; p < n; p++) {
          counts[p] = counts[p] * activeUnits(layer, p * width, width) + (biases ? 1 : 0);
        }
      }
      return counts;
    }

    /**
     * @param {Uint8Array} layer
     * @param {number} start
     * @param {number} width
     * @returns {number} how many of these gates are open
     */
    function activeUnits(layer, start, width) {
      let active = 0;
      for (let u = start; u < start + width; u++) active += layer[u];
      return active;
    }

    /**
     * Refuse counts that a number might not hold exactly.
     *
     * @param {Uint8Array[]} gates
     * @param {number} n
     * @param {boolean} biases
     */
    function refuseLargeCounts(gates, n, biases) {
      let bound = 1;
      for (const layer of gates) {
        const width = layer.length / n;
        if (!Number.isInteger(width)) {
          throw new RangeError(`gates must be of ${n} points; got ${layer.length} in a layer`);
        }
        let most = 0;
        for (let p = 0; p < n; p++) most = Math.max(most, activeUnits(layer, p * width, width));
        bound = bound * most + (biases ? 1 : 0);
      }
      if (bound > Number.MAX_SAFE_INTEGER) {
        throw new RangeError(`counts could reach ${bound.toPrecision(3)}, beyond 2^53`);
      }
    }

    /**
     * Apply a layer to affine functions of the input: each is `terms` coefficients, the last one
     * constant.
     *
     * @param {Net} net
     * @param {Layer} layer
     * @param {Float64Array} below the layer's inputs, one after the other
     * @param {number} terms
     * @param {Uint8Array} [gates] of the layer's inputs; all open if not given
     * @returns {Float64Array} the layer's outputs
     */
    function throughLayer(net, { inputs, outputs, weight, bias }, below, terms, gates) {
      const w = net.parameters;
      const above = new Float64Array(outputs * terms);
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < inputs; i++) {
          if (gates && !gates[i]) continue;
          for (let t = 0; t < terms; t++) {
            above[o * terms + t] += w[weight + o * inputs + i] * below[i * terms + t];
          }
        }
        if (bias >= 0) above[o * terms + terms - 1] += w[bias + o];
      }
      return above;
    }

    /**
     * @param {number} inputs
     * @param {boolean} ones whether each input is replaced by one
     * @returns {Float64Array} the inputs as affine functions of themselves
     */
    function inputMaps(inputs, ones) {
      const maps = new Float64Array(inputs * (inputs + 1));
      for (let i = 0; i < inputs; i++) maps[i * (inputs + 1) + (ones ? inputs : i)] = 1;
      return maps;
    }

    /**
     * Cut a box of the plane into the cells in which no gate changes, exactly.
     *
     * The package's `partition`, cell for cell: layer by layer, each cell is cut by the zero lines
     * of the layer's units, which are straight there. A unit that is zero on a cell is active.
     *
     * @param {Net} net with two inputs
     * @param {{left: number, right: number, bottom: number, top: number}} box
     * @returns {Region[]}
     */
    function planeRegions(net, { left, right, bottom, top }) {
      const { width, depth, kind } = net;
      if (net.inputs !== 2) throw new RangeError(`regions need 2 inputs; got ${net.inputs}`);
      if (!(left < right && bottom < top && Number.isFinite(right - left + top - bottom))) {
        throw new RangeError("the box needs left < right and bottom < top, all finite");
      }
      if (!net.parameters.every(Number.isFinite)) {
        throw new RangeError("regions need finite weights; the net's training has diverged");
      }
      const start = inputMaps(2, false);
      /** @type {Cell[]} */
      let cells = [
        {
          polygon: Float64Array.of(left, bottom, right, bottom, right, top, left, top),
          pattern: new Uint8Array(depth * width).fill(kind === "linear" ? 1 : 0),
          maps: start,
        },
      ];
      const layers = net.gated ? net.gating : kind === "relu" ? net.value.slice(0, depth) : [];
      layers.forEach((layer, l) => {
        const shared = net.gated ? throughLayer(net, layer, cells[0].maps, 3) : null;
        for (const cell of cells) {
          const gates = l ? cell.pattern.subarray((l - 1) * width, l * width) : undefined;
          cell.maps = shared ?? throughLayer(net, layer, cell.maps, 3, gates);
        }
        cells = cutCells(cells, l * width, width);
      });
      return cells.map(({ polygon, pattern }) => {
        let maps = net.constantInput ? inputMaps(2, true) : start;
        net.value.forEach((layer, l) => {
          const gates = l ? pattern.subarray((l - 1) * width, l * width) : undefined;
          maps = throughLayer(net, layer, maps, 3, gates);
        });
        return { polygon, pattern, area: area(polygon), affine: maps };
      });
    }

    /**
     * @typedef {object} Cell
     * @property {Float64Array} polygon
     * @property {Uint8Array} pattern
     * @property {Float64Array} maps pre-activations of the layer that was reached, as functions
     */

    /**
     * Cut each cell by all units of a layer.
     *
     * @param {Cell[]} cells
     * @param {number} first where the layer's gates start in a pattern
     * @param {number} width
     * @returns {Cell[]}
     */
    function cutCells(cells, first, width) {
      // Each piece keeps the list of the units that cross the cell that it comes from.
      /** @type {{cell: Cell, units: number[]}[]} */
      const pieces = cells.map((cell) => {
        const units = [];
        for (let u = 0; u < width; u++) {
          const at = side(cell.polygon, cell.maps, 3 * u);
          if (at === 0) units.push(u);
          cell.pattern[first + u] = at > 0 ? 1 : 0;
        }
        return { cell, units };
      });
      for (let turn = 0; turn < width; turn++) {
        const count = pieces.length;
        for (let k = 0; k < count; k++) {
          const { cell, units } = pieces[k];
          if (units.length <= turn) continue;
          const unit = units[turn];
          const at = side(cell.polygon, cell.maps, 3 * unit);
          cell.pattern[first + unit] = at >= 0 ? 1 : 0;
          if (at !== 0) continue;
          const [inside, outside] = split(cell.polygon, cell.maps, 3 * unit);
          const pattern = cell.pattern.slice();
          pattern[first + unit] = 0;
          cell.polygon = inside;
          pieces.push({ cell: { polygon: outside, pattern, maps: cell.maps }, units });
        }
      }
      return pieces.map(({ cell }) => cell);
    }

    /**
     * Tell on which side of a line a polygon lies.
     *
     * @param {Float64Array} polygon
     * @param {Float64Array} maps
     * @param {number} line start of the line's three coefficients in `maps`
     * @returns {number} 1 inside, where the values are at least zero; -1 outside; 0 if it is cut
     */
    function side(polygon, maps, line) {
      const slack = slackOf(polygon, maps, line);
      let lowest = Infinity;
      let highest = -Infinity;
      for (let k = 0; k < polygon.length; k += 2) {
        const value = maps[line] * polygon[k] + maps[line + 1] * polygon[k + 1] + maps[line + 2];
        if (value < lowest) lowest = value;
        if (value > highest) highest = value;
      }
      if (lowest < -slack && highest > slack) return 0;
      return lowest + highest >= 0 ? 1 : -1;
    }

    /**
     * @param {Float64Array} polygon
     * @param {Float64Array} maps
     * @param {number} line
     * @returns {number} values up to this size count as zero
     */
    function slackOf(polygon, maps, line) {
      let extent = 0;
      for (let k = 0; k < polygon.length; k++) {
        const size = Math.abs(polygon[k]);
        if (size > extent) extent = size;
      }
      return TOLERANCE * extent * Math.sqrt(maps[line] ** 2 + maps[line + 1] ** 2);
    }

    /**
     * Cut a polygon along a line that crosses it.
     *
     * @param {Float64Array} polygon
     * @param {Float64Array} maps
     * @param {number} line
     * @returns {[Float64Array, Float64Array]} the parts with values of at least and at most zero
     */
    function split(polygon, maps, line) {
      const slack = slackOf(polygon, maps, line);
      /** @type {number[]} */
      const inside = [];
      /** @type {number[]} */
      const outside = [];
      for (let k = 0; k < polygon.length; k += 2) {
        const next = (k + 2) % polygon.length;
        const [x, y, nextX, nextY] = [polygon[k], polygon[k + 1], polygon[next], polygon[next + 1]];
        const value = maps[line] * x + maps[line + 1] * y + maps[line + 2];
        const after = maps[line] * nextX + maps[line + 1] * nextY + maps[line + 2];
        if (value >= -slack) inside.push(x, y);
        if (value <= slack) outside.push(x, y);
        if ((value > slack && after < -slack) || (value < -slack && after > slack)) {
          const reach = value / (value - after);
          const crossing = [x + reach * (nextX - x), y + reach * (nextY - y)];
          inside.push(...crossing);
          outside.push(...crossing);
        }
      }
      return [Float64Array.from(inside), Float64Array.from(outside)];
    }

    /**
     * @param {Float64Array} polygon
     * @returns {number} its area, by the shoelace formula
     */
    function area(polygon) {
      const [x, y] = polygon;
      let twice = 0;
      for (let k = 2; k + 3 < polygon.length; k += 2) {
        twice += (polygon[k] - x) * (polygon[k + 3] - y);
        twice -= (polygon[k + 1] - y) * (polygon[k + 2] - x);
      }
      return twice / 2;
    }

    /**
     * @param {number} n
     * @returns {Float64Array} n angles equally spaced in (0, pi), half a step from its ends
     */
    function midpoints(n) {
      return Float64Array.from({ length: n }, (_, p) => (p + 0.5) * (Math.PI / n));
    }

    /**
     * @param {Float64Array} angles
     * @returns {Float64Array} their points on the unit circle
     */
    function circlePoints(angles) {
      const points = new Float64Array(2 * angles.length);
      angles.forEach((angle, p) => points.set([Math.cos(angle), Math.sin(angle)], 2 * p));
      return points;
    }

    /**
     * Return n equally spaced angles, half a step from 0, and their points on the circle.
     *
     * @param {number} n
     * @returns {{angles: Float64Array, points: Float64Array}}
     */
    function circleGrid(n) {
      const angles = midpoints(integer("n", n, 1)).map((angle) => 2 * angle);
      return { angles, points: circlePoints(angles) };
    }

    /**
     * Sample a target on the circle, as the package's `Circle`.
     *
     * @param {CircleTarget} [target]
     * @returns {CircleTask}
     */
    function circleTask(target = {}) {
      const { frequencies = [2, 8], amplitudes = [1, 1], phases = [0, 0] } = target;
      const { points: n = 256, topShare = 0.5 } = target;
      const top = roundHalfEven(integer("points", n, 2) * topShare);
      if (!(top > 0 && top < n)) {
        throw new RangeError(`topShare must leave a point on each half; got ${topShare} of ${n}`);
      }
      const angles = new Float64Array(n);
      angles.set(midpoints(top));
      angles.set(
        midpoints(n - top).map((angle) => Math.PI + angle),
        top,
      );
      const turn = 2 * Math.PI;
      /** @param {number} angle */
      const at = (angle) => {
        const half = angle - turn * Math.floor(angle / turn) < Math.PI ? 0 : 1;
        return amplitudes[half] * Math.sin(frequencies[half] * angle + phases[half]);
      };
      return { angles, points: circlePoints(angles), targets: angles.map(at), top, target: at };
    }

    /**
     * @param {number} x
     * @returns {number} the nearest whole number; of two, the even one, as Python rounds
     */
    function roundHalfEven(x) {
      return x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
    }

    /**
     * Return the seed of the batches' order that belongs to a net's seed.
     *
     * NumPy's `SeedSequence([seed, 1]).generate_state(1)`, by Melissa O'Neill's method.
     *
     * @param {number} seed
     * @returns {number}
     */
    function orderSeed(seed) {
      let factor = 0x43b0d7e5;
      /** @param {number} value */
      const hash = (value) => {
        value ^= factor;
        factor = Math.imul(factor, 0x931e8875);
        value = Math.imul(value, factor);
        return value ^ (value >>> 16);
      };
      const pool = [seed, 1, 0, 0].map(hash);
      for (let from = 0; from < 4; from++) {
        for (let to = 0; to < 4; to++) {
          if (from === to) continue;
          const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hash(pool[from]));
          pool[to] = mixed ^ ((mixed | 0) >>> 16);
        }
      }
      const value = Math.imul(pool[0] ^ 0x8b51f9dd, Math.imul(0x8b51f9dd, 0x58f38ded));
      return (value ^ (value >>> 16)) >>> 0;
    }

    /**
     * Prepare the training run of one seed that the package's `CircleTraining` describes.
     *
     * @param {CircleSpec} spec
     * @param {number} seed
     * @param {Precision} [precision]
     * @returns {{net: Net, trainer: Trainer, task: CircleTask}}
     */
    function circleTraining(spec, seed, precision = "float32") {
      const { model, width, depth, biases, init, gatingGain } = spec;
      const { gate = "soft", beta, constantInput = true, ownOrder = false } = spec;
      const { optimizer, learningRate, batchSize = 32 } = spec;
      oneOf("model", model, ["relu", "dlgn", "frozen", "linear"]);
      const { gain = model === "relu" ? 0.6 : 1 } = spec;
      const gated = model === "dlgn" || model === "frozen";
      const kind = !gated ? model : constantInput ? "dlgn-pwc" : "dlgn";
      const sizes = { inputs: 2, width, depth, biases, init, gain, gatingGain };
      const law = { kind: gate, beta };
      const net = createNet({ ...sizes, kind, gate: law }, new Generator(seed), precision);
      if (model === "frozen") net.freeze();
      const task = circleTask(spec.target);
      const trainer = createTrainer(net, {
        points: task.points,
        targets: task.targets,
        batchSize: Math.min(batchSize, task.targets.length),
        learningRate,
        optimizer,
        generator: new Generator(ownOrder ? orderSeed(seed) : seed),
      });
      return { net, trainer, task };
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

if (typeof module === "object") Object.assign(module, { exports: HalfSpaces });
