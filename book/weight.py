"""Make pages light: indexed figures that load when they are needed, and only the icons in use."""

import hashlib
import io
import logging
import re
from pathlib import Path

import numpy as np
from bs4 import BeautifulSoup
from fontTools import subset
from PIL import Image
from whole import write_whole

__all__ = [
    "drop_unused_mathjax",
    "indexed",
    "light_png",
    "lighten_icons",
    "lighten_images",
    "remove_unused_images",
    "webp",
]

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells each step

EXACT, COLOURS = 4, 64  # the most frequent colours are kept, others have stand-ins
HEAVY, WIDTH = 100_000, 560  # bytes; pixels that a page gives a figure
FONTS = "_static/vendor/fontawesome/webfonts"
THEME = "_static/styles/pydata-sphinx-theme.css"
ICON = re.compile(r"\bfa-([a-z0-9-]+)")
RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:{1,2}before,?)+)\{content:"\\([0-9a-f]+)"\}')
CODE = re.compile(r'content: ?"\\(f[0-9a-f]{3})"')
CHARACTER = re.compile("[\uf000-\uf8ff]")  # an icon as it stands, in a variable for instance
FACE = re.compile(r"@font-face\{[^}]*webfonts/(fa-[a-z]+-\d+)\.woff2[^}]*\}")


def lighten_images(page: BeautifulSoup, path: Path) -> None:
    """Let a page show indexed copies of its figures, each with its size, later ones on demand."""
    for number, image in enumerate(page.select("article img")):
        source = Path(path.parent, image["src"])
        if source.parent.name != "_images" or source.suffix not in (".png", ".webp"):
            continue
        if source.suffix == ".png":
            source = indexed(source)
            image["src"] = f"{image['src'].rpartition('/')[0]}/{source.name}"
        with Image.open(source) as opened:
            image["width"], image["height"] = map(str, opened.size)
        if number:
            image["loading"] = "lazy"


def drop_unused_mathjax(page: BeautifulSoup) -> None:
    """Take MathJax from a page that has no formula."""
    if page.select_one(".math"):  # also in a definition that is shown on hover
        return
    for script in page.select("head script"):
        if "mathjax" in script.get("src", "") or "window.MathJax" in script.get_text():
            script.decompose()


def indexed(path: Path) -> Path:
    """Return a lossless WebP file, beside an image, of the image in few colours.

    It is named after the image's content, so that another build finds it. An image that is still
    heavy, such as a noisy heat map, gets a quarter of the colours and no more pixels than a page
    has for it.
    """
    content = path.read_bytes()
    target = path.with_name(f"{hashlib.sha256(content).hexdigest()[:16]}.webp")
    if not target.exists():
        image = Image.open(io.BytesIO(content)).convert("RGBA")
        small = webp(image)
        if len(small) > HEAVY and image.width > WIDTH:
            size = (WIDTH, round(image.height * WIDTH / image.width))
            small = webp(image.resize(size, Image.Resampling.LANCZOS), COLOURS // 4)
        write_whole(target, small)
    return target


def light_png(content: bytes, kept: Path) -> bytes:
    """Return a PNG image in few colours.

    Args:
        content: the image.
        kept: a folder of images that are already light, each named by a digest of the image that it
            was and of this module; a new one is added.
    """
    digest = hashlib.sha256(content + Path(__file__).read_bytes()).hexdigest()
    target = Path(kept, f"{digest[:16]}.png")
    if not target.exists():
        image = Image.open(io.BytesIO(content)).convert("RGBA")
        light = io.BytesIO()
        few = Image.fromarray(_few_colours(image, COLOURS)).quantize(
            2 * COLOURS, method=Image.Quantize.FASTOCTREE
        )
        few.save(light, format="PNG", optimize=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, light.getvalue())
    return target.read_bytes()


def webp(image: Image.Image, number: int = COLOURS) -> bytes:
    """Return a lossless WebP image in few colours.

    Args:
        image: RGBA.
        number: of colours.
    """
    content = io.BytesIO()
    few = Image.fromarray(_few_colours(image, number))
    few.save(content, format="WEBP", lossless=True, method=4)
    return content.getvalue()


def _few_colours(image: Image.Image, number: int) -> np.ndarray:
    """Give each pixel the nearest of the most frequent colours and of those of an octree."""
    pixels = np.asarray(image)
    packed = np.ascontiguousarray(pixels).view(np.uint32).ravel()
    colours, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    octree = image.quantize(number, method=Image.Quantize.FASTOCTREE).convert("RGBA")
    others = np.unique(np.ascontiguousarray(np.asarray(octree)).view(np.uint32))
    chosen = np.concatenate([colours[np.argsort(-counts)[:EXACT]], others])
    palette, wanted = (_seen(c.view(np.uint8).reshape(-1, 4)) for c in (chosen, colours))
    distances = (palette**2).sum(1) - 2 * wanted @ palette.T
    nearest = chosen[distances.argmin(1)]
    return nearest[where].view(np.uint8).reshape(pixels.shape)


def _seen(colours: np.ndarray) -> np.ndarray:
    """Return how colours (rows of red, green, blue, opacity) look on white and on black."""
    colours = colours.astype(np.float32)
    opacity = colours[:, 3:] / 255
    on_black = colours[:, :3] * opacity
    return np.hstack([on_black, on_black + 255 * (1 - opacity)])


def remove_unused_images(folder: Path, pages: list[str]) -> None:
    """Delete the images that no page names."""
    text = "\n".join(pages)
    for path in Path(folder, "_images").glob("*"):
        if path.name not in text:
            path.unlink()


def lighten_icons(folder: Path, pages: list[str]) -> None:
    """Reduce the icon fonts, and the style rules that name icons, to the icons in use."""
    scripts = [p for p in Path(folder, "_static").rglob("*.js") if "mathjax" not in p.parts]
    scripts = [p for p in scripts if p.name != "fontawesome.js"]
    styles = [p for p in Path(folder, "_static").rglob("*.css") if p != folder / THEME]
    used = {name for text in pages for name in ICON.findall(text)}
    used |= {name for p in scripts for name in ICON.findall(p.read_text(encoding="utf8"))}
    css = Path(folder, THEME).read_text(encoding="utf8")
    texts = [p.read_text(encoding="utf8") for p in styles]
    codes = {code for text in texts for code in CODE.findall(text)}
    codes |= {f"{ord(icon):x}" for text in [*texts, css] for icon in CHARACTER.findall(text)}

    def keep(rule: re.Match) -> str:
        if used.isdisjoint(ICON.findall(rule[1])):
            return ""
        codes.add(rule[2])
        return rule[0]

    css = RULE.sub(keep, css)
    css = FACE.sub(lambda face: re.sub(r"src:[^;}]*", _source(face[1]), face[0]), css)
    Path(folder, THEME).write_text(css, encoding="utf8")
    for font in Path(folder, FONTS).glob("*.ttf"):
        _write_subset(font, {int(code, 16) for code in codes})
    for path in [*Path(folder, FONTS).glob("*.ttf"), *Path(folder, FONTS).glob("*.woff2")]:
        path.unlink()
    for path in Path(folder, "_static/scripts").glob("fontawesome.js*"):
        path.unlink()


def _source(name: str) -> str:
    return f'src:url(../vendor/fontawesome/webfonts/{name}.woff) format("woff")'


def _write_subset(font: Path, characters: set[int]) -> None:
    options = subset.Options(flavor="woff", notdef_outline=True)
    opened = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(opened)
    subset.save_font(opened, str(font.with_suffix(".woff")), options)
