"""Are features learned early and combined linearly later? Gates are frozen at several epochs.

From such an epoch on only a value network learns: the net's own, which goes on, or a reinitialised
one. Besides, a regression with the gates' kernel predicts by itself. A frozen net's remaining task
is that of a linear model in its path features.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from halfspace._checks import check_shape, uncompiled
from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.measures import losses, path_statistics
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.fashion.data import SETTINGS
from halfspace.companion.fashion.measures import accuracy, by_class
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.spec import Integer
from halfspace.datasets import circle_grid
from halfspace.nets import DGN, DLGN, GatedNet, stack, unstack
from halfspace.training import fit, weight_sums

__all__ = ["CircleFreezing", "FashionFreezing", "frozen_copy", "path_kernel", "ridge_predictions"]

_FRESH = 1_000_000  # added to a seed: the draw of the reinitialised value network


class CircleFreezing(CircleEvaluation):
    """Freeze the gates of nets on the circle at some epochs and train value networks from there.

    Frozen gates keep their kind: soft ones stay soft.

    Attributes (besides those of ``CircleEvaluation``; ``at`` holds the epochs of freezing):
        refit_epochs: epochs for which a value network then trains, with a new optimiser.
        ridge: weight of the kernel regression's penalty, as a share of the kernel's mean diagonal.
        grid: N, points of the circle, between training points, at which the regression is tested.

    The result's arrays (K epochs of freezing, S seeds; *half* is ``top`` or ``bottom``): at (K,);
        loss_{half} (K, S): mean squared error of the net when its gates are frozen, at the training
        points under its own gate; fresh_{half}, continued_{half} (K, S): of the frozen nets, with a
        reinitialised value network and with the net's own, trained for ``refit_epochs``;
        kernel_{half} (K, S): of the regression with the gates' kernel, at the grid points;
        log_paths_{half} (K, S): mean of ln(1 + number of active paths), hard gates; diverged (S,);
        initial (S,): sum of the initial weights.
    """

    late: ClassVar[tuple[str, ...]] = (
        "fresh_top",
        "fresh_bottom",
        "continued_top",
        "continued_bottom",
    )

    at: tuple[Integer, ...] = (0, 1, 3, 10, 30, 100, 300)
    refit_epochs: Integer = Field(300, ge=1)
    ridge: float = Field(1e-4, gt=0)
    grid: Integer = Field(512, ge=32)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec, target = self.training, self.target
        x, y, top = (t.to(device) for t in (target.points(), target.values(), target.top()))
        net, history = spec.train(device, snapshots=self.at)
        seeds = range(spec.first_seed, spec.first_seed + spec.seeds)
        values = [spec.net(seed + _FRESH).value for seed in seeds]
        halves = ("top", "bottom")
        names = [f"{name}_{half}" for name in ("loss", "log_paths", "kernel") for half in halves]
        arrays, frozen = {name: [] for name in names}, {"fresh": [], "continued": []}
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            with torch.no_grad():
                measured = losses(net, x, y, top) | path_statistics(net, x, top)
            measured |= self._regression(net, x, y, device)
            for name in names:
                arrays[name].append(measured[name])
            for single, value in zip(unstack(net), values, strict=True):
                frozen["fresh"].append(frozen_copy(single, value))
                frozen["continued"].append(frozen_copy(single, single.value))
        arrays = {name: torch.stack(rows) for name, rows in arrays.items()}
        for kind, nets in frozen.items():
            together = stack(nets).to(device)
            fit(
                together,
                x,
                y,
                seeds=[*seeds] * len(self.at),
                epochs=self.refit_epochs,
                learning_rate=spec.learning_rate,
                optimizer=spec.optimizer,
                batch_size=min(spec.batch_size, target.n),
                description=f"{spec.model}, {kind} values, {len(nets)} nets",
            )
            with torch.no_grad():
                errors = losses(together, x, y, top)
            for half in halves:
                rows = errors[f"loss_{half}"].reshape(len(self.at), spec.seeds)
                arrays[f"{kind}_{half}"] = rows
        return as_float32(arrays) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }

    def _regression(self, net, x: Tensor, y: Tensor, device: torch.device) -> dict[str, Tensor]:
        angles, points = circle_grid(self.grid)
        points, wanted = points.to(device), self.target.target(angles).to(device)
        predicted = ridge_predictions(net, x, y.double(), points, self.ridge).squeeze(-1)
        squares = (predicted - wanted).square()
        half = self.grid // 2
        return {
            "kernel_top": squares[:, :half].mean(-1),
            "kernel_bottom": squares[:, half:].mean(-1),
        }


class FashionFreezing(FashionTraining):
    """Freeze the gates of nets on Fashion-MNIST at some epochs and train value networks from there.

    Attributes (besides those of ``FashionTraining``):
        labels: whose labels are complicated, as in ``FashionStudy``, without the random choice.
        at: epochs at which the gates are frozen, increasing from 0; training ends with the last.
        refit_epochs: epochs for which a value network then trains, with a new optimiser.
        seeds: S, how many.
        kernel_sample: training images of each class that the kernel regression sees.
        ridge: weight of the regression's penalty, as a share of the kernel's mean diagonal.
        test_sample: test images of each class.

    The result's arrays (K epochs of freezing, S seeds, 10 original classes): at (K,); accuracy,
        fresh, continued, kernel (K, S, 10): shares of test images classified correctly by the net
        when its gates are frozen, by the frozen nets with a reinitialised and with the net's own
        value network after ``refit_epochs``, and by the regression with the gates' kernel; loss
        (epochs, S): mean batch loss of the training run; diverged (S,); initial (S,): sum of the
        initial weights.
    """

    late: ClassVar[tuple[str, ...]] = ("fresh", "continued")

    labels: str = "modified"
    n_train: Integer = Field(20_000, ge=10, le=60_000)
    at: tuple[float, ...] = (0, 0.1, 0.3, 1, 3, 10, 20)
    refit_epochs: Integer = Field(10, ge=1)
    seeds: Integer = Field(5, ge=1)
    kernel_sample: Integer = Field(200, ge=2)
    ridge: float = Field(1e-3, gt=0)
    test_sample: Integer = Field(500, ge=1, le=1000)

    @field_validator("labels")
    @classmethod
    def _known(cls, labels: str) -> str:
        if labels not in SETTINGS:
            raise ValueError(f"labels must be one of {tuple(SETTINGS)}; got {labels!r}")
        return labels

    @field_validator("at")
    @classmethod
    def _ordered(cls, at: tuple[float, ...]) -> tuple[float, ...]:
        if list(at) != sorted(set(at)) or at[0] != 0 or at[-1] != round(at[-1]):
            raise ValueError(f"at must increase from 0 to a whole number of epochs; got {at}")
        return at

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = self.all_seeds
        problem = self.problem([(seed, SETTINGS[self.labels]) for seed in seeds], device)
        x, y = problem.x, problem.y
        test_x, test_y = problem.test(self.test_sample)
        sample = problem.sample(self.kernel_sample)
        net = stack([self.net(seed) for seed in seeds]).to(device)
        history = fit(
            net,
            x,
            y,
            seeds=seeds,
            epochs=int(self.at[-1]),
            snapshots=self.at,
            description=f"{self.model}, {self.labels}, {self.seeds} seeds",
            **self.fit_options,
        )
        rows = {"accuracy": [], "fresh": [], "continued": [], "kernel": []}
        for epoch in self.at:
            net.load_state_dict(history.snapshots[round(epoch * self.batches) / self.batches])
            with torch.no_grad():
                rows["accuracy"].append(accuracy(net, test_x, test_y))
            targets = nn.functional.one_hot(y[:, sample], 10).double()
            scores = ridge_predictions(net, x[sample], targets - 0.1, test_x, self.ridge)
            rows["kernel"].append(by_class(scores.argmax(-1) == test_y))
            for kind, frozen in self._frozen(net):
                fit(
                    frozen,
                    x,
                    y,
                    seeds=seeds,
                    epochs=self.refit_epochs,
                    description=f"{kind} values from epoch {epoch}",
                    **self.fit_options,
                )
                with torch.no_grad():
                    rows[kind].append(accuracy(frozen, test_x, test_y))
        arrays = {name: torch.stack(values) for name, values in rows.items()}
        return as_float32(arrays | {"loss": history.batch_loss}) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }

    def _frozen(self, net: GatedNet) -> Iterator[tuple[str, GatedNet]]:
        """Yield the net with frozen gates, with reinitialised value networks and with its own."""
        singles = unstack(net)
        fresh = [self.net(seed + _FRESH).value for seed in self.all_seeds]
        for kind, values in {"fresh": fresh, "continued": [net.value for net in singles]}.items():
            yield kind, stack([frozen_copy(*pair) for pair in zip(singles, values, strict=True)])


def frozen_copy(net: GatedNet, value: nn.ModuleList) -> DGN | DLGN:
    """Return a net with the frozen gates of a trained net and a value network.

    Args:
        net: a single dense net. A ReLU net's gates become those of a DGN with hard gates: with the
            ReLU net's own weights as value network it computes what the ReLU net does.
        value: layers of the same shapes, whose weights are copied.

    Returns:
        A DLGN if the net's pre-activations are affine in the input, a DGN otherwise.
    """
    net = uncompiled(net)
    copy = (DLGN if net.has_linear_gating else DGN)(
        net.d_in,
        width=net.width,
        depth=net.depth,
        d_out=net.d_out,
        gate=net.gate,
        constant_input=net.constant_input,
        frozen_gating=True,
        bias=net.has_bias,
    )
    copy = copy.to(net.value[0].weight)
    copy.gating.load_state_dict(net.gate_layers.state_dict())
    copy.value.load_state_dict(value.state_dict())
    return copy


def path_kernel(net: GatedNet, x: Tensor, other: Tensor) -> Tensor:
    """Return the kernel of a net's path features under its own gate, without biases.

    ``∏_ℓ ⟨g_ℓ(x), g_ℓ(x')⟩``, with soft gates as well as with hard ones, where the overlap kernel
    counts; times ``⟨x, x'⟩`` unless the experts are constants. Divided by its mean diagonal over
    ``x``: the numbers of paths of two nets may differ by orders of magnitude.

    Args:
        net: stacked, S copies.
        x: inputs, shape (n, d).
        other: further inputs, shape (k, d).

    Returns:
        Shape (S, n, k), float64.

    Raises:
        ValueError: if the net has biases: its paths start at constants, too.

    Reference: Section 3, and Lakshminarayanan and Singh (2020) for linear experts.
    """
    net = uncompiled(net)
    if net.has_bias:
        raise ValueError("the path kernel is for nets without biases")
    inputs = x.double(), other.double()
    kernel = 1.0 if net.constant_input else inputs[0] @ inputs[1].T
    diagonal = 1.0 if net.constant_input else inputs[0].square().sum(-1)
    gates, others = (net.gates(points).double().unbind(-2) for points in (x, other))
    for g, h in zip(gates, others, strict=True):
        kernel = kernel * (g @ h.mT)
        diagonal = diagonal * g.square().sum(-1)
    return kernel / diagonal.mean(-1)[..., None, None]


@torch.no_grad()
def ridge_predictions(net: GatedNet, x: Tensor, y: Tensor, points: Tensor, ridge: float) -> Tensor:
    """Predict by ridge regression with the net's path kernel.

    Args:
        net: stacked, S copies.
        x: training inputs, shape (n, d).
        y: their targets, float64, shape (n, c) or (S, n, c).
        points: where to predict, shape (k, d).
        ridge: weight of the penalty, the kernel's mean diagonal being 1.

    Returns:
        Shape (S, k, c), float64.

    Raises:
        ValueError: if y has another shape, inputs are not finite, or the net has biases.
    """
    kernel = path_kernel(net, x, x)
    check_shape("y", y, (len(x), *y.shape[-1:]), (len(kernel), len(x), *y.shape[-1:]))
    kernel.diagonal(dim1=-2, dim2=-1).add_(ridge)
    coefficients = torch.linalg.solve(kernel, y.expand(len(kernel), *y.shape[-2:]))
    return path_kernel(net, x, points).mT @ coefficients
