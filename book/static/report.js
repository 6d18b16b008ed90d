// Counts the claims that the filters leave, and keeps the choice in the address, where a link can
// take it along. The filters themselves are style rules.
addEventListener("DOMContentLoaded", () => {
  const inputs = [...document.querySelectorAll(".claims input")];
  const cards = [...document.querySelectorAll(".claim")];
  const status = document.getElementById("claims-shown");
  const groups = ["verdict", "whose", "where"];

  const chosen = () =>
    inputs.filter((input) => input.checked && !input.id.endsWith("-all")).map((input) => input.id);

  const count = () => {
    const names = chosen();
    const isShown = (card) => names.every((name) => card.classList.contains(name));
    const shown = cards.filter(isShown).length;
    status.textContent =
      shown === cards.length ? `${shown} claims` : `${shown} of ${cards.length} claims shown`;
    for (const topic of document.querySelectorAll("section[id^=topic-]"))
      topic.hidden = ![...topic.querySelectorAll(".claim")].some(isShown);
  };

  const remember = () => {
    const names = chosen().map((name) => name.replace("-", "="));
    history.replaceState(null, "", names.length ? `#${names.join("&")}` : "#all");
    count();
  };

  const choose = (names) => {
    for (const group of groups) {
      const id = names.find((name) => name.startsWith(`${group}-`)) ?? `${group}-all`;
      (document.getElementById(id) ?? document.getElementById(`${group}-all`)).checked = true;
    }
    count();
  };

  const follow = () => {
    const hash = decodeURIComponent(location.hash.slice(1));
    if (hash.includes("=")) choose(hash.split("&").map((part) => part.replace("=", "-")));
    else if (hash) {
      choose([]); // what the address names must be there to be seen
      document.getElementById(hash)?.scrollIntoView();
    }
  };

  for (const input of inputs) input.addEventListener("change", remember);
  addEventListener("hashchange", follow);
  follow();
});
