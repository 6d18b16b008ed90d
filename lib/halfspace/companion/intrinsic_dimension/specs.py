"""Nets, and what compares points, on functions of the nearest point on a torus."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from torch import Tensor

from halfspace._checks import single_precision
from halfspace.companion.intrinsic_dimension.data import TorusProblem, torus_problem
from halfspace.companion.intrinsic_dimension.measures import plane_shares, turned_into
from halfspace.companion.seeds import SeedStudy, order_seed
from halfspace.companion.spec import Integer, Spec
from halfspace.gates import HardGate, gate_named
from halfspace.nets import DLGN, GatedNet, ReLUNet, stack
from halfspace.training import fit, weight_sums

__all__ = ["DimensionNets", "DimensionPeers"]

_FOLDS = 3
_CHOOSING = 1024  # points on which parameters are chosen
_RIDGE = {"alpha": [1e-3, 1e-2, 0.1, 1.0], "gamma": [0.03, 0.1, 0.3, 1.0, 3.0]}
_NEIGHBOURS = {"n_neighbors": [1, 2, 4, 8, 16]}


class DimensionNets(Spec):
    """Train nets on functions of the nearest point on a torus, one problem and net for each seed.

    Nets have biases and He's weights; Adam at 1e-3 in batches of 128. Epochs are chosen so that the
    number of steps is about the same for every number of points.

    Attributes:
        model: ``"relu"`` or ``"dlgn"``.
        gates: of a DLGN: ``"trained"``; ``"frozen"`` at their random start; or ``"plane"``: frozen,
            the same start with the first gating layer turned into the plane of the signal.
        gate: ``"soft"`` or ``"straight-through"``.
        beta: sharpness of the gates.
        shuffled: whether training targets are shuffled.
        d_in: D.
        intrinsic: d.
        tube: whether points lie in the tube around the torus.
        points: n, training points.
        test: test points.
        width: m.
        layers: H.
        steps: of Adam, about.
        records: number of times at which shares are recorded, start and end included.
        first_seed: the problems' and nets' seeds are first_seed, first_seed + 1, ...
        seeds: S.

    The result's arrays (E records, S seeds, H layers; a ReLU net counts as one layer): epochs (E,);
    shares (E, S, H): see ``plane_shares``; risk, hard_risk (S,): mean squared error without noise
    on test points, with the net's own and with hard gates; train (S,): mean squared error on the
    noisy training points; initial (S,).
    """

    early: ClassVar[float] = 1.0

    model: Literal["relu", "dlgn"] = "dlgn"
    gates: Literal["trained", "frozen", "plane"] = "trained"
    gate: Literal["soft", "straight-through"] = "soft"
    beta: float = Field(4.0, gt=0)
    shuffled: bool = False
    d_in: Integer = Field(16, ge=2)
    intrinsic: Integer = Field(1, ge=1)
    tube: bool = False
    points: Integer = Field(4096, ge=1)
    test: Integer = Field(5000, ge=1)
    width: Integer = Field(64, ge=1)
    layers: Integer = Field(3, ge=1)
    steps: Integer = Field(3000, ge=1)
    records: Integer = Field(16, ge=2)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(10, ge=1)

    def problem(self, seed: int) -> TorusProblem:
        """Return the points of one seed."""
        return torus_problem(
            seed,
            d_in=self.d_in,
            intrinsic=self.intrinsic,
            tube=self.tube,
            points=self.points,
            test=self.test,
        )

    @property
    def epochs(self) -> int:
        """Passes through the data."""
        return max(1, round(self.steps / -(-self.points // self._batch)))

    @property
    def _batch(self) -> int:
        return min(128, self.points)

    @single_precision()
    def net(self, seed: int) -> DLGN | ReLUNet:
        """Return the net of one seed at its initialisation, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, depth=self.layers, bias=True, init="he", generator=generator)
        if self.model == "relu":
            return ReLUNet(self.d_in, **sizes)
        gate, frozen = gate_named(self.gate, self.beta), self.gates != "trained"
        net = DLGN(self.d_in, gate=gate, frozen_gating=frozen, **sizes)
        if self.gates == "plane":
            plane = torch.from_numpy(self.problem(seed).plane).float()
            net.gating[0].weight.data = turned_into(net.gating[0].weight.data, plane)
        return net

    def trained(self, device: torch.device) -> tuple[GatedNet, dict[str, np.ndarray]]:
        """Train the nets of all seeds, and return them stacked with the result's arrays."""
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        problems = [self.problem(seed) for seed in seeds]
        x, y, test_x, test_f = (
            torch.from_numpy(np.stack([getattr(problem, name) for problem in problems]))
            .float()
            .to(device)
            for name in ("x", "y", "test_x", "test_f")
        )
        if self.shuffled:
            y = torch.stack([one[self._order(seed)] for one, seed in zip(y, seeds, strict=True)])
        planes = torch.from_numpy(np.stack([problem.plane for problem in problems])).to(device)
        net = stack([self.net(seed) for seed in seeds]).to(device)
        initial = weight_sums(net.state_dict())
        history = fit(
            net,
            x,
            y.unsqueeze(-1),
            seeds=[order_seed(seed) for seed in seeds],
            epochs=self.epochs,
            learning_rate=1e-3,
            batch_size=self._batch,
            measure=lambda net: {"shares": plane_shares(net, planes)},
            record=np.linspace(0, self.epochs, self.records).tolist(),
            description=f"{self.model}, D = {self.d_in}",
        )
        arrays = {"epochs": history.record, "initial": initial} | history.measures
        with torch.no_grad():
            arrays["risk"] = _error(net(test_x), test_f)
            arrays["hard_risk"] = _error(net(test_x, net.gates(test_x, HardGate())), test_f)
            arrays["train"] = _error(net(x), y)
        return net, arrays

    def _order(self, seed: int) -> Tensor:
        order = np.random.default_rng([seed, 1]).permutation(self.points)
        return torch.from_numpy(order)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        return self.trained(device)[1]


def _error(outputs: Tensor, targets: Tensor) -> np.ndarray:
    """Return each copy's mean squared error, shape (S,), of outputs (S, n, 1) to targets (S, n)."""
    return (outputs.squeeze(-1) - targets).double().square().mean(-1).cpu().numpy()


class DimensionPeers(SeedStudy):
    """Fit kernel ridge regression and nearest neighbours to the problems of ``DimensionNets``.

    Parameters are chosen by 3-fold cross-validation on the first 1,024 training points: of the
    Gaussian kernel ``exp(-γ |x - x'|²)`` the penalty and γ, and the number of neighbours, which
    weigh in by the inverse of their distance.

    Attributes:
        coordinates: ``"all"``, or those in the ``"plane"`` of the signal alone.
        d_in: D.
        intrinsic: d.
        tube: whether points lie in the tube around the torus.
        points: n, training points.
        test: test points.

    The result's arrays (S,): ridge, neighbours: risk on test points, without noise; alpha, gamma,
    count: chosen parameters; initial: sum of the plane's entries.
    """

    tolerance: ClassVar[float] = 1e-4

    coordinates: Literal["all", "plane"] = "all"
    d_in: Integer = Field(16, ge=2)
    intrinsic: Integer = Field(1, ge=1)
    tube: bool = False
    points: Integer = Field(4096, ge=_FOLDS)
    test: Integer = Field(5000, ge=1)
    seeds: Integer = Field(10, ge=1)

    def _measure(self, seed: int) -> dict[str, float]:
        problem = torus_problem(
            seed,
            d_in=self.d_in,
            intrinsic=self.intrinsic,
            tube=self.tube,
            points=self.points,
            test=self.test,
        )
        x, test_x = problem.x, problem.test_x
        if self.coordinates == "plane":
            x, test_x = x @ problem.plane, test_x @ problem.plane
        ridge = _fitted(KernelRidge(kernel="rbf"), _RIDGE, x, problem.y)
        near = _fitted(KNeighborsRegressor(weights="distance"), _NEIGHBOURS, x, problem.y)
        return {
            "ridge": np.square(ridge.predict(test_x) - problem.test_f).mean(),
            "neighbours": np.square(near.predict(test_x) - problem.test_f).mean(),
            "alpha": ridge.alpha,
            "gamma": ridge.gamma,
            "count": near.n_neighbors,
            "initial": problem.plane.sum(),
        }


def _fitted(
    model: KernelRidge | KNeighborsRegressor,
    choices: dict[str, list],
    x: np.ndarray,
    y: np.ndarray,
) -> KernelRidge | KNeighborsRegressor:
    """Choose a model's parameters by cross-validation, and fit it to all points."""
    search = GridSearchCV(model, choices, cv=_FOLDS, scoring="neg_mean_squared_error", refit=False)
    search.fit(x[:_CHOOSING], y[:_CHOOSING])
    return model.set_params(**search.best_params_).fit(x, y)
