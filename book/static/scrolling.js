// A box that scrolls can be reached by the keyboard and has a name; one that does not is no stop.
{
  const boxes = ".table-scroll, .pst-scrollable-table-container, pre, div.math, .cell_output, " +
    "mjx-container";
  const name = (box) => (box.matches("pre") ? "code" : box.querySelector("table") ? "table" :
    box.querySelector("img") ? "figure" : "formula");

  const mark = (box) => {
    // A formula in a line scrolls only when it is marked: some are a pixel wider than their boxes.
    const inLine = box.matches("mjx-container:not([display])");
    const scrolls = box.scrollWidth > box.clientWidth + (inLine ? 4 : 1) &&
      (inLine || getComputedStyle(box).overflowX !== "visible");
    if (scrolls === box.hasAttribute("data-scrolls")) return;
    box.toggleAttribute("data-scrolls", scrolls);
    if (!scrolls) {
      for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
      return;
    }
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `${name(box)}, scrolls sideways`);
  };
  const markAll = () => document.querySelectorAll(`article :is(${boxes})`).forEach(mark);

  addEventListener("load", () => {
    const size = new ResizeObserver(markAll);
    size.observe(document.querySelector("article") ?? document.body);
    window.MathJax?.startup?.promise.then(markAll);
    document.fonts.addEventListener("loadingdone", markAll);
  });
}
