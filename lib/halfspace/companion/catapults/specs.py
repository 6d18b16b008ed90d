"""Experiments on catapults: one datum, the norm after a step, and nets at many learning rates."""

import math
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from halfspace._checks import single_precision
from halfspace.companion.arrays import as_float32
from halfspace.companion.catapults.data import circle, clothes
from halfspace.companion.catapults.measures import (
    gate_numbers,
    norm_change,
    plane_map,
    squared_norm,
)
from halfspace.companion.spec import Integer, Spec
from halfspace.datasets import fashion_checksums
from halfspace.descent import descend, largest_eigenvalue
from halfspace.gates import HardGate, SoftGate, StraightThroughGate
from halfspace.nets import DLGN, GatedNet, ReLUNet, stack
from halfspace.training import weight_sums

__all__ = ["Catapults", "NetAtStart", "NormAfterStep", "OneDatum"]

_FAR = 1e6  # |f| from which on the smallest model has diverged
_CHECKED = 30  # steps that are compared with the plane map
_FIRST = 40  # steps in which a rise counts as the catapult's
_EQUAL = 0.9  # of the last step, at rate 1: the time at which rates are compared


class OneDatum(Spec):
    """Train the smallest model, ``f = u·v / √n`` on x = 1, y = 0, at several learning rates.

    Attributes:
        n: size of u and of v, which are standard normal.
        rates: R, learning rates times the NTK λ of the start.
        steps: of gradient descent on f²/2.
        first_seed: the seeds are first_seed, first_seed + 1, ...
        seeds: S.

    The result's arrays: peak, last (S, R): largest loss and last loss over the first one; kappa
    (S, R): learning rate times λ at the end; diverged (S, R): whether |f| passed 10⁶, where it is
    stopped. gap (S,): largest error of the plane map, of the next f² and λ relative to the largest
    so far, over 30 steps; frozen_gap (S,): the same with λ kept at its start. initial (S,).
    """

    early: ClassVar[float] = 0.0

    n: Integer = Field(512, ge=1)
    rates: tuple[float, ...] = (1, 1.9, 2.2, 2.5, 3, 3.5, 3.8, 4.1, 4.5)
    steps: Integer = Field(2000, ge=1)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(50, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        pairs = np.stack(
            [
                np.random.default_rng(seed).standard_normal((2, self.n))
                for seed in range(self.first_seed, self.first_seed + self.seeds)
            ]
        )
        u, v = (np.repeat(part[:, None], len(self.rates), 1) for part in pairs.swapaxes(0, 1))
        f, tangent = self._state(u, v)
        alpha = np.array(self.rates) / tangent
        start, peak, alive = f**2, f**2, np.ones(f.shape, dtype=bool)
        highest, gaps = np.zeros_like(f), {"gap": np.zeros_like(f), "frozen_gap": np.zeros_like(f)}
        for step in range(self.steps):
            move = (alive * alpha * f / np.sqrt(self.n))[..., None]
            u, v = u - move * v, v - move * u
            before, kappa = alpha**2 * f**2 / self.n, alpha * tangent
            f, tangent = self._state(u, v)
            after = alpha**2 * f**2 / self.n
            if step < _CHECKED:
                highest = np.maximum(highest, np.maximum(before, after))
                for name, used in (("gap", kappa), ("frozen_gap", np.array(self.rates))):
                    s, bent = plane_map(before, used)
                    bent = bent if name == "gap" else used
                    off = np.maximum(
                        np.abs(s - after) / highest, np.abs(bent / (alpha * tangent) - 1)
                    )
                    gaps[name] = np.maximum(gaps[name], np.where(alive, off, 0))
            peak = np.maximum(peak, f**2)
            alive &= np.abs(f) <= _FAR
        return {
            "peak": peak / start,
            "last": f**2 / start,
            "kappa": alpha * tangent,
            "diverged": ~alive,
            "initial": pairs.sum((1, 2)),
        } | {name: gap.max(1) for name, gap in gaps.items()}

    def _state(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return f and the NTK λ, shape (S, R) each."""
        dot, squares = np.einsum("...i,...i", u, v), (u**2 + v**2).sum(-1)
        return dot / np.sqrt(self.n), squares / self.n


class NetAtStart(Spec):
    """Base of the experiments with nets: which net, and how it starts.

    Attributes:
        model: ``"relu"`` or ``"dlgn"``.
        gates: of the DLGN: ``"frozen"`` hard ones, ``"soft"``, or ``"straight-through"``.
        beta: sharpness of the gates that are trained.
        gating_scale: the gating weights are normal with this standard deviation over √d.
        bias: whether the layers have constant units, which start at zero.
        depth: H.
        width: m.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S.

    With one hidden layer the value weights are normal with standard deviation m^(-1/4), so that
    both layers carry alike; with more it is √(2/fan-in).
    """

    early: ClassVar[float] = 0.0

    model: Literal["relu", "dlgn"] = "dlgn"
    gates: Literal["frozen", "soft", "straight-through"] = "soft"
    beta: float = Field(4.0, gt=0)
    gating_scale: float = Field(1.0, gt=0)
    bias: bool = False
    depth: Integer = Field(1, ge=1)
    width: Integer = Field(128, ge=1)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(20, ge=1)

    @model_validator(mode="after")
    def _fields_fit(self):
        plain = {name: type(self).model_fields[name].default for name in ("gates", "beta")}
        if self.model == "relu" and any(getattr(self, k) != v for k, v in plain.items()):
            raise ValueError("gates and beta are for a DLGN; a ReLU net's gates are its own")
        return self

    @single_precision()
    def net(self, seed: int, d_in: int) -> GatedNet:
        """Return the net of one seed at its start, float64."""
        generator = torch.Generator().manual_seed(seed)
        flat = self.depth == 1
        init, std = ("normal", self.width**-0.25) if flat else ("he", None)
        sizes = dict(width=self.width, depth=self.depth, bias=self.bias, init=init, std=std)
        if self.model == "relu":
            return ReLUNet(d_in, **sizes, generator=generator).double()
        gate = {
            "frozen": HardGate(),
            "soft": SoftGate(self.beta),
            "straight-through": StraightThroughGate(self.beta),
        }[self.gates]
        usual = std * math.sqrt(d_in) if flat else math.sqrt(2)
        return DLGN(
            d_in,
            **sizes,
            gate=gate,
            frozen_gating=self.gates == "frozen",
            gating_gain=self.gating_scale / usual,
            generator=generator,
        ).double()

    def stacked(self, d_in: int, copies: int = 1) -> GatedNet:
        """Return all seeds' nets as one, each ``copies`` times in a row."""
        nets = [self.net(self.first_seed + index, d_in) for index in range(self.seeds)]
        return stack([net for net in nets for _ in range(copies)])


class NormAfterStep(NetAtStart):
    """Compare the change of the squared norm of weights at each step with its formula.

    Attributes (besides those of ``NetAtStart``):
        all_weights: the norm of all weights, not of the value weights alone.
        rate: the learning rate times the NTK's largest eigenvalue at the start.
        steps: on the circle.

    The result's arrays (S,): gap: largest difference of a step's change and the formula, over the
    largest change; fallen: share of steps at which the norm fell; initial.
    """

    tolerance: ClassVar[float] = 1e-6
    early: ClassVar[float] = math.inf

    width: Integer = Field(64, ge=1)
    seeds: Integer = Field(50, ge=1)
    all_weights: bool = False
    rate: float = Field(3.0, gt=0)
    steps: Integer = Field(10, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        x, y, _ = circle()
        net = self.stacked(d_in=2)
        initial = weight_sums(net.state_dict())
        rates = self.rate / largest_eigenvalue(net, x)

        def measure(net: GatedNet) -> dict[str, Tensor]:
            return {
                "norm": squared_norm(net, self.all_weights),
                "change": norm_change(net, x, y, rates, self.all_weights),
            }

        record = range(self.steps + 1)
        found = descend(net, x, y, rates=rates, steps=self.steps, measure=measure, record=record)
        changes = np.diff(found.measures["norm"], axis=0)
        off = np.abs(changes - found.measures["change"][:-1]).max(0)
        return {
            "gap": off / np.abs(changes).max(0),
            "fallen": (changes < 0).mean(0),
            "initial": initial,
        }


class Catapults(NetAtStart):
    """Train nets by full-batch gradient descent at several learning rates.

    Attributes (besides those of ``NetAtStart``):
        data: ``"circle"``, ``"clothes"``, or ``"centred clothes"``.
        steps: of gradient descent.
        rates: R, learning rates times the NTK's largest eigenvalue λ of the start.

    The result's arrays, for at = 0 (the start), 0.9 and 1 (the end). At 0.9, each rate is taken at
    the step at which the learning rate times the steps is 0.9 of those at rate 1. A copy that has
    diverged (a loss that is not finite or above 10⁹) has NaN from there on. (3, S, R) each:
    eigenvalue: λ; norm: squared norm of the value weights; activity, flips, off: see
    ``gate_numbers``, on a grid of 256 points or the training images, flips since the start; paths:
    mean of ln(active paths), on the circle also paths_top and paths_bottom. (S, R) each: losses
    first, peak (over the first 40 steps), last; diverged. initial (S,).
    """

    data: Literal["circle", "clothes", "centred clothes"] = "circle"
    steps: Integer = Field(400, ge=1)
    rates: tuple[float, ...] = (1, 1.8, 2.5, 3, 3.5, 4.5, 6, 8, 12)

    def data_checksums(self) -> dict[str, str]:
        """Return the checksums of the images, if there are any."""
        return {} if self.data == "circle" else fashion_checksums()

    def points(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return inputs, targets, and the points at which gates are looked at."""
        if self.data == "circle":
            return circle()
        x, y = clothes(centred=self.data == "centred clothes")
        return x, y, x

    def at_start(self) -> tuple[GatedNet, Tensor, Tensor, Tensor]:
        """Return the nets, a copy for each seed and rate; inputs, targets, and learning rates."""
        x, y, _ = self.points()
        net = self.stacked(x.shape[1], copies=len(self.rates))
        rates = torch.tensor(self.rates, dtype=torch.float64).repeat(self.seeds)
        return net, x, y, rates / largest_eigenvalue(net, x)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        net, x, y, rates = self.at_start()
        grid = self.points()[2]
        count = len(self.rates)
        initial = weight_sums(net.state_dict())[::count]
        start: list[Tensor] = []

        def measure(net: GatedNet) -> dict[str, Tensor]:
            numbers, gates = gate_numbers(net, grid, start[0] if start else None)
            start[:] = start or [gates]
            paths = numbers.pop("paths")
            if self.data == "circle":
                numbers["paths_top"], numbers["paths_bottom"] = (
                    paths[:, half].mean(1) for half in (grid[:, 1] > 0, grid[:, 1] < 0)
                )
            numbers |= {"paths": paths.mean(1), "norm": squared_norm(net)}
            return numbers | {"eigenvalue": largest_eigenvalue(net, x)}

        equal = [min(self.steps, round(_EQUAL * self.steps / rate)) for rate in self.rates]
        record = sorted({0, *equal, self.steps})
        found = descend(net, x, y, rates=rates, steps=self.steps, measure=measure, record=record)
        losses = found.losses.reshape(self.steps + 1, self.seeds, count)
        steps = np.array([[0] * count, equal, [self.steps] * count])
        lost = np.isinf(np.stack([losses[steps[k], :, range(count)].T for k in range(3)]))
        rows = np.searchsorted(record, steps)
        arrays = {}
        for name, values in found.measures.items():
            copies = values.reshape(len(record), self.seeds, count)
            chosen = np.stack([copies[rows[k], :, range(count)].T for k in range(3)])
            arrays[name] = np.where(lost, np.nan, chosen)
        arrays |= {
            "first": losses[0],
            "peak": losses[: _FIRST + 1].max(0),
            "last": losses[-1],
        }
        return as_float32(arrays) | {
            "at": np.array([0, _EQUAL, 1]),
            "diverged": found.diverged.reshape(self.seeds, count),
            "initial": initial,
        }
