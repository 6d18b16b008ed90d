"""Sphinx extension: the playground's page, where a reader's browser trains nets.

The directive ``playground`` puts the controls and panels into the page, with what the recorded runs
found under each condition that the page can reproduce. The page alone loads its script, its style
and the engine, which is the package's.
"""

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
from docutils import nodes
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.circle.readings import evaluation_epochs, path_gains, total_loss
from halfspace.companion.circle.specs import CircleTraining, recipe
from halfspace.companion.plots.style import CMAP, COLORS
from halfspace.companion.spec import Result
from halfspace.companion.widgets import source
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from whole import write_whole

__all__ = ["Playground", "band", "bands", "setting"]

PAGE = "playground"
CONTENT = Path(__file__).with_name("playground.html")
QUANTILES = (0.05, 0.5, 0.95)


def setting(training: CircleTraining) -> str | None:
    """Return what the page calls a recorded run's setting, ``None`` if it cannot be set there.

    It lists the net, both frequencies, both amplitudes, layers, units, biases and the factor on the
    first weights, and of DLGNs the gate. ``playground.js`` builds the same text.
    """
    net = training.model
    if net == "linear" or training.width > 32 or training.depth > 6:
        return None
    target = training.target
    shown = [*target.frequencies, *target.amplitudes, training.depth, training.width]
    shown += [int(training.bias), training.gain]
    gated = net != "relu"
    if gated:
        shown += ["hard" if training.gate != "soft" else training.beta]
    changes = dict(
        target=type(target)(frequencies=target.frequencies, amplitudes=target.amplitudes),
        width=training.width,
        depth=training.depth,
        bias=training.bias,
        gain=training.gain,
    )
    if gated:
        changes |= dict(gating_gain=training.gain, gate=training.gate, beta=training.beta)
    others = ("first_seed", "seeds", "own_order", "epochs", "record_every", "function_epochs")
    same = {name: getattr(training, name) for name in others}
    if recipe(net, **changes, **same) != training:
        return None
    return " ".join([net, *(f"{value:g}" if value != "hard" else value for value in shown)])


def band(result: Result) -> dict:
    """Return a condition's allocation over training, and its last error, as quantiles over seeds.

    Args:
        result: of ``CircleStudy``.

    Returns:
        ``at``: the epochs; ``allocation``: at each the natural logarithm's ``QUANTILES``; ``loss``:
        those of the error at the end; ``seeds``: their number.
    """
    gains = np.quantile(path_gains(result), QUANTILES, axis=1).T
    return {
        "at": evaluation_epochs(result).tolist(),
        "allocation": np.round(gains, 3).tolist(),
        "loss": [float(f"{q:.3g}") for q in np.quantile(total_loss(result)[-1], QUANTILES)],
        "seeds": len(result.diverged),
    }


def bands() -> dict[str, dict]:
    """Return the ``band`` of each recorded condition that the page can set, by its ``setting``."""
    found = {}
    for spec in circle_conditions().values():
        name = setting(spec.training)
        if name is not None and (result := spec.recorded()) is not None:
            found[name] = band(result)
    return found


class Playground(SphinxDirective):
    """Directive ``playground``: controls and panels, which the script fills."""

    def run(self) -> list[nodes.Node]:
        """Return the markup with the recorded bands."""
        amounts = mpl.colormaps[CMAP](np.linspace(0, 1, 256))
        given = {
            "bands": bands(),
            "colors": {name: COLORS[name] for name in ("relu", "dlgn", "frozen", "low", "high")},
            "map": "".join(mpl.colors.to_hex(color)[1:] for color in amounts),
        }
        text = json.dumps(given, separators=(",", ":"))
        data = f'<script type="application/json" id="pg-data">{text}</script>'
        return [nodes.raw("", CONTENT.read_text(encoding="utf8") + data, format="html")]


def add_files(app: Sphinx, page: str, template: str, context: dict, document: object) -> None:
    """Load scripts and style on the playground's own page."""
    if page == PAGE:
        app.add_css_file("playground.css")
        app.add_js_file("engine.js", defer="defer")
        app.add_js_file("playground.js", defer="defer")


def write_engine(app: Sphinx, error: Exception | None) -> None:
    """Put the package's engine beside the pages."""
    if error or app.builder.format != "html" or PAGE not in app.env.found_docs:
        return
    write_whole(Path(app.outdir, "_static", "engine.js"), source("engine.js"))


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_engine)
    app.add_directive("playground", Playground)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
