"""Nets that are trained to a loss of zero, and the interpolants built on their way there."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from halfspace._checks import single_precision
from halfspace.companion.claims import EXACT
from halfspace.companion.interpolation.data import Cube, cube_problem
from halfspace.companion.seeds import order_seed
from halfspace.companion.spec import Integer, Spec
from halfspace.gates import HardGate, SoftGate
from halfspace.interpolation import bump_cost, bump_sum, least_gap
from halfspace.nets import DLGN, GatedNet, ReLUNet, stack, unstack
from halfspace.overlap import overlap_kernel
from halfspace.training import fit, net_losses, weight_sums

__all__ = ["TrainedMinima"]

_REACH = 0.49  # radius of the bumps over the least gap: they do not overlap


class TrainedMinima(Spec):
    """Train nets on noisy labels until they fit them, and build interpolants of stopped nets.

    A net is stopped where its error on points that it is not trained on is least. Bumps then make
    it fit all n labels.

    Attributes:
        model: ``"relu"`` or ``"dlgn"``, with biases.
        noise: σ of the labels.
        held: of the n points, the last ones are not trained on and tell when to stop. With 0,
            ``validation`` further points do.
        points: n, on the cube [-1, 1]⁵.
        validation: further points, with noisy labels.
        test: test points, without noise.
        width: m.
        layers: H.
        beta: sharpness of the DLGN's soft gates.
        learning_rate: Adam's.
        epochs: steps; each is on all points.
        times: about how many epochs, evenly spaced in their logarithm, are recorded.
        first_seed: the data's and nets' seeds are first_seed, first_seed + 1, ...
        seeds: S.

    The result's arrays (E records, S seeds): epochs (E,); train, validation: mean squared errors
    with noisy labels, of the points that are trained on and of those that tell when to stop, (E,
    S); risk: mean squared error on test points, without noise, (E, S); overlap (E, S): shared
    active paths of two training points over the geometric mean of their own, under hard gates, mean
    over all pairs; stop (S,): the record at which ``validation`` is least; built_risk (S,): test
    error of the net of that time with bumps at all n points; misses (S,): points whose label that
    misses by more than 1e-10; cost (S,): mean square of the bumps over the cube. initial (S,).
    """

    early: ClassVar[float] = 20.0

    model: Literal["relu", "dlgn"]
    noise: float = Field(0.5, ge=0)
    held: Integer = Field(0, ge=0)
    points: Integer = Field(200, ge=2)
    validation: Integer = Field(200, ge=1)
    test: Integer = Field(5000, ge=1)
    width: Integer = Field(128, ge=1)
    layers: Integer = Field(2, ge=1)
    beta: float = Field(4.0, gt=0)
    learning_rate: float = Field(1e-3, gt=0)
    epochs: Integer = Field(3000, ge=1)
    times: Integer = Field(40, ge=1)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(20, ge=1)

    @model_validator(mode="after")
    def _points_are_left(self):
        if self.held >= self.points:
            raise ValueError(f"held must leave points to train on; got {self.held}")
        return self

    def problem(self, seed: int) -> Cube:
        """Return one seed's data."""
        sizes = dict(points=self.points, validation=self.validation, test=self.test)
        return cube_problem(seed, **sizes, noise=self.noise)

    @single_precision()
    def net(self, seed: int) -> ReLUNet | DLGN:
        """Return one seed's net at its initialisation."""
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, depth=self.layers, bias=True, init="he")
        if self.model == "relu":
            return ReLUNet(5, **sizes, generator=generator)
        return DLGN(5, gate=SoftGate(self.beta), **sizes, generator=generator)

    def records(self) -> list[int]:
        """Return the recorded epochs."""
        spaced = np.geomspace(1, self.epochs, self.times).round().astype(int)
        return sorted({0, *spaced.tolist()})

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        problems = [self.problem(seed) for seed in seeds]
        fitted = self.points - self.held
        parts = {
            "train": [(p.x[:fitted], p.y[:fitted]) for p in problems],
            "validation": [
                (p.x[fitted:], p.y[fitted:]) if self.held else (p.validation_x, p.validation_y)
                for p in problems
            ],
            "risk": [(p.test_x, p.test_y) for p in problems],
        }
        sets = {name: _stacked(rows, device) for name, rows in parts.items()}
        net = stack([self.net(seed) for seed in seeds]).to(device)
        initial = weight_sums(net.state_dict())

        def measure(net: GatedNet) -> dict[str, Tensor]:
            row = {name: net_losses(net(x), y, "mse") for name, (x, y) in sets.items()}
            return row | {"overlap": _mean_overlap(net, sets["train"][0])}

        times = self.records()
        history = fit(
            net,
            *sets["train"],
            seeds=[order_seed(seed) for seed in seeds],
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            measure=measure,
            record=times,
            snapshots=times,
            description=f"{self.model}, noise {self.noise:g}",
        )
        arrays = {"epochs": history.record, "initial": initial} | history.measures
        arrays["stop"] = stops = arrays["validation"].argmin(0)
        rows = []
        for place, (problem, stop) in enumerate(zip(problems, stops, strict=True)):
            net.load_state_dict(history.snapshots[history.record[stop]])
            rows.append(_built(unstack(net)[place].cpu().double(), problem))
        return arrays | {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _stacked(rows: list[tuple[np.ndarray, np.ndarray]], device: torch.device) -> list[Tensor]:
    x, y = (torch.from_numpy(np.stack(part)).float().to(device) for part in zip(*rows, strict=True))
    return [x, y.unsqueeze(-1)]


def _mean_overlap(net: GatedNet, x: Tensor) -> Tensor:
    """Return each copy's mean normalised overlap of two different points, shape (S,)."""
    kernel = overlap_kernel(net.gates(x, HardGate()), bias=True).double()
    own = kernel.diagonal(dim1=-2, dim2=-1)
    shares = kernel / (own.unsqueeze(-1) * own.unsqueeze(-2)).sqrt()
    points = shares.shape[-1]
    return (shares.sum((-2, -1)) - points) / (points * (points - 1))


@torch.no_grad()
def _built(base: GatedNet, problem: Cube) -> dict[str, float]:
    """Measure the interpolant of all labels that bumps make of a net."""
    x, y, test_x, test_y = (
        torch.from_numpy(part) for part in (problem.x, problem.y, problem.test_x, problem.test_y)
    )
    values, radius = y - base(x)[:, 0], _REACH * least_gap(x)
    outputs = [base(part)[:, 0] + bump_sum(part, x, values, radius) for part in (x, test_x)]
    return {
        "misses": ((outputs[0] - y).abs() > EXACT).sum().item(),
        "built_risk": (outputs[1] - test_y).square().mean().item(),
        "cost": bump_cost(values, radius, 5) / 2**5,
    }
