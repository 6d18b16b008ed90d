"""What recorded runs cost: seconds from their provenance, over the units that their specs name.

A unit is a net times an epoch (or a step) times a data point, as far as a spec names these; for a
run that trains nothing it is a net. Descriptions are read without their arrays.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = [
    "Cost",
    "UNITS",
    "by_experiment",
    "fit_errors",
    "is_gpu",
    "predicted",
    "recorded_costs",
    "words",
]

UNITS = ("net", "epoch", "point")
"""What a unit may be a product of, in this order."""

_FIELDS = {
    "net": ("seeds",),
    "epoch": ("epochs", "steps"),
    "point": ("n_train", "points", "n"),
}  # the spec's fields that count them; the first that it has is taken
_KINDS = ("network", "model", "net", "data")  # the spec's fields that change what a unit costs
_RESULTS = Path("data", "results")
_REPOSITORY = Path(__file__).resolve().parents[4]


@dataclass(frozen=True)
class Cost:
    """What one recorded run cost.

    Attributes:
        experiment: its name in ``data/results``.
        name: of the run: experiment and key.
        seconds: how long it took, imports not counted.
        device: where.
        factors: how many nets, epochs and points its spec names, by the names in ``UNITS``.
        kind: of net and data, as its spec names them.
        day: on which it was recorded, such as 2026-01-31.
    """

    experiment: str
    name: str
    seconds: float
    device: str
    factors: Mapping[str, int]
    kind: tuple[str, ...] = ()
    day: str = ""

    @property
    def units(self) -> int:
        """Return the product of the factors."""
        product = 1
        for factor in self.factors.values():
            product *= factor
        return product


def is_gpu(cost: Cost) -> bool:
    """Return whether a run was made on a GPU."""
    return cost.device != "CPU"


def recorded_costs(folder: Path | None = None) -> list[Cost]:
    """Read what all recorded runs cost, in the order of their names.

    Args:
        folder: of the recorded runs; by default ``data/results`` of the current folder, of its
            parent, or of the repository that holds this package.

    Raises:
        OSError: if there is no recorded run, or one cannot be read; the message names it.
    """
    homes = (Path.cwd(), Path.cwd().parent, _REPOSITORY)
    folders = [folder] if folder else [home / _RESULTS for home in homes]
    paths = next((found for each in folders if (found := sorted(each.glob("*/[!.]*.json")))), [])
    if not paths:
        raise OSError(f"there are no recorded runs in {folders[-1]}; run this page in a clone")
    return [_cost(path) for path in paths]


def _cost(path: Path) -> Cost:
    try:
        kept = json.loads(path.read_text(encoding="utf8"))
        provenance, spec = kept["provenance"], kept["spec"]
        return Cost(
            experiment=kept["experiment"],
            name=f"{kept['experiment']}/{path.stem}",
            seconds=provenance["seconds"],
            device=provenance["device"],
            factors=_factors(spec),
            kind=_kind(spec),
            day=provenance["when"][:10],
        )
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise OSError(
            f"the recorded run {path} cannot be read ({error}); restore it with "
            "git checkout -- data/results"
        ) from error


def _factors(spec: Mapping) -> dict[str, int]:
    """Return how many nets, epochs and points a spec names, itself or in a part of it."""
    named = _numbers(spec)
    factors = {}
    for unit, fields in _FIELDS.items():
        if value := next((named[name] for name in fields if name in named), None):
            factors[unit] = value
    return factors


def _kind(spec: Mapping) -> tuple[str, ...]:
    """Return the kinds of net and data that a spec names, itself or in a part of it."""
    found = [spec[name] for name in _KINDS if isinstance(spec.get(name), str)]
    for value in spec.values():
        if isinstance(value, Mapping):
            found += _kind(value)
    return tuple(found)


def _numbers(spec: Mapping) -> dict[str, int]:
    """Return the whole numbers among a spec's fields; its own win over those of its parts."""
    found: dict[str, int] = {}
    for value in spec.values():
        if isinstance(value, Mapping):
            found |= _numbers(value)
    own = {name: value for name, value in spec.items() if type(value) is int and value > 0}
    return found | own


def by_experiment(costs: Sequence[Cost]) -> dict[tuple[str, str], list[Cost]]:
    """Group costs by experiment and device, the dearest group first."""
    groups: dict[tuple[str, str], list[Cost]] = {}
    for cost in costs:
        groups.setdefault((cost.experiment, cost.device), []).append(cost)
    dearest = sorted(groups, key=lambda name: -sum(cost.seconds for cost in groups[name]))
    return {name: groups[name] for name in dearest}


def predicted(costs: Sequence[Cost]) -> list[tuple[Cost, float]]:
    """Predict each run's seconds from the other runs of its experiment on the same device.

    The model is seconds = unit cost × units. The unit cost is the median over the other runs of the
    same kind of net and data.

    Returns:
        Run and prediction, for the runs that have others of their kind.
    """
    pairs = []
    for group in by_experiment(costs).values():
        for cost in group:
            alike = [other for other in group if other is not cost and other.kind == cost.kind]
            if alike:
                unit = median(other.seconds / other.units for other in alike)
                pairs.append((cost, unit * cost.units))
    return pairs


def fit_errors(pairs: Sequence[tuple[Cost, float]]) -> list[float]:
    """Return by what factor, from 1 up, each prediction misses."""
    ratios = [guess / cost.seconds for cost, guess in pairs]
    return [max(ratio, 1 / ratio) for ratio in ratios]


def words(name: str) -> str:
    """Split an experiment's name into words.

    Example:
        >>> words("CircleStudy"), words("NTKFeatures")
        ('circle study', 'NTK features')
    """
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)
    return " ".join(part if part.isupper() else part.lower() for part in parts)
