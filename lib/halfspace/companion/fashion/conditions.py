"""The recorded conditions of Section 5."""

from collections.abc import Mapping

from halfspace.companion.fashion.between import FashionAccuracy
from halfspace.companion.fashion.middle import FashionMiddle
from halfspace.companion.fashion.study import FashionStudy
from halfspace.companion.seeds import FIRST_SEED, FRESH_SEED

__all__ = [
    "STUDIES",
    "between_conditions",
    "fashion_conditions",
    "middle_conditions",
    "with_changes",
]

_SEEDS = 10


def fashion_conditions() -> dict[str, FashionStudy]:
    """Return Section 5's conditions by name, ``model: images: labels``.

    The linear experts of the last two are compared with constant ones on the original labels.
    """
    seeds = dict(first_seed=FIRST_SEED, seeds=_SEEDS)
    conditions = {
        f"{model}: {images}: {labels}": FashionStudy(
            model=model, images=images, labels=labels, **seeds
        )
        for labels in ("modified", "swapped", "original", "random")
        for images in ("raw", "normalised")
        for model in ("relu", "dlgn")
    }
    for images in ("raw", "normalised"):
        conditions[f"dlgn, linear experts: {images}: original"] = FashionStudy(
            model="dlgn", images=images, labels="original", constant_input=False, **seeds
        )
    return conditions


def with_changes(
    conditions: Mapping[str, FashionStudy], *, beta: float, **changes
) -> dict[str, FashionStudy]:
    """Return conditions with some fields changed.

    Args:
        conditions: by name.
        beta: of the DLGNs; the ReLU nets have none.
        **changes: fields of every condition.
    """
    return {
        name: spec.replace(beta=beta if spec.model == "dlgn" else spec.beta, **changes)
        for name, spec in conditions.items()
    }


def middle_conditions() -> dict[str, FashionMiddle]:
    """Return the runs of few epochs with Figure 7's middle point, ``model: images: labels``."""
    return {
        f"{model}: {images}: {labels}": FashionMiddle(
            model=model, images=images, labels=labels, first_seed=FRESH_SEED, seeds=_SEEDS
        )
        for labels in ("modified", "swapped")
        for images in ("raw", "normalised")
        for model in ("relu", "dlgn")
    }


def between_conditions() -> dict[str, FashionAccuracy]:
    """Return the runs of few epochs with original labels, ``model: images``."""
    return {
        f"{model}: {images}": FashionAccuracy(
            model=model, images=images, first_seed=FRESH_SEED, seeds=_SEEDS
        )
        for images in ("raw", "normalised")
        for model in ("relu", "dlgn", "linear")
    }


STUDIES = {
    "fashion": fashion_conditions,
    "fashion-middle": middle_conditions,
    "fashion-between": between_conditions,
}
