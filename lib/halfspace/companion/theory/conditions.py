"""The recorded checks of Sections 2 and 3 on random nets."""

from halfspace.companion.seeds import FIRST_SEED
from halfspace.companion.spec import Spec
from halfspace.companion.theory.specs import NeuralPathLimit
from halfspace.companion.theory.study import FreeExperts, PathSums

__all__ = ["STUDIES", "theory_conditions"]


def theory_conditions() -> dict[str, Spec]:
    """Return the checks of Sections 2 and 3 on random nets by name, ``model: statement``."""
    conditions = {}
    for model in ("relu", "dlgn", "dlgn-pwc"):
        sums = PathSums(model=model, first_seed=FIRST_SEED)
        conditions[f"{model}: path sums"] = sums
        conditions[f"{model}: path sums, biases"] = sums.replace(bias=True)
        conditions[f"{model}: ntk"] = NeuralPathLimit(
            model=model, widths=(16, 32, 64, 128, 256), first_seed=FIRST_SEED, seeds=20
        )
    return conditions | {"dlgn: free experts": FreeExperts(first_seed=FIRST_SEED)}


STUDIES = {"theory": theory_conditions}
