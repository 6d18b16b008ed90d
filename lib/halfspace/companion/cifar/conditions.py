"""The recorded runs on CIFAR: those that need a GPU, and those of few epochs, which do not."""

from dataclasses import replace

from halfspace.companion.cifar.dln_ceiling import DLNCeiling, ceiling_conditions
from halfspace.companion.cifar.ntk_features import NTKFeatures
from halfspace.companion.cifar.resnet_20 import resnet_20_conditions
from halfspace.companion.cifar.specs import APPENDIX, TABLE_1, CifarTraining
from halfspace.companion.cifar.table_1 import Table1Training
from halfspace.companion.seeds import FIRST_SEED, FRESH_SEED
from halfspace.companion.spec import Spec
from halfspace.datasets import CIFAR_CLASSES
from halfspace.image_training import Recipe

__all__ = [
    "APPENDIX_SEEDS",
    "SHORT",
    "STUDIES",
    "TABLE_1_SEEDS",
    "cifar_conditions",
    "short_conditions",
    "synthetic_conditions",
    "table_1_conditions",
]

SHORT = replace(TABLE_1, epochs=8)
"""Table 1's recipe, shortened for a CPU."""

APPENDIX_SEEDS = tuple(range(FIRST_SEED, FIRST_SEED + 3))
"""Seeds of each residual net."""

TABLE_1_SEEDS = tuple(range(FRESH_SEED, FRESH_SEED + 3))
"""Seeds of Table 1's nets on a CPU: none of their results was known when the rules were chosen."""

_HARDENED_BETA = 128.0
"""Final sharpness of gates that start with 4: 32 times as sharp."""

_PIXELS = Recipe(epochs=20, optimizer="adam", learning_rate=2e-4)
_TABLE_SEEDS = 5
_SHORT_SEEDS = 3


def cifar_conditions() -> dict[str, Spec]:
    """Return the runs that need a GPU, in the order in which they are made.

    Table 1's are ``conv: model``, appendix 2's ``network: model: data: seed``: each seed of a
    residual net is a run of its own, and the first seed of each net comes before any second one.
    """
    conditions = {
        f"conv: {model}": _conv(model, TABLE_1, _TABLE_SEEDS) for model in _table_models()
    }
    conditions["conv: dgn"] = _conv("dgn", TABLE_1, _TABLE_SEEDS)
    conditions |= _features(TABLE_1)
    for seed in APPENDIX_SEEDS:
        for network in ("resnet-34", "resnet-110"):
            for data in CIFAR_CLASSES:
                for model in ("relu", "dlgn", "linear"):
                    conditions[f"{network}: {model}: {data}: {seed}"] = CifarTraining(
                        network=network, model=model, data=data, recipe=APPENDIX, first_seed=seed
                    )
    return conditions


def short_conditions() -> dict[str, Spec]:
    """Return the runs of few epochs, ``conv: model``, and those without a hidden layer.

    The linear models on NTK features are fitted to 18,000 images: their cost grows with the cube.
    """
    conditions = {f"conv: {model}": _conv(model, SHORT, _SHORT_SEEDS) for model in _table_models()}
    for data in CIFAR_CLASSES:
        conditions[f"pixels: {data}"] = CifarTraining(
            network="pixels",
            model="linear",
            data=data,
            recipe=_PIXELS,
            first_seed=FIRST_SEED,
            seeds=_SHORT_SEEDS,
        )
    return conditions | _features(SHORT, n_train=20_000, n_validation=2000)


def table_1_conditions() -> dict[str, Spec]:
    """Return Table 1's runs on a CPU, ``model: seed``, in the order in which they are made.

    Each takes hours; all nets of a seed come before any of the next. After the first seed's come
    the linear models on NTK features of its ReLU net, ``ntk, state: seed``.
    """
    conditions = {}
    for seed in TABLE_1_SEEDS:
        shared = dict(network="conv", recipe=TABLE_1, first_seed=seed)
        for model in _table_models():
            conditions[f"{model}: {seed}"] = Table1Training(model=model, **shared)
        conditions[f"dlgn, hardening: {seed}"] = Table1Training(
            model="dlgn", final_beta=_HARDENED_BETA, **shared
        )
        if seed == TABLE_1_SEEDS[0]:
            features = _features(TABLE_1, first_seed=seed)
            conditions |= {
                f"{name.removeprefix('conv: ')}: {seed}": spec for name, spec in features.items()
            }
    return conditions


def synthetic_conditions() -> dict[str, Spec]:
    """Return small runs of the same code on synthetic images, which ``make verify`` recomputes."""
    shared = dict(data="synthetic", n_train=200, first_seed=FIRST_SEED, seeds=2)
    one = shared | dict(seeds=1)
    # At ten times this rate rounding decides which paths are shared, too, not only accuracies.
    few_steps = Recipe(epochs=2, optimizer="adam", learning_rate=3e-4)
    one_cycle = replace(APPENDIX, epochs=2, batch_size=32, learning_rate=0.05)
    networks = {
        "conv": ((*_table_models(), "dgn"), few_steps),
        "pixels": (("linear",), few_steps),
        "resnet-8": (("relu", "dlgn", "linear"), one_cycle),
    }
    conditions = {
        f"{network}: {model}": CifarTraining(network=network, model=model, recipe=recipe, **shared)
        for network, (models, recipe) in networks.items()
        for model in models
    }
    for name, changes in {
        "relu": dict(model="relu"),
        "dlgn, hardening": dict(model="dlgn", final_beta=_HARDENED_BETA),
    }.items():
        conditions[f"table 1: {name}"] = Table1Training(
            network="conv", recipe=few_steps, **changes, **one
        )
    conditions["resnet-20: dlgn, hardening"] = Table1Training(
        network="resnet-8", model="dlgn", final_beta=_HARDENED_BETA, recipe=one_cycle, **one
    )
    conditions["dln ceiling"] = DLNCeiling(data="synthetic")
    return conditions | {
        f"conv: ntk, {state}": NTKFeatures(
            training=conditions["conv: relu"], state=state, n_validation=100
        )
        for state in ("initial", "trained")
    }


def _table_models() -> tuple[str, ...]:
    return ("relu", "dlgn", "dlgn-pwc", "linear")


def _conv(model: str, recipe: Recipe, seeds: int, first_seed: int = FIRST_SEED) -> CifarTraining:
    return CifarTraining(
        network="conv", model=model, recipe=recipe, first_seed=first_seed, seeds=seeds
    )


def _features(
    recipe: Recipe,
    n_train: int = 50_000,
    n_validation: int = 5000,
    first_seed: int = FIRST_SEED,
) -> dict[str, NTKFeatures]:
    training = _conv("relu", recipe, seeds=1, first_seed=first_seed).replace(n_train=n_train)
    return {
        f"conv: ntk, {state}": NTKFeatures(
            training=training, state=state, n_validation=n_validation
        )
        for state in ("initial", "trained")
    }


STUDIES = {
    "cifar-short": short_conditions,
    "cifar": cifar_conditions,
    "table 1": table_1_conditions,
    "dln ceiling": ceiling_conditions,
    "resnet-20": resnet_20_conditions,
    "cifar-synthetic": synthetic_conditions,
}
