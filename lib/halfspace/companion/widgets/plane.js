// Where a path of a small net without biases is open, in the plane of its two inputs: exact polygons.

/**
 * @typedef {[number, number]} Point
 * @typedef {Point[]} Polygon corners
 * @typedef {number[][]} Matrix
 * @typedef {{gating: Matrix[], value: Matrix[], gated: boolean}} PlaneNet weights of the layers with
 *   gates and of all value layers; `gated` if the gating network is linear (a DLGN), else a ReLU net
 * @typedef {{
 *   clip: (polygon: Polygon, normal: number[]) => Polygon,
 *   area: (polygon: Polygon) => number,
 *   region: (net: PlaneNet, path: number[], half: number) => Polygon[],
 *   share: (net: PlaneNet, path: number[], half: number) => number,
 *   gates: (net: PlaneNet, x: number[]) => {eta: number[], on: boolean[]}[],
 * }} Plane
 */

/** @type {Plane} */
var HalfSpacePlane = globalThis["HalfSpacePlane"] || (() => {
  "use strict";
  /** @param {number[]} a @param {number[]} b */
  const dot = (a, b) => a.reduce((sum, each, i) => sum + each * b[i], 0);
  /** @param {Matrix} matrix @param {number[]} x */
  const times = (matrix, x) => matrix.map((row) => dot(row, x));

  /** @type {Plane["clip"]} */
  const clip = (polygon, normal) => polygon.flatMap((corner, i) => {
    const next = polygon[(i + 1) % polygon.length];
    const [here, there] = [dot(normal, corner), dot(normal, next)];
    /** @type {Polygon} */
    const kept = here >= 0 ? [corner] : [];
    if (here * there < 0) {
      const t = here / (here - there);
      kept.push([corner[0] + t * (next[0] - corner[0]), corner[1] + t * (next[1] - corner[1])]);
    }
    return kept;
  });

  /** @type {Plane["area"]} */
  const area = (polygon) => Math.abs(polygon.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0));

  /**
   * The normals of a layer's units, in the plane, where the units below are on as they are.
   * @param {PlaneNet} net @param {number} layer @param {Matrix} below @param {boolean[]} on
   */
  const normals = (net, layer, below, on) => net.gating[layer].map((weights) =>
    [0, 1].map((axis) => weights.reduce(
      (sum, weight, unit) => sum + (net.gated || on[unit] ? weight * below[unit][axis] : 0), 0)));

  /**
   * The parts of a polygon where the path is open, from a layer on.
   * @param {PlaneNet} net @param {number[]} path @param {number} layer
   * @param {Polygon} polygon @param {Matrix} below @param {boolean[]} on @returns {Polygon[]}
   */
  const open = (net, path, layer, polygon, below, on) => {
    if (layer === path.length) return [polygon];
    const here = layer ? normals(net, layer, below, on) : net.gating[0];
    /** @type {[Polygon, boolean[]][]} */
    let cells = [[clip(polygon, here[path[layer]]), []]];
    for (let unit = 0; unit < here.length; unit++)
      cells = cells.flatMap(([cell, states]) => {
        /** @type {[Polygon, boolean[]][]} */
        const both = [[unit === path[layer] || net.gated ? cell : clip(cell, here[unit]), [...states, true]]];
        // A unit whose pre-activation is zero everywhere is active.
        if (unit !== path[layer] && !net.gated && here[unit].some((n) => n))
          both.push([clip(cell, here[unit].map((n) => -n)), [...states, false]]);
        return both.filter(([part]) => area(part) > 1e-12);
      });
    return cells.flatMap(([cell, states]) => open(net, path, layer + 1, cell, here, states));
  };

  /** @type {Plane["region"]} */
  const region = (net, path, half) =>
    open(net, path, 0, [[-half, -half], [half, -half], [half, half], [-half, half]], [], []);

  return {
    clip, area, region,
    share: (net, path, half) => region(net, path, half).reduce((sum, part) => sum + area(part), 0) / (4 * half * half),
    gates(net, x) {
      /** @type {number[]} */
      let below = x;
      return net.gating.map((layer) => {
        const eta = times(layer, below);
        const on = eta.map((each) => each >= 0);
        below = net.gated ? eta : eta.map((each) => Math.max(each, 0));
        return { eta, on };
      });
    },
  };
})();
