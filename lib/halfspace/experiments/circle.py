"""Section 4: nets of 5 × 16 units on a circle whose two halves differ in frequency (Figures 2-6).

Where the paper is silent the values are ours: the step size, the batch, the target's frequencies
and the initialisation reproduce the look of its Figures 2 and 3.
"""

import math
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from halfspace._checks import Integer, check_integer, check_shape, single_precision, uncompiled
from halfspace.datasets import Circle, circle_grid
from halfspace.experiments._base import Result, Spec
from halfspace.gates import gate_named, is_active
from halfspace.intervals import first_below, interval_text
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel
from halfspace.regions import half_spaces
from halfspace.training import Crossing, History, State, check_targets, fit, net_losses

__all__ = [
    "CircleTraining",
    "FIT_LEVEL",
    "allocation",
    "epochs_to_fit",
    "error_between_points",
    "hard_forward",
    "hard_gates",
    "half_fitted_by",
    "kernel_summary",
    "log_ratio",
    "looks",
    "losses",
    "low_and_high",
    "low_half_first",
    "path_statistics",
    "recipe",
    "summary",
    "total_loss",
    "trained_net",
]

FIT_LEVEL = 0.05  # mean squared error at which a net counts as having fitted the target


class CircleTraining(Spec):
    """Train one kind of net from many seeds and look at it on the way.

    Attributes:
        model: ``"relu"``, ``"dlgn"``, or ``"frozen"`` (a DLGN with frozen gating).
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
        learning_rate: its step size.
        batch_size: points in a batch.
        epochs: passes through the data.
        record_every: epochs between two records of losses and path counts.
        function_epochs: epochs at which the learned functions are kept.
        early_level: the early point in time is a seed's first epoch with a loss below this.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, how many.
        grid: N, number of grid points on the circle for kernels; functions have four times as many,
            none of which is a training point of the base recipe.

    The result's arrays (E records, K function epochs, 3 points in time, S seeds, N grid points):
        epochs (E,); loss, hard_loss (E, S): mean squared error under the net's own gate and with
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

    model: Literal["relu", "dlgn", "frozen"]
    target: Circle = Circle()
    width: Integer = Field(16, ge=1)  # Section 4
    depth: Integer = Field(5, ge=1)  # Section 4
    gate: Literal["soft", "hard", "straight-through"] = "soft"
    beta: float = Field(4.0, gt=0)  # as in the authors' published code
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
    grid: Integer = Field(256, ge=2)

    @model_validator(mode="after")
    def _functions_within_training(self):
        late = [epoch for epoch in self.function_epochs if not 0 <= epoch <= self.epochs]
        if late:
            raise ValueError(f"function_epochs must be from 0 to {self.epochs}; got {late}")
        return self

    @single_precision()
    def net(self, seed: int) -> ReLUNet | DLGN:
        """Return the net of one seed at its initialisation, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, depth=self.depth, bias=self.bias)
        sizes |= dict(init=self.init, gain=self.gain)
        if self.model == "relu":
            return ReLUNet(2, **sizes, generator=generator)
        return DLGN(
            2,
            **sizes,
            gate=gate_named(self.gate, self.beta),
            constant_input=self.constant_input,
            frozen_gating=self.model == "frozen",
            gating_gain=self.gating_gain,
            generator=generator,
        )

    def train(self, device: torch.device, **looks) -> tuple[nn.Module, History]:
        """Train the stacked nets of all seeds.

        Args:
            device: where.
            **looks: what ``halfspace.training.fit`` is to keep on the way (``measure``, ``record``,
                ``snapshots``, ``crossings``).
        """
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        net = stack([self.net(seed) for seed in seeds]).to(device)
        history = fit(
            net,
            self.target.points().to(device),
            self.target.values().to(device),
            seeds=seeds,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            optimizer=self.optimizer,
            batch_size=min(self.batch_size, self.target.n),
            description=f"{self.model}, {self.seeds} seeds",
            **looks,
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
        kept = [history.snapshots[epoch] for epoch in self.function_epochs]
        arrays |= _functions(net, kept, fine_grid.to(device)) | _kernels(net, states, grid)
        if self.model != "relu" and not self.bias:
            for time, state in dict(start=states[0], end=states[2]).items():
                net.load_state_dict(state)
                arrays[f"normals_{time}"] = half_spaces(net)[0].detach().cpu().numpy()
        return arrays | {f"final.{name}": value.numpy() for name, value in states[2].items()}


def recipe(model: Literal["relu", "dlgn", "frozen"], **changes) -> CircleTraining:
    """Return the base recipe for a kind of net, with some fields changed.

    The ReLU net starts with its hidden weights times 0.6; the net with frozen gating trains for
    8,000 epochs, as in the paper's Figure 5, and is recorded every 10. Where the number of epochs
    is changed, functions are kept at those of the base recipe's epochs that lie within it, and at
    the last.
    """
    base = {
        "relu": dict(gain=0.6),
        "dlgn": {},
        "frozen": dict(epochs=8000, record_every=10, function_epochs=(0, 20, 100, 300, 2000, 8000)),
    }[model]
    if "epochs" in changes and "function_epochs" not in changes:
        kept = base.get("function_epochs", CircleTraining.model_fields["function_epochs"].default)
        within = {epoch for epoch in kept if epoch <= changes["epochs"]}
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


def low_and_high(result: Result, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return an array's values on the low-frequency half and on the high-frequency half.

    Args:
        result: of a ``CircleTraining`` or a ``CircleStudy``.
        name: the array's name without ``_top`` or ``_bottom``.

    Returns:
        Two float64 arrays of one shape; where the halves' frequencies are equal, top and bottom.
    """
    f_top, f_bottom = result.spec.target.frequencies
    halves = ("top", "bottom") if f_top <= f_bottom else ("bottom", "top")
    return tuple(result.arrays[f"{name}_{half}"].astype(np.float64) for half in halves)


def looks(result: Result) -> np.ndarray:
    """Return the epochs at which a ``CircleTraining`` or a ``CircleStudy`` was looked at, (E,)."""
    return result.arrays["at" if "at" in result.arrays else "epochs"]


def allocation(result: Result) -> np.ndarray:
    """Return how much more the low-frequency half gained in active paths than the other half.

    The mean of ln(1 + number of active paths) over the low half, minus that over the high half,
    minus the same difference at initialisation: 0 at the start, paired by seed; hard gates. Shape
    (E, S).
    """
    low, high = low_and_high(result, "log_paths")
    gap = low - high
    return gap - gap[0]


def total_loss(result: Result, name: Literal["loss", "hard_loss"] = "loss") -> np.ndarray:
    """Return the mean squared error over all training points, float64, shape (E, S).

    Args:
        result: of a ``CircleTraining`` or a ``CircleStudy``.
        name: the error under the gate of the training, or under hard gates.
    """
    share = result.spec.target.top().double().mean().item()
    top, bottom = (result.arrays[f"{name}_{half}"].astype(float) for half in ("top", "bottom"))
    return share * top + (1 - share) * bottom


def log_ratio(result: Result, name: str) -> np.ndarray:
    """Return the logarithm of an array's ratio, low-frequency half over high-frequency half."""
    low, high = low_and_high(result, name)
    return np.log(low / high)


def epochs_to_fit(result: Result) -> np.ndarray:
    """Return each seed's first look with a loss below ``FIT_LEVEL``, NaN for never, shape (S,)."""
    return first_below(looks(result), total_loss(result), FIT_LEVEL)


def low_half_first(result: Result) -> np.ndarray:
    """Return which seeds fitted the low half at an earlier look than the high one, shape (S,)."""
    low, high = (
        first_below(looks(result), loss, FIT_LEVEL) for loss in low_and_high(result, "loss")
    )
    return low < np.nan_to_num(high, nan=np.inf)


def half_fitted_by(result: Result) -> str:
    """Name the look by which at least half of the seeds had fitted the target.

    Seeds that never did count as later than any look.
    """
    fitted = np.sort(epochs_to_fit(result))  # NaN comes last
    middle = fitted[(len(fitted) - 1) // 2]
    return f"after {looks(result)[-1]:.0f}" if np.isnan(middle) else f"{middle:.0f}"


def summary(result: Result) -> dict[str, str]:
    """Describe a study in a table's row: speed of fitting, stalled seeds, paths, allocation."""
    fitted = epochs_to_fit(result)
    low, high = low_and_high(result, "paths")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.median(low / high, axis=1)
    low_error, high_error = (np.median(loss[-1]) for loss in low_and_high(result, "loss"))
    early = min(np.searchsorted(looks(result), 20), len(ratios) - 1)
    return {
        "seeds": str(len(fitted)),
        "half of them fitted by epoch": half_fitted_by(result),
        "seeds that stalled": str(int(np.isnan(fitted).sum())),
        "seeds that diverged": str(int(result.diverged.sum())),
        "median error, low half": f"{low_error:.2g}",
        "median error, high half": f"{high_error:.2g}",
        "path ratio low/high, start": f"{ratios[0]:.2f}",
        f"path ratio, epoch {looks(result)[early]:.0f}": f"{ratios[early]:.2f}",
        "path ratio, end": f"{ratios[-1]:.2f}",
        "allocation (95 % interval)": interval_text(allocation(result)[-1]),
    }


def error_between_points(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared error at the end, between the training points, on the low and on the high half.

    Returns:
        Two arrays of shape (S,).
    """
    squares = (result.functions[-1] - result.target) ** 2
    top = result.angles < np.pi
    errors = squares[:, top].mean(1), squares[:, ~top].mean(1)
    f_top, f_bottom = result.spec.target.frequencies
    return errors if f_top <= f_bottom else errors[::-1]


def kernel_summary(result: Result) -> dict[str, dict[str, str]]:
    """Describe the kernels of a ``CircleTraining``'s first seed at the start, early and the end.

    ``-`` stands for the early epoch of a seed that had none.
    """
    early = int(result.early_epoch[0])
    epochs = ("0", str(early) if early >= 0 else "-", str(result.spec.epochs))
    return {
        time: {
            "epoch": epoch,
            "NTK: alignment with its start": f"{result.ntk_alignment[k, 0]:.2f}",
            "Λ: alignment with its start": f"{result.overlap_alignment[k, 0]:.2f}",
            "NTK diagonal: ln(low/high)": f"{log_ratio(result, 'ntk')[k, 0]:.2f}",
        }
        for k, (time, epoch) in enumerate(zip(("start", "early", "end"), epochs, strict=True))
    }


def hard_forward(net: ReLUNet | DLGN, x: Tensor) -> Tensor:
    """Return the net's outputs under hard gates, whatever gate it was trained with."""
    net = uncompiled(net)
    if isinstance(net, DLGN):
        return net(x, gates=hard_gates(net, x))
    return net(x)


def hard_gates(net: ReLUNet | DLGN, x: Tensor) -> Tensor:
    """Return the net's hard gates, 0 or 1, shape (..., n, H, m).

    A copy that diverged has no active units: a study records it along with the others, and its
    losses and ``diverged`` tell.

    Raises:
        ValueError: if x is not finite or of another shape than (..., n, d).
    """
    return is_active(net.preactivations(x))


def losses(net: ReLUNet | DLGN, x: Tensor, y: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Mean squared errors under the own gate and under hard ones, over all and on each half.

    Args:
        net: a stacked net of S copies.
        x: inputs, shape (n, d).
        y: targets, shape (n, 1).
        top: which points lie on the top half, bool, shape (n,).

    Returns:
        ``loss`` and ``hard_loss``, alone and with ``_top`` and ``_bottom``, shape (S,) each.

    Raises:
        ValueError: if y or ``top`` has another shape or kind.
    """
    _check_half(x, top)
    found = {}
    for name, forward in dict(loss=net, hard_loss=lambda x: hard_forward(net, x)).items():
        outputs = forward(x)
        check_targets(outputs, y, "mse")
        squares = (outputs - y).square().squeeze(-1)
        found[name] = squares.mean(-1)
        found[f"{name}_top"] = squares[..., top].mean(-1)
        found[f"{name}_bottom"] = squares[..., ~top].mean(-1)
    return found


def path_statistics(net: ReLUNet | DLGN, x: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Describe the numbers of active paths on each half (hard gates).

    Args:
        net: a stacked net of S copies.
        x: inputs, shape (n, d).
        top: which points lie on the top half, bool, shape (n,).

    Returns:
        ``log_paths`` (mean of ln(1 + number)), ``paths`` (mean number) and ``zero`` (share of
        points without one), each with ``_top`` and ``_bottom``, shape (S,).

    Raises:
        ValueError: if x is not finite or ``top`` has another shape or kind.
    """
    _check_half(x, top)
    counts = active_path_counts(hard_gates(net, x), bias=net.has_bias).double()
    found = {}
    for half, chosen in dict(top=top, bottom=~top).items():
        found[f"log_paths_{half}"] = counts[..., chosen].log1p().mean(-1)
        found[f"paths_{half}"] = counts[..., chosen].mean(-1)
        found[f"zero_{half}"] = (counts[..., chosen] == 0).double().mean(-1)
    return found


def _check_half(x: Tensor, top: Tensor) -> None:
    check_shape("top", top, x.shape[:1])
    if top.dtype != torch.bool:
        raise ValueError(f"top must be bool; got {top.dtype}")


def _functions(net, states: list[State], grid: Tensor) -> dict[str, np.ndarray]:
    own, hard = [], []
    with torch.no_grad():
        for state in states:
            net.load_state_dict(state)
            own.append(net(grid).squeeze(-1).cpu().numpy())
            hard.append(hard_forward(net, grid).squeeze(-1).cpu().numpy())
    return {"functions": np.stack(own), "hard_functions": np.stack(hard)}


def _kernels(net, states: list[State], grid: Tensor) -> dict[str, np.ndarray]:
    top = torch.arange(len(grid), device="cpu") < len(grid) // 2
    overlaps, tangents = [], []
    for state in states:
        net.load_state_dict(state)
        overlaps.append(overlap_kernel(hard_gates(net, grid), bias=net.has_bias).cpu())
        tangents.append(empirical_ntk(net, grid).cpu())
    diagonals = [kernel.diagonal(dim1=-2, dim2=-1) for kernel in tangents]
    return {
        "overlap": torch.stack([kernel[0] for kernel in overlaps]).numpy(),
        "ntk": torch.stack([kernel[0] for kernel in tangents]).numpy(),
        "overlap_alignment": _alignments(overlaps),
        "ntk_alignment": _alignments(tangents),
        "ntk_top": torch.stack([d[..., top].mean(-1) for d in diagonals]).numpy(),
        "ntk_bottom": torch.stack([d[..., ~top].mean(-1) for d in diagonals]).numpy(),
    }


def _alignments(kernels: list[Tensor]) -> np.ndarray:
    flat = [kernel.flatten(-2).double() for kernel in kernels]
    return torch.stack([torch.cosine_similarity(k, flat[0], dim=-1) for k in flat]).numpy()
