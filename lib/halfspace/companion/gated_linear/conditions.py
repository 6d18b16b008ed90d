"""The recorded runs on the contextual task, on held-out pairs and on XOR."""

from halfspace.companion.gated_linear.data import PATHWAYS, ContextTask
from halfspace.companion.gated_linear.reduction import AlignedReduction, SigmoidFlow
from halfspace.companion.gated_linear.specs import ContextTraining, CopiedGates, HeldOutPairs
from halfspace.companion.gated_linear.xor import XorRace
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = [
    "BESIDE",
    "DEPTHS",
    "REFRESHED",
    "SCALES",
    "SECOND_SEED",
    "STUDIES",
    "XOR_SCALES",
    "context_conditions",
    "depth_conditions",
    "exact_conditions",
    "held_out_conditions",
    "xor_conditions",
]

SCALES = ("1e-01", "1e-02", "1e-03", "1e-04", "1e-05", "1e-06")
"""Standard deviations of the initial weights, as conditions name them."""

REFRESHED = (5, 20, 50, 100, 1500)
"""A ReLU net's gates are taken anew every so many steps; the last is never."""

DEPTHS = {1: ("0.1", "0.01", "0.001"), 2: ("0.1", "0.03", "0.015"), 3: ("0.12", "0.08", "0.05")}
"""Standard deviations by depth: deeper nets that start smaller do not begin to learn."""

BESIDE = (0.78, 0.86)
"""Shortcuts just below and above that at which both kinds grow equally fast."""

SECOND_SEED = FRESH_SEED + 100
"""First seed of runs for a claim that other seeds had suggested."""

XOR_SCALES = ("1e-02", "1e-03", "1e-04", "1e-05", "1e-06", "1e-08")


def exact_conditions() -> dict[str, Spec]:
    """Return what is proved: copied gates, the reduction, the sigmoid."""
    conditions = {"copied gates": CopiedGates(), "sigmoid": SigmoidFlow()}
    for contexts in (3, 4):
        for pathways in PATHWAYS[:3]:
            spec = AlignedReduction(contexts=contexts, pathways=pathways)
            conditions[f"{pathways}: {contexts} contexts"] = spec
    return conditions


def context_conditions() -> dict[str, Spec]:
    """Return the nets on the contextual task by name, ``model: contexts: std``."""
    conditions = {}
    for contexts in range(2, 7):
        task = ContextTask(contexts=contexts)
        conditions[f"relu: {contexts} contexts: 1e-03"] = ContextTraining(
            task=task, steps=750 * contexts
        )
    base = ContextTraining(steps=3000)
    for scale in ("1e-01", "3e-02", "1e-02"):
        conditions[f"relu: 3 contexts: {scale}"] = base.replace(std=float(scale))
    for scale in SCALES[3:]:
        conditions[f"relu: 3 contexts: {scale}"] = base.replace(std=float(scale), steps=2500)
    conditions["relu: 5 contexts: 1e-01"] = ContextTraining(
        task=ContextTask(contexts=5), std=0.1, steps=3750
    )
    for blocks in ("permuted", "no common", "everywhere"):
        task = ContextTask(blocks=blocks)
        conditions[f"relu: 3 contexts, {blocks}: 1e-03"] = base.replace(task=task)
    for refresh in REFRESHED:
        conditions[f"relu, gates every {refresh}: 3 contexts: 1e-03"] = ContextTraining(
            refresh=refresh
        )
    for scale in SCALES[:4]:
        conditions[f"frozen: 3 contexts: {scale}"] = ContextTraining(
            model="frozen", std=float(scale)
        )
    for pathways in PATHWAYS:
        for scale in SCALES if pathways != "common only" else SCALES[:4]:
            long = scale in SCALES[1:] and pathways != "common only"
            conditions[f"{pathways}: 3 contexts: {scale}"] = ContextTraining(
                model=pathways, std=float(scale), steps=2500 if long else 1600, seeds=10
            )
    for pathways in PATHWAYS[:3]:
        for scale in ("1e-02", "1e-03"):
            conditions[f"{pathways}: 4 contexts: {scale}"] = ContextTraining(
                task=ContextTask(contexts=4),
                model=pathways,
                std=float(scale),
                steps=1600,
                seeds=10,
            )
    return conditions


def held_out_conditions() -> dict[str, Spec]:
    """Return the held-out pairs by standard deviation."""
    return {scale: HeldOutPairs(std=float(scale)) for scale in SCALES[:3]}


def xor_conditions() -> dict[str, Spec]:
    """Return the race on XOR by standard deviation, and single shortcuts on and beside it."""
    conditions = {scale: XorRace(std=float(scale)) for scale in XOR_SCALES}
    for scale in XOR_SCALES:
        conditions[f"rates: {scale}"] = XorRace(std=float(scale), deltas=(0.2, 1.6))
        conditions[f"beside the crossing: {scale}"] = XorRace(
            std=float(scale), deltas=BESIDE, first_seed=SECOND_SEED
        )
    return conditions


def depth_conditions() -> dict[str, Spec]:
    """Return deeper ReLU nets by name, ``depth: contexts: std``."""
    return {
        f"{depth}: {contexts} contexts: {std}": ContextTraining(
            task=ContextTask(contexts=contexts),
            depth=depth,
            std=float(std),
            learning_rate=0.1,
            steps=8000,
            seeds=10,
            looks=(0.0,),
        )
        for depth, stds in DEPTHS.items()
        for contexts in (3, 5)
        for std in stds
    }


STUDIES = {
    "gated-exact": exact_conditions,
    "gated-contexts": context_conditions,
    "gated-held-out": held_out_conditions,
    "gated-xor": xor_conditions,
    "gated-depth": depth_conditions,
}
