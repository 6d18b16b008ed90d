"""Nets on the contextual task: ReLU nets, gated linear nets, frozen gates; and held-out pairs."""

import math
from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.arrays import as_float32
from halfspace.companion.gated_linear.data import (
    ITEMS,
    ContextTask,
    pathway_gates,
    pathway_sizes,
    unit_gates,
)
from halfspace.companion.gated_linear.measures import (
    census,
    descend,
    drawn,
    pointwise_energy,
    reach_times,
)
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Integer, Spec
from halfspace.modes import ModeDescent, context_modes, haar_basis, mode_descent, random_amplitude
from halfspace.nets import DLGN, ReLUNet
from halfspace.training import weight_sums

__all__ = ["FACTORS", "LEVELS", "VARIANTS", "ContextTraining", "CopiedGates", "HeldOutPairs"]

LEVELS = (3.0, 2.0, 1.0, 0.5, 0.1, 0.01)
"""Losses whose first times are recorded; an output of zero has a loss of 4."""

FACTORS = (1.0, 0.5, 2.0)
"""Predictions start from the derived amplitude times these."""

VARIANTS = (
    "relu",
    "frozen",
    "final gates, new weights",
    "final gates, same start",
    "final gates, large units",
    "final gates, repeated",
    "leave-one-out",
    "modular",
    "linear",
)
"""What is trained without the held-out pairs."""

_CURVE = 101  # points of a recorded curve
_MOST = 0.9  # share of the energy that the large units have


class _SeededSpec(Spec):
    """What the subject's experiments share: seeds, and nets that are trained together.

    Attributes:
        width: m.
        std: standard deviation of all initial weights.
        learning_rate: of full-batch gradient descent; time is learning rate times steps.
        steps: how many.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, how many.
    """

    early: ClassVar[float] = math.inf

    width: Integer = Field(100, ge=1)
    std: float = Field(1e-3, gt=0)
    learning_rate: float = Field(0.2, gt=0)
    steps: Integer = Field(1500, ge=1)
    first_seed: Integer = Field(FRESH_SEED, ge=0)
    seeds: Integer = Field(20, ge=1)

    @property
    def all_seeds(self) -> range:
        """The nets' seeds."""
        return range(self.first_seed, self.first_seed + self.seeds)


class ContextTraining(_SeededSpec):
    """Train nets on the contextual task, in single precision.

    Attributes (besides width, std, learning_rate, steps, first_seed and seeds):
        task: the task.
        model: ``"relu"``; ``"frozen"``: a DLGN with a frozen, random gating network; or one of
            ``PATHWAYS``: a gated linear net whose pathways have equal shares of the units.
        depth: H.
        refresh: a ReLU net's gates are taken anew every so many steps.
        looks: times of the census, besides the last.

    The result's arrays (K curve points, T looks, S seeds, H layers, L = 6 levels):
        at (K,): times; loss (K, S); times (L, S): first times below ``LEVELS``, NaN for never;
        initial (S,): sum of the initial weights. Of ReLU nets: looks (T,), and what ``census``
        returns, (T, H, S, ...). Of pathways: predicted_loss (K,) and predicted (3, L): the reduced
        iteration's from ``random_amplitude``, times ``FACTORS``.
    """

    task: ContextTask = ContextTask()
    model: Literal["relu", "frozen", "common only", "modular", "leave-one-out", "all six"] = "relu"
    depth: Integer = Field(1, ge=1)
    refresh: Integer = Field(1, ge=1)
    looks: tuple[float, ...] = (0.0, 5.0, 10.0, 20.0, 40.0, 60.0, 100.0)

    def net(self, seeds: Iterable[int]) -> ReLUNet | DLGN:
        """Draw the stacked nets of some seeds."""
        kind = "relu" if self.model == "relu" else "dlgn"
        task = self.task
        sizes = dict(d_in=ITEMS + task.contexts, d_out=task.targets.shape[-1])
        return drawn(kind, seeds, **sizes, width=self.width, depth=self.depth, std=self.std)

    @property
    def pathways(self) -> Tensor | None:
        """The pathways' gates (P, C), if the model has any."""
        if self.model in ("relu", "frozen"):
            return None
        return pathway_gates(self.model, self.task.contexts)

    def predict(self, factor: float = 1.0, steps: int | None = None, **options) -> ModeDescent:
        """Run the reduced iteration from the amplitude of a random start.

        Args:
            factor: on the amplitude.
            steps: how many; the spec's if ``None``.
            **options: passed to ``mode_descent``.
        """
        modes = context_modes(self.task.targets, haar_basis(ITEMS))
        gates = self.pathways
        start = factor * random_amplitude(self.std, pathway_sizes(len(gates), self.width))
        options |= dict(learning_rate=self.learning_rate, steps=steps or self.steps)
        return mode_descent(modes, gates, start=start, **options)

    def train(self, device: torch.device, watch=None) -> tuple[ReLUNet | DLGN, Tensor]:
        """Train the nets; return them and their losses, shape (steps + 1, S).

        Args:
            device: where.
            watch: called with the number of steps done and the net before each step.
        """
        net = self.net(self.all_seeds).to(device)
        x, y = self.task.inputs.float().to(device), self.task.targets.flatten(0, 1).float()
        if self.model == "relu":
            gates = None
        elif self.model == "frozen":
            gates = net.gates(x)
        else:
            gates = unit_gates(self.pathways, self.width)
        losses = descend(
            net,
            x,
            y.to(device),
            learning_rate=self.learning_rate,
            steps=self.steps,
            gates=gates,
            refresh=self.refresh,
            watch=watch and (lambda step, _: watch(step, net)),
        )
        return net, losses.cpu()

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        x, rate = self.task.inputs.float().to(device), self.learning_rate
        looks = {round(time / rate) for time in self.looks if time < rate * self.steps}
        looks, found, initial = sorted(looks | {self.steps}), [], []

        def watch(step: int, net: ReLUNet | DLGN) -> None:
            if step == 0:
                initial.append(weight_sums(net.state_dict()))
            if self.model == "relu" and step in looks:
                found.append({k: v.cpu() for k, v in census(net, x, self.task.contexts).items()})

        _, losses = self.train(device, watch)
        kept = np.unique(np.linspace(0, self.steps, _CURVE).round().astype(int))
        arrays = {"loss": losses[kept], "times": reach_times(losses, LEVELS, rate)}
        if found:
            arrays["looks"] = rate * np.array(looks)
            arrays |= {name: torch.stack([look[name] for look in found]) for name in found[0]}
        if self.pathways is not None:
            made = [self.predict(factor).losses for factor in FACTORS]
            arrays["predicted_loss"] = made[0][kept]
            arrays["predicted"] = reach_times(torch.stack(made, 1), LEVELS, rate).T
        return as_float32(arrays) | {"at": rate * kept, "initial": initial[0]}


class CopiedGates(_SeededSpec):
    """Train ReLU nets, and DLGNs whose gates are copied from them before each step, in float64.

    Both are the package's nets with PyTorch's gradients. The DLGN's value network has the ReLU
    net's initial weights; after that nothing but gates is copied, and those are its own weights'.

    Attributes: those of ``ContextTraining``, without model, depth, refresh and looks.

    The result's arrays (S,): gap: largest difference of the two losses over the steps, relative to
        the ReLU net's; loss: the ReLU net's last; initial: sum of its initial weights.
    """

    task: ContextTask = ContextTask()
    seeds: Integer = Field(40, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        task = self.task
        x, y = task.inputs.to(device), task.targets.flatten(0, 1).to(device)
        sizes = dict(d_in=x.shape[1], d_out=y.shape[1], width=self.width, depth=1, std=self.std)
        nets = [drawn(kind, self.all_seeds, **sizes) for kind in ("relu", "dlgn")]
        relu, gated = (net.double().to(device) for net in nets)
        gated.value.load_state_dict(relu.value.state_dict())
        initial = weight_sums(relu.state_dict())
        rate = self.learning_rate
        steppers = [torch.optim.SGD(net.value.parameters(), lr=rate) for net in (relu, gated)]
        gap = torch.zeros(self.seeds, dtype=torch.float64, device=device)
        for _ in range(self.steps):
            with torch.no_grad():
                gates = ((x @ gated.value[0].weight.mT) > 0).double().unsqueeze(-2)
            outputs = (relu(x), gated(x, gates=gates))
            losses = [(each - y).square().sum((-2, -1)) / (2 * len(x)) for each in outputs]
            for loss, stepper in zip(losses, steppers, strict=True):
                stepper.zero_grad()
                loss.sum().backward()
                stepper.step()
            first, second = (loss.detach() for loss in losses)
            gap = torch.maximum(gap, (second - first).abs() / first)
        last = {"gap": gap, "loss": first}
        return {name: value.cpu().numpy() for name, value in last.items()} | {"initial": initial}


class HeldOutPairs(_SeededSpec):
    """Train without one pair of item and context in each context, and test on these pairs.

    Each of ``VARIANTS`` has the same training points. *Final gates* are those that the seed's ReLU
    net has at the end, kept while a gated linear net is trained: from new weights; from the ReLU
    net's own start; only with the units that have 90 % of the energy; or with those units repeated
    to m by their energies, from new weights. ``"linear"`` is the least-squares map.

    Attributes: those of ``ContextTraining``, without model, depth, refresh and looks.

    The result's arrays (V variants, S seeds): train, test (V, S): losses at the end; time (V, S):
        first time with a training loss below 0.1, NaN for never; initial (S,): sum of the ReLU
        net's initial weights.
    """

    task: ContextTask = ContextTask()
    steps: Integer = Field(3000, ge=1)

    def held_out(self, seed: int) -> np.ndarray:
        """Return which points a seed holds out: one in each context, of different items."""
        contexts = self.task.contexts
        items = np.random.default_rng(1000 + seed).choice(ITEMS, contexts, replace=False)
        return np.arange(contexts) * ITEMS + items

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        x, y = self.task.inputs.float().to(device), self.task.targets.flatten(0, 1).float()
        y, seeds, rows = y.to(device), self.all_seeds, torch.arange(self.seeds)[:, None]
        out = torch.from_numpy(np.stack([self.held_out(seed) for seed in seeds]))
        kept = torch.stack([torch.from_numpy(np.setdiff1d(np.arange(len(x)), o)) for o in out])
        sizes = dict(d_in=x.shape[1], d_out=y.shape[1], width=self.width, depth=1, std=self.std)
        found = {}

        def fit(variant: str, net: ReLUNet | DLGN, gates: Tensor | None) -> None:
            options = dict(learning_rate=self.learning_rate, steps=self.steps)
            own = None if gates is None else gates[rows, kept]
            losses = descend(net, x[kept], y[kept], gates=own, **options)
            tested = net(x[out]) if gates is None else net(x[out], gates=gates[rows, out])
            test = (tested - y[out]).square().sum((-2, -1)) / (2 * out.shape[1])
            time = reach_times(losses, [0.1], self.learning_rate)[0]
            found[variant] = (losses[-1].cpu().numpy(), test.detach().cpu().numpy(), time)

        relu = drawn("relu", seeds, **sizes).to(device)
        start = {name: value.clone() for name, value in relu.value.state_dict().items()}
        initial = weight_sums(relu.state_dict())
        fit("relu", relu, None)
        ((on, _),) = pointwise_energy(relu, x)
        energy = pointwise_energy(relu, x[kept])[0][1].sum(-2)  # of the training points
        final, large = on.unsqueeze(-2).float(), _large_units(energy)
        repeated = _repeated(energy * large)
        given = {
            "frozen": drawn("dlgn", seeds, **sizes).to(device).gates(x),
            "final gates, new weights": final,
            "final gates, same start": final,
            "final gates, large units": final * large[:, None, None],
            "final gates, repeated": final[rows, ..., repeated].permute(0, 2, 3, 1),
        }
        for pathways in ("leave-one-out", "modular"):
            gates = unit_gates(pathway_gates(pathways, self.task.contexts), self.width)
            given[pathways] = gates.float().expand(self.seeds, -1, -1, -1)
        for variant, gates in given.items():
            net = drawn("dlgn", seeds, **sizes).to(device)
            if variant == "final gates, same start":
                net.value.load_state_dict(start)
            fit(variant, net, gates)
        maps = torch.linalg.pinv(x[kept], rtol=1e-4) @ y[kept]
        squares = [(x[points] @ maps - y[points]).square() for points in (kept, out)]
        errors = [square.sum(-1).mean(-1).cpu().numpy() / 2 for square in squares]
        found["linear"] = (*errors, np.full(self.seeds, np.nan))
        train, test, time = (np.stack(each) for each in zip(*map(found.get, VARIANTS), strict=True))
        return dict(train=train, test=test, time=time, initial=initial)


def _large_units(energy: Tensor) -> Tensor:
    """Return 1 for the units, largest first, that have 90 % of the energy, 0 else, (S, m)."""
    ordered, order = energy.sort(dim=-1, descending=True)
    before = (ordered.cumsum(-1) - ordered) / ordered.sum(-1, keepdim=True)
    return torch.zeros_like(energy).scatter(-1, order, (before < _MOST).to(energy))


def _repeated(energy: Tensor) -> Tensor:
    """Return m units' numbers (S, m), each as often as its share of the energy says."""
    bounds = (energy / energy.sum(-1, keepdim=True)).double().cumsum(-1).contiguous()
    width = energy.shape[-1]
    places = (torch.arange(width, dtype=torch.float64, device=energy.device) + 0.5) / width
    return torch.searchsorted(bounds, places.expand_as(bounds).contiguous())
