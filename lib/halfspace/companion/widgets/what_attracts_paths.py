"""What attracts paths? The recorded conditions of the circle, one at a time, and what they say."""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from halfspace.companion.plots import COLORS, INK, factor_axis, figure
from halfspace.companion.widgets.kit import InteractiveFigure, drawn

__all__ = ["what_attracts_paths"]

_USUAL = "usual"
_DIRECTIONS = {"slow half": 1, "more": 1, "fast half": -1, "less": -1}
_ALT = (
    "Above, an arrow for each of four explanations: simplicity and frequency point to the slow "
    "half, magnitude points to the fast half, early signal says nothing. Below, on a logarithmic "
    "axis of allocations, a dot for each seed, on both sides of 1, and their mean with its "
    "interval, which lies below 1."
)


def what_attracts_paths(
    attractions: Sequence[Mapping[str, object]], *, start: str
) -> InteractiveFigure:
    """Show recorded conditions: predictions of four explanations, and each seed's allocation.

    Args:
        attractions: what ``halfspace.companion.circle.readings.attractions`` returns.
        start: name of the condition that is shown first, and in the still picture.

    Raises:
        ValueError: if there is no condition of that name.
    """
    named = {each["name"]: each for each in attractions}
    if start not in named:
        raise ValueError(f"there is no condition {start!r}; take one of {', '.join(named)}")
    first = named[start]
    data = {
        "conditions": [_condition(each) for each in attractions],
        "start": list(named).index(start),
        "firstSeed": first["spec"].first_seed,
        "colors": {name: COLORS[name] for name in ("relu", "dlgn", "low", "high", "none")},
    }
    return InteractiveFigure(
        "what_attracts_paths", ("what_attracts_paths.js",), data, drawn(_still(first)), _ALT
    )


def _condition(attraction: Mapping[str, object]) -> dict[str, object]:
    """Return a condition as the script reads it: factors with four digits, the rest as it is."""
    training = attraction["spec"]
    target = training.target
    return {
        "label": attraction["label"],
        "variant": attraction["variant"],
        "choice": {
            "net": attraction["net"],
            "variant": _key(attraction["variant"]),
            "gain": _USUAL if attraction["usual"] else f"{training.gain:g}",
            "topFrequency": f"{target.frequencies[0]:g}",
            "topAmplitude": f"{target.amplitudes[0]:g}",
            "bottomFrequency": f"{target.frequencies[1]:g}",
            "bottomAmplitude": f"{target.amplitudes[1]:g}",
        },
        "gain": training.gain,
        "phases": target.phases,
        "allocation": [_short(factor) for factor in attraction["allocation"]],
        "fitted": "".join("01"[int(fits)] for fits in attraction["fitted"]),
        "interval": [_short(end) for end in attraction["interval"]],
        "beside": [_short(end) for end in attraction["beside"]],
        "explanations": attraction["explanations"],
    }


def _key(variant: str) -> str:
    """Return what an address calls a variant of a net: ``beta-30-gating-0.6``."""
    plain = variant.replace("β", "beta").replace("×", "")
    return re.sub(r"[^a-z0-9.]+", "-", plain) or _USUAL


def _short(factor: float) -> float:
    return float(f"{factor:.4g}")


def _still(attraction: Mapping[str, object]):
    factors, fits = np.asarray(attraction["allocation"]), np.asarray(attraction["fitted"])
    made, axes = figure(height=3.4)
    axis = axes[0, 0]
    color = COLORS[attraction["net"]]
    names = []
    for row, (name, (predicted, judged)) in enumerate(attraction["explanations"].items()):
        names.append(f"{name}\n{judged}" if judged else name)
        if direction := _DIRECTIONS.get(predicted):
            half = COLORS["low" if direction > 0 else "high"]
            options = dict(arrowstyle="-|>", color=half, lw=2.5, mutation_scale=16)
            axis.annotate("", (10.0**direction, row), (1, row), arrowprops=options)
        else:
            text = "says nothing" if predicted == "–" else predicted
            axis.text(1.15, row, text, va="center")
    row = len(names) + 0.4
    heights = row + 0.9 * ((np.arange(len(factors)) * 0.618) % 1 - 0.5)
    for chosen, face in ((fits, color), (~fits, "none")):
        options = dict(ms=3.5, mew=0.8, color=color, mfc=face, alpha=0.7)
        axis.plot(factors[chosen], heights[chosen], "o", **options)
    mean, low, high = attraction["interval"]
    axis.plot([low, high], [row, row], color=INK, lw=2.5, solid_capstyle="butt")
    axis.plot(mean, row, "|", ms=26, mew=3, color=INK)
    axis.axvline(1, color=INK, lw=0.8, ls=":")
    axis.set(xscale="log", xlabel="allocation at the end")
    largest = max(abs(math.log10(factor)) for factor in factors)
    axis.set_xlim(10**-largest / 1.5, 10**largest * 1.5)
    axis.set_ylim(row + 0.8, -0.6)
    axis.set_yticks([*range(len(names)), row], [*names, "measured"])
    factor_axis(axis, "x")
    return made
