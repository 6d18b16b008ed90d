"""Training: one batched computation for many independent nets.

A stacked net (``halfspace.nets.stack``) holds S copies that share an architecture and nothing else.
Their losses are summed, so each copy receives exactly its own gradient, and Adam and SGD act
element by element: the copies train as they would alone. Each draws its batch order from its own
generator, so that copy s is the same net whichever copies it trains with. Copies may differ in
seed, gain and sharpness of the gate.

On a CPU this pays for narrow nets. From about a hundred units per layer, the products of a single
net keep the processor busy, and a loop over the nets is as fast or faster: the book's page "How
fast, how exact" gives the ratios.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from types import EllipsisType

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from halfspace._checks import check_integer, check_shape, uncompiled

__all__ = [
    "Crossed",
    "Crossing",
    "History",
    "LOSSES",
    "OPTIMIZERS",
    "State",
    "check_targets",
    "fit",
    "net_losses",
    "weight_sums",
]

LOSSES = ("mse", "cross_entropy", "logistic")
OPTIMIZERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}

_VALUES = "(n, c) or (S, n, c)"
_TARGETS = {"mse": _VALUES, "cross_entropy": "(n,) or (S, n)", "logistic": _VALUES}

State = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Request for a snapshot of each net when a quantity first crosses a level.

    Attributes:
        name: key of the result in ``History.crossings``.
        measure: maps the stacked net to one number per copy, shape (S,).
        level: the level.
        below: cross downward (``measure < level``); otherwise upward (``measure >= level``).
        every: steps between two evaluations of ``measure``; the first is before training.

    Example:
        >>> def size(net):
        ...     return net.value[0].weight.norm(dim=(1, 2))
        >>> crossing = Crossing(name="growth", measure=size, level=2.0, below=False, every=10)
        >>> crossing.level
        2.0
    """

    name: str
    measure: Callable[[nn.Module], Tensor]
    level: float
    below: bool = True
    every: int = 1


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """When each copy crossed the level of a ``Crossing``, and its state at that step.

    Attributes:
        step: optimiser steps done at each copy's first crossing, -1 for never; int64, shape (S,).
        state: stacked state at those steps; the last state of copies that never crossed.

    Example:
        >>> from halfspace.nets import ReLUNet, stack
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = stack([ReLUNet(2, width=4, depth=1, generator=generator) for _ in range(3)])
        >>> x = torch.randn(8, 2, generator=generator)
        >>> y = x.prod(1, keepdim=True)
        >>> def loss(net):
        ...     return net_losses(net(x), y, "mse")
        >>> level = Crossing(name="low", measure=loss, level=1e9)
        >>> options = dict(seeds=[0, 1, 2], epochs=2, learning_rate=1e-2, crossings=[level])
        >>> crossed = fit(net, x, y, **options).crossings["low"]
        >>> crossed.step
        tensor([0, 0, 0])
        >>> crossed.state["value.0.weight"].shape
        torch.Size([3, 4, 2])
    """

    step: Tensor
    state: State


@dataclass(frozen=True, kw_only=True)
class History:
    """The record of a run of ``fit``.

    Attributes:
        record: recorded times, in epochs, float64, shape (E,).
        measures: by name, the recorded values, shape (E, S, ...).
        batch_loss: mean (weighted) loss of each epoch over its batches, each before its step,
            float64, shape (epochs, S).
        snapshots: stacked states by epoch.
        crossings: crossings by name.
        diverged: copies whose batch loss was not finite at some point of their training, bool,
            shape (S,).
        seconds: wall time of the whole run, in seconds.

    Example:
        >>> from halfspace.nets import ReLUNet, stack
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = stack([ReLUNet(2, width=4, depth=1, generator=generator) for _ in range(3)])
        >>> x = torch.randn(8, 2, generator=generator)
        >>> y = x.prod(1, keepdim=True)
        >>> options = dict(seeds=[0, 1, 2], epochs=4, learning_rate=1e-2, snapshots=(0, 2))
        >>> history = fit(net, x, y, **options)
        >>> sorted(history.snapshots), history.diverged.tolist()
        ([0.0, 2.0], [False, False, False])
    """

    record: np.ndarray
    measures: dict[str, np.ndarray]
    batch_loss: np.ndarray
    snapshots: dict[float, State]
    crossings: dict[str, Crossed]
    diverged: np.ndarray
    seconds: float


def net_losses(
    outputs: Tensor, targets: Tensor, loss: str, weights: Tensor | None = None
) -> Tensor:
    """Return the mean loss of each copy.

    Args:
        outputs: shape (S, n, c).
        targets: for ``"mse"`` values of shape (n, c) or (S, n, c), for ``"logistic"`` signs of that
            shape, 1 or -1; for ``"cross_entropy"`` class numbers of shape (n,) or (S, n).
        loss: ``"mse"``, ``"cross_entropy"``, or ``"logistic"``: ``log(1 + exp(-2 y ŷ))``, the
            cross-entropy of two classes with outputs -ŷ and ŷ.
        weights: factor on each point's loss, shape (S, n); 1 if ``None``.

    Returns:
        Shape (S,): mean over points (and outputs, but for ``"cross_entropy"``); nats, but for
        ``"mse"``.

    Raises:
        ValueError: if ``loss`` is unknown or a shape is wrong; wrong shapes are not broadcast.

    Example:
        >>> outputs = torch.tensor([[[1.0], [2.0]], [[0.0], [0.0]]])
        >>> net_losses(outputs, torch.zeros(2, 1), "mse")
        tensor([2.5000, 0.0000])
    """
    check_targets(outputs, targets, loss)
    if weights is not None:
        check_shape("weights", weights, outputs.shape[:-1])
    if loss == "cross_entropy":
        classes = targets.expand(outputs.shape[:-1])
        nats = functional.cross_entropy(outputs.mT, classes, reduction="none")
        return (nats if weights is None else weights * nats).mean(-1)
    if loss == "mse":
        each = (outputs - targets).square()
    else:
        each = functional.softplus(-2 * targets * outputs)
    if weights is None:
        return each.mean((-2, -1))
    return (weights * each.mean(-1)).mean(-1)


def check_targets(outputs: Tensor, targets: Tensor, loss: str) -> None:
    """Refuse targets whose shape does not fit a stacked net's outputs; see ``net_losses``.

    Raises:
        ValueError: if ``loss`` is unknown or a shape is wrong.

    Example:
        >>> check_targets(torch.zeros(3, 8, 1), torch.zeros(8), "mse")
        Traceback (most recent call last):
        ...
        ValueError: targets must have shape (n, c) or (S, n, c); got (8,) for outputs of ...
    """
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {LOSSES}; got {loss!r}")
    if outputs.ndim != 3:
        raise ValueError(f"outputs must have shape (S, n, c); got {tuple(outputs.shape)}")
    shape = outputs.shape[:-1] if loss == "cross_entropy" else outputs.shape
    if targets.shape != shape and targets.shape != shape[1:]:
        raise ValueError(
            f"targets must have shape {_TARGETS[loss]}; got {tuple(targets.shape)} "
            f"for outputs of shape {tuple(outputs.shape)}"
        )


def weight_sums(state: State) -> np.ndarray:
    """Return the sum of each copy's weights, a fingerprint of its initialisation.

    Args:
        state: state of a stacked net, each tensor of shape (S, ...).

    Returns:
        float64, shape (S,).

    Example:
        >>> state = {"value.0.weight": torch.ones(3, 4, 2), "value.0.bias": torch.ones(3, 4)}
        >>> weight_sums(state).tolist()
        [12.0, 12.0, 12.0]
    """
    return sum(weight.double().flatten(1).sum(1) for weight in state.values()).numpy()


def fit(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    seeds: Sequence[int],
    epochs: int,
    learning_rate: float,
    batch_size: int | None = None,
    optimizer: str = "adam",
    loss: str = "mse",
    measure: Callable[[nn.Module], Mapping[str, Tensor]] | None = None,
    record: Sequence[float] = (),
    snapshots: Sequence[float] = (),
    crossings: Sequence[Crossing] = (),
    factors: Mapping[str, float] | None = None,
    between: Callable[[nn.Module], Tensor | None] | None = None,
    prepare: Callable[[nn.Module, int], None] | None = None,
    description: str = "",
) -> History:
    """Train a stacked net in place.

    Args:
        net: S stacked copies on the device of the data.
        x: inputs, shared by all copies, shape (n, d), or one set for each, shape (S, n, d).
        y: targets, shared by all copies or one set for each; see ``net_losses``.
        seeds: S seeds, one for each copy's batch order.
        epochs: passes through the data.
        learning_rate: step size.
        batch_size: points in a batch, all if ``None``; the last batch of an epoch may be smaller.
        optimizer: ``"adam"`` or ``"sgd"`` (without momentum), PyTorch's defaults otherwise.
        loss: ``"mse"``, ``"cross_entropy"`` or ``"logistic"``, see ``net_losses``.
        measure: maps the net to named values of shape (S, ...), called without gradients at the
            recorded times.
        record: times of ``measure``, in epochs, 0 for initialisation; fractions mean steps within
            an epoch (rounded).
        snapshots: times at which the state is kept, in epochs, like ``record``.
        crossings: levels at whose first crossing the state is kept.
        factors: by the beginning of a parameter's name (``"gating"`` for example), a factor on its
            step size.
        between: called with the net before each epoch, without gradients. It may change weights in
            place (the optimiser keeps its moments), and returns factors on the losses of each
            copy's points in the epoch, shape (S, n), or ``None`` for 1.
        prepare: called before each epoch with the net and the number of finished epochs, for
            example to change its gate (``halfspace.hardening.Annealing``). Records and snapshots
            of the same time are made before.
        description: name of the run in the progress bar.

    Returns:
        The history. A copy whose loss becomes NaN or infinite goes on training, is marked in
        ``diverged``, and does not affect the others.

    Raises:
        ValueError: if the numbers of seeds and copies differ, a name is unknown, a number is out
            of range, x has no points, or x or y has the wrong shape.

    Example:
        >>> from halfspace.nets import ReLUNet, stack
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = stack([ReLUNet(2, width=4, depth=1, generator=generator) for _ in range(3)])
        >>> x = torch.randn(8, 2, generator=generator)
        >>> y = x.prod(1, keepdim=True)
        >>> history = fit(net, x, y, seeds=[0, 1, 2], epochs=5, learning_rate=1e-2, batch_size=4)
        >>> history.batch_loss.shape
        (5, 3)
    """
    started = time.perf_counter()
    forward, net = net, uncompiled(net)
    copies = next(net.parameters()).shape[0]
    points = _points(x, copies)
    if record and measure is None:
        raise ValueError("record needs a measure to call at the recorded times; got none")
    _check(
        copies, points, seeds, epochs, learning_rate, batch_size, optimizer, loss, record,
        snapshots, crossings,
    )  # fmt: skip
    _check_shared(y, copies, points, loss)
    epochs, batch_size = int(epochs), points if batch_size is None else int(batch_size)
    batches = -(-points // batch_size)
    groups = [
        dict(params=group, lr=learning_rate * factor)
        for factor, group in _groups(net, factors or {}).items()
    ]
    stepper = OPTIMIZERS[optimizer](groups, fused=True)
    recorder = _Recorder(
        net, measure, crossings, _steps(record, batches), _steps(snapshots, batches)
    )
    loss_sum = torch.zeros(epochs, copies, dtype=torch.float64, device=x.device)
    progress = tqdm(total=epochs, desc=description, unit="epoch", mininterval=1.0, leave=False)
    with progress:
        feed = _batches(net, x, y, seeds, epochs, batch_size, loss)
        weights = None
        for step, (batch_x, batch_y, chosen, options) in enumerate(feed):
            recorder.record(step)
            if prepare is not None and step % batches == 0:
                prepare(net, step // batches)
            if between is not None and step % batches == 0:
                with torch.no_grad():
                    weights = between(net)
            batch_weights = None if weights is None else weights[chosen]
            losses = net_losses(forward(batch_x, **options), batch_y, loss, batch_weights)
            stepper.zero_grad()
            losses.sum().backward()
            stepper.step()
            loss_sum[step // batches] += losses.detach().double() * batch_x.shape[-2]
            if step % batches == batches - 1:
                progress.update()
        recorder.record(epochs * batches)
    batch_loss = (loss_sum / points).cpu().numpy()
    return History(
        record=np.array(sorted(recorder.recorded), dtype=np.float64) / batches,
        measures=recorder.stacked_measures(),
        batch_loss=batch_loss,
        snapshots={step / batches: state for step, state in recorder.snapshots.items()},
        crossings=recorder.all_crossings(),
        diverged=~np.isfinite(batch_loss).all(axis=0),
        seconds=time.perf_counter() - started,
    )


def _batches(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    seeds: Sequence[int],
    epochs: int,
    batch_size: int,
    loss: str,
) -> Iterator[tuple[Tensor, Tensor, tuple | EllipsisType, dict[str, Tensor]]]:
    """Yield each batch's inputs, targets, index into (S, n) and further arguments of ``net``.

    The batches' order is drawn on the CPU, so that it is the same on every device.
    """
    frozen_gates = _frozen_gates(net, x)
    points = x.shape[-2]
    if batch_size == points:
        options = {} if frozen_gates is None else {"gates": frozen_gates}
        yield from itertools.repeat((x, y, ..., options), epochs)
        return
    shared_x, shared_y = x.ndim == 2, y.ndim == (1 if loss == "cross_entropy" else 2)
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    rows = torch.arange(len(seeds), device=x.device).unsqueeze(1)
    for _ in range(epochs):
        order = torch.stack([torch.randperm(points, generator=g, device="cpu") for g in generators])
        for chosen in order.to(x.device).split(batch_size, dim=1):
            options = {} if frozen_gates is None else {"gates": frozen_gates[rows, chosen]}
            batch_y = y[chosen] if shared_y else y[rows, chosen]
            batch_x = x[chosen] if shared_x else x[rows, chosen]
            yield batch_x, batch_y, (rows, chosen), options


class _Recorder:
    """Records measures, snapshots and crossings between steps, as requested from ``fit``."""

    def __init__(
        self,
        net: nn.Module,
        measure: Callable[[nn.Module], Mapping[str, Tensor]] | None,
        crossings: Sequence[Crossing],
        record: set[int],
        snapshots: set[int],
    ):
        self.net, self.measure, self.crossings = net, measure, crossings
        self.record_steps, self.snapshot_steps = record, snapshots
        self.recorded: dict[int, dict[str, np.ndarray]] = {}
        self.snapshots: dict[int, State] = {}
        copies = next(net.parameters()).shape[0]
        never = torch.full((copies,), -1, dtype=torch.int64, device="cpu")
        self.crossed_at = {crossing.name: never.clone() for crossing in self.crossings}
        self.crossed_state: dict[str, State] = {}

    @torch.no_grad()
    def record(self, step: int) -> None:
        """Record everything that is due after ``step`` steps."""
        if step in self.record_steps:
            self.recorded[step] = self._measured()
        if step in self.snapshot_steps:
            self.snapshots[step] = self._state()
        for crossing in self.crossings:
            if step % int(crossing.every) == 0:
                self._record_crossing(crossing, step)

    def _record_crossing(self, crossing: Crossing, step: int) -> None:
        at = self.crossed_at[crossing.name]
        waiting = at < 0
        if not waiting.any():
            return
        value = crossing.measure(self.net).cpu()
        over = value < crossing.level if crossing.below else value >= crossing.level
        new = over & waiting
        if new.any():
            state = self._state()
            kept = self.crossed_state.setdefault(crossing.name, state)
            for name, tensor in state.items():
                kept[name][new] = tensor[new]
            at[new] = step

    def all_crossings(self) -> dict[str, Crossed]:
        final = self._state()
        crossings = {}
        for name, at in self.crossed_at.items():
            state = self.crossed_state.get(name, final)
            for key, tensor in final.items():
                state[key][at < 0] = tensor[at < 0]
            crossings[name] = Crossed(step=at, state=state)
        return crossings

    def stacked_measures(self) -> dict[str, np.ndarray]:
        steps = sorted(self.recorded)
        names = self.recorded[steps[0]] if steps else ()
        return {name: np.stack([self.recorded[step][name] for step in steps]) for name in names}

    def _measured(self) -> dict[str, np.ndarray]:
        return {name: value.cpu().numpy() for name, value in self.measure(self.net).items()}

    def _state(self) -> State:
        return {
            name: tensor.detach().cpu().clone() for name, tensor in self.net.state_dict().items()
        }


def _steps(times: Sequence[float], batches: int) -> set[int]:
    return {round(time * batches) for time in times}


def _frozen_gates(net: nn.Module, x: Tensor) -> Tensor | None:
    """Return the constant gates of a frozen gating network, shape (S, n, H, m)."""
    if not getattr(net, "frozen_gating", False):
        return None
    with torch.no_grad():
        return net.gates(x)


def _groups(net: nn.Module, factors: Mapping[str, float]) -> dict[float, list[nn.Parameter]]:
    """Return the trained parameters by the factor on their step size.

    Raises:
        ValueError: if a factor is not positive or belongs to no trained parameter.
    """
    wrong = [factor for factor in factors.values() if not factor > 0]
    if wrong:
        raise ValueError(f"factors must be positive; got {wrong}")
    groups, unused = {}, set(factors)
    for name, parameter in net.named_parameters():
        if not parameter.requires_grad:
            continue
        matching = [start for start in factors if name.startswith(start)]
        unused -= set(matching)
        groups.setdefault(math.prod(factors[start] for start in matching), []).append(parameter)
    if unused:
        raise ValueError(
            f"factors must name beginnings of trained parameters; got {sorted(unused)}"
        )
    return groups


def _points(x: Tensor, copies: int) -> int:
    """Return the number of points of x.

    Raises:
        ValueError: if there is none or the shape is neither (n, d) nor (S, n, d).
    """
    if x.ndim != 2 and (x.ndim != 3 or len(x) != copies):
        raise ValueError(f"x must have shape (n, d) or ({copies}, n, d); got {tuple(x.shape)}")
    if not x.shape[-2]:
        raise ValueError(f"x must hold at least one point; got shape {tuple(x.shape)}")
    return x.shape[-2]


def _check_shared(y: Tensor, copies: int, points: int, loss: str) -> None:
    """Refuse targets that are neither one set for all copies nor one for each."""
    shape = y.shape if loss == "cross_entropy" else y.shape[:-1]
    if tuple(shape) not in ((points,), (copies, points)):
        raise ValueError(
            f"targets must have shape {_TARGETS[loss]}; got {tuple(y.shape)} "
            f"for {copies} copies and {points} points"
        )


def _check(
    copies: int,
    points: int,
    seeds: Sequence[int],
    epochs: int,
    learning_rate: float,
    batch_size: int | None,
    optimizer: str,
    loss: str,
    record: Sequence[float],
    snapshots: Sequence[float],
    crossings: Sequence[Crossing],
) -> None:
    """Refuse arguments of ``fit`` that are out of range."""
    if len(seeds) != copies:
        raise ValueError(f"seeds must be one for each of the {copies} copies; got {len(seeds)}")
    check_integer("epochs", epochs, least=None)
    for seed in seeds:
        check_integer("a seed", seed, least=None)
    if batch_size is not None:
        check_integer("batch_size", batch_size, least=None)
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1; got {epochs}")
    if not (isinstance(learning_rate, Real) and learning_rate > 0):
        raise ValueError(f"learning_rate must be a positive number; got {learning_rate}")
    if batch_size is not None and not 1 <= batch_size <= points:
        raise ValueError(f"batch_size must be from 1 to the {points} points; got {batch_size}")
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be one of {tuple(OPTIMIZERS)}; got {optimizer!r}")
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {LOSSES}; got {loss!r}")
    for name, times in dict(record=record, snapshots=snapshots).items():
        late = [time for time in times if not 0 <= time <= epochs]
        if late:
            raise ValueError(f"{name} must hold times from 0 to {epochs} epochs; got {late}")
    for crossing in crossings:
        check_integer(f"every of the crossing {crossing.name!r}", crossing.every)
    names = [crossing.name for crossing in crossings]
    if len(set(names)) < len(names):
        raise ValueError(f"crossings must have different names; got {names}")
