"""The recorded region counts of Sections 2 and 3."""

from halfspace.companion.circle.specs import recipe
from halfspace.companion.regions.in_training import CountsDuringTraining, RegionsDuringTraining
from halfspace.companion.regions.specs import (
    WHOLE_PLANE,
    FaceNumbers,
    PathShapes,
    RegionJump,
    RegionNumbers,
)
from halfspace.companion.seeds import FIRST_SEED, FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = ["STUDIES", "region_conditions"]


_SEEDS = 20
_PIECES_SEEDS = 10


_REGION_SIZES = ((8, 3), (16, 3), (32, 3), (64, 3), (16, 1), (16, 2), (16, 5))  # width, depth


def region_conditions() -> dict[str, Spec]:
    """Return the region counts of Sections 2 and 3 by name, ``model: what``.

    Counts are taken in nearly the whole plane unless the name says otherwise.
    """
    conditions = {}
    for model in ("relu", "dlgn"):
        shapes = PathShapes(model=model, first_seed=FIRST_SEED)
        conditions[f"{model}: shapes"] = shapes
        conditions[f"{model}: shapes, no biases"] = shapes.replace(bias=False)
        for step in (1e-3, 1e-9):
            conditions[f"{model}: jump {step:g}"] = RegionJump(
                model=model, step=step, first_seed=FIRST_SEED
            )
        for width, depth in _REGION_SIZES:
            conditions[f"{model}: {depth} x {width}"] = RegionNumbers(
                model=model, width=width, depth=depth, first_seed=FIRST_SEED, seeds=_SEEDS
            )
        conditions[f"{model}: learning, near the data"] = RegionsDuringTraining(
            model=model, first_seed=FIRST_SEED, seeds=_PIECES_SEEDS
        )
        conditions[f"{model}: learning"] = _learning(model)
        conditions[f"{model}: learning, He"] = _learning(model, init="he", gain=1.0)
    for step in (1e-3, 1e-9):
        conditions[f"dlgn: jump {step:g}, opposite normals"] = RegionJump(
            model="dlgn", step=step, opposite=True, first_seed=FRESH_SEED
        )
    conditions["relu: learning, gain 1"] = _learning("relu", gain=1.0)
    for d_in in (2, 16):
        conditions[f"dlgn: faces, {d_in} inputs"] = FaceNumbers(d_in=d_in, first_seed=FIRST_SEED)
    return conditions


def _learning(model: str, **changes) -> CountsDuringTraining:
    training = recipe(model, bias=True, first_seed=FIRST_SEED, seeds=_SEEDS, **changes)
    return CountsDuringTraining(training=training, half_side=WHOLE_PLANE)


STUDIES = {"regions": region_conditions}
