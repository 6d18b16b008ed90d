"""Are features learned early and combined linearly later? Gates are stopped on the way.

At some epochs of a net's training its gates are frozen. From there on nothing but a value network
learns: the net's own, continued, or a fresh one. In parallel the gates' kernel predicts by itself.
A frozen net's remaining task is that of a linear model in its path features.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from halfspace._checks import check_shape, uncompiled
from halfspace.companion.circle.measures import losses, path_statistics
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.fashion.data import SETTINGS, fashion_inputs, modified_labels
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.spec import Integer
from halfspace.datasets import circle_grid, fashion_mnist, subset_by_class
from halfspace.gates import HardGate
from halfspace.nets import DGN, DLGN, ReLUNet, stack, unstack
from halfspace.training import fit, weight_sums

__all__ = ["CircleFreezing", "FashionFreezing", "frozen_copy", "path_kernel", "ridge_predictions"]

_FRESH = 1_000_000  # added to a seed: the draw of the fresh value network


class CircleFreezing(CircleEvaluation):
    """Freeze the gates of nets on the circle at some epochs and train value networks from there.

    Gates are frozen as the net has them: soft ones as soft ones.

    Attributes (besides those of ``CircleEvaluation``: the gates are frozen at each look):
        refit_epochs: epochs that a value network then trains, Adam starting anew.
        ridge: weight of the kernel regression's penalty, as a share of the kernel's mean diagonal.
        grid: N, points of the circle at which the regression is judged, between training points.

    The result's arrays (K epochs of freezing, S seeds; *half* is ``top`` or ``bottom``): at (K,);
        loss_{half} (K, S): mean squared error of the net when its gates are frozen, at the training
        points under its own gate; fresh_{half}, continued_{half} (K, S): of the frozen nets, with a
        fresh value network and with the net's own, trained for ``refit_epochs``;
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
        looks, frozen = [], {"fresh": [], "continued": []}
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            with torch.no_grad():
                look = losses(net, x, y, top) | path_statistics(net, x, top)
            look |= self._regression(net, x, y, device)
            looks.append({name: look[name].cpu().numpy() for name in look})
            for own, fresh in zip(unstack(net), values, strict=True):
                frozen["fresh"].append(frozen_copy(own, fresh))
                frozen["continued"].append(frozen_copy(own, own.value))
        halves = ("top", "bottom")
        names = [f"{name}_{half}" for name in ("loss", "log_paths", "kernel") for half in halves]
        arrays = {name: np.stack([look[name] for look in looks]) for name in names}
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
                found = losses(together, x, y, top)
            for half in halves:
                values_ = found[f"loss_{half}"].cpu().numpy()
                arrays[f"{kind}_{half}"] = values_.reshape(len(self.at), spec.seeds)
        small = {name: values.astype(np.float32) for name, values in arrays.items()}
        return small | {
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
    """Freeze the gates of nets on Fashion-MNIST on the way and train value networks from there.

    Attributes (besides those of ``FashionTraining``):
        labels: whose labels are complicated, as in ``FashionStudy``, without the random choice.
        at: epochs at which the gates are frozen, increasing from 0; training ends with the last.
        refit_epochs: epochs that a value network then trains, Adam starting anew.
        seeds: S, how many.
        kernel_sample: training images of each class that the kernel regression sees.
        ridge: weight of the regression's penalty, as a share of the kernel's mean diagonal.
        test_sample: test images of each class.

    The result's arrays (K epochs of freezing, S seeds, 10 original classes): at (K,); accuracy,
        fresh, continued, kernel (K, S, 10): shares of test images classified right by the net when
        its gates are frozen, by the frozen nets with a fresh and with the net's own value network
        after ``refit_epochs``, and by the regression with the gates' kernel; loss (epochs, S): mean
        batch loss of the training run; diverged (S,); initial (S,): sum of the initial weights.
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
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        data = fashion_mnist(self.n_train)
        classes = SETTINGS[self.labels]
        drawn = [modified_labels(data, seed=seed, complex_classes=classes) for seed in seeds]
        y, test_y = (torch.stack(labels).to(device) for labels in zip(*drawn, strict=True))
        x = fashion_inputs(data.train_images, data.train_images, self.images).to(device)
        order = subset_by_class(data.test_labels, self.test_sample)
        test_x = fashion_inputs(data.test_images[order], data.train_images, self.images).to(device)
        test_y = test_y[:, order.to(device)]
        few = min(self.kernel_sample, self.n_train // 10)
        sample = subset_by_class(data.train_labels, few).to(device)
        options = dict(
            learning_rate=self.learning_rate,
            batch_size=min(self.batch_size, self.n_train),
            loss="cross_entropy",
        )
        net = stack([self.net(seed) for seed in seeds]).to(device)
        history = fit(
            net,
            x,
            y,
            seeds=seeds,
            epochs=int(self.at[-1]),
            snapshots=self.at,
            description=f"{self.model}, {self.labels}, {self.seeds} seeds",
            **options,
        )
        found = {"accuracy": [], "fresh": [], "continued": [], "kernel": []}
        batches = -(-self.n_train // options["batch_size"])
        for epoch in self.at:
            net.load_state_dict(history.snapshots[round(epoch * batches) / batches])
            found["accuracy"].append(_right(net, test_x, test_y))
            targets = nn.functional.one_hot(y[:, sample], 10).double()
            scores = ridge_predictions(net, x[sample], targets - 0.1, test_x, self.ridge)
            found["kernel"].append(_by_class(scores.argmax(-1) == test_y))
            for kind, frozen in self._frozen(net, seeds):
                fit(
                    frozen,
                    x,
                    y,
                    seeds=seeds,
                    epochs=self.refit_epochs,
                    description=f"{kind} values from epoch {epoch}",
                    **options,
                )
                found[kind].append(_right(frozen, test_x, test_y))
        arrays = {name: np.stack(values).astype(np.float32) for name, values in found.items()}
        return arrays | {
            "at": np.array(self.at),
            "loss": history.batch_loss.astype(np.float32),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }

    def _frozen(self, net, seeds: range) -> Iterator[tuple[str, nn.Module]]:
        device, owns = next(net.parameters()).device, unstack(net)
        fresh = [self.net(seed + _FRESH).value for seed in seeds]
        yield "fresh", stack([frozen_copy(*pair) for pair in zip(owns, fresh, strict=True)])
        yield "continued", stack([frozen_copy(own, own.value) for own in owns]).to(device)


def frozen_copy(net: ReLUNet | DLGN, value: nn.ModuleList) -> DGN | DLGN:
    """Return a net whose gates are those of a trained one, for good, with a value network.

    Args:
        net: a single net. A ReLU net's gates become those of a DGN with hard gates: with the ReLU
            net's own weights as value network it computes what the ReLU net does.
        value: layers of the same shapes, whose weights are copied.

    Returns:
        A DGN or a DLGN with a frozen gating network.
    """
    net = uncompiled(net)
    linear = isinstance(net, DLGN)
    copy = (DLGN if linear else DGN)(
        net.d_in,
        width=net.width,
        depth=net.depth,
        d_out=net.d_out,
        gate=net.gate if linear else HardGate(),
        constant_input=linear and net.constant_input,
        frozen_gating=True,
        bias=net.has_bias,
    )
    copy = copy.to(net.value[0].weight)
    copy.gating.load_state_dict((net.gating if linear else net.value[:-1]).state_dict())
    copy.value.load_state_dict(value.state_dict())
    return copy


def path_kernel(net: ReLUNet | DLGN, x: Tensor, other: Tensor) -> Tensor:
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
    constant = isinstance(net, DLGN) and net.constant_input
    features = x.double(), other.double()
    kernel = 1.0 if constant else features[0] @ features[1].T
    diagonal = 1.0 if constant else features[0].square().sum(-1)
    gates, others = (net.gates(points).double().unbind(-2) for points in (x, other))
    for g, h in zip(gates, others, strict=True):
        kernel = kernel * (g @ h.mT)
        diagonal = diagonal * g.square().sum(-1)
    return kernel / diagonal.mean(-1)[..., None, None]


@torch.no_grad()
def ridge_predictions(
    net: ReLUNet | DLGN, x: Tensor, y: Tensor, points: Tensor, ridge: float
) -> Tensor:
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


def _right(net, x: Tensor, y: Tensor) -> np.ndarray:
    """Share of images classified right by original class, shape (S, 10)."""
    with torch.no_grad():
        return _by_class(torch.cat([net(part).argmax(-1) for part in x.split(1000)], -1) == y)


def _by_class(right: Tensor) -> np.ndarray:
    return right.double().unflatten(-1, (10, -1)).mean(-1).cpu().numpy()
