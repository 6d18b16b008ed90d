// The moving figure: it plays unless the reader prefers stillness, pauses, and can be wound by hand.
// Without this script it shows the end of training.
for (const figure of document.querySelectorAll("figure.moving")) {
  const seconds = Number(figure.dataset.seconds);
  const epochs = figure.dataset.epochs.split(" ").map(Number);
  const drawings = [...figure.querySelectorAll("svg")];
  const controls = figure.querySelector(".moving-controls");
  const [button, slider, output] = controls.children;
  const last = epochs.length - 1;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let playing = false;
  let before = 0;

  const show = () => {
    const frame = Number(slider.value);
    // Just short of the loop's end, where it would begin anew.
    const time = Math.min((frame / last) * seconds, seconds - 0.001);
    for (const drawing of drawings) drawing.setCurrentTime(time);
    output.value = `epoch ${epochs[Math.round(frame)]}`;
    slider.setAttribute("aria-valuetext", output.value);
  };
  const step = (now) => {
    if (!playing) return;
    const moved = (Math.min(now - before, 100) / 1000 / seconds) * last;
    before = now;
    slider.value = Number(slider.value) + moved >= last ? 0 : Number(slider.value) + moved;
    show();
    requestAnimationFrame(step);
  };
  const play = (wanted) => {
    playing = wanted;
    button.textContent = playing ? "Pause" : "Play";
    if (!playing) return;
    before = performance.now();
    requestAnimationFrame(step);
  };

  for (const drawing of drawings) {
    drawing.pauseAnimations();
    for (const animation of drawing.querySelectorAll("animate")) animation.setAttribute("begin", "0s");
  }
  button.addEventListener("click", () => play(!playing));
  slider.addEventListener("input", () => {
    play(false);
    show();
  });
  calm.addEventListener("change", () => play(!calm.matches));
  controls.hidden = false;
  show();
  play(!calm.matches);
}
