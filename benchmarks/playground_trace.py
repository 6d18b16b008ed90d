"""How smooth the playground is: frames a second, longest tasks, time to the first epoch, memory.

Opens the built page (``make book`` first) in Chromium, trains three nets of 5 × 16 units on 256
points as fast as they can, and reads a trace of the main thread::

    .venv/bin/python benchmarks/playground_trace.py --seconds 10
    .venv/bin/python benchmarks/playground_trace.py --minutes 10   # memory as well
"""

import argparse
import json
import shutil
import time
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

PAGE = Path(__file__).parents[1] / "_build/html/playground.html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CATEGORIES = "toplevel,devtools.timeline,disabled-by-default-devtools.timeline"
TASK = "RunTask"
FRAME = "FireAnimationFrame"
LOOK = 15  # seconds between two looks at the memory

FIRST_EPOCH = """() => new Promise((resolve) => {
  const epoch = document.getElementById('pg-epoch');
  const watch = new MutationObserver(() => {
    if (Number(epoch.textContent) > 0) {
      watch.disconnect();
      resolve(performance.now() - started);
    }
  });
  watch.observe(epoch, { childList: true, characterData: true, subtree: true });
  const started = performance.now();
  document.getElementById('pg-play').click();
})"""


def record(page: Page, session: CDPSession, seconds: float) -> list[dict]:
    """Return the events of a trace of some seconds."""
    events = []
    session.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    done = []
    session.on("Tracing.tracingComplete", lambda _: done.append(True))
    session.send("Tracing.start", {"categories": CATEGORIES, "transferMode": "ReportEvents"})
    page.wait_for_timeout(1000 * seconds)
    session.send("Tracing.end")
    while not done:
        page.wait_for_timeout(50)
    return events


def main_thread(events: list[dict]) -> tuple[int, int]:
    """Return process and thread of the page's main thread: that which fires animation frames."""
    threads = [(e["pid"], e["tid"]) for e in events if e.get("name") == FRAME]
    return max(set(threads), key=threads.count)


def spread(values: list[float]) -> str:
    """Write median, 95th percentile and maximum."""
    ordered = sorted(values)
    picked = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 1))
    return " / ".join(f"{value:.1f}" for value in picked)


def report(events: list[dict]) -> None:
    """Print what a trace shows of the main thread."""
    main = main_thread(events)
    own = [e for e in events if (e.get("pid"), e.get("tid")) == main]
    frames = [e for e in own if e.get("name") == FRAME and e.get("ph") == "X"]
    tasks = [e for e in own if e.get("name", "").endswith(TASK) and e.get("ph") == "X"]
    starts = sorted(e["ts"] for e in frames)
    gaps = [(b - a) / 1e3 for a, b in zip(starts, starts[1:], strict=False)]
    seconds = (starts[-1] - starts[0]) / 1e6
    long = [e["dur"] / 1e3 for e in tasks if e.get("dur", 0) > 50_000]
    print(f"frames a second: {len(gaps) / seconds:.1f}")
    print(f"ms between frames, median / 95 % / largest: {spread(gaps)}")
    print(f"ms in a frame's script, wall time: {spread([e['dur'] / 1e3 for e in frames])}")
    if all("tdur" in e for e in frames):
        print(f"ms in a frame's script, CPU time: {spread([e['tdur'] / 1e3 for e in frames])}")
    print(f"ms of the main thread's tasks, wall: {spread([e['dur'] / 1e3 for e in tasks])}")
    if all("tdur" in e for e in tasks):
        print(f"ms of the main thread's tasks, CPU: {spread([e['tdur'] / 1e3 for e in tasks])}")
    print(f"tasks over 50 ms: {len(long)}")


def memory(session: CDPSession) -> float:
    """Return the page's live JavaScript objects after a collection, in MB."""
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"] / 1e6


def watch_memory(page: Page, session: CDPSession, minutes: float) -> None:
    """Print the memory while nets train, are reset, and train again."""
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        page.wait_for_timeout(1000 * LOOK)
        epoch = page.inner_text("#pg-epoch")
        nodes = session.send("Memory.getDOMCounters")["nodes"]
        print(f"{time.strftime('%X')} epoch {epoch}: {memory(session):.2f} MB, {nodes} nodes")
        if page.inner_text("#pg-play") == "Start":
            page.click("#pg-reset")
            page.click("#pg-renew")
            page.wait_for_function("document.getElementById('pg-epoch').textContent === '0'")
            page.click("#pg-play")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--seconds", type=float, default=10, help="length of the trace")
    parser.add_argument("--minutes", type=float, default=0, help="how long to watch the memory")
    parser.add_argument("--trace", type=Path, help="where to keep the trace")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        parser.exit(1, "no chromium on this machine: apt-get install chromium\n")
    if not given.page.exists():
        parser.exit(1, f"no page at {given.page}: run make book first\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )  # so that it does not start by itself
        page.set_default_timeout(300_000)  # a busy machine takes its time
        page.goto(f"{given.page.resolve().as_uri()}#speed=0&stop=8000")
        page.wait_for_function("document.getElementById('pg-told').textContent")
        session = page.context.new_cdp_session(page)
        print(f"ms from the click to the first epoch: {page.evaluate(FIRST_EPOCH):.0f}")
        before = int(page.inner_text("#pg-epoch").split()[0])
        events = record(page, session, given.seconds)
        after = int(page.inner_text("#pg-epoch").split()[0])
        print(f"epochs a second: {(after - before) / given.seconds:.0f}")
        report(events)
        if given.trace:
            given.trace.write_text(json.dumps({"traceEvents": events}))
        if given.minutes:
            watch_memory(page, session, given.minutes)
        browser.close()


if __name__ == "__main__":
    main()
