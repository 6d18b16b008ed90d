"""Are features learned early and combined linearly later? Gates are frozen at several epochs.

After such an epoch only a value network learns: the net's own, which continues, or a reinitialised
one. A regression with the gates' kernel is also fitted. A net with frozen gates is a linear model
in its path features.

Training turns a DLGN's half-spaces, and it also enlarges the pre-activations η, which makes soft
gates harder. To tell the two apart, directions are also given a different hardness: each layer of
the gating network is multiplied by a number that sets its mean |η| over the data.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from halfspace._checks import check_shape, uncompiled
from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.fashion.data import SETTINGS
from halfspace.companion.fashion.measures import accuracy, by_class
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.spec import Integer
from halfspace.datasets import circle_grid
from halfspace.gates import SoftGate
from halfspace.hardening import hardened
from halfspace.nets import DGN, DLGN, GatedNet, stack, unstack
from halfspace.training import State, fit, net_losses, weight_sums

__all__ = [
    "CircleFreezing",
    "FashionFreezing",
    "frozen_copy",
    "gates_to_try",
    "mean_sizes",
    "path_kernel",
    "ridge_predictions",
    "with_sizes",
    "with_state",
    "with_values",
]

_FRESH = 1_000_000  # added to a seed: the draw of the reinitialised value network
_OTHER = 2_000_000  # added to a seed: the draw of other random gates
_ROWS = ("", "matched")  # gates of every epoch
_LATE = ("fresh", "continued", "fresh_matched", "continued_matched", "kernel_matched")

Reached = Callable[[list[GatedNet]], Tensor]


class CircleFreezing(CircleEvaluation):
    """Freeze the gates of nets on the circle at some epochs and train value networks from there.

    Frozen gates keep their kind unless stated otherwise: soft gates stay soft.

    Attributes (besides those of ``CircleEvaluation``; ``at`` holds the epochs of freezing):
        refit_epochs: epochs for which a value network then trains, with a new optimiser.
        ridge: weight of the kernel regression's penalty, as a share of the kernel's mean diagonal.
        grid: N, points of the circle, between training points, at which the regression is tested.

    The result's arrays (K epochs of freezing, S seeds), mean squared errors: loss (K, S): of the
        net when its gates are frozen, at the training points under its own gate; fresh, continued
        (K, S): of the frozen nets, with a reinitialised value network and with the net's own,
        trained for ``refit_epochs``; kernel (K, S): of the regression with the gates' kernel, at
        the grid points; the last three followed by _matched: with that epoch's directions at the
        end's hardness. {fresh, kernel}_{gates} (S,): along the other gates of ``gates_to_try``.
        Besides at (K,); diverged (S,); initial (S,): sum of the initial weights.
    """

    version: ClassVar[int] = 2
    late: ClassVar[tuple[str, ...]] = _LATE

    at: tuple[Integer, ...] = (0, 3, 10, 20, 40, 100, 300)
    refit_epochs: Integer = Field(300, ge=1)
    ridge: float = Field(1e-4, gt=0)
    grid: Integer = Field(512, ge=32)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec, target = self.training, self.target
        x, y = target.points().to(device), target.values().to(device)
        net, history = spec.train(device, snapshots=self.at)
        nets = [with_state(net, history.snapshots[epoch]) for epoch in self.at]
        seeds = range(spec.first_seed, spec.first_seed + spec.seeds)
        fresh, other = (
            stack([spec.net(seed + draw) for seed in seeds]).to(device) for draw in (_FRESH, _OTHER)
        )

        @torch.no_grad()
        def error(net: GatedNet) -> Tensor:
            return net_losses(net(x), y, "mse")

        def reached(rows: list[GatedNet]) -> Tensor:
            together = stack([single for row in rows for single in unstack(row)]).to(device)
            fit(
                together,
                x,
                y,
                seeds=[*seeds] * len(rows),
                epochs=self.refit_epochs,
                learning_rate=spec.learning_rate,
                optimizer=spec.optimizer,
                batch_size=min(spec.batch_size, target.n),
                description=f"{spec.model}, {len(rows)} times {spec.seeds} frozen nets",
            )
            return error(together).reshape(len(rows), spec.seeds)

        def regressed(rows: list[GatedNet]) -> Tensor:
            return torch.stack([self._regression(row, x, y, device) for row in rows])

        arrays = {"loss": torch.stack([error(each) for each in nets])}
        arrays |= _along(gates_to_try(nets, other, x), fresh, reached, regressed)
        return as_float32(arrays) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }

    def _regression(self, net: GatedNet, x: Tensor, y: Tensor, device: torch.device) -> Tensor:
        angles, points = circle_grid(self.grid)
        points, wanted = points.to(device), self.target.target(angles).to(device)
        predicted = ridge_predictions(net, x, y.double(), points, self.ridge).squeeze(-1)
        return (predicted - wanted).square().mean(-1)


class FashionFreezing(FashionTraining):
    """Freeze the gates of nets on Fashion-MNIST at some epochs and train value networks from there.

    Attributes (besides those of ``FashionTraining``):
        labels: whose labels are complicated, as in ``FashionStudy``, without the random choice.
        at: epochs at which the gates are frozen, increasing from 0; training ends with the last.
        refit_epochs: epochs for which a value network then trains, with a new optimiser.
        seeds: S, number of seeds.
        kernel_sample: training images of each class that the kernel regression sees; the hardness
            of gates and the loss are taken at them, too.
        ridge: weight of the regression's penalty, as a share of the kernel's mean diagonal.
        test_sample: test images of each class.

    The result's arrays (K epochs of freezing, S seeds, 10 original classes): at (K,); accuracy,
        fresh, continued, kernel (K, S, 10): shares of test images classified correctly by the net
        when its gates are frozen, by the frozen nets with a reinitialised and with the net's own
        value network after ``refit_epochs``, and by the regression with the gates' kernel; the last
        three followed by _matched: with that epoch's directions at the end's hardness. {fresh,
        kernel}_{gates} (S, 10): along the other gates of ``gates_to_try``. sample_loss (K, S): the
        net's mean loss on the training sample; diverged (S,); initial (S,): sum of the initial
        weights.
    """

    version: ClassVar[int] = 2
    late: ClassVar[tuple[str, ...]] = _LATE

    labels: str = "modified"
    n_train: Integer = Field(20_000, ge=10, le=60_000)
    at: tuple[float, ...] = (0, 0.3, 1, 4, 20)
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
        sample_x, sample_y = x[sample], y[:, sample]
        net, fresh, other = (
            stack([self.net(seed + draw) for seed in seeds]).to(device)
            for draw in (0, _FRESH, _OTHER)
        )
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
        steps = [round(epoch * self.batches) / self.batches for epoch in self.at]
        nets = [with_state(net, history.snapshots[epoch]) for epoch in steps]

        def reached(rows: list[GatedNet]) -> Tensor:
            for index, row in enumerate(rows):
                fit(
                    row,
                    x,
                    y,
                    seeds=seeds,
                    epochs=self.refit_epochs,
                    description=f"{self.model}, {self.labels}, frozen gates {index}",
                    **self.fit_options,
                )
            return right(rows)

        def regressed(rows: list[GatedNet]) -> Tensor:
            targets = nn.functional.one_hot(sample_y, 10).double() - 0.1
            scores = (ridge_predictions(r, sample_x, targets, test_x, self.ridge) for r in rows)
            return torch.stack([by_class(each.argmax(-1) == test_y) for each in scores])

        @torch.no_grad()
        def right(rows: list[GatedNet]) -> Tensor:
            return torch.stack([accuracy(row, test_x, test_y) for row in rows])

        with torch.no_grad():
            sample_loss = [net_losses(n(sample_x), sample_y, "cross_entropy") for n in nets]
        arrays = {"accuracy": right(nets), "sample_loss": torch.stack(sample_loss)}
        arrays |= _along(gates_to_try(nets, other, sample_x), fresh, reached, regressed)
        return as_float32(arrays) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }


def _along(
    gates: Mapping[str, Sequence[GatedNet]], fresh: GatedNet, reached: Reached, regressed: Reached
) -> dict[str, Tensor]:
    """Return the results of value networks and regressions for several gates.

    Args:
        gates: of ``gates_to_try``.
        fresh: a stacked net with reinitialised value networks.
        reached: trains rows of frozen nets and returns the result of each row, (rows, S, ...).
        regressed: the same for regressions along the gates of such rows.

    Returns:
        By name, ``kind_gates``: K rows for the gates of every epoch, no rows for the others. Hard
        gates have no hardness to match, so their matched arrays are those of their own gates.
    """
    arrays = {}
    for name, nets in gates.items():
        kinds = {"fresh": reached([with_values(net, fresh) for net in nets])}
        if name in _ROWS:
            kinds["continued"] = reached([with_values(net, net) for net in nets])
        kinds["kernel"] = regressed(nets)
        for kind, rows in kinds.items():
            arrays[f"{kind}_{name}".rstrip("_")] = rows if name in _ROWS else rows[0]
    for kind in ("fresh", "continued", "kernel"):
        own, matched = arrays[kind], arrays.get(f"{kind}_matched")
        # At the end both are the same, so they were trained only once.
        arrays[f"{kind}_matched"] = own if matched is None else torch.cat([matched, own[-1:]])
    return arrays


def gates_to_try(nets: Sequence[GatedNet], other: GatedNet, x: Tensor) -> dict[str, list[GatedNet]]:
    """Return the gates with which value networks are trained, by name.

    Hardness is the mean |η| of each layer; hard gates do not depend on it, so they have only ``""``
    and ``random``.

    Args:
        nets: stacked nets, of one training run at K times, the last of which is its end.
        other: a stacked net at another initialisation.
        x: inputs at which the hardness is taken, shape (n, d).

    Returns:
        ``""``: the nets; ``matched``: all but the last, at the hardness of the end. One net each:
        ``random``: the other net's directions at the hardness of the end; ``softened``: the end's
        at the hardness of the start; ``hard_random`` and ``hard_trained``: the other net's and the
        end's with hard gates.
    """
    start, end = nets[0], nets[-1]
    tried = {"": list(nets), "random": [other]}
    if isinstance(end.gate, SoftGate):
        sizes = mean_sizes(end, x)
        tried |= {
            "matched": [with_sizes(net, sizes, x) for net in nets[:-1]],
            "random": [with_sizes(other, sizes, x)],
            "softened": [with_sizes(end, mean_sizes(start, x), x)],
            "hard_random": [hardened(other)],
            "hard_trained": [hardened(end)],
        }
    return tried


@torch.no_grad()
def mean_sizes(net: GatedNet, x: Tensor) -> Tensor:
    """Return the mean |η| of each layer of S stacked nets over units and inputs, shape (S, H)."""
    return net.preactivations(x).abs().mean((-3, -1))


@torch.no_grad()
def with_sizes(net: GatedNet, sizes: Tensor, x: Tensor) -> GatedNet:
    """Return a DLGN whose gating layers are multiplied by numbers: same half-spaces, other η.

    As η_ℓ = W_ℓ η_{ℓ-1}, layer ℓ is multiplied by r_ℓ / r_{ℓ-1} to make η_ℓ grow r_ℓ-fold.

    Args:
        net: stacked, S copies, without biases.
        sizes: the mean |η| wanted for each layer, shape (S, H).
        x: inputs over which it is the mean, shape (n, d).
    """
    growth = sizes / mean_sizes(net, x)
    factors = torch.cat([growth[:, :1], growth[:, 1:] / growth[:, :-1]], dim=1)
    scaled = copy.deepcopy(net)
    for layer, factor in zip(scaled.gating, factors.unbind(1), strict=True):
        layer.weight.mul_(factor[:, None, None])
    return scaled


def with_state(net: GatedNet, state: State) -> GatedNet:
    """Return a copy of a net with other weights."""
    loaded = copy.deepcopy(net)
    loaded.load_state_dict(state)
    return loaded


def with_values(gates: GatedNet, values: GatedNet) -> GatedNet:
    """Return stacked nets with the frozen gates of one and the value networks of another."""
    pairs = zip(unstack(gates), unstack(values), strict=True)
    return stack([frozen_copy(single, other.value) for single, other in pairs])


def frozen_copy(net: GatedNet, value: nn.ModuleList) -> DGN | DLGN:
    """Return a net with the frozen gates of a trained net and a value network.

    Args:
        net: a single dense net. A ReLU net's gates become those of a DGN with hard gates: with the
            ReLU net's own weights as value network, it computes the ReLU net's function.
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

    The kernel is ``∏_ℓ ⟨g_ℓ(x), g_ℓ(x')⟩``, times ``⟨x, x'⟩`` unless the experts are constants. The
    gates may be soft; with hard gates the product is the overlap kernel. The kernel is divided by
    its mean diagonal over ``x``, since the numbers of paths of two nets may differ by orders of
    magnitude.

    Args:
        net: stacked, S copies.
        x: inputs, shape (n, d).
        other: further inputs, shape (k, d).

    Returns:
        Shape (S, n, k), float64.

    Raises:
        ValueError: if the net has biases, so that paths also start at constants.

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
        ValueError: if y has the wrong shape, inputs are not finite, or the net has biases.
    """
    kernel = path_kernel(net, x, x)
    check_shape("y", y, (len(x), *y.shape[-1:]), (len(kernel), len(x), *y.shape[-1:]))
    kernel.diagonal(dim1=-2, dim2=-1).add_(ridge)
    coefficients = torch.linalg.solve(kernel, y.expand(len(kernel), *y.shape[-2:]))
    return path_kernel(net, x, points).mT @ coefficients
