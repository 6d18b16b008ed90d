// A link to a term of the glossary shows the term's definition when it is pointed at or focused.
// Escape hides it, and a pointer may move onto it. Without this script the link is a plain link.
document.addEventListener("DOMContentLoaded", () => {
  let shown = null;
  let leaving = 0;

  const hide = () => {
    clearTimeout(leaving);
    if (shown) shown.hidden = true;
    shown = null;
  };
  const hideSoon = () => {
    leaving = setTimeout(hide, 200);
  };
  const show = (link, box) => {
    hide();
    shown = box;
    box.hidden = false;
    const { left, top, bottom } = link.getClientRects()[0];
    const width = document.documentElement.clientWidth;
    const above = bottom + box.offsetHeight + 8 > innerHeight && top > box.offsetHeight + 8;
    box.style.left = `${Math.max(8, Math.min(left, width - box.offsetWidth - 8))}px`;
    box.style.top = `${above ? top - box.offsetHeight - 4 : bottom + 4}px`;
  };

  for (const name of document.querySelectorAll("a.reference .std-term")) {
    const link = name.closest("a");
    const box = document.getElementById(`definition-${link.hash.slice(1)}`);
    if (!box) continue;
    link.setAttribute("aria-describedby", box.id);
    link.addEventListener("focus", () => link.matches(":focus-visible") && show(link, box));
    link.addEventListener("blur", hide);
    link.addEventListener("mouseenter", () => show(link, box));
    link.addEventListener("mouseleave", hideSoon);
    box.addEventListener("mouseenter", () => clearTimeout(leaving));
    box.addEventListener("mouseleave", hideSoon);
  }
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
  document.addEventListener("scroll", hide, { passive: true });
});
