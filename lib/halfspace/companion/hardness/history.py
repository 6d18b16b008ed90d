"""Gates that become hard during training: at some epoch at once, or little by little."""

import copy
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor

from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.measures import losses, path_statistics
from halfspace.companion.circle.specs import CircleEvaluation, CircleTraining
from halfspace.companion.circle.study import layer_statistics
from halfspace.companion.conjectures.freezing import with_state, with_values
from halfspace.companion.seeds import order_seed
from halfspace.companion.spec import Integer
from halfspace.gates import StraightThroughGate
from halfspace.hardening import Annealing, hardened, hardness
from halfspace.nets import DLGN, stack
from halfspace.training import fit, weight_sums

__all__ = ["HardeningHistory"]

_FRESH = 1_000_000  # added to a seed: the draw of the fresh value network


class HardeningHistory(CircleEvaluation):
    """Harden the gates of a DLGN at some epochs of its training, and anneal them.

    At an epoch of ``at``, soft gates become straight-through ones of the same β: they are hard, and
    the gating network goes on learning, with a new optimiser, up to the same number of epochs in
    all. In an annealed net β rises to ``last_beta``, by the same factor each epoch; then gates
    become hard. On the hard gates of each, fresh value networks are trained.

    Attributes (besides those of ``CircleEvaluation``; ``at`` holds the epochs of hardening):
        last_beta: the annealed nets' β in the last epoch.
        refit_epochs: for which fresh value networks train.

    The result's arrays, float32, H layers, S seeds, P ways: hardening at each epoch of ``at``, and
        last annealing. at (P - 1,); diverged (S,): whether the soft training did; initial (S,).
        Of three times, the start, when gates became hard, and the end: loss_{half},
        hard_loss_{half}, paths_{half}, zero_{half} (3, P, S) as in
        ``CircleStudy``; loss is under the gates of that time's training. resultant (3, P, S, H):
        length of the mean of a layer's unit normals. hardness (P, S): of the gates that are
        replaced by hard ones. fresh (P, S), fresh_random (S,): mean squared error of fresh value
        networks on the hard gates of the end, and of the start.
    """

    late: ClassVar[tuple[str, ...]] = ("fresh", "fresh_random", "hardness")

    at: tuple[Integer, ...] = (0, 10, 30, 100, 300)
    last_beta: float = Field(1000.0, gt=0)
    refit_epochs: Integer = Field(300, ge=1)

    @field_validator("training")
    @classmethod
    def _soft(cls, training: CircleTraining) -> CircleTraining:
        if (training.model, training.gate, training.bias) != ("dlgn", "soft", False):
            raise ValueError("training must be of a DLGN with soft gates and no biases")
        return training

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec = self.training
        net, history = spec.train(device, snapshots=self.at)
        start = with_state(net, history.snapshots[0])
        schedule = Annealing(first=spec.beta, last=self.last_beta, epochs=spec.epochs)
        annealed, _ = spec.train(device, prepare=schedule)
        ways = []
        for epoch in self.at:
            soft = with_state(net, history.snapshots[epoch])
            ways.append((soft, self._trained_on(soft, spec.epochs - epoch)))
        ways.append((annealed, hardened(annealed)))
        x = self.target.points().to(device)
        rows = [self._measured([start, *way]) for way in ways]
        arrays = {name: torch.stack([row[name] for row in rows], dim=1) for name in rows[0]}
        with torch.no_grad():
            arrays["hardness"] = torch.stack([hardness(soft, x) for soft, _ in ways])
        fresh = [self._refitted(hard) for _, hard in ways]
        return as_float32(
            arrays | {"fresh": torch.stack(fresh), "fresh_random": self._refitted(hardened(start))}
        ) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }

    def _trained_on(self, soft: DLGN, epochs: int) -> DLGN:
        """Return a copy with straight-through gates after further epochs."""
        net = copy.deepcopy(soft)
        net.gate = StraightThroughGate(self.training.beta)
        if epochs:
            self._fit(net, epochs)
        return net

    def _refitted(self, gates: DLGN) -> Tensor:
        """Return the error of fresh value networks on frozen hard gates, shape (S,)."""
        device = gates.gating[0].weight.device
        fresh = stack([self.training.net(seed + _FRESH) for seed in self._seeds]).to(device)
        net = with_values(hardened(gates), fresh).to(device)
        self._fit(net, self.refit_epochs)
        return self._errors(net)["loss"]

    def _measured(self, times: list[DLGN]) -> dict[str, Tensor]:
        """Return errors, paths and clustering at three times, shape (3, S, ...)."""
        rows = []
        for net in times:
            x, top = (part.to(net.gating[0].weight.device) for part in self._points)
            with torch.no_grad():
                row = {k: v for k, v in self._errors(net).items() if not k.endswith("loss")}
                paths = path_statistics(net, x, top)
                row |= {k: v for k, v in paths.items() if not k.startswith("log_")}
                row["resultant"] = layer_statistics(net, x, top)["resultant"]
            rows.append(row)
        return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}

    @torch.no_grad()
    def _errors(self, net: DLGN) -> dict[str, Tensor]:
        device = net.gating[0].weight.device
        x, top = (part.to(device) for part in self._points)
        return losses(net, x, self.target.values().to(device), top)

    @property
    def _points(self) -> tuple[Tensor, Tensor]:
        return self.target.points(), self.target.top()

    @property
    def _seeds(self) -> range:
        spec = self.training
        return range(spec.first_seed, spec.first_seed + spec.seeds)

    def _fit(self, net: DLGN, epochs: int) -> None:
        spec, device = self.training, net.value[0].weight.device
        fit(
            net,
            self.target.points().to(device),
            self.target.values().to(device),
            seeds=[order_seed(seed) for seed in self._seeds],
            epochs=epochs,
            learning_rate=spec.learning_rate,
            optimizer=spec.optimizer,
            batch_size=min(spec.batch_size, self.target.n),
            description=f"{spec.seeds} hard nets",
        )
