"""Claims of the short views: preferred directions, the hinge loss, learned edges.

Of the papers only abstracts were read. What they state is ``related``; settings, formulas and the
other claims are ours.
"""

from collections.abc import Callable
from functools import partial

from halfspace.companion.claims import Case, Claim, all_nets, cases
from halfspace.companion.short_views.readings import (
    aligned,
    depth_gain,
    flips_factor,
    half_of_profile,
    misses,
    range_excess,
    slow_lead,
    turned_share,
    with_points,
)
from halfspace.companion.theory.readings import agrees

__all__ = ["CLAIMS"]

_SEEN = (
    "A prototype's numbers on other seeds were known, and those of seeds 0 to 2 of these "
    "experiments (edges from 1 excepted); none of these runs' were."
)
_NAMES = {"ReLU net": "relu", "DLGN": "dlgn"}
_ALL = {
    f"{label}, {layers}": f"directions: two: {layers} {model}"
    for layers in ("conv", "dense")
    for label, model in _NAMES.items()
}
_CONV = {name: run for name, run in _ALL.items() if "conv" in name}
_DENSE = {name: run for name, run in _ALL.items() if "dense" in name}
_SIGNS = {f"{n} layers": f"edges: signs: {n} layers" for n in (2, 3)}
_START, _ENDS = "hinge: start", "hinge: ends"
_SPREAD_MARGIN = 0.1  # of the claim ntk-spread
_TENTH = 0.1


def _by_alpha(name: str, value: Callable, test: str, level: float = 0.0) -> tuple[Case, ...]:
    return tuple(
        Case(
            name=f"{name}, α = {alpha:g}",
            needs=(_ENDS,),
            value=partial(value, alpha=alpha),
            test=test,
            level=level,
        )
        for alpha in (0.1, 1.0)
    )


CLAIMS = (
    Claim(
        id="view-directions",
        kind="related",
        text="How well a convolutional net classifies depends on the direction of an image that "
        "tells the label; for a dense net it depends less.",
        where="Related: Ortiz-Jiménez et al. 2020, abstract",
        quote="depending on the direction of the discriminative feature of the distribution, many "
        "state-of-the-art deep convolutional neural networks (CNNs) have a surprisingly hard time "
        "solving this simple task",
        statistic="largest minus smallest test accuracy over eight directions of 8 × 8 images, "
        "each of which alone carries the label, convolutional minus dense net with the same kind "
        "of gates, in percentage points (controls: over dense nets with fewer points and a weaker "
        "label, whose accuracies are far from 100 %)",
        cases=cases(
            {k: (f"directions: conv {v}", f"directions: dense {v}") for k, v in _NAMES.items()},
            range_excess,
            "above",
        ),
        controls=cases(
            {
                f"{k}, harder": (f"directions: conv {v}", f"directions: dense {v}, harder")
                for k, v in _NAMES.items()
            },
            range_excess,
            "above",
        ),
        figure="fig-view-directions",
        seen=_SEEN,
    ),
    Claim(
        id="view-directions-gates",
        kind="ours",
        text="A convolutional DLGN prefers the same directions as a ReLU net: the preference does "
        "not need gates that are the net's own.",
        where="ours: after Ortiz-Jiménez et al. 2020",
        statistic="share of the variance over directions of the convolutional DLGN's test accuracy "
        "that the ReLU net's accuracies explain (1 minus the sum of squared differences over the "
        "sum of squared deviations from the DLGN's mean), minus one half (controls: one half "
        "minus that share, for dense nets)",
        cases=cases(
            {"convolutional": ("directions: conv dlgn", "directions: conv relu")},
            half_of_profile,
            "above",
        ),
        controls=cases(
            {
                f"dense{name}: not so": (
                    f"directions: dense dlgn{name}",
                    f"directions: dense relu{name}",
                )
                for name in ("", ", harder")
            },
            partial(half_of_profile, sign=-1),
            "above",
        ),
        figure="fig-view-directions",
        seen=_SEEN,
    ),
    Claim(
        id="view-underspecified",
        kind="related",
        text="Of two directions that both tell the label, a dense net uses the one of larger "
        "scale; a convolutional net uses the one that it prefers, even if it is three times "
        "smaller.",
        where="Related: Ortiz-Jiménez et al. 2021, abstract",
        quote="We show that the way neural networks handle the underspecification of problems is "
        "highly dependent on the data representation.",
        statistic="test accuracy where only the slow direction, (0, 1), tells the label minus "
        "where only the fast one, (5, 5), does, in percentage points, after training with the fast "
        "one of three times the scale (dense nets: the negative; controls: with the slow one of "
        "three times the scale)",
        cases=cases(_CONV, partial(slow_lead, scales=(1.0, 3.0)), "above")
        + cases(_DENSE, partial(slow_lead, scales=(1.0, 3.0), sign=-1), "above"),
        controls=cases(
            {f"{name}, slow larger": run for name, run in _ALL.items()},
            partial(slow_lead, scales=(3.0, 1.0)),
            "above",
        ),
        figure="directions-that-convolutions-prefer",
        seen=_SEEN,
    ),
    Claim(
        id="view-hinge-early",
        kind="ours",
        text="While the hinge loss pushes at every example, each unit follows a closed form, and "
        "a DLGN's half-spaces stand still in the limit of many points.",
        where="ours: after Pellegrini and Biroli 2020",
        statistic="exponent of the distance from the closed form, over the size of the change, "
        "against 1000 to 16000 points, plus one half; exponent of the mean distance that the "
        "DLGN's gating vectors went, plus one half (controls: that of a ReLU net's, which move: "
        "zero); margin of the claim ntk-spread",
        cases=tuple(
            Case(
                name=name,
                needs=(_START,),
                value=partial(with_points, name=array, expected=-0.5),
                test="equal",
                level=_SPREAD_MARGIN,
            )
            for name, array in {
                "ReLU net, closed form": "relu_error",
                "DLGN, closed form": "dlgn_error",
                "DLGN, half-spaces": "dlgn_turned",
            }.items()
        ),
        controls=cases(
            {"ReLU net, half-spaces": _START},
            partial(with_points, name="relu_turned", expected=0),
            "equal",
            _SPREAD_MARGIN,
        ),
        figure="the-hinge-loss-rich-and-lazy",
        seen=_SEEN,
    ),
    Claim(
        id="view-hinge-crossover",
        kind="related",
        text="The scale α in the hinge loss leads from rich to lazy learning: gates change for "
        "small α, and hardly for large.",
        where="Related: Pellegrini and Biroli 2020, abstract",
        quote="This allow us to address in a simple setting several phenomena appearing in modern "
        "networks such as slowing down of training dynamics, crossover between rich and lazy "
        "learning, and overfitting.",
        statistic="ln of the share of hard gates at training points that differ from the start's, "
        "α = 0.1 over α = 100",
        cases=tuple(
            Case(
                name=label,
                needs=(_ENDS,),
                value=partial(flips_factor, net=net),
                test="above",
                factor=True,
            )
            for label, net in _NAMES.items()
        ),
        figure="fig-view-hinge",
        seen=_SEEN,
    ),
    Claim(
        id="view-hinge-direction",
        kind="ours",
        text="A DLGN's half-spaces move under the hinge loss and yet do not turn to the label's "
        "direction; its values do.",
        where="ours: after Pellegrini and Biroli 2020",
        statistic="mean |cos| of vectors with the label's direction, end minus start; half-spaces: "
        "over the mean of the same for the DLGN's values, within a tenth; values: the difference "
        "(controls: the difference for a ReLU net, whose half-spaces are its values)",
        cases=_by_alpha("half-spaces", turned_share, "equal", _TENTH)
        + _by_alpha("values", partial(aligned, net="dlgn", vectors="values"), "above"),
        controls=_by_alpha(
            "ReLU net's half-spaces", partial(aligned, net="relu", vectors="gates"), "above"
        ),
        figure="fig-view-hinge",
        seen=_SEEN,
    ),
    Claim(
        id="view-edges-kernel",
        kind="proved",
        text="Where every layer is joined to all before it, the mean kernel with fixed gates is a "
        "sum over all ways to skip layers, with the squares of the edges as factors.",
        where="ours: after Yuan et al. 2020",
        statistic="share of small nets whose mean of y y' over all signs of the weights and the "
        "formula differ by less than 1e-10 of the largest entry (controls: that the number of "
        "shared paths with all edges 1 agrees with the product over layers of 1 + shared units; "
        "that the formula with |edges| in place of their squares differs by more, and so does the "
        "part of the paths that skip no layer, scaled to the mean's trace)",
        cases=all_nets(_SIGNS, partial(agrees, gap="gap")),
        controls=all_nets(
            {f"product, {k}": v for k, v in _SIGNS.items()}, partial(agrees, gap="product")
        )
        + tuple(
            case
            for name, gap in {"not unsquared": "unsquared", "not the chain": "chain"}.items()
            for case in cases(
                {f"{name}, {k}": v for k, v in _SIGNS.items()},
                partial(misses, gap=gap),
                "share",
                0.5,
            )
        ),
        figure="edges-that-are-learned",
        seen=_SEEN,
    ),
    Claim(
        id="view-edges-depth",
        kind="ours",
        text="Edges that are learned lead through more layers than edges that stay at their start.",
        where="ours: after Yuan et al. 2020",
        statistic="effective depth after training on the circle (mean number of gated layers that "
        "a path passes, paths weighed by their part in the mean kernel), learned minus fixed edges "
        "of 0.5 (control: edges that start at 1)",
        cases=cases({"from 0.5": ("edges: learned", "edges: fixed")}, depth_gain, "above"),
        controls=cases(
            {"from 1": ("edges: learned, from 1", "edges: fixed, from 1")}, depth_gain, "above"
        ),
        figure="fig-view-edges",
        seen=_SEEN,
    ),
)
