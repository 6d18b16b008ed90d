// What the interactive figures share: controls, canvases, and the state in the page's address.
// Each figure's output brings a copy of this script; the first one on a page serves all.

/**
 * @typedef {Record<string, string | number>} State values of a figure's controls, by key
 * @typedef {{parent?: HTMLElement, key: string, label: string}} Named
 * @typedef {Named & {min: number, max: number, step: number, value: number,
 *   text?: (value: number) => string}} SliderOptions
 * @typedef {Named & {value: string, options: [string, string][]}} ChoiceOptions values, labels
 * @typedef {(pen: CanvasRenderingContext2D, width: number, height: number) => void} Paint
 * @typedef {{parent?: HTMLElement, label: string, height: (width: number) => number, paint: Paint,
 *   move?: (x: number, y: number, width: number, height: number) => void,
 *   grabs?: (x: number, y: number, width: number, height: number) => boolean}} CanvasOptions
 *   `move` hears of a pressed pointer; a finger scrolls the page unless it `grabs` something
 * @typedef {object} Stage
 * @property {any} data what Python gave
 * @property {State} state to read; `set` changes it
 * @property {(changes: State) => void} set ignores what does not fit a control
 * @property {(parent?: HTMLElement) => HTMLElement} row a part of the figure, for what stands side by side
 * @property {(options: SliderOptions) => void} slider
 * @property {(options: ChoiceOptions) => void} choice one of a few
 * @property {(label: string, press: () => void, parent?: HTMLElement) => void} button
 * @property {(parent?: HTMLElement) => void} reset a button that goes back to the start
 * @property {(options: CanvasOptions) => void} canvas painted anew when the state, its size or the theme
 *   changes; the pen starts with the colour and font of the text around the figure
 * @property {(text: () => string, parent?: HTMLElement) => void} tell a sentence that follows the state
 * @typedef {{start: (name: string, build: (stage: Stage) => void) => void}} Kit
 */

/** @type {Kit} */
var HalfSpaceKit = globalThis["HalfSpaceKit"] || (() => {
  "use strict";
  const CALM = 500; // milliseconds: browsers refuse addresses, and listeners words, that change faster
  /** @type {Map<string, {root: Element, read: (text: string) => void, text: () => string, paint: () => void}>} */
  const figures = new Map();
  let saving = 0;
  const paintAll = () => figures.forEach(({ paint }) => paint());

  // The states in the address, by figure: #one_path=x:0.5,y:1&shared_paths=...
  const linked = () => [...new URLSearchParams(location.hash.slice(1))].filter(([name]) => figures.has(name));
  const save = () => {
    const texts = [...figures].map(([name, figure]) => `${name}=${figure.text()}`);
    const hash = texts.filter((text) => !text.endsWith("=")).join("&");
    if (!hash && !linked().length) return; // an anchor of the page stays
    try {
      history.replaceState(history.state, "", hash ? `#${hash}` : location.pathname + location.search);
    } catch {} // the frame of a notebook's output may refuse
  };
  /** @param {string} [only] */
  const follow = (only) => linked().forEach(([name, text]) => (only ?? name) === name && figures.get(name)?.read(text));
  addEventListener("hashchange", () => {
    clearTimeout(saving); // another place was chosen in the meantime
    follow();
  });
  addEventListener("load", () => {
    const [first] = linked();
    if (first) figures.get(first[0])?.root.scrollIntoView({ block: "center", behavior: "instant" });
  });

  // The theme of the system, of the book, of Jupyter, of Colab.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
  const themes = new MutationObserver(paintAll);
  for (const node of [document.documentElement, document.body])
    themes.observe(node, { attributeFilter: ["data-theme", "data-jp-theme-light", "theme"] });

  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag @param {object} properties @param {(Node | string)[]} children
   * @returns {HTMLElementTagNameMap[Tag]}
   */
  const make = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  /** @param {string} name @param {any} data @param {HTMLElement} root */
  const staged = (name, data, root) => {
    /** @type {State} */
    const state = {};
    /** @type {State} */
    const start = {};
    /** @type {Record<string, {fit: (value: any) => any, show: () => void}>} */
    const controls = {};
    /** @type {(() => void)[]} */
    const updates = [];
    let frame = 0;
    let pause = 0;
    const heard = make("p", { className: "hs-heard", ariaLive: "polite" });
    const update = () => {
      frame = 0;
      updates.forEach((each) => each());
    };
    const updateSoon = () => {
      frame ||= requestAnimationFrame(update);
    };
    /** @param {State} changes */
    const set = (changes) => {
      for (const key in changes) {
        const value = controls[key]?.fit(changes[key]);
        if (value === undefined || value === state[key]) continue;
        state[key] = value;
        controls[key].show();
        updateSoon();
        clearTimeout(saving);
        saving = setTimeout(save, CALM);
        clearTimeout(pause);
        pause = setTimeout(() => {
          heard.textContent = [...root.querySelectorAll(".hs-told")].map((p) => p.textContent).join(" ");
        }, CALM);
      }
    };
    /** @param {string} key @param {string | number} value @param {any} control */
    const add = (key, value, control) => {
      controls[key] = control;
      state[key] = start[key] = value;
      control.show();
    };
    figures.set(name, {
      root,
      paint: updateSoon,
      read: (text) => set({ ...start, ...Object.fromEntries(text.split(",").map((part) => part.split(":"))) }),
      text: () => Object.keys(state).filter((key) => state[key] !== start[key])
        .map((key) => `${key}:${state[key]}`).join(","),
    });

    /** @type {Stage} */
    const stage = {
      data, state, set,
      row: (parent = root) => parent.appendChild(make("div", { className: "hs-row" })),
      slider({ parent = root, key, label, min, max, step, value, text = String }) {
        const input = make("input", { type: "range", min, max, step });
        const output = make("output", {});
        input.addEventListener("input", () => set({ [key]: input.value }));
        parent.append(make("label", { className: "hs-slider" }, make("span", {}, label), input, output));
        const digits = (`${step}`.split(".")[1] ?? "").length;
        add(key, value, {
          fit(/** @type {any} */ wanted) {
            const steps = Math.round((Math.min(max, Math.max(min, wanted)) - min) / step);
            return wanted === "" || isNaN(steps) ? undefined : +(min + steps * step).toFixed(digits);
          },
          show() {
            input.value = `${state[key]}`;
            output.value = input.ariaValueText = text(+state[key]);
          },
        });
      },
      choice({ parent = root, key, label, options, value }) {
        const inputs = options.map(([option]) => make("input", { type: "radio", name: `${name}-${key}`, value: option }));
        for (const input of inputs) input.addEventListener("change", () => set({ [key]: input.value }));
        parent.append(make("fieldset", { className: "hs-choice" }, make("legend", {}, label),
          ...options.map(([, shown], i) => make("label", {}, inputs[i], make("span", {}, shown)))));
        add(key, value, {
          fit: (/** @type {any} */ wanted) => options.find(([option]) => option === wanted)?.[0],
          show: () => inputs.forEach((input) => (input.checked = input.value === state[key])),
        });
      },
      button(label, press, parent = root) {
        const button = make("button", { type: "button", className: "hs-button" }, label);
        button.addEventListener("click", press);
        parent.append(button);
      },
      reset: (parent) => stage.button("Start again", () => set(start), parent),
      canvas({ parent = root, label, height, paint, move, grabs = () => false }) {
        const canvas = make("canvas", { role: "img", ariaLabel: label });
        parent.append(canvas);
        const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
        const draw = () => {
          const width = canvas.clientWidth;
          const tall = Math.round(height(width));
          const { color, fontFamily } = getComputedStyle(root);
          canvas.style.height = `${tall}px`;
          canvas.width = width * devicePixelRatio;
          canvas.height = tall * devicePixelRatio;
          pen.scale(devicePixelRatio, devicePixelRatio);
          Object.assign(pen, { strokeStyle: color, fillStyle: color, font: `14px ${fontFamily}`, lineWidth: 1 });
          if (width) paint(pen, width, tall);
        };
        updates.push(draw);
        new ResizeObserver(updateSoon).observe(canvas);
        if (!move) return;
        let held = false;
        /** @param {{clientX: number, clientY: number}} at @returns {[number, number, number, number]} */
        const place = (at) => {
          const { x, y, width, height } = canvas.getBoundingClientRect();
          return [at.clientX - x, at.clientY - y, width, height];
        };
        canvas.addEventListener("touchstart", (event) => {
          if (grabs(...place(event.touches[0]))) event.preventDefault();
        }, { passive: false });
        canvas.addEventListener("pointerdown", (event) => {
          canvas.setPointerCapture(event.pointerId);
          held = event.pointerType === "mouse" || grabs(...place(event));
          if (held) move(...place(event));
        });
        canvas.addEventListener("pointermove", (event) => held && move(...place(event)));
        for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = false));
        canvas.addEventListener("click", (event) => move(...place(event)));
      },
      tell(text, parent = root) {
        const told = make("p", { className: "hs-told" });
        parent.append(told);
        updates.push(() => (told.textContent = text()));
      },
    };
    return { stage, update, heard };
  };

  return {
    start(name, build) {
      for (const figure of document.querySelectorAll(`.halfspaces[data-figure="${name}"]:not([data-live])`)) {
        const root = make("div", { className: "hs-live" });
        let key = name;
        for (let number = 2; figures.get(key)?.root.isConnected; number++) key = `${name}-${number}`;
        const { stage, update, heard } = staged(key, JSON.parse(figure.querySelector(".hs-data")?.textContent ?? ""), root);
        build(stage);
        root.append(heard);
        figure.append(root);
        figure.setAttribute("data-live", "");
        follow(key);
        update();
      }
    },
  };
})();
