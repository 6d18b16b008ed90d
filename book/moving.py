"""The moving figure as SVG: nets on the circle, where their active paths are, what they learned.

Without animation it shows the end of training. Type and lines take the colour of the text around
the figure, so that it reads on white and on black.
"""

import math

import numpy as np
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.circle.film import CircleFilm
from halfspace.companion.circle.readings import median_seed
from halfspace.companion.plots.style import COLORS
from halfspace.companion.spec import Result

__all__ = [
    "FRAMES",
    "SECONDS",
    "drawing",
    "films",
    "frames",
    "half_means",
    "largest",
    "standalone",
]

SECONDS = 6
FRAMES = 24 + 4  # the last of 24 is shown for another four
_SECTORS = 64
_TICKS = (0, 1, 3, 10, 30, 100, 300)
_FONT = "font-family='system-ui, sans-serif' font-size='15' fill='currentColor'"


def films() -> dict[str, Result]:
    """Return the films of a ReLU net, a DLGN, and this DLGN with frozen gates.

    Each trains by the base recipe. The seeds are the recorded ones with the median final loss.
    """
    specs = {}
    for name, label in dict(relu="ReLU net", dlgn="DLGN").items():
        recorded = circle_conditions()[f"{name}: base"].result()
        alone = recorded.spec.training.replace(first_seed=median_seed(recorded), seeds=1)
        specs[label] = CircleFilm(training=alone)
    frozen = specs["DLGN"].training.replace(model="frozen")
    specs["DLGN, frozen gates"] = CircleFilm(training=frozen)
    return {label: spec.result(device="cpu") for label, spec in specs.items()}


def frames(values: np.ndarray) -> np.ndarray:
    """Return values over the epochs of a film, shape (K, ...), with the last one held."""
    return np.concatenate([values, np.repeat(values[-1:], FRAMES - len(values), axis=0)])


def half_means(film: Result) -> dict[str, np.ndarray]:
    """Return the mean number of active paths on each half over the epochs, shape (K,)."""
    low, high = np.split(film.paths[:, 0].astype(float), 2, axis=-1)
    return {"slow half": low.mean(-1), "fast half": high.mean(-1)}


def largest(films: dict[str, Result]) -> float:
    """Return the largest mean number of active paths on a half in any film."""
    return max(means.max() for film in films.values() for means in half_means(film).values())


def _sectors(film: Result) -> np.ndarray:
    paths = film.paths[:, 0].astype(float)
    return paths.reshape(len(paths), _SECTORS, -1).mean(-1)


def _animate(attribute: str, values: list[str], begin: str | None) -> str:
    if begin is None or len(set(values)) == 1:
        return ""
    return (
        f"<animate attributeName='{attribute}' values='{';'.join(values)}' "
        f"dur='{SECONDS}s' begin='{begin}' repeatCount='indefinite'/>"
    )


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f"<text x='{x:g}' y='{y:g}' text-anchor='{anchor}' {_FONT}>{text}</text>"


def _line(points: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.0f},{y:.0f}" for x, y in points)


def _halves(points: np.ndarray, width: float) -> str:
    """Draw a target: the slow half green, the fast half ochre."""
    parts = zip(("low", "high"), np.split(points, 2), strict=True)
    return "".join(
        f"<path d='{_line(part)}' fill='none' stroke='{COLORS[half]}' stroke-width='{width:g}' "
        "stroke-linecap='round' stroke-linejoin='round'/>"
        for half, part in parts
    )


def _ring(film: Result, color: str, scale: float, begin: str | None) -> str:
    """Draw the circle, 300 by 300, shaded by active paths, with the target around it."""
    shades = np.minimum(frames(_sectors(film)) / scale, 1)
    angle = 2 * math.pi / _SECTORS
    parts = []
    for k in range(_SECTORS):
        (a, b), (c, d) = ((math.cos(t * angle), -math.sin(t * angle)) for t in (k, k + 1))
        corners = [(a * 90, b * 90), (c * 90, d * 90), (c * 30, d * 30), (a * 30, b * 30)]
        outline = "L".join(f"{150 + x:.1f},{150 + y:.1f}" for x, y in corners)
        values = [f"{shade:.2f}" for shade in shades[:, k]]
        parts.append(
            f"<path d='M{outline}Z' fill-opacity='{values[-1]}'>"
            f"{_animate('fill-opacity', values, begin)}</path>"
        )
    radius = 118 + 20 * film.target
    around = np.stack([np.cos(film.angles), -np.sin(film.angles)], -1) * radius[:, None] + 150
    return (
        f"<g fill='{color}' shape-rendering='crispEdges'>{''.join(parts)}</g>"
        "<g fill='none' stroke='currentColor' stroke-opacity='.4'>"
        "<circle cx='150' cy='150' r='90'/><circle cx='150' cy='150' r='30'/>"
        "<path d='M38,150H8M262,150h30' stroke-dasharray='3 3'/></g>"
        f"{_halves(around, 4)}{_text(150, 147, 'active')}{_text(150, 163, 'paths')}"
    )


def _curve(film: Result, begin: str | None) -> str:
    """Draw target and learned function over the angle in the upper part of 340 by 300."""
    x = 10 + 320 * film.angles / (2 * math.pi)
    lines = [
        _line(np.stack([x, 66 - 36 * np.clip(outputs, -1.3, 1.3)], -1))
        for outputs in frames(film.outputs[:, 0])
    ]
    target = np.stack([x, 66 - 36 * film.target], -1)
    labels = ((10, "0°", "start"), (170, "180°", "middle"), (330, "360°", "end"))
    return (
        _text(10, 14, "target, and what the net has learned", "start")
        + _halves(target, 7)
        + f"<path d='{lines[-1]}' fill='none' stroke='currentColor' stroke-width='2'>"
        + f"{_animate('d', lines, begin)}</path>"
        + "".join(_text(place, 134, label, anchor) for place, label, anchor in labels)
    )


def _bars(film: Result, scale: float, begin: str | None) -> str:
    """Draw the mean number of active paths on each half below the curve."""
    parts = [_text(10, 166, "active paths, mean over each half", "start")]
    halves = zip(("low", "high"), half_means(film).items(), strict=True)
    for row, (half, (label, means)) in enumerate(halves):
        y = 174 + 26 * row
        widths = [f"{width:.1f}" for width in 245 * frames(means) / scale]
        parts.append(
            f"{_text(10, y + 16, label, 'start')}"
            f"<rect x='84' y='{y}' height='20' width='{widths[-1]}' fill='{COLORS[half]}'>"
            f"{_animate('width', widths, begin)}</rect>"
        )
    return "".join(parts)


def _clock(film: Result, begin: str | None) -> str:
    """Draw the epochs as an axis with a dot at the current one."""

    def place(epoch: float) -> float:
        return 70 + 255 * math.log1p(epoch) / math.log1p(_TICKS[-1])

    places = [f"{place(epoch):.1f}" for epoch in frames(film.at)]
    ticks = "".join(
        f"<path d='M{place(tick):.1f},258v6' stroke='currentColor'/>"
        f"{_text(place(tick), 282, str(tick))}"
        for tick in _TICKS
    )
    return (
        "<path d='M70,258H325' stroke='currentColor'/>"
        f"{_text(10, 263, 'epoch', 'start')}{ticks}"
        f"<circle cy='258' r='7' cx='{places[-1]}' fill='currentColor'>"
        f"{_animate('cx', places, begin)}</circle>"
    )


def drawing(film: Result, color: str, scale: float, begin: str | None = None) -> list[str]:
    """Return the two halves of the figure: the circle, and curve, bars and epochs.

    Args:
        film: of one net.
        color: of the net.
        scale: the number of paths that is drawn in full colour, and by the longest bar.
        begin: when it begins to move, an SVG time or ``indefinite``; ``None`` for a still.
    """
    right = _curve(film, begin) + _bars(film, scale, begin) + _clock(film, begin)
    return [_ring(film, color, scale, begin), right]


def standalone(film: Result, color: str, scale: float, title: str, *, moving: bool) -> str:
    """Return the figure as a file of its own."""
    ring, right = drawing(film, color, scale, "0s" if moving else None)
    style = "svg{color:#1f2328}@media (prefers-color-scheme:dark){svg{color:#e6edf3}}"
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 660 300' role='img'>"
        f"<title>{title}</title><style>{style}</style>{ring}<g transform='translate(310)'>{right}"
        "</g></svg>\n"
    )
