// The theme opens its dialogs well, and closes them badly: the focus is lost, so that a keyboard
// starts again at the top of the page, and a link to a section leaves the dialog open before it.
{
  const openers = ".primary-toggle, .secondary-toggle, .search-button__button";
  let opener = null;

  const remember = ({ target }) => {
    opener = target.closest(openers) ?? opener;
  };
  const returnFocus = () => {
    opener?.focus({ preventScroll: true });
    opener = null;
  };
  const follow = ({ target, currentTarget }) => {
    if (!target.closest("a")) return;
    opener = null;
    currentTarget.close();
  };

  document.addEventListener("click", remember, true);
  document.addEventListener("DOMContentLoaded", () => {
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.addEventListener("close", returnFocus);
      dialog.addEventListener("click", follow);
    }
  });
  // A button that has the focus back shows its tip to a keyboard alone: with a mouse it would stay.
  document.addEventListener("show.bs.tooltip", (event) => {
    if (!event.target.matches(":hover, :focus-visible")) event.preventDefault();
  });
}
