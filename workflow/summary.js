// The figures of a sweep's summary page: small multiples of a number against a parameter, both
// chosen by menus and kept in the address; and a table that its headings sort.
"use strict";

/**
 * @typedef {string | number | boolean | null} Value
 * @typedef {{parameters: string[], numbers: string[], seed: string,
 *   values: Record<string, Value[]>}} Data
 * @typedef {{ticks: {at: number, text: string}[], place: (value: Value) => number,
 *   logarithmic: boolean}} Scale
 */

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const WIDE = 280, HIGH = 210; // of a panel, in its own units
  const LEFT = 58, RIGHT = 12, TOP = 10, BOTTOM = 44; // room for the axes
  // Positive values whose largest is at least so many times the least get a logarithmic axis.
  const WIDE_PARAMETER = 15, WIDE_NUMBER = 100;

  /** @type {<T extends Element>(id: string) => T} */
  const element = (id) => /** @type {any} */ (document.getElementById(id));
  /** @type {Data} */
  const data = JSON.parse(element("data").textContent ?? "");
  /** @type {HTMLSelectElement} */
  const numberMenu = element("number");
  /** @type {HTMLSelectElement} */
  const parameterMenu = element("parameter");

  /** @type {(value: Value) => string} */
  const shown = (value) => {
    if (typeof value !== "number") return String(value);
    const size = Math.abs(value);
    const text =
      value !== 0 && (size < 1e-3 || size >= 1e6)
        ? value.toExponential(1)
        : String(Number(value.toPrecision(3)));
    return text.replace("-", "−");
  };

  /** @type {(name: string, attributes: Record<string, string | number>, text?: string) => Element} */
  const svg = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    if (text !== undefined) made.textContent = text;
    return made;
  };

  /**
   * Return round numbers from low to high, about four.
   * @type {(low: number, high: number) => number[]}
   */
  const roundNumbers = (low, high) => {
    const rough = (high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
    const first = Math.ceil(low / step);
    const count = Math.floor(high / step + 1e-9) - first + 1;
    return Array.from({ length: count }, (_, place) => (first + place) * step);
  };

  /**
   * Map values to 0..1. Texts and lists get equal distances; `exact` puts ticks at the values.
   * @type {(values: Value[], exact: boolean) => Scale}
   */
  const scaleOf = (values, exact) => {
    /** @type {Value[]} */
    const known = [...new Set(values)].filter((value) => value !== null);
    if (!known.every((value) => typeof value === "number")) {
      const at = (/** @type {Value} */ v) => (known.indexOf(v) + 0.5) / known.length;
      const ticks = known.map((value) => ({ at: at(value), text: shown(value) }));
      return { ticks, place: at, logarithmic: false };
    }
    const numbers = /** @type {number[]} */ (known).sort((a, b) => a - b);
    const least = numbers[0] ?? 0, most = numbers[numbers.length - 1] ?? 1;
    const logarithmic = least > 0 && most / least >= (exact ? WIDE_PARAMETER : WIDE_NUMBER);
    const of = (/** @type {number} */ value) => (logarithmic ? Math.log10(value) : value);
    const pad = 0.05 * (of(most) - of(least)) || Math.abs(of(most)) / 10 || 1;
    const low = of(least) - pad, high = of(most) + pad;
    const place = (/** @type {Value} */ value) => (of(Number(value)) - low) / (high - low);
    let at = exact ? numbers : roundNumbers(low, high);
    if (!exact && logarithmic) {
      const powers = roundNumbers(Math.floor(low), Math.ceil(high)).filter(Number.isInteger);
      at = powers.map((power) => 10 ** power).filter((v) => of(v) >= low && of(v) <= high);
      if (at.length < 2) at = [least, most];
    }
    return { ticks: at.map((v) => ({ at: place(v), text: shown(v) })), place, logarithmic };
  };

  /** @type {(values: number[]) => number} */
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  /**
   * Drop ticks whose texts would touch; the first stays.
   * @type {(scale: Scale, length: number) => Scale["ticks"]}
   */
  const roomy = (scale, length) => {
    let free = -Infinity;
    return scale.ticks.filter(({ at, text }) => {
      const half = 3.6 * text.length;
      if (at * length - half < free) return false;
      free = at * length + half + 4;
      return true;
    });
  };

  /**
   * Draw one panel.
   * @type {(rows: number[], x: string, y: string, across: Scale, up: Scale, title: string)
   *   => Element}
   */
  const panel = (rows, x, y, across, up, title) => {
    const wide = WIDE - LEFT - RIGHT, high = HIGH - TOP - BOTTOM;
    const right = (/** @type {Value} */ value) => LEFT + wide * across.place(value);
    const above = (/** @type {Value} */ value) => TOP + high * (1 - up.place(value));
    const drawn = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
    const bottom = TOP + high;
    for (const { at, text } of roomy(across, wide)) {
      const place = LEFT + wide * at;
      drawn.append(svg("line", { class: "axis", x1: place, x2: place, y1: TOP, y2: bottom + 4 }));
      const label = { x: place, y: bottom + 17, "text-anchor": "middle" };
      drawn.append(svg("text", label, text));
    }
    for (const { at, text } of up.ticks) {
      const place = TOP + high * (1 - at);
      drawn.append(svg("line", { class: "axis", x1: LEFT, x2: LEFT + wide, y1: place, y2: place }));
      drawn.append(svg("text", { x: LEFT - 5, y: place + 4, "text-anchor": "end" }, text));
    }
    const name = across.logarithmic ? `${x} (log)` : x;
    const under = { x: LEFT + wide / 2, y: HIGH - 8, "text-anchor": "middle" };
    drawn.append(svg("text", under, name));
    /** @type {Map<Value, number[]>} */
    const byPlace = new Map();
    for (const row of rows) {
      const value = data.values[x][row], number = data.values[y][row];
      if (value === null || typeof number !== "number") continue;
      byPlace.set(value, [...(byPlace.get(value) ?? []), number]);
      const circle = svg("circle", { class: "run", cx: right(value), cy: above(number), r: 3.5 });
      circle.append(svg("title", {}, `${x} ${shown(value)}: ${shown(number)}`));
      drawn.append(circle);
    }
    const means = [...byPlace].map(([value, numbers]) => ({ value, mean: mean(numbers) }));
    means.sort((a, b) => across.place(a.value) - across.place(b.value));
    const points = means.map((m) => `${right(m.value)},${above(m.mean)}`).join(" ");
    drawn.append(svg("polyline", { class: "mean", points }));
    const told = means.map((m) => `${shown(m.mean)} at ${shown(m.value)}`).join(", ");
    drawn.setAttribute("aria-label", `${y} against ${x}${title && `, ${title}`}: ${told || "none"}`);
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = title || `${y} against ${x}`;
    figure.append(caption, drawn);
    return figure;
  };

  const draw = () => {
    const x = parameterMenu.value, y = numberMenu.value;
    const others = data.parameters.filter((name) => name !== x && name !== data.seed);
    /** @type {Map<string, number[]>} */
    const groups = new Map();
    data.values[y].forEach((_, row) => {
      const title = others.map((name) => `${name} = ${shown(data.values[name][row])}`).join(", ");
      groups.set(title, [...(groups.get(title) ?? []), row]);
    });
    const across = scaleOf(data.values[x], true), up = scaleOf(data.values[y], false);
    const panels = [...groups].map(([title, rows]) => panel(rows, x, y, across, up, title));
    element("panels").replaceChildren(...panels);
    const logarithmic = up.logarithmic ? ", logarithmic" : "";
    const many = panels.length > 1 ? `${panels.length} panels with one scale` : "1 panel";
    element("note").textContent =
      `Vertical: ${y}${logarithmic}. ${many}. A ring is a run, the line joins means.`;
  };

  const remember = () => {
    const choice = new URLSearchParams({ number: numberMenu.value, against: parameterMenu.value });
    history.replaceState(null, "", `#${choice}`);
    draw();
  };

  const follow = () => {
    const choice = new URLSearchParams(location.hash.slice(1));
    const wanted = /** @type {[HTMLSelectElement, string | null][]} */ ([
      [numberMenu, choice.get("number")],
      [parameterMenu, choice.get("against")],
    ]);
    for (const [menu, name] of wanted)
      if (name !== null && [...menu.options].some((option) => option.value === name))
        menu.value = name;
    draw();
  };

  /** @type {(heading: HTMLTableCellElement) => void} */
  const sortBy = (heading) => {
    const table = /** @type {HTMLTableElement} */ (heading.closest("table"));
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const body = table.tBodies[0];
    const key = (/** @type {HTMLTableRowElement} */ row) =>
      row.cells[heading.cellIndex].dataset.sort ?? "";
    const rows = [...body.rows];
    const numeric = rows.every((row) => !Number.isNaN(Number(key(row))));
    rows.sort((first, second) => {
      const [a, b] = [key(first), key(second)];
      if (a === "" || b === "") return Number(a === "") - Number(b === ""); // what is missing: last
      const order = numeric ? Number(a) - Number(b) : a.localeCompare(b);
      return descending ? -order : order;
    });
    body.append(...rows);
  };

  for (const heading of document.querySelectorAll("th"))
    heading.querySelector("button")?.addEventListener("click", () => sortBy(heading));
  if (!data.parameters.length) return;
  for (const name of data.numbers) numberMenu.add(new Option(name, name));
  for (const name of data.parameters) parameterMenu.add(new Option(name, name));
  element("figures").removeAttribute("hidden");
  for (const menu of [numberMenu, parameterMenu]) menu.addEventListener("change", remember);
  addEventListener("hashchange", follow);
  follow();
})();
