"""The playground in Chromium, on the built book: `make test-browser`."""

import io
import re
import shlex
import string
import subprocess
import sys
from pathlib import Path

import axe_playwright_python
import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from halfspace import polygons
from halfspace.companion.circle import readings
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.circle.specs import recipe
from halfspace.companion.plots.style import COLORS
from halfspace.regions import partition
from PIL import Image
from test_browser import SIDEWAYS, browser, sites, visit

__all__ = ["browser", "sites", "visit"]  # fixtures

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import halfspace_book  # noqa: E402

PAGE = "playground.html"
WAIT = 300_000  # milliseconds: other tests may have the processor
SETTLED = "document.getElementById('playground').dataset.rest"
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PAUSE_BETWEEN_EPOCHS = """() => new Promise((done) => {
  const [epoch, play] = ["epoch", "play"].map((id) => document.getElementById(`pg-${id}`));
  new MutationObserver((_, watch) => { // it is told when a part of the pictures is drawn
    if (Number(epoch.textContent) < 3) return;
    play.click();
    if (document.getElementById("playground").dataset.rest || Number(epoch.textContent) > 50) {
      watch.disconnect();
      done();
    } else play.click(); // the next epoch is on its way, with which all is drawn anyway
  }).observe(epoch, { childList: true, characterData: true, subtree: true });
  play.click();
})"""
AT_ONCE = pytest.mark.parametrize("visit", [("file", "light")], ids="-".join, indirect=True)
LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # 64 values
BOTH = pytest.mark.parametrize(
    "visit", [("file", "light"), ("http", "phone")], ids="-".join, indirect=True
)


@pytest.fixture
def play(visit):
    """Open the playground with a state, without motion, and wait until its epoch is reached."""

    def open_state(state="", width=1440):
        page = visit.page
        page.goto("about:blank")  # a link to another state of an open page does not load it
        page.emulate_media(reduced_motion="reduce")
        if visit.look != "phone":
            page.set_viewport_size({"width": width, "height": 900})
        page = visit(f"{PAGE}#{state}")
        settle(page)
        for fold in page.locator(".pg-controls details").all():
            if fold.get_attribute("open") is None:
                fold.locator("summary").press("Enter")  # a pointer would mark an angle
        return page

    return open_state


def settle(page, epoch=None):
    wanted = SETTLED if epoch is None else f"{SETTLED} === '{epoch}'"
    page.wait_for_function(wanted, timeout=WAIT)
    page.evaluate(DRAWN)


def reaches(page, epoch):
    """Wait until a run that goes on has come to an epoch."""
    shown = "Number(document.getElementById('pg-epoch').textContent)"
    page.wait_for_function(f"{shown} >= {epoch}", timeout=WAIT)


def address(page):
    """Return the state in the address, once it is written."""
    saved = "document.getElementById('playground').dataset.saving === undefined"
    page.wait_for_function(saved, timeout=WAIT)
    return dict(
        part.split("=") for part in page.evaluate("location.hash.slice(1)").split("&") if part
    )


def pixels(element):
    """Return what an element looks like, with colours from 0 to 1, shape (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")) / 255


def losses(page):
    nets = page.locator(".pg-net").all()
    return {net.get_attribute("data-net"): float(net.get_attribute("data-loss")) for net in nets}


@BOTH
def test_each_control_moves_by_keyboard(play):
    page = play("epoch=1")
    moved = {}
    for slider in page.locator("input[type=range]").filter(visible=True).all():
        key = slider.get_attribute("data-key")
        before = slider.locator("+ output").inner_text()
        slider.press("ArrowRight")
        moved[key] = slider.locator("+ output").inner_text()
        assert moved[key] != before, key
    for box in page.locator("input[type=checkbox]").filter(visible=True).all():
        key, before = box.get_attribute("data-key"), box.is_checked()
        box.press("Space")
        assert box.is_checked() != before
        moved[key] = str(int(not before))
    for menu in page.locator("select").all():
        before = menu.input_value()
        menu.focus()
        page.keyboard.press("ArrowDown")
        moved[menu.get_attribute("data-key")] = menu.input_value()
        assert menu.input_value() != before
    page.locator("input[type=number]").fill("5")
    page.locator("input[type=number]").press("Enter")
    moved |= {"seed": "5", "angle": moved["angle"].rstrip("°")}
    said = address(page)
    assert {key: said.get(key) for key in moved} == moved
    assert {"top", "bottom", "depth", "width", "beta", "hard", "bias", "gain"} < moved.keys()
    settle(page, 0)


@BOTH
def test_each_control_moves_by_pointer(play):
    page = play("epoch=1")
    for slider in page.locator("input[type=range]").filter(visible=True).all():
        before = slider.input_value()
        box = slider.bounding_box()
        slider.click(position={"x": 0.9 * box["width"], "y": box["height"] / 2})
        assert slider.input_value() != before, slider.get_attribute("data-key")
    for key in ("bias", "hard", "common"):
        box = page.locator(f"[data-key={key}]")
        before = box.is_checked()
        box.click()
        assert box.is_checked() != before
    settle(page)  # text that comes at the end moves what lies below it
    page.locator("[data-key=mode][value=plane]").click()
    assert page.locator("#pg-points").is_visible() and not page.locator("#pg-draw").is_visible()
    settle(page)
    page.locator("[data-key=data][value=xor]").click()
    said = address(page)
    settle(page)
    assert said["mode"] == "plane" and said["data"] == "xor" and said["depth"] == "6"
    page.locator("[data-preset=swapped]").click()
    assert page.locator("[data-preset][aria-pressed=true]").inner_text() == "Swapped"
    assert {key: v for key, v in address(page).items() if key not in ("angle", "common")} == {
        "top": "8",
        "bottom": "2",
    }


@AT_ONCE
@pytest.mark.parametrize("by", ["click", "press"])
def test_start_pause_step_reset_and_seeds(play, by):
    page = play("epoch=2&speed=100")

    def use(name):
        button = page.locator(f"#pg-{name}")
        button.press("Enter") if by == "press" else button.click()

    use("step")
    settle(page, 3)
    use("play")
    reaches(page, 5)
    use("play")
    settle(page)
    rest = int(page.inner_text("#pg-epoch"))
    page.wait_for_timeout(300)
    assert int(page.inner_text("#pg-epoch")) == rest == int(address(page)["epoch"])
    use("freeze")
    settle(page, rest)
    assert f"until epoch {rest}" in page.inner_text("#pg-frozen-at")
    assert losses(page)["dlgn"] == losses(page)["frozen"], "up to here it learned as the second net"
    use("thaw")
    settle(page, rest)
    assert "from the start" in page.inner_text("#pg-frozen-at")
    use("reset")
    settle(page, 0)
    use("renew")
    settle(page, 0)
    assert address(page)["seed"] == "3017"


@BOTH
def test_a_link_restores_the_state(play):
    state = "seed=7&top=3&bottom=5&topAmplitude=0.5&bottomAmplitude=1.2&half=48&depth=3&width=8"
    state += "&gain=1.1&gatedGain=0.9&bias=1&beta=10&freeze=2&stop=100&speed=5&epoch=4&net=relu"
    state += "&angle=77&common=0"
    page = play(state)
    assert page.inner_text("#pg-epoch") == "4"
    assert address(page) == dict(part.split("=") for part in state.split("&"))
    told, found = page.inner_text("#pg-told"), losses(page)
    page.locator("#pg-link").press("Enter")
    link = page.input_value("#pg-copied")
    assert link == page.url
    again = play(link.partition("#")[2])
    assert again.inner_text("#pg-told") == told and losses(again) == found
    assert again.locator("[data-key=beta] + output").inner_text() == "10"
    again.evaluate("location.hash = 'epoch=1'")
    settle(again, 1)
    assert again.locator("[data-preset][aria-pressed=true]").inner_text() == "Paper's recipe"


@AT_ONCE
@pytest.mark.parametrize(
    "wrong", ["depth=99&width=x&seed=-4&epoch=1", "mode=cube&drawn=AAA&epoch=1", "beta=%E0&epoch=1"]
)
def test_a_wrong_link_gives_what_can_be_set(play, wrong):
    page = play(wrong)
    assert page.inner_text("#pg-epoch") == "1"
    assert address(page).keys() <= {"depth", "seed", "epoch"}


def angle(canvas):
    """Return the angle in degrees at which the keyboard draws."""
    return int(re.match(r"at (\d+) degrees", canvas.get_attribute("aria-valuetext"))[1])


@AT_ONCE
def test_a_target_is_drawn_by_pointer_and_by_keyboard(play):
    page = play("epoch=1")
    canvas = page.locator("#pg-draw")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 70, y)
    page.mouse.down()
    page.mouse.move(x, y - 70, steps=5)
    page.mouse.up()
    drawn = address(page)["drawn"]
    assert len(drawn) == 64
    canvas.focus()
    before = float(canvas.get_attribute("aria-valuenow"))
    angles = [angle(canvas)]
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
        angles.append(angle(canvas))
    assert angles[:3] == [angles[0]] * 3 and angles[3] == angles[4]
    assert angles[3] - angles[0] == pytest.approx(360 / 64, abs=1)
    assert address(page)["drawn"] != drawn
    page.keyboard.press("ArrowRight")
    assert float(canvas.get_attribute("aria-valuenow")) == pytest.approx(before + 0.2, abs=0.05)
    assert "top half" in page.inner_text("#pg-legend")
    page.click("#pg-undraw")
    settle(page, 0)
    assert "drawn" not in address(page)


@AT_ONCE
def test_own_points_by_pointer_and_by_keyboard(play):
    page = play("mode=plane&depth=2&width=4&data=own")
    assert page.inner_text("#pg-told").startswith("Add points of both classes")
    canvas = page.locator("#pg-points")
    canvas.click(position={"x": 40, "y": 40})
    page.locator("[data-key=class][value=b]").click()
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    settle(page, 0)
    page.wait_for_function("document.getElementById('pg-told').textContent.startsWith('Epoch 0')")
    own = address(page)["own"]
    assert re.fullmatch("..a..b", own)
    (x, y), (x2, y2) = ([LETTERS.index(letter) for letter in own[k : k + 2]] for k in (0, 3))
    assert x < 31 < y, "clicked at the top left"
    assert x < x2 < 31 < y2 < y, "moved to the right and down"
    page.click("#pg-step")
    settle(page, 1)
    canvas.focus()
    page.keyboard.press("Delete")
    assert len(address(page)["own"]) == 3
    page.click("#pg-clear")
    assert "own" not in address(page)


@AT_ONCE
def test_points_lie_where_they_are_put_and_their_class_is_learned_there(play):
    page = play("mode=plane&data=own&own=QtaftawtaQRbfRbwRb&depth=2&width=8&bias=1&epoch=100")
    green, ochre = (mpl.colors.to_rgb(COLORS[name]) for name in ("low", "high"))
    for canvas in ("#pg-points", ".pg-net[data-net=dlgn] .pg-ring"):
        picture = pixels(page.locator(canvas))
        size = len(picture)
        for letter, color in (("t", green), ("R", ochre)):
            place = (LETTERS.index(letter) - 31.5) / 32  # from -1 at the bottom to 1 at the top
            point = picture[round(size * (1 - place) / 2), round(size * (1 - 0.5 / 32) / 2)]
            assert np.abs(point - color).max() < 0.05, (canvas, letter)
    top, bottom = picture[size // 12, size // 4 :].mean(axis=0), picture[-size // 12].mean(axis=0)
    assert np.abs(top - green).sum() < np.abs(top - ochre).sum()
    assert np.abs(bottom - ochre).sum() < np.abs(bottom - green).sum()


@AT_ONCE
def test_an_angle_is_marked_in_all_panels_by_pointer_and_by_keyboard(play):
    page = play("epoch=1")
    panels = [page.locator(f".pg-net .pg-{kind}").all() for kind in ("ring", "paths", "kernel")]
    before = [[pixels(canvas) for canvas in row] for row in panels]
    ring = page.locator(".pg-net[data-net=dlgn] .pg-ring")
    box = ring.bounding_box()
    middle = box["width"] / 2, box["height"] / 2
    ring.hover(position={"x": middle[0] - 60, "y": middle[1] - 60})
    page.evaluate(DRAWN)
    assert page.locator("[data-key=angle] + output").inner_text() in ("134°", "135°")
    changed = np.argwhere(np.abs(pixels(ring) - before[0][1]).max(axis=2) > 0.1)
    y, x = changed.mean(axis=0)
    assert x < middle[0] and y < middle[1], "the line lies where the pointer is"
    page.mouse.move(0, 0)
    assert page.locator("[data-key=angle] + output").inner_text() == "nowhere"
    page.locator("[data-key=angle]").press("PageUp")
    assert page.locator("[data-key=angle] + output").inner_text() != "nowhere"
    page.evaluate(DRAWN)
    after = [[pixels(canvas) for canvas in row] for row in panels]
    for old, new in zip(before, after, strict=True):
        assert all((a != b).any() for a, b in zip(old, new, strict=True))


@AT_ONCE
def test_the_recipe_ends_among_the_recorded_seeds_and_a_mission_is_ticked(play):
    page = play("seed=3002&freeze=20&epoch=300")
    found = losses(page)
    for net in ("relu", "dlgn"):
        recorded = readings.loss_at(circle_conditions()[f"{net}: base"].recorded())
        low, high = np.quantile(recorded, (0.05, 0.95))
        assert low <= found[net] <= high, net
    recorded = page.inner_text("#pg-band")
    assert "100 recorded ReLU nets, 100 recorded DLGNs did" in recorded
    assert "the slow half has gained" in page.inner_text("#pg-told")
    assert address(page)["done"] == "4"
    ticks = page.locator(".pg-missions .pg-tick").all_inner_texts()
    assert ["done" in tick for tick in ticks] == [False, False, False, True, False, False]


@AT_ONCE
@pytest.mark.parametrize("amplitudes", ["topAmplitude=0", "bottomAmplitude=0"])
@pytest.mark.parametrize("frequencies", ["top=2&bottom=8", "top=8&bottom=2"])
def test_the_error_of_a_half_is_that_halfs(play, frequencies, amplitudes):
    page = play(f"{frequencies}&{amplitudes}")
    zero = "slow" if ("top=2" in frequencies) == ("top" in amplitudes) else "fast"
    told = page.inner_text("#pg-told")
    assert re.findall(r"(\w+) half fitted since epoch 0", told) == [zero], "the first net is near 0"


SNIPPETS = {
    "recipe": "epoch=8",
    "changed": "top=3&bottomAmplitude=0.7&half=64&depth=3&width=8&bias=1&beta=10&gain=1.2"
    "&gatedGain=0.7&epoch=8",
    "hard gates, frozen later": "hard=1&freeze=3&epoch=7",
    "drawn": f"drawn={'f' * 20}{'p' * 24}{'W' * 20}&epoch=6",
    "plane": "mode=plane&depth=3&width=8&bias=1&data=spiral&epoch=6",
}


@AT_ONCE
@pytest.mark.parametrize("state", SNIPPETS.values(), ids=SNIPPETS)
def test_the_python_snippet_makes_the_same_run(play, state):
    page = play(state)
    page.click("#pg-python")
    snippet = page.input_value("#pg-copied")
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed = [float(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines()]
    assert printed == pytest.approx([*losses(page).values()], rel=1e-3)


@AT_ONCE
def test_the_papermill_command_has_the_chapters_parameters(play):
    page = play("seed=3020&top=3&beta=10&epoch=25")
    page.click("#pg-papermill")
    program, chapter, out, *options = shlex.split(page.input_value("#pg-copied"))
    cells = nbformat.read(ROOT / chapter, 4).cells
    (source,) = (c.source for c in cells if "parameters" in c.metadata.get("tags", []))
    given = dict(zip(options[1::3], options[2::3], strict=True))
    assert program == "papermill" and out.endswith(".ipynb") and set(options[::3]) == {"-p"}
    assert given.keys() <= halfspace_book.parameters_of(source).keys()
    expected = dict(seed="3020", epochs="25", low_frequency="3", high_frequency="8", beta="10")
    assert given == expected | {"seeds": "2"}
    page.locator("[data-key=bias]").click()
    assert page.locator("#pg-papermill").is_disabled()
    assert "biases" in page.inner_text("#pg-papermill-why")
    settle(page, 0)


AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


@pytest.mark.parametrize("state", ["epoch=3", "mode=plane&depth=2&width=6&bias=1&epoch=3"])
@pytest.mark.parametrize(
    ("visit", "widths"),
    [
        (("http", "light"), (800, 1440)),
        (("http", "dark"), (800, 1440)),
        (("file", "phone"), (390,)),
    ],
    indirect=["visit"],
)
def test_it_fits_each_width_and_axe_finds_nothing(play, visit, widths, state):
    for width in widths:
        page = play(state, width)
        assert page.evaluate(SIDEWAYS) == []
        nets = page.locator(".pg-net").filter(visible=True).count()
        assert nets == (1 if width < 600 else 3)
        ring = page.locator(".pg-net[data-net=dlgn] .pg-ring").bounding_box()
        middle = ring["y"] + page.evaluate("scrollY") + ring["height"] / 2
        assert middle < page.viewport_size["height"], "a picture on the first screen"
        if width < 600:
            page.locator("[data-key=net][value=relu]").check()
            assert page.locator(".pg-net").filter(visible=True).get_attribute("data-net") == "relu"
        canvases = page.locator(".pg-net canvas").filter(visible=True)
        assert canvases.count() == 4 * nets
        page.add_script_tag(path=AXE)
        options = {"resultTypes": ["violations"], "preload": False}
        found = page.evaluate("options => axe.run('main', options)", options)["violations"]
        assert [f"{v['id']}: {n['html'][:200]}" for v in found for n in v["nodes"]] == []


def picture(page):
    """Return what the nets and curves look like, grey, from 0 to 1."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.evaluate(DRAWN)
    parts = [page.locator(f".pg-{part}").screenshot() for part in ("nets", "charts")]
    images = [Image.open(io.BytesIO(part)).convert("L").resize((400, 400)) for part in parts]
    return np.stack([np.asarray(image) / 255 for image in images])


@pytest.mark.parametrize(
    "visit", [("file", "light"), ("file", "dark")], ids="-".join, indirect=True
)
def test_a_state_looks_the_same_however_it_is_reached(play):
    page = play("epoch=6")
    by_link = picture(page)
    page = play("epoch=4")
    for epoch in (5, 6):
        page.click("#pg-step")
        settle(page, epoch)
    by_steps = picture(page)
    assert np.abs(by_link - by_steps).mean() < 0.002
    page.click("#pg-renew")
    settle(page, 0)
    assert np.abs(by_link - picture(page)).mean() > 0.01
    assert by_link.std() > 0.05


@AT_ONCE
def test_a_pause_shows_the_epoch_where_it_rests_in_all_pictures(play):
    page = play("depth=2&width=4&half=16&speed=5")
    page.evaluate(PAUSE_BETWEEN_EPOCHS)
    settle(page)
    drawn = "[...document.querySelectorAll('.pg-body canvas')].map(c => c.toDataURL())"
    rest, paused = page.inner_text("#pg-epoch"), page.evaluate(drawn)
    assert paused == play(f"depth=2&width=4&half=16&epoch={rest}").evaluate(drawn)


@AT_ONCE
def test_it_starts_by_itself_unless_motion_is_unwanted(visit, play):
    page = play("")
    page.wait_for_timeout(500)
    assert page.inner_text("#pg-epoch") == "0" and page.inner_text("#pg-play") == "Start"
    page.locator("[data-preset=swapped]").click()
    settle(page, 0)
    page.wait_for_timeout(500)
    assert page.inner_text("#pg-epoch") == "0" and page.inner_text("#pg-play") == "Start"
    visit("glossary.html").emulate_media(reduced_motion="no-preference")
    page = visit(PAGE)
    reaches(page, 2)
    page.click("#pg-play")
    settle(page)


@AT_ONCE
def test_regions_of_the_plane_are_drawn_and_counted(play):
    page = play("mode=plane&depth=2&width=4&bias=1&data=xor")
    labels = page.locator(".pg-net .pg-caption").all_inner_texts()
    assert "Output, and exact regions" in labels
    square = polygons.rectangle(-1.5, 1.5, -1.5, 1.5)
    for name in ("relu", "dlgn", "frozen"):
        net = recipe(name, width=4, depth=2, bias=True).net(3016)
        canvas = page.locator(f".pg-net[data-net={name}] .pg-ring")
        regions = len(partition(net, square).cells)
        assert f", {regions} regions in the square" in canvas.get_attribute("aria-label")
    for kind in ("ring", "paths"):
        box = page.locator(f".pg-net[data-net=dlgn] .pg-{kind}").bounding_box()
        assert box["width"] == pytest.approx(box["height"], abs=1), "a square is not squeezed"
    with_lines = page.locator(".pg-net[data-net=dlgn] .pg-ring").screenshot()
    page.locator("[data-key=width]").press("ArrowRight")
    settle(page, 0)
    assert page.locator(".pg-net[data-net=dlgn] .pg-ring").screenshot() != with_lines


@AT_ONCE
def test_on_paper_a_sentence_stands_in_its_place(play):
    page = play("epoch=1")
    assert not page.locator(".pg-without").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".pg-without").is_visible()
    assert not page.locator("#playground").is_visible()
    assert page.locator(".pg-missions li").first.is_visible()


@AT_ONCE
def test_memory_does_not_grow_with_runs(play):
    page = play("depth=2&width=4&half=16&speed=0&stop=100")
    session = page.context.new_cdp_session(page)

    def used():
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"]

    def run():
        page.click("#pg-reset")
        settle(page, 0)
        page.click("#pg-play")
        settle(page, 100)

    run()
    before = used()
    for _ in range(4):
        run()
    assert used() < before + 1_000_000
