"""Claims on functions of few dimensions in a domain of many (Cloninger and Klock).

Of the paper the abstracts of its versions were read. What they state is ``related``; sizes,
procedures and the other claims are ours.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from halfspace.companion.claims import Case, Claim
from halfspace.companion.intrinsic_dimension.readings import (
    ambient_cost,
    cost_gap,
    fall_gap,
    frozen_loss,
    growth,
    hard_loss,
    layer_lead,
    loss,
    turned,
)

__all__ = ["CLAIMS"]

_ABSTRACT = "Related: Cloninger and Klock 2021, abstract"
_OURS = "ours: after Cloninger and Klock 2021"
_SEEN = (
    "A prototype's numbers on a few seeds below 1000 were known, and while the code was written "
    "those of seeds 0 and 1; none of these runs' were."
)
_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_PEERS = {"kernel ridge": "ridge", "neighbours": "neighbours"}
_RISK = "ln of the risk (mean squared error on fresh points, without noise)"


def _runs(*names: str) -> tuple[str, ...]:
    return tuple(f"intrinsic dimension: {name}" for name in names)


def _one(
    name: str, runs: tuple[str, ...], value: Callable[..., np.ndarray], *, factor: bool = True
) -> Case:
    return Case(name=name, needs=_runs(*runs), value=value, test="above", factor=factor)


def _over_peers(
    value: Callable[..., np.ndarray], high: str, low: str, *, factor: bool = True
) -> tuple[Case, ...]:
    """Return a case for each peer and net: what the value is of the peer, minus of the net."""
    return tuple(
        _one(
            f"{peer_label} over {label}",
            (f"peers: {high}", f"peers: {low}", f"{net}: {high}", f"{net}: {low}"),
            partial(value, peer=peer, other_peer="risk"),
            factor=factor,
        )
        for label, net in _NETS.items()
        for peer_label, peer in _PEERS.items()
    )


def _doubling(many, base, low, peer="risk"):
    """Return ln of what doubling d costs over what doubling D costs, shape (S,)."""
    return cost_gap(many, base, base, low, peer, peer)


def _reverse_doubling(many, base, low, peer):
    return -_doubling(many, base, low, peer)


_DOUBLED = ("d 2, D 8, n 4096", "D 8, n 4096", "D 4, n 4096")

CLAIMS = (
    Claim(
        id="intr-ambient",
        kind="related",
        text="It is the intrinsic dimension that a trained net pays for: doubling it costs more "
        "than doubling the ambient one.",
        where=_ABSTRACT,
        quote="We achieve near optimal approximation rates, which depend only on the complexity of "
        "the dimensionality reducing map ϕ rather than the ambient dimension.",
        statistic=f"{_RISK} at d = 2, D = 8 minus that at d = 1, D = 8, minus the rise from D = 4 "
        "to D = 8 at d = 1; 4,096 points (controls: methods that compare points, for which it is "
        "the other way round)",
        cases=tuple(
            _one(label, tuple(f"{net}: {name}" for name in _DOUBLED), _doubling)
            for label, net in _NETS.items()
        ),
        controls=tuple(
            _one(
                f"{label}: the other way round",
                tuple(f"peers: {name}" for name in _DOUBLED),
                partial(_reverse_doubling, peer=peer),
            )
            for label, peer in _PEERS.items()
        ),
        figure="fig-intr-risk",
        seen=_SEEN,
    ),
    Claim(
        id="intr-adapts",
        kind="ours",
        text="Dimensions on which the target does not depend cost a trained net less than methods "
        "that compare points.",
        where=_OURS,
        statistic=f"{_RISK} at D = 16 minus that at D = 4, with d = 1 and 4,096 points: of kernel "
        "ridge regression, or of nearest neighbours, minus that of the net",
        cases=_over_peers(cost_gap, "D 16, n 4096", "D 4, n 4096"),
        figure="fig-intr-risk",
        seen=_SEEN,
    ),
    Claim(
        id="intr-rate",
        kind="ours",
        text="In 16 dimensions a trained net's risk falls faster with data than that of methods "
        "that compare points, which are slowed down by the dimension.",
        where=_OURS,
        statistic="slope of ln risk in ln n from 1,024 to 4,096 points at D = 16, d = 1: of kernel "
        "ridge regression, or of nearest neighbours, minus that of the net; and of the former at "
        "D = 16 minus at D = 4",
        cases=_over_peers(fall_gap, "D 16, n 4096", "D 16, n 1024", factor=False)
        + tuple(
            _one(
                f"{label}, D = 16 over D = 4",
                (
                    "peers: D 16, n 4096",
                    "peers: D 16, n 1024",
                    "peers: D 4, n 4096",
                    "peers: D 4, n 1024",
                ),
                partial(fall_gap, peer=peer, other_peer=peer),
                factor=False,
            )
            for label, peer in _PEERS.items()
        ),
        figure="fig-intr-risk",
        seen=_SEEN,
    ),
    Claim(
        id="intr-not-free",
        kind="ours",
        text="But at a given number of points the ambient dimension is not free, even for trained "
        "nets.",
        where=_OURS,
        statistic=f"{_RISK} at D = 16 minus that at D = 4, with d = 1 and 4,096 points",
        cases=tuple(
            _one(label, (f"{net}: D 16, n 4096", f"{net}: D 4, n 4096"), ambient_cost)
            for label, net in _NETS.items()
        ),
        figure="fig-intr-risk",
        seen=_SEEN,
    ),
    Claim(
        id="intr-direction",
        kind="ours",
        text="A DLGN adapts by turning its half-spaces: freezing them costs more in the larger "
        "domain, and random ones turned into the plane of the signal beat trained ones.",
        where=_OURS,
        statistic="ln of the risk with gates frozen at random over that with trained gates at "
        "D = 16 minus the same at D = 4; and at D = 16 that with gates frozen at random, and that "
        "with trained ones, over that with the random gates projected on the plane and frozen; "
        "d = 1, 4,096 points",
        cases=(
            _one(
                "frozen over trained, D = 16 over D = 4",
                (
                    "dlgn, frozen: D 16, n 4096",
                    "dlgn: D 16, n 4096",
                    "dlgn, frozen: D 4, n 4096",
                    "dlgn: D 4, n 4096",
                ),
                frozen_loss,
            ),
            _one(
                "frozen at random over in the plane",
                ("dlgn, frozen: D 16, n 4096", "dlgn, frozen in the plane"),
                loss,
            ),
            _one(
                "trained over in the plane",
                ("dlgn: D 16, n 4096", "dlgn, frozen in the plane"),
                loss,
            ),
        ),
        figure="fig-intr-methods",
        seen=_SEEN,
    ),
    Claim(
        id="intr-turn",
        kind="ours",
        text="Half-spaces turn into the plane of the signal, later layers further, and further "
        "with more data.",
        where=_OURS,
        statistic="share of a layer's unit normals in the plane (mean squared length of their "
        "projections; of a ReLU net the first layer's), D = 16, d = 1, 4,096 points: ln of its "
        "growth in training minus the same with shuffled targets; ln of a layer's share over that "
        "of the layer below at the end; ln of layer 3's share with 4,096 over that with 1,024 "
        "points, after about equally many steps",
        cases=(
            *(
                _one(
                    f"{label}, layer {layer}, over shuffled targets",
                    (f"{net}: D 16, n 4096", f"{net}: shuffled"),
                    lambda result, control, layer=layer: turned(result, layer - 1, control),
                )
                for label, net, layers in (("DLGN", "dlgn", 3), ("ReLU net", "relu", 1))
                for layer in range(1, layers + 1)
            ),
            *(
                _one(
                    f"DLGN, layer {layer} over layer {layer - 1}, at the end",
                    ("dlgn: D 16, n 4096",),
                    partial(layer_lead, layer=layer - 1, below=layer - 2),
                )
                for layer in (2, 3)
            ),
            _one(
                "DLGN, layer 3, 4,096 over 1,024 points",
                ("dlgn: D 16, n 4096", "dlgn: D 16, n 1024"),
                partial(growth, layer=2),
            ),
        ),
        figure="fig-intr-shares",
        seen=_SEEN,
    ),
    Claim(
        id="intr-tube",
        kind="ours",
        text="Close to the manifold nothing need be adapted to: there kernel ridge regression "
        "beats the trained nets that beat it where x fills the space.",
        where=_OURS,
        statistic="ln of the risk at D = 16, d = 1, 4,096 points: the net's over that of kernel "
        "ridge regression in the tube of radius ½ around the circle; the latter over the former "
        "in the full domain",
        cases=tuple(
            _one(
                f"{label} over kernel ridge, tube",
                (f"{net}: tube", "peers: tube"),
                partial(loss, other_peer="ridge"),
            )
            for label, net in _NETS.items()
        )
        + tuple(
            _one(
                f"kernel ridge over {label}, full domain",
                ("peers: D 16, n 4096", f"{net}: D 16, n 4096"),
                partial(loss, peer="ridge"),
            )
            for label, net in _NETS.items()
        ),
        figure="fig-intr-methods",
        seen=_SEEN,
    ),
    Claim(
        id="intr-hard",
        kind="ours",
        text="A DLGN trained with soft gates needs them. With hard gates in training it adapts, "
        "too, and its half-spaces turn further if its gradient is not that of sharp gates.",
        where=_OURS,
        statistic="D = 16, d = 1, 4,096 points: ln of the risk with hard gates over that with the "
        "soft ones (β = 4) of training; ln of the risk of kernel ridge regression over that of a "
        "DLGN trained with hard gates and the gradient of soft ones of β = 4 (straight-through); "
        "ln of the share of its layer 3 in the plane of the signal over that with β = 30",
        cases=(
            _one("soft gates, made hard", ("dlgn: D 16, n 4096",), hard_loss),
            _one(
                "kernel ridge over hard gates, β = 4",
                ("peers: D 16, n 4096", "dlgn, hard: beta 4"),
                partial(loss, peer="ridge"),
            ),
            _one(
                "layer 3, β = 4 over β = 30",
                ("dlgn, hard: beta 4", "dlgn, hard: beta 30"),
                partial(growth, layer=2),
            ),
        ),
        figure="fig-intr-methods",
        seen=_SEEN,
    ),
)
