"""Statistics of the runs on intrinsic dimension, for the claims and for the chapter."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.intervals import factor_text, geometric_intervals, mean_intervals
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.companion.text import factor, significant, thousands

__all__ = [
    "METHODS",
    "ambient_cost",
    "cost_gap",
    "domain_risks",
    "fall",
    "fall_gap",
    "frozen_loss",
    "growth",
    "hard_loss",
    "layer_lead",
    "log_risk",
    "log_share",
    "loss",
    "numbers",
    "risk_curves",
    "risk_rows",
    "share_curves",
    "share_growth",
    "turned",
]

Runs = Mapping[str, Result]

METHODS = {
    "ReLU net": ("relu", "risk"),
    "DLGN": ("dlgn", "risk"),
    "DLGN, frozen gates": ("dlgn, frozen", "risk"),
    "kernel ridge": ("peers", "ridge"),
    "neighbours": ("peers", "neighbours"),
}
"""By label: the beginning of a run's name, and which of its arrays is the risk."""

ORACLE = "kernel ridge, plane known"


def log_risk(result: Result, peer: str = "risk") -> np.ndarray:
    """Return ln of the risk on fresh points without noise, shape (S,).

    Args:
        result: of ``DimensionNets``, or of ``DimensionPeers``.
        peer: of the latter, ``"ridge"`` or ``"neighbours"``.
    """
    return np.log(result.arrays[peer])


def loss(result: Result, other: Result, peer: str = "risk", other_peer: str = "risk") -> np.ndarray:
    """Return ln of the first run's risk over the second's, shape (S,)."""
    return log_risk(result, peer) - log_risk(other, other_peer)


# Costs of dimensions


def ambient_cost(high: Result, low: Result, peer: str = "risk") -> np.ndarray:
    """Return ln of the risk in the larger domain over that in the smaller one, shape (S,)."""
    return loss(high, low, peer, peer)


def cost_gap(
    high: Result, low: Result, other_high: Result, other_low: Result, peer: str, other_peer: str
) -> np.ndarray:
    """Return what larger dimensions cost the first method minus what they cost the second."""
    return ambient_cost(high, low, peer) - ambient_cost(other_high, other_low, other_peer)


def fall(many: Result, few: Result, peer: str = "risk") -> np.ndarray:
    """Return the slope of ln risk in ln n, shape (S,)."""
    return loss(many, few, peer, peer) / np.log(many.spec.points / few.spec.points)


def fall_gap(
    many: Result, few: Result, other_many: Result, other_few: Result, peer: str, other_peer: str
) -> np.ndarray:
    """Return the first method's slope minus the second's, shape (S,)."""
    return fall(many, few, peer) - fall(other_many, other_few, other_peer)


# Half-spaces


def frozen_loss(frozen: Result, trained: Result, low_frozen: Result, low: Result) -> np.ndarray:
    """Return ln of risk with frozen over trained gates, minus the same in the smaller domain."""
    return loss(frozen, trained) - loss(low_frozen, low)


def log_share(result: Result, layer: int, when: int = -1) -> np.ndarray:
    """Return ln of a layer's share in the plane of the signal, shape (S,).

    Args:
        result: of ``DimensionNets``.
        layer: from 0.
        when: number of the record; 0 is the start, -1 the end.
    """
    return np.log(result.shares[when, :, layer])


def turned(result: Result, layer: int, control: Result | None = None) -> np.ndarray:
    """Return ln of a layer's share at the end over that at the start, shape (S,).

    Args:
        result: of ``DimensionNets``.
        layer: from 0.
        control: another run from the same starts, whose change is subtracted.
    """
    change = log_share(result, layer) - log_share(result, layer, 0)
    return change if control is None else change - turned(control, layer)


def layer_lead(result: Result, layer: int, below: int) -> np.ndarray:
    """Return ln of a layer's share at the end over a lower layer's, shape (S,)."""
    return log_share(result, layer) - log_share(result, below)


def growth(result: Result, other: Result, layer: int) -> np.ndarray:
    """Return ln of a layer's share at the end over that in another run, shape (S,)."""
    return log_share(result, layer) - log_share(other, layer)


def hard_loss(result: Result) -> np.ndarray:
    """Return ln of the risk with hard gates over that with the net's own, shape (S,)."""
    return np.log(result.hard_risk / result.risk)


# Curves, tables and numbers of the chapter


def _risks(runs: Runs, label: str, rest: str) -> np.ndarray:
    start, array = METHODS[label]
    return runs[f"{start}: {rest}"].arrays[array]


def risk_curves(runs: Runs, d_in: int, points: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return each method's risk by number of points, d = 1.

    Returns:
        By label, and of kernel ridge on the plane's coordinates: geometric mean over seeds with
        interval, shape (number of sizes, 3).
    """
    curves = {
        label: geometric_intervals(
            np.array([_risks(runs, label, f"D {d_in}, n {count}") for count in points])
        )
        for label in METHODS
    }
    known = [runs[f"peers, in the plane: n {count}"].ridge for count in points]
    return curves | {ORACLE: geometric_intervals(np.array(known))}


def risk_rows(runs: Runs) -> list[dict[str, object]]:
    """Return each method's risk at 4,096 points by dimensions, as a table's rows."""
    columns = {
        "d = 1, D = 4": "D 4, n 4096",
        "d = 1, D = 8": "D 8, n 4096",
        "d = 2, D = 8": "d 2, D 8, n 4096",
        "d = 1, D = 16": "D 16, n 4096",
    }
    return [
        {"method": label}
        | {
            column: _middle(_risks(runs, label, rest)) if f"{start}: {rest}" in runs else "–"
            for column, rest in columns.items()
        }
        for label, (start, _) in METHODS.items()
    ]


def _middle(risks: np.ndarray) -> str:
    """Write the geometric mean over seeds with two digits."""
    return significant(np.exp(np.log(risks).mean()), 2)


def share_curves(runs: Runs) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return shares in the plane over training, in percent, at D = 16 and 4,096 points.

    Returns:
        Epochs (E,), and by label mean over seeds with interval, shape (E, 3).
    """
    dlgn, relu = runs["dlgn: D 16, n 4096"], runs["relu: D 16, n 4096"]
    curves = {
        f"layer {layer + 1}": mean_intervals(100 * dlgn.shares[:, :, layer]) for layer in (2, 1, 0)
    }
    curves["ReLU net, layer 1"] = mean_intervals(100 * relu.shares[:, :, 0])
    shuffled = runs["dlgn: shuffled"].shares[:, :, 2]
    return dlgn.epochs, curves | {"layer 3, shuffled": mean_intervals(100 * shuffled)}


def share_growth(runs: Runs, points: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return shares at the end of training by number of points, in percent, at D = 16.

    Returns:
        By label mean over seeds with interval, shape (number of sizes, 3).
    """
    nets = {"": "dlgn", "ReLU net, ": "relu"}
    return {
        f"{label}layer {layer + 1}": mean_intervals(
            np.array([100 * runs[f"{net}: D 16, n {n}"].shares[-1, :, layer] for n in points])
        )
        for label, net in nets.items()
        for layer in reversed(range(runs[f"{net}: D 16, n {points[0]}"].shares.shape[2]))
    }


def domain_risks(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return risks at D = 16 and 4,096 points, in the full domain and in the tube.

    Returns:
        By domain and method: geometric mean over seeds, lower and upper end of its interval.
    """
    full = {label: _risks(runs, label, "D 16, n 4096") for label in METHODS}
    full["DLGN, hard in training"] = runs["dlgn, hard: beta 4"].risk
    full["DLGN, made hard"] = runs["dlgn: D 16, n 4096"].hard_risk
    full["DLGN, frozen in the plane"] = runs["dlgn, frozen in the plane"].risk
    full[ORACLE] = runs["peers, in the plane: n 4096"].ridge
    tube = {label: _risks(runs, label, "tube") for label in METHODS}
    return {
        name: dict(
            zip(risks, map(tuple, geometric_intervals(np.array([*risks.values()]))), strict=True)
        )
        for name, risks in {"full domain": full, "tube": tube}.items()
    }


def numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of intrinsic dimension."""
    base = runs["dlgn: D 16, n 4096"]
    said = {
        "from": origin(*runs.values()),
        "seeds": base.spec.seeds,
        "points": thousands(base.spec.points),
        "steps": thousands(base.spec.steps),
        "frozen-cost-16": factor_text(loss(runs["dlgn, frozen: D 16, n 4096"], base)),
        "frozen-cost-4": factor_text(
            loss(runs["dlgn, frozen: D 4, n 4096"], runs["dlgn: D 4, n 4096"])
        ),
        "frozen-cost-tube": factor_text(loss(runs["dlgn, frozen: tube"], runs["dlgn: tube"])),
        "plane": _middle(runs["dlgn, frozen in the plane"].risk),
        "plane-gain": factor_text(loss(base, runs["dlgn, frozen in the plane"])),
        "made-hard": _middle(base.hard_risk),
        "hard-4": _middle(runs["dlgn, hard: beta 4"].risk),
        "hard-30": _middle(runs["dlgn, hard: beta 30"].risk),
        "oracle": _middle(runs["peers, in the plane: n 4096"].ridge),
        "relu-share": f"{100 * runs['relu: D 16, n 4096'].shares[-1, :, 0].mean():.0f}",
        "chance": f"{100 * 2 / base.spec.d_in:.1f}",
    }
    for name, run in {
        "": base,
        "few-": runs["dlgn: D 16, n 1024"],
        "shuffled-": runs["dlgn: shuffled"],
        "hard-4-": runs["dlgn, hard: beta 4"],
        "hard-30-": runs["dlgn, hard: beta 30"],
    }.items():
        for layer, share in enumerate(100 * run.shares[-1].mean(0), 1):
            said[f"{name}share-{layer}"] = f"{share:.0f}"
    for label, (start, array) in METHODS.items():
        short = {"kernel ridge": "ridge", "neighbours": "neighbours"}.get(label, start)
        short = short.replace(", ", "-")
        for rest in ("D 4, n 4096", "D 16, n 256", "D 16, n 1024", "D 16, n 4096", "tube"):
            key = rest.replace(", ", "-").replace(" ", "").lower()
            said[f"{short}-{key}"] = _middle(_risks(runs, label, rest))
        high, low = (runs[f"{start}: D {d}, n 4096"] for d in (16, 4))
        cost = ambient_cost(high, low, array)
        said |= {f"cost-{short}": factor_text(cost), f"rise-{short}": factor(cost.mean())}
        if f"{start}: d 2, D 8, n 4096" in runs:
            both, wide = runs[f"{start}: d 2, D 8, n 4096"], runs[f"{start}: D 8, n 4096"]
            said[f"double-d-{short}"] = factor(loss(both, wide, array, array).mean())
            said[f"double-big-{short}"] = factor(loss(wide, low, array, array).mean())
    return said
