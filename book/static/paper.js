// Paper is white: print in the light colours, whatever the mode on the screen. Browsers announce
// printing by two events; developer tools that emulate paper change the medium alone.
{
  const root = document.documentElement;
  const paper = matchMedia("print");
  let onScreen = null;
  const lighten = () => {
    onScreen ??= root.dataset.theme;
    root.dataset.theme = "light";
  };
  const restore = () => {
    if (onScreen) root.dataset.theme = onScreen;
    onScreen = null;
  };
  const follow = () => (paper.matches ? lighten() : restore());
  addEventListener("beforeprint", lighten);
  addEventListener("afterprint", restore);
  paper.addEventListener("change", follow);
  addEventListener("load", follow);
}
