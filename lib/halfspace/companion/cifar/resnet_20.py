"""ResNet-20 on CIFAR-10: the appendix's comparison, for a net that suits a CPU."""

from halfspace.companion.cifar.specs import APPENDIX
from halfspace.companion.cifar.table_1 import Table1Training
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = ["RESNET_20_SEEDS", "resnet_20_conditions"]

RESNET_20_SEEDS = tuple(range(FRESH_SEED, FRESH_SEED + 2))
"""Seeds of these nets: none of their results was known when the rules were chosen."""

_HARDENED_BETA = 128.0  # as in Table 1's runs on a CPU


def resnet_20_conditions() -> dict[str, Spec]:
    """Return the runs, ``model: seed``, in the order in which they are made.

    Each takes hours; all nets of a seed come before any of the next.
    """
    conditions = {}
    for seed in RESNET_20_SEEDS:
        for name, changes in {
            "relu": dict(model="relu"),
            "dlgn": dict(model="dlgn"),
            "dlgn, hardening": dict(model="dlgn", final_beta=_HARDENED_BETA),
        }.items():
            conditions[f"{name}: {seed}"] = Table1Training(
                network="resnet-20", recipe=APPENDIX, first_seed=seed, **changes
            )
    return conditions
