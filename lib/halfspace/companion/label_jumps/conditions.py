"""The recorded runs on trees, smooth targets, clusters and ranks.

Seeds start at 3000: results of seeds 0 to 9 were known when the rules were chosen.
"""

from halfspace.companion.label_jumps.clusters import SwitchClusters
from halfspace.companion.label_jumps.rank_studies import CircleChain, FashionRanks
from halfspace.companion.label_jumps.specs import TreeBaselines, TreeConstruction, TreeForest
from halfspace.companion.label_jumps.tree_training import TreeTraining
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = [
    "KAPPAS",
    "NETS",
    "STUDIES",
    "cluster_conditions",
    "more_cluster_conditions",
    "dose_conditions",
    "rank_conditions",
    "tree_conditions",
    "wide_conditions",
]

KAPPAS = (0.5, 1, 2, 4, 8, 32)
"""Sharpness of the smooth trees."""

_TEN = dict(first_seed=FRESH_SEED, seeds=10)
_FIVE = dict(first_seed=FRESH_SEED, seeds=5)
_DEFAULT_SCALE = 3**-0.5  # the size of the default initialisation's rows
NETS = {
    "shallow": TreeTraining(model="shallow", **_TEN),
    "dlgn": TreeTraining(model="dlgn", width=20, beta=10, learning_rate=0.01, **_TEN),
}
"""The two gated nets: DLGN-SF of 4 × 10 units, and DLGN of 4 × 20."""


def tree_conditions() -> dict[str, Spec]:
    """Return the experiments on the labels of trees with 15 nodes in 20 dimensions."""
    conditions = {
        "construction": TreeConstruction(first_seed=FRESH_SEED, seeds=50),
        "baselines": TreeBaselines(**_TEN),
        "forest": TreeForest(**_TEN),
    }
    for name, base in NETS.items():
        conditions[name] = base.replace(read=True)
        conditions[f"{name}: frozen"] = base.replace(gates="frozen", read=True)
        conditions[f"{name}: shuffled labels"] = base.replace(target="shuffled")
    conditions["shallow: gates at the tree"] = NETS["shallow"].replace(gates="tree")
    conditions["shallow: input"] = NETS["shallow"].replace(constant_input=False)
    for trees, first_seed in {"": FRESH_SEED, ", other trees": FRESH_SEED + 100}.items():
        other = NETS["shallow"].replace(first_seed=first_seed)
        conditions[f"shallow: slow{trees}"] = other.replace(learning_rate=0.002)
    conditions["shallow: other trees"] = other
    conditions["relu"] = TreeTraining(model="relu", width=64, layers=3, learning_rate=0.003, **_TEN)
    return conditions


def dose_conditions() -> dict[str, TreeTraining]:
    """Return the nets trained on trees from smooth to jumping, by squared error."""
    conditions = {}
    for name, base in NETS.items():
        squared = base.replace(loss="mse")
        for kappa in KAPPAS:
            smooth = squared.replace(target="smooth", kappa=kappa)
            conditions[f"{name}: kappa {kappa:g}"] = smooth
        conditions[f"{name}: labels"] = squared
        conditions[f"{name}: margin"] = squared.replace(target="margin")
    return conditions


def wide_conditions() -> dict[str, TreeTraining]:
    """Return the nets in 100 dimensions, with equally many steps on few and on many points.

    And those in 500 dimensions, with as many training points as the successor paper's.
    """
    conditions = {}
    for name, base in NETS.items():
        softer = dict(beta=3) if name == "shallow" else {}
        wide = base.replace(d_in=100, **softer, **_FIVE)
        for points, epochs in ((15_000, 300), (30_000, 150)):
            conditions[f"{name}: {points}"] = wide.replace(
                points=points, epochs=epochs, record_every=epochs // 30
            )
        wider = wide.replace(d_in=500, points=50_000, epochs=60, first_seed=FRESH_SEED, seeds=3)
        conditions[f"{name}: 500 dimensions"] = wider
    return conditions


def cluster_conditions() -> dict[str, SwitchClusters]:
    """Return the small ReLU nets that learn a switch."""
    base = SwitchClusters(first_seed=FRESH_SEED, seeds=20)
    free = base.replace(l1=0, sizes=(8, 4))
    return {
        "4-2, L1": base,
        "8-4, L1": base.replace(sizes=(8, 4)),
        "8-4, weak L1": base.replace(sizes=(8, 4), l1=0.002),
        "8-4": free,
        "32-32": free.replace(sizes=(32, 32)),
        "8-4, continuous": free.replace(data="continuous"),
    }


def more_cluster_conditions() -> dict[str, SwitchClusters]:
    """Return the nets of ``cluster_conditions`` with other seeds, for a rule that came later."""
    return {
        name: spec.replace(first_seed=FRESH_SEED + 100)
        for name, spec in cluster_conditions().items()
    }


def rank_conditions() -> dict[str, Spec]:
    """Return the nets whose Jacobians' and gating normals' ranks are measured."""
    conditions = {
        f"images: {model}": FashionRanks(model=model, **_FIVE)
        for model in ("relu", "dlgn", "linear")
    }
    chain = NETS["dlgn"].replace(layers=5, record_every=60)
    conditions["trees: dlgn"] = chain
    conditions["trees: shallow"] = chain.replace(model="shallow")
    for name, scale in (("small", _DEFAULT_SCALE), ("scale 1", 1.0)):
        orthogonal = chain.replace(start="orthogonal", scale=scale)
        conditions[f"trees: dlgn, orthogonal, {name}"] = orthogonal
    circle = CircleChain(first_seed=FRESH_SEED, seeds=20)
    for name, changes in {
        "dlgn": {},
        "shallow": dict(shallow=True),
        "dlgn, orthogonal": dict(orthogonal=True),
    }.items():
        for beta in (4, 30):
            conditions[f"circle: {name}, beta {beta}"] = circle.replace(beta=beta, **changes)
    return conditions


STUDIES = {
    "label jumps": tree_conditions,
    "smooth trees": dose_conditions,
    "wide trees": wide_conditions,
    "clusters": cluster_conditions,
    "more clusters": more_cluster_conditions,
    "ranks": rank_conditions,
}
