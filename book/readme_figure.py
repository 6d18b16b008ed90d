"""Draw README's figure and badges, and the image that other sites preview, from trained nets."""

import io
import textwrap
from html import escape
from pathlib import Path

from halfspace.companion import plots
from halfspace.companion.claims import KINDS, SIGNS
from halfspace.companion.plots.style import COLORS
from halfspace.companion.report import report, summary_by_kind
from halfspace.companion.spec import Result
from moving import films, largest, standalone
from whole import write_whole

__all__ = ["badge", "paper_claims"]

STATIC = Path("book/static")
QUESTION = "Where do a network’s features go while it learns?"
TITLE = "A DLGN learns a function on the circle: its active paths move to the slow half."


def paper_claims(entries: list[dict]) -> str:
    """Return how many of the paper's claims have which verdict."""
    counts = summary_by_kind(entries)[KINDS["paper"]]
    return "  ".join(f"{SIGNS[verdict]} {number}" for verdict, number in counts.items())


def badge(label: str, value: str) -> str:
    """Return a badge as SVG."""
    widths = [14 + 7 * len(text) for text in (label, value)]
    parts = zip((label, value), (0, widths[0]), widths, ("#57606a", "#1a6fb0"), strict=True)
    boxes = "".join(
        f"<rect x='{x}' width='{width}' height='22' fill='{color}'/>"
        f"<text x='{x + 7}' y='15' fill='#fff' textLength='{width - 14}' xml:space='preserve'>"
        f"{escape(text)}</text>"
        for text, x, width, color in parts
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{sum(widths)}' height='22' role='img' "
        f"font-family='Verdana, sans-serif' font-size='12'><title>{escape(label)}: {escape(value)}"
        f"</title>{boxes}</svg>\n"
    )


def preview(film: Result) -> bytes:
    """Return the question and the end of training as a PNG of 1200 by 630 pixels."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    question = "\n".join(textwrap.wrap(QUESTION, 22))
    figure.text(0.05, 0.8, question, size=36, color="#1f2328", va="top")
    figure.text(0.05, 0.12, "Half-Space Features", size=22, color="#57606a")
    axes = figure.add_axes((0.55, 0.04, 0.44, 0.9), projection="polar")
    axes.set_axis_off()
    paths, width = film.paths[-1, 0], film.angles[1] - film.angles[0]
    for angle, shade in zip(film.angles, paths / paths.max(), strict=True):
        axes.bar(angle, 0.5, width, 0.2, color=COLORS["dlgn"], alpha=shade, linewidth=0)
    half = len(film.angles) // 2
    for part, color in ((slice(half), "low"), (slice(half, None), "high")):
        radius = 0.95 + 0.15 * film.target[part]
        axes.plot(film.angles[part], radius, color=COLORS[color], lw=7, solid_capstyle="round")
    image = io.BytesIO()
    figure.savefig(image, transparent=False)
    plt.close(figure)
    return image.getvalue()


def main() -> None:
    """Write the files."""
    made = films()
    film, scale = made["DLGN"], largest(made)
    files = {
        "readme-figure.svg": standalone(film, COLORS["dlgn"], scale, TITLE, moving=True),
        "readme-figure-still.svg": standalone(film, COLORS["dlgn"], scale, TITLE, moving=False),
        "badge-claims.svg": badge("the paper's claims", paper_claims(report())),
        "social.png": preview(film),
    }
    for name, content in files.items():
        write_whole(STATIC / name, content)
        print(f"wrote {STATIC / name}")


if __name__ == "__main__":
    main()
