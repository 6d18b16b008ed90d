"""Claims on label jumps (Banerjee et al.), clusters (Picchiotti, Gori) and ranks (Feng et al.).

Of the papers the abstracts were read. What they state is ``related``; sizes, procedures and the
other claims are ours.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from halfspace.companion.claims import EXACT, Case, Claim, all_nets
from halfspace.companion.label_jumps.readings import (
    accuracy_gain,
    all_nodes_nearer,
    captured,
    captured_first,
    chain_clusters,
    chain_factor,
    chain_fall,
    chain_gap,
    is_computed,
    lost_without_jumps,
    rank_fall,
    right_weight,
    right_where_any,
    through_gates,
    unused_moved,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_JUMPS = "Related: Banerjee, Ramaswamy, Yadav, Lakshminarayanan 2025, abstract"
_CLUSTERS = "Related: Picchiotti and Gori 2021, abstract"
_RANKS = "Related: Feng et al. 2022, abstract"
_OURS = "ours: after Banerjee et al. 2025"
_SEEN = (
    "A prototype's numbers on seeds 0 to 9 were known, and while the code was written those of up "
    "to five runs on seeds from 0; none of these runs' were."
)
_NETS = {"DLGN-SF": "shallow", "DLGN": "dlgn"}
_SMALL = {"10-4-2, L1": "4-2, L1", "10-8-4, L1": "8-4, L1"}
_WITHOUT = {"10-8-4": "8-4", "10-32-32": "32-32", "10-8-4, continuous inputs": "8-4, continuous"}
_RARELY = 0.01
_GATED = {"ReLU net": "relu", "DLGN": "dlgn"}

Value = Callable[..., np.ndarray]


def _one(name: str, runs: str | tuple[str, ...], value: Value, test="above", level=0.0, **options):
    needs = (runs,) if isinstance(runs, str) else runs
    return Case(name=name, needs=needs, value=value, test=test, level=level, **options)


def _tree(name: str, value: Value, *runs: str, **options) -> tuple[Case, ...]:
    """Return a case for each gated net; runs name the rest of the condition after the net."""
    return tuple(
        _one(
            f"{label}{name}",
            tuple(f"label jumps: {run.format(net)}" for run in runs),
            value,
            **options,
        )
        for label, net in _NETS.items()
    )


def _not_all_nearer(result: Result) -> np.ndarray:
    return ~all_nodes_nearer(result)


def _more_captured(result: Result, other: Result) -> np.ndarray:
    return captured(result) - captured(other)


def _read_gain(result: Result, other: Result, rival: str) -> np.ndarray:
    return result.read_accuracy - other.arrays[rival]


def _by_net(values: Callable[[Result], np.ndarray], when: int) -> Value:
    return lambda result: values(result)[:, when]


CLAIMS = (
    Claim(
        id="tree-dlgn",
        kind="proved",
        text="An oblique tree is a DLGN: one path for each leaf, active where the leaf is, with "
        "shallow gating or as a chain.",
        where=_OURS,
        statistic="share of random trees (15 nodes, d = 20) whose label both DLGNs give at all of "
        "20,000 points",
        cases=all_nets({"both forms": "label jumps: construction"}, is_computed),
        figure="the-tree",
        seen=_SEEN,
    ),
    Claim(
        id="tree-gates-move",
        kind="related",
        text="Gates move to where the labels jump: to the tree's normals, and not to unused "
        "directions.",
        where=_JUMPS,
        quote="In this setup, we provide supporting evidence demonstrating the movement of model "
        "function discontinuities towards the label function discontinuities during training.",
        statistic="share of trees whose every node ends nearer to a gate than any unused direction "
        "does; the level, one half, is most trees (control: shuffled labels, share of trees for "
        "which it is not so)",
        cases=_tree("", all_nodes_nearer, "{}", test="share", level=0.5),
        controls=(
            _one(
                "DLGN-SF, x as value input",
                "label jumps: shallow: input",
                all_nodes_nearer,
                "share",
                0.5,
            ),
            *_tree(
                ", shuffled labels: not so",
                _not_all_nearer,
                "{}: shuffled labels",
                test="share",
                level=0.5,
            ),
        ),
        figure="fig-tree-distance",
        seen=_SEEN,
    ),
    Claim(
        id="tree-gates-leave",
        kind="ours",
        text="Gates leave directions on which the label does not depend.",
        where=_OURS,
        statistic="distance of the unused directions to the nearest gate, mean over directions, "
        "end minus start of training (control: minus the same with shuffled labels)",
        cases=_tree("", unused_moved, "{}"),
        controls=_tree(", over shuffled labels", unused_moved, "{}", "{}: shuffled labels"),
        figure="fig-tree-distance",
        seen=_SEEN,
    ),
    Claim(
        id="tree-gates-accuracy",
        kind="ours",
        text="Gates that move to the nodes raise the accuracy.",
        where=_OURS,
        statistic="test accuracy with trained gates minus that with gates frozen at the same start "
        "(control: gates frozen at the tree's normals minus frozen at random; the value network "
        "alone is trained in both)",
        cases=_tree("", accuracy_gain, "{}", "{}: frozen"),
        controls=(
            _one(
                "DLGN-SF, frozen at the tree",
                ("label jumps: shallow: gates at the tree", "label jumps: shallow: frozen"),
                accuracy_gain,
            ),
        ),
        figure="fig-tree-accuracy",
        seen=_SEEN,
    ),
    Claim(
        id="tree-order",
        kind="ours",
        text="Nodes are found in the order of their influence on the label: the root, then level "
        "1, then the rest.",
        where=_OURS,
        statistic="share of pairs of nodes in which the one of larger influence is captured first "
        "(first recorded epoch with a gate within 0.3; ties count half, a node that is never "
        "captured comes last), minus one half, which is chance (controls: first layer of a ReLU "
        "net)",
        cases=_tree(", root", partial(captured_first, first=0, later=(1, 2, 3)), "{}")
        + _tree(", level 1", partial(captured_first, first=1, later=(2, 3)), "{}"),
        controls=(
            _one(
                "ReLU net, root",
                "label jumps: relu",
                partial(captured_first, first=0, later=(1, 2, 3)),
            ),
            _one(
                "ReLU net, level 1",
                "label jumps: relu",
                partial(captured_first, first=1, later=(2, 3)),
            ),
        ),
        figure="fig-tree-distance",
        seen=_SEEN,
    ),
    Claim(
        id="tree-slow-order",
        kind="ours",
        text="At equal influence slow training finds first the nodes that a linear model sees: "
        "those of the last level.",
        where=_OURS,
        statistic="a tenth of the learning rate: share of pairs of a node of level 3 and one of "
        "level 2 in which the former is captured first (as in tree-order), minus one half, which "
        "is chance (control: at the usual learning rate)",
        cases=(
            _one(
                "DLGN-SF, slow",
                "label jumps: shallow: slow, other trees",
                partial(captured_first, first=3, later=(2,)),
            ),
        ),
        controls=(
            _one(
                "DLGN-SF",
                "label jumps: shallow: other trees",
                partial(captured_first, first=3, later=(2,)),
            ),
        ),
        figure="fig-tree-distance",
        seen=_SEEN
        + " So were the shares on the trees of the other claims, 70 and 75 %; these trees "
        "are others.",
    ),
    Claim(
        id="labels-must-jump",
        kind="ours",
        text="It is the jumps that attract the gates: without them most nodes are lost.",
        where="ours: the hypothesis of Banerjee et al. 2025, read as a necessary condition",
        statistic="half the share of nodes captured with the labels as targets of the squared "
        "error, minus the share captured with a continuous target, labels times the distance to "
        "the nearest hyperplane on the path; half, since most nodes would be lost",
        cases=tuple(
            _one(
                label,
                (f"smooth trees: {net}: labels", f"smooth trees: {net}: margin"),
                lost_without_jumps,
            )
            for label, net in _NETS.items()
        ),
        figure="fig-tree-dose",
        seen=_SEEN,
    ),
    Claim(
        id="smooth-attracts",
        kind="ours",
        text="A continuous target attracts the gates too, unless it is so smooth that it is nearly "
        "linear.",
        where=_OURS,
        statistic="share of nodes captured, minus that with the smoothest tree (κ = 0.5); targets: "
        "margins, and the tree with soft sides of κ = 2",
        cases=tuple(
            _one(
                f"{label}, {name}",
                (f"smooth trees: {net}: {run}", f"smooth trees: {net}: kappa 0.5"),
                _more_captured,
            )
            for label, net in _NETS.items()
            for name, run in {"margins": "margin", "κ = 2": "kappa 2"}.items()
        ),
        figure="fig-tree-dose",
        seen=_SEEN,
    ),
    Claim(
        id="tree-read-off",
        kind="related",
        text="An accurate tree can be read off the half-spaces of a trained DLGN.",
        where=_JUMPS,
        quote="We demonstrate this by extracting the parameters of a high-accuracy decision tree "
        "from the parameters of a DLGN.",
        statistic="test accuracy of the tree read by our procedure, minus that of CART of the same "
        "depth on the data (controls: minus that of a support vector machine with a Gaussian "
        "kernel on 8,000 points; minus that of the tree read off the net with frozen gates)",
        cases=_tree("", partial(_read_gain, rival="cart"), "{}", "baselines"),
        controls=_tree(", over SVM", partial(_read_gain, rival="svm"), "{}", "baselines")
        + _tree(
            ", over frozen gates", partial(_read_gain, rival="read_accuracy"), "{}", "{}: frozen"
        ),
        figure="the-tree-read-off-a-net",
        seen=_SEEN,
    ),
    Claim(
        id="tree-more-data",
        kind="ours",
        text="In 100 dimensions twice as much data helps, at equally many steps.",
        where=_OURS,
        statistic="test accuracy with 30,000 training points minus that with 15,000, after equally "
        "many steps, d = 100",
        cases=(
            _one("DLGN", ("wide trees: dlgn: 30000", "wide trees: dlgn: 15000"), accuracy_gain),
        ),
        controls=(
            _one(
                "DLGN-SF",
                ("wide trees: shallow: 30000", "wide trees: shallow: 15000"),
                accuracy_gain,
            ),
        ),
        figure="fig-tree-accuracy",
        seen=_SEEN,
    ),
    Claim(
        id="cluster-affine",
        kind="proved",
        text="On inputs with one activation pattern, a ReLU net is one affine map: the sum over "
        "its active paths.",
        where=_CLUSTERS,
        statistic="largest error of the logits by the map, as a product of matrices and as a sum "
        "over active paths, relative to the largest logit; the margin is some thousand roundings",
        cases=tuple(
            _one(label, f"clusters: {run}", lambda result: result.gap, "equal", EXACT)
            for label, run in (_SMALL | _WITHOUT).items()
        ),
        figure="clusters-of-activation-patterns",
        seen=_SEEN,
    ),
    Claim(
        id="cluster-weights",
        kind="related",
        text="The weights of its cluster say by which input the net decides.",
        where=_CLUSTERS,
        quote="The consequence is that we are able to recover an explanation, in the form of "
        "feature importance, for the predictions done by the network to the instances belonging "
        "to the cluster.",
        statistic="share of inputs at which the input that decides has a larger weight than the "
        "other data input (a tie, as with no weights at all, counts as wrong), minus one half, "
        "which is chance; nets on bits that solve the task, all nets on continuous inputs "
        "(controls: without L1, wide, continuous)",
        cases=tuple(_one(label, f"clusters: {run}", right_weight) for label, run in _SMALL.items()),
        controls=tuple(
            _one(label, f"clusters: {run}", right_weight) for label, run in _WITHOUT.items()
        ),
        figure="fig-cluster-shares",
        seen=_SEEN,
    ),
    Claim(
        id="cluster-weights-where-any",
        kind="ours",
        text="Where a cluster has weights at all, they do say by which input the net decides.",
        where="ours: after Picchiotti and Gori 2021",
        statistic="of the inputs whose cluster's weights are not all 0, share at which the input "
        "that decides has a larger weight than the other data input (a tie counts as wrong), minus "
        "one half, which is chance; nets as in the claim cluster-weights (controls: without L1, "
        "wide, continuous)",
        cases=tuple(
            _one(label, f"more clusters: {run}", right_where_any) for label, run in _SMALL.items()
        ),
        controls=tuple(
            _one(label, f"more clusters: {run}", right_where_any) for label, run in _WITHOUT.items()
        ),
        figure="fig-cluster-shares",
        seen="The same share in the runs of the claim cluster-weights was known: 0.84, 1.00, 0.82, "
        "0.88 and 0.79 on average; not that in these runs, which have other seeds.",
    ),
    Claim(
        id="cluster-gates",
        kind="ours",
        text="What a cluster's weights leave out is in the gates: most changes of class go through "
        "a change of cluster.",
        where="ours: after Picchiotti and Gori 2021",
        statistic="of the inputs whose class changes when the deciding input is flipped, share "
        "whose cluster changes, minus one half: most; the nets of the claim cluster-weights",
        cases=tuple(
            _one(label, f"clusters: {run}", through_gates)
            for label, run in (_SMALL | _WITHOUT).items()
        ),
        figure="fig-cluster-shares",
        seen=_SEEN,
    ),
    Claim(
        id="rank-falls",
        kind="related",
        text="The rank of the Jacobian falls with depth; it is the least number of active units so "
        "far.",
        where=_RANKS,
        quote="We theoretically establish a universal monotonic decreasing property of network "
        "rank from the basic rules of differential and algebraic composition",
        statistic="mean rank at test images of Fashion-MNIST under hard gates (8 layers of 64 "
        "units; singular values above 1e-10 of the largest): first layer minus last; and share of "
        "pairs (image, layer) whose rank is not the least number of active units so far, where "
        "one in a hundred is the margin for ranks that rounding decides",
        cases=tuple(
            _one(f"{label}, {time}: falls", f"ranks: images: {net}", partial(rank_fall, when=when))
            for label, net in _GATED.items()
            for when, time in enumerate(("start", "trained"))
        )
        + tuple(
            _one(
                f"{label}, {time}: least number",
                f"ranks: images: {net}",
                _by_net(lambda result: result.differ, when),
                "equal",
                _RARELY,
            )
            for label, net in _GATED.items()
            for when, time in enumerate(("start", "trained"))
        ),
        figure="fig-rank-layers",
        seen=_SEEN,
    ),
    Claim(
        id="rank-chain",
        kind="ours",
        text="The last gating layer of a DLGN comes to ask few questions because its gating "
        "matrices form a chain.",
        where="ours: after Feng et al. 2022 and conjecture 3 of the paper",
        statistic="ln of the effective rank of layer 5's unit normals on trees: after training, "
        "DLGN-SF (no chain) over DLGN; and start over end of training, DLGN minus DLGN-SF "
        "(controls: start over end from orthogonal gating matrices, which lose no rank at the "
        "start)",
        cases=(
            _one(
                "after training",
                ("ranks: trees: dlgn", "ranks: trees: shallow"),
                chain_factor,
                factor=True,
            ),
            _one(
                "fall in training",
                ("ranks: trees: dlgn", "ranks: trees: shallow"),
                chain_fall,
                factor=True,
            ),
        ),
        controls=tuple(
            _one(
                f"orthogonal start, {label}",
                f"ranks: trees: dlgn, orthogonal, {name}",
                chain_fall,
                factor=True,
            )
            for label, name in {"default size": "small", "size 1": "scale 1"}.items()
        ),
        figure="fig-rank-layers",
        seen=_SEEN,
    ),
    Claim(
        id="rank-chain-circle",
        kind="ours",
        text="On the book's circle, too, later layers cluster because the gating matrices form a "
        "chain.",
        where="ours: after Feng et al. 2022 and conjecture 3 of the paper",
        statistic="agreement of a layer's half-spaces (length of the mean unit normal with angles "
        "doubled) at the end of training, layer 5 minus layer 1: DLGN minus DLGN-SF; and of the "
        "DLGN from orthogonal gating matrices alone, which lose no rank at the start (controls: "
        "sharp gates, β = 30)",
        cases=(
            _one(
                "DLGN over DLGN-SF",
                ("ranks: circle: dlgn, beta 4", "ranks: circle: shallow, beta 4"),
                chain_gap,
            ),
            _one("orthogonal start", "ranks: circle: dlgn, orthogonal, beta 4", chain_clusters),
        ),
        controls=(
            _one(
                "DLGN over DLGN-SF, β = 30",
                ("ranks: circle: dlgn, beta 30", "ranks: circle: shallow, beta 30"),
                chain_gap,
            ),
            _one(
                "orthogonal start, β = 30",
                "ranks: circle: dlgn, orthogonal, beta 30",
                chain_clusters,
            ),
        ),
        figure="fig-rank-circle",
        seen=_SEEN,
    ),
)
