"""Section 4: nets of 5 × 16 units on a circle whose two halves differ in frequency (Figures 2-6).

Where the paper gives no value we chose one: with the learning rate, the batch, the target's
frequencies and the initialisation below, results look like its Figures 2 and 3.
"""

import math
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from halfspace._checks import check_integer, single_precision
from halfspace.companion.circle.measures import _functions, _kernels, losses, path_statistics
from halfspace.companion.circle.target import Circle
from halfspace.companion.seeds import order_seed
from halfspace.companion.spec import Integer, Result, Spec, later
from halfspace.datasets import circle_grid
from halfspace.gates import gate_named
from halfspace.nets import DLGN, DeepLinearNet, GatedNet, ReLUNet, stack
from halfspace.regions import half_spaces
from halfspace.training import Crossing, History, fit, net_losses

__all__ = ["CircleEvaluation", "CircleTraining", "recipe", "trained_net"]


class CircleTraining(Spec):
    """Train one kind of net from many seeds and measure it during training.

    Attributes:
        model: ``"relu"``, ``"dlgn"``, ``"frozen"`` (a DLGN with frozen gating) or ``"linear"`` (a
            deep linear net).
        target: the circle target.
        width: m.
        depth: H.
        gate: the DLGN's gate in training.
        beta: its sharpness.
        init: the law of the initial weights, see ``halfspace.nets.Linear``.
        gain: factor on the ReLU net's, or the value network's, hidden weights at initialisation.
        gating_gain: factor on the gating network's weights at initialisation.
        bias: whether the layers have constant units.
        constant_input: whether the DLGN's value network is fed ones (DLGN-PWC) or the input.
        optimizer: ``"adam"`` or ``"sgd"``.
        learning_rate: of the optimiser.
        batch_size: points in a batch.
        epochs: passes through the data.
        record_every: epochs between two records of losses and path counts.
        function_epochs: epochs at which the learned functions are kept.
        early_level: the early point in time is a seed's first epoch with a loss below this.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, number of seeds.
        own_order: whether the batches' order has a separate random stream, instead of the stream
            that draws the weights.
        grid: N, number of grid points on the circle for kernels; functions have four times as many,
            none of which is a training point of the base recipe.

    The result's arrays (E records, K function epochs, 3 points in time, S seeds, N grid points):
        epochs (E,); loss, hard_loss (E, S): mean squared error under the net's gate and with
        hard gates; {loss, hard_loss}_{top, bottom} (E, S): on each half; log_paths_{top, bottom}
        (E, S): mean of ln(1 + number of active paths), hard gates; paths_{top, bottom} (E, S): mean
        number; zero_{top, bottom} (E, S): share of points without an active path. angles (N,);
        target (N,): the target there; functions, hard_functions (K, S, N). early_epoch (S,), -1
        for never. overlap (3, N, N) int64 and ntk (3, N, N): kernels of the first seed at the
        start, early and at the end; overlap_alignment, ntk_alignment (3, S):
        cosine with the kernel at the start; ntk_{top, bottom} (3, S): mean of the NTK's diagonal on
        each half. normals_{start, end} (S, H, m, d): half-spaces' normals (DLGNs without biases).
        diverged (S,). final.*: the trained weights.
    """

    model: Literal["relu", "dlgn", "frozen", "linear"]
    target: Circle = Circle()
    width: Integer = Field(16, ge=1)  # Section 4
    depth: Integer = Field(5, ge=1)  # Section 4
    gate: Literal["soft", "hard", "straight-through"] = "soft"
    beta: float = Field(4.0, gt=0)  # the default of github.com/akshaygrao77/DLGN-research
    init: Literal["default", "xavier", "he"] = "default"
    gain: float = Field(1.0, gt=0)
    gating_gain: float = Field(1.0, gt=0)
    bias: bool = False
    constant_input: bool = True
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = Field(1e-3, gt=0)
    batch_size: Integer = Field(32, ge=1)
    epochs: Integer = Field(300, ge=1)
    record_every: Integer = Field(1, ge=1)
    function_epochs: tuple[Integer, ...] = (0, 5, 20, 100, 300)
    early_level: float = Field(0.4, gt=0)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(20, ge=1)
    own_order: bool = later(False)
    grid: Integer = Field(256, ge=2)

    @model_validator(mode="after")
    def _functions_within_training(self):
        late = [epoch for epoch in self.function_epochs if not 0 <= epoch <= self.epochs]
        if late:
            raise ValueError(f"function_epochs must be from 0 to {self.epochs}; got {late}")
        return self

    @single_precision()
    def net(self, seed: int) -> ReLUNet | DLGN | DeepLinearNet:
        """Return the net of one seed at its initialisation, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, depth=self.depth, bias=self.bias)
        sizes |= dict(init=self.init, gain=self.gain)
        if self.model in ("relu", "linear"):
            kind = ReLUNet if self.model == "relu" else DeepLinearNet
            return kind(2, **sizes, generator=generator)
        return DLGN(
            2,
            **sizes,
            gate=gate_named(self.gate, self.beta),
            constant_input=self.constant_input,
            frozen_gating=self.model == "frozen",
            gating_gain=self.gating_gain,
            generator=generator,
        )

    def train(self, device: torch.device, **kept) -> tuple[GatedNet, History]:
        """Train the stacked nets of all seeds.

        Args:
            device: where.
            **kept: what ``halfspace.training.fit`` keeps during training (``measure``, ``record``,
                ``snapshots``, ``crossings``).
        """
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        net = stack([self.net(seed) for seed in seeds]).to(device)
        history = fit(
            net,
            self.target.points().to(device),
            self.target.values().to(device),
            seeds=[order_seed(seed) for seed in seeds] if self.own_order else seeds,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            optimizer=self.optimizer,
            batch_size=min(self.batch_size, self.target.n),
            description=f"{self.model}, {self.seeds} seeds",
            **kept,
        )
        return net, history

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        x, y = self.target.points().to(device), self.target.values().to(device)
        top = self.target.top().to(device)

        def measure(net) -> dict[str, Tensor]:
            return losses(net, x, y, top) | path_statistics(net, x, top)

        steps_per_epoch = math.ceil(self.target.n / self.batch_size)
        early = Crossing(
            name="early",
            measure=lambda net: net_losses(net(x), y, "mse"),
            level=self.early_level,
            every=steps_per_epoch,
        )
        net, history = self.train(
            device,
            measure=measure,
            record=sorted({*range(0, self.epochs + 1, self.record_every), self.epochs}),
            snapshots=sorted({0, self.epochs, *self.function_epochs}),
            crossings=[early],
        )
        early = history.crossings["early"]
        states = [history.snapshots[0], early.state, history.snapshots[self.epochs]]
        arrays = {"epochs": history.record, "diverged": history.diverged} | history.measures
        arrays["early_epoch"] = np.where(early.step >= 0, early.step // steps_per_epoch, -1)
        angles, fine_grid = circle_grid(4 * self.grid)
        arrays |= dict(angles=angles.numpy(), target=self.target.target(angles).numpy())
        _, grid = circle_grid(self.grid)
        grid = grid.to(device)
        snapshots = [history.snapshots[epoch] for epoch in self.function_epochs]
        arrays |= _functions(net, snapshots, fine_grid.to(device)) | _kernels(net, states, grid)
        if net.has_linear_gating and not net.has_bias:
            for time, state in dict(start=states[0], end=states[2]).items():
                net.load_state_dict(state)
                arrays[f"normals_{time}"] = half_spaces(net)[0].detach().cpu().numpy()
        return arrays | {f"final.{name}": value.numpy() for name, value in states[2].items()}


class CircleEvaluation(Spec):
    """A training run on the circle whose nets are measured at some epochs; subclasses measure.

    Attributes:
        training: the training run; its seeds are the study's.
        at: evaluation epochs, increasing from 0; training ends with the last.
    """

    early: ClassVar[float] = 10.0

    training: CircleTraining
    at: tuple[Integer, ...]

    @model_validator(mode="after")
    def _ends_with_training(self):
        ordered = list(self.at) == sorted(set(self.at))
        if not (ordered and self.at[0] == 0 and self.at[-1] == self.training.epochs):
            raise ValueError(
                f"at must increase from 0 to training.epochs, {self.training.epochs}; got {self.at}"
            )
        return self

    @property
    def target(self) -> Circle:
        """The training run's target."""
        return self.training.target

    def one_seed(self, index: int) -> Self:
        """Return the study of one of its seeds, counted from 0."""
        return self.with_training(seeds=1, first_seed=self.training.first_seed + index)

    def with_training(self, **changes) -> Self:
        """Return the study with some fields of its training changed."""
        return self.replace(training=self.training.replace(**changes))


def recipe(model: Literal["relu", "dlgn", "frozen", "linear"], **changes) -> CircleTraining:
    """Return the base recipe for a kind of net, with some fields changed.

    The ReLU net starts with its hidden weights times 0.6; the net with frozen gating trains for
    8,000 epochs, as in the paper's Figure 5, and is recorded every 10. If the number of epochs is
    changed, functions are kept at the base recipe's epochs up to that number, and at the last.
    """
    base = {
        "relu": dict(gain=0.6),
        "dlgn": {},
        "linear": {},
        "frozen": dict(epochs=8000, record_every=10, function_epochs=(0, 20, 100, 300, 2000, 8000)),
    }[model]
    if "epochs" in changes and "function_epochs" not in changes:
        usual = base.get("function_epochs", CircleTraining.model_fields["function_epochs"].default)
        within = {epoch for epoch in usual if epoch <= changes["epochs"]}
        changes["function_epochs"] = tuple(sorted(within | {changes["epochs"]}))
    return CircleTraining(**{"model": model} | base | changes)


def trained_net(result: Result, index: int = 0) -> ReLUNet | DLGN:
    """Return the trained net of one seed of a ``CircleTraining`` result.

    Args:
        result: the result.
        index: which of its seeds, counted from 0.

    Raises:
        ValueError: if there is no such seed.
    """
    spec = result.spec
    check_integer("index", index, least=None)
    if not 0 <= index < spec.seeds:
        raise ValueError(f"index must be from 0 to {spec.seeds - 1}; got {index}")
    net = spec.net(spec.first_seed + index)
    names = net.state_dict()
    net.load_state_dict({k: torch.from_numpy(result.arrays[f"final.{k}"][index]) for k in names})
    return net
