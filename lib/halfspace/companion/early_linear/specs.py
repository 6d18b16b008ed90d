"""Experiments on early training: kernels, nets beside their linear models, the book's recipe."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.measures import losses, path_statistics
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.early_linear.data import Problem, draw_problem
from halfspace.companion.early_linear.measures import LinearShare, scaled_ntk
from halfspace.companion.seeds import SeedStudy, weight_sum
from halfspace.companion.spec import Integer
from halfspace.datasets import circle_grid
from halfspace.early_time import (
    NETS,
    LinearModel,
    kernel_descent,
    linear_model,
    mean_tangent_kernel,
    symmetric_net,
    tangent_factors,
)
from halfspace.gates import Gate, HardGate, SoftGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.training import fit, weight_sums

__all__ = ["EarlyKernels", "EarlyPaths", "EarlyTraining", "rival"]

Net = Literal["relu", "pwl", "pwc"]


def rival(kind: str, model: LinearModel) -> LinearModel:
    """Return a net's linear model with the constant or the norm of another net.

    A ReLU net's loses the norm, a DLGN's is given the ReLU net's, and DLGN-PWC's loses the
    constant.
    """
    changes = {
        "relu": {"norm": 0.0},
        "pwl": {"norm": linear_model("relu", 1).norm},
        "pwc": {"constant": 0.0},
    }[kind]
    return LinearModel(**vars(model) | changes)


class EarlyKernels(SeedStudy):
    """Compare the exact NTK of infinitely wide nets with their linear models', normal inputs.

    Attributes:
        dims: D dimensions, increasing.
        points: n.

    The result's arrays (S, D), root mean squares over pairs of different points: error_{net}: the
    NTK minus the linear model's kernel; rival_{net}: minus that of ``rival``; linear_{net}: the
    part of the linear model that is linear in the inputs. initial (S,): sum of the inputs.
    """

    dims: tuple[Integer, ...] = (16, 64, 256)
    points: Integer = Field(400, ge=2)

    def _measure(self, seed: int) -> dict[str, object]:
        generator = torch.Generator().manual_seed(seed)
        rows = {"initial": 0.0}
        for d_in in self.dims:
            x = torch.randn(self.points, d_in, generator=generator, dtype=torch.float64)
            rows["initial"] += x.sum().item()
            for kind in NETS:
                exact, model = mean_tangent_kernel(kind, x), linear_model(kind, d_in)
                compared = {
                    "error": exact - model.kernel(x),
                    "rival": exact - rival(kind, model).kernel(x),
                    "linear": model.slope * x @ x.T / d_in,
                }
                for name, gap in compared.items():
                    rows.setdefault(f"{name}_{kind}", []).append(_off_diagonal(gap))
        return {name: np.array(row) for name, row in rows.items()}


def _off_diagonal(matrix: Tensor) -> float:
    count = len(matrix) * (len(matrix) - 1)
    squares = matrix.square().sum() - matrix.diagonal().square().sum()
    return (squares / count).sqrt().item()


class EarlyTraining(SeedStudy):
    """Train nets with one hidden layer from 0, and their linear models beside them.

    Full-batch gradient descent on half the mean squared error, all layers trained, in the
    parametrisation of the NTK (``halfspace.early_time``).

    Attributes:
        net: ``"relu"``, ``"pwl"`` (DLGN) or ``"pwc"`` (DLGN-PWC).
        beta: sharpness of a DLGN's trained soft gates; 0 for hard, frozen gates.
        data: see ``draw_problem``.
        d_in: d.
        points: training points.
        test: test points; the circle has 512.
        width: m.
        rate: size of the steps.
        relative: whether ``rate`` is over the top eigenvalue of the net's NTK over n.
        steps: of training.
        own_kernel: whether to follow descent with the net's own NTK of the start, too.

    The result's arrays (S seeds, T recorded steps): steps (S, T); loss, linear_loss: mean squared
    error at the training points, of the net and of its linear model. At the test points: distance:
    norm of the difference of net and linear model, over the linear model's norm (0 where both are
    0); rival: the same for ``rival``; share: linear share of the net's variance (NaN at the start);
    flips: share of hard gates that differ from the start's. Also linear_share (S,): of the target
    at the test points; top (S,): the NTK's top eigenvalue over n if ``relative`` (0 if not);
    initial (S,): sum of the weights. For ``"gauss"`` and ``"sphere"``: parts, linear_parts (S, T,
    3): coefficients of the target's three parts in the function, by least squares. If
    ``own_kernel``: own_distance (S, T): as distance, to descent with the own kernel.
    """

    net: Net
    beta: float = Field(0.0, ge=0)
    data: Literal["gauss", "sphere", "circle", "clothes"] = "gauss"
    d_in: Integer = Field(32, ge=2)
    points: Integer = Field(1000, ge=10)
    test: Integer = Field(2000, ge=10)
    width: Integer = Field(512, ge=2)
    rate: float = Field(2.0, gt=0)
    relative: bool = False
    steps: Integer = Field(100, ge=1)
    own_kernel: bool = False

    @model_validator(mode="after")
    def _fields_fit(self):
        if self.net == "relu" and self.beta:
            raise ValueError("a ReLU net's gates have no sharpness: beta must be 0")
        needed = {"circle": 2, "clothes": 196}.get(self.data, self.d_in)
        if self.d_in != needed:
            raise ValueError(f"d_in must be {needed} for {self.data}; got {self.d_in}")
        return self

    @property
    def gate(self) -> Gate:
        """The gate of a DLGN."""
        return SoftGate(self.beta) if self.beta else HardGate()

    @property
    def early_step(self) -> int:
        """The step at which rate times steps is twice d: the linear part is mostly learned."""
        return min(round(2 * self.d_in / self.rate), self.steps)

    @property
    def record(self) -> list[int]:
        """The recorded steps: about 60, evenly spaced on a logarithmic axis, and the early one."""
        even = np.geomspace(1, self.steps, 60).round().astype(int).tolist()
        return sorted({0, *even} | (set() if self.relative else {self.early_step}))

    def linear_model(self, problem: Problem) -> LinearModel:
        """Return the net's linear model on given data."""
        gating = dict(gate=self.gate, trained=self.beta > 0)
        return linear_model(self.net, self.d_in, spread=problem.spread, **gating)

    def start(self, seed: int) -> ReLUNet | DLGN:
        """Return the net of one seed before training, float64."""
        generator = torch.Generator().manual_seed(seed)
        gating = dict(gate=self.gate, trained=self.beta > 0)
        return symmetric_net(self.net, self.d_in, self.width, generator=generator, **gating)

    def problem(self, seed: int) -> Problem:
        """Return the data of one seed."""
        sizes = dict(d_in=self.d_in, points=self.points, test=self.test)
        return draw_problem(self.data, seed, **sizes)

    def _measure(self, seed: int) -> dict[str, object]:
        problem, net, steps = self.problem(seed), self.start(seed), self.record
        others = (problem.x, problem.test_x)
        row = {"initial": weight_sum(net), "steps": np.array(steps), "top": 0.0}
        rate = self.rate
        if self.relative or self.own_kernel:
            kernels = [scaled_ntk(net, points, problem.x) for points in others]
        if self.relative:
            row["top"] = torch.linalg.eigvalsh(kernels[0])[-1].item() / self.points
            rate /= row["top"]
        model = self.linear_model(problem)
        descents = {
            name: chosen.descend(problem.x, problem.y, others, rate=rate, steps=steps)
            for name, chosen in (("distance", model), ("rival", rival(self.net, model)))
        }
        if self.own_kernel:
            descents["own_distance"] = kernel_descent(
                kernels[0], problem.y, kernels, rate=rate, steps=steps
            )
        outputs, row["flips"] = self._train(net, problem, rate)
        linear = descents["distance"]
        for name, (at_training, _) in (("loss", outputs), ("linear_loss", linear)):
            row[name] = (at_training - problem.y).square().mean(1).numpy()
        for name, (_, at_test) in descents.items():
            row[name] = _distances(outputs[1], at_test)
        share = LinearShare(problem.test_x)
        row["share"] = share(outputs[1]).numpy()
        row["linear_share"] = share(problem.test_y).item()
        if problem.test_parts is not None:
            row["parts"], row["linear_parts"] = (
                torch.linalg.lstsq(problem.test_parts, part[1].T).solution.T.numpy()
                for part in (outputs, linear)
            )
        return row

    def _train(self, net: ReLUNet | DLGN, problem: Problem, rate: float):
        """Return outputs at training and test points, (T, n) each, and flipped gates, (T,)."""
        factors, stacked = tangent_factors(net), stack([net])
        first = stacked.gates(problem.test_x, HardGate())

        def measure(net) -> dict[str, Tensor]:
            flips = (net.gates(problem.test_x, HardGate()) != first).double().mean((1, 2, 3))
            outputs = {"train": net(problem.x), "test": net(problem.test_x)}
            return {"flips": flips} | {name: part[..., 0] for name, part in outputs.items()}

        history = fit(
            stacked,
            problem.x,
            problem.y[:, None],
            seeds=[0],
            epochs=self.steps,
            learning_rate=rate / 2,
            optimizer="sgd",
            factors=factors,
            measure=measure,
            record=self.record,
            description=f"{self.net}, {self.data}",
        )
        found = {name: part[:, 0] for name, part in history.measures.items()}
        return [torch.from_numpy(found[name]) for name in ("train", "test")], found["flips"]


def _distances(outputs: Tensor, others: Tensor) -> np.ndarray:
    norms = others.norm(dim=1)
    distances = (outputs - others).norm(dim=1) / norms
    return torch.where(norms > 0, distances, 0.0).numpy()


class EarlyPaths(CircleEvaluation):
    """Train by the book's recipe on the circle, and take path counts and linear shares early.

    Attributes (besides those of ``CircleEvaluation``):
        grid: N, points of the circle at which functions are taken.

    The result's arrays, float32, K epochs, S seeds: at (K,); loss (K, S): mean squared error;
    log_paths_{half}, paths_{half}, zero_{half} (K, S): as in ``path_statistics``, for ``top`` and
    ``bottom``; share (K, S): linear share of the function's variance; linear_share (): the
    target's; initial (S,).
    """

    at: tuple[Integer, ...] = (*range(31), 40, 60, 100, 150, 200, 300)
    grid: Integer = Field(256, ge=32)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        target = self.target
        x, y, top = (part.to(device) for part in (target.points(), target.values(), target.top()))
        angles, grid = circle_grid(self.grid)
        share, rows = LinearShare(grid), []
        net, history = self.training.train(device, snapshots=self.at)
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            with torch.no_grad():
                row = {"loss": losses(net, x, y, top)["loss"]} | path_statistics(net, x, top)
                row["share"] = share(net(grid.to(device))[..., 0].cpu())
            rows.append(row)
        arrays = as_float32({name: torch.stack([row[name] for row in rows]) for name in rows[0]})
        arrays |= {"at": np.array(self.at), "initial": weight_sums(history.snapshots[0])}
        return arrays | {"linear_share": share(target.target(angles)).numpy()}
