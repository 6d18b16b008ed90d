"""Nets that are trained on oblique trees, and the trees that are read off them."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from halfspace._checks import single_precision
from halfspace.companion.label_jumps.data import TreeProblem, levels, tree_problem
from halfspace.companion.label_jumps.extraction import cluster_gates, places_found, read_tree
from halfspace.companion.label_jumps.measures import (
    NEAR,
    classes_of,
    direction_ranks,
    distances,
    nearest,
    unit_normals,
)
from halfspace.companion.seeds import order_seed
from halfspace.companion.spec import Integer, Spec
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, GatedNet, ReLUNet, stack, unstack
from halfspace.training import fit, weight_sums

__all__ = ["TreeTraining"]

_READ = 8000  # points that tell which half-space matters


class TreeTraining(Spec):
    """Train nets on trees, one tree and one set of points for each seed, and follow their gates.

    Attributes:
        model: ``"shallow"`` (DLGN-SF), ``"dlgn"`` or ``"relu"``.
        gates: ``"trained"``; ``"frozen"`` at their random start; or ``"tree"``: frozen, with the
            normals of the tree's level k in layer k (DLGN-SF alone).
        target: ``"labels"``; ``"shuffled"`` labels of the training points; ``"smooth"``: the tree
            with soft sides; ``"margin"``: labels times the distance to the nearest hyperplane on
            the path, which is continuous.
        kappa: sharpness of the soft sides.
        loss: ``"logistic"``, or ``"mse"`` on targets that are centred and scaled to variance 1.
        constant_input: whether the DLGN's value network is fed ones (PWC) or the input.
        start: gating weights at the start: ``"default"``, or ``"orthogonal"`` matrices times
            ``scale``.
        scale: see ``start``.
        d_in: d.
        depth: D, levels of the trees.
        points: training points.
        test: test points.
        width: m.
        layers: H.
        beta: sharpness of the gates.
        learning_rate: Adam's.
        epochs: passes through the data, in batches of ``batch_size``.
        batch_size: points in a batch.
        record_every: epochs between two records.
        read: whether a tree is read off each net at the end.
        first_seed: the trees' and nets' seeds are first_seed, first_seed + 1, ...
        seeds: S.

    The result's arrays (E records, S seeds, N nodes in heap order, H layers; a ReLU net counts as
    one layer): epochs (E,); score (E, S): test accuracy, or R² for ``"mse"``; hard_score (S,): with
    hard gates at the end; distance (E, S, N): each node's distance to the nearest gate;
    unused_mean, unused_least (E, S): mean and smallest distance of the unused directions; near
    (S, N): gates within 0.3 at the end; ranks (2, S, H): effective rank of a layer's unit normals
    at the start and at the end; root_share (2, S, H): share of its gates within 0.3 of the root;
    linear (S,): test R² of a linear fit (``"mse"`` only). If trees are read, each (S,):
    read_accuracy: test accuracy; read_root: whether the root is the true one; read_places: nodes in
    their true place; largest_is_root: whether the largest cluster of gates is. initial (S,).
    """

    early: ClassVar[float] = 1.0

    model: Literal["shallow", "dlgn", "relu"]
    gates: Literal["trained", "frozen", "tree"] = "trained"
    target: Literal["labels", "shuffled", "smooth", "margin"] = "labels"
    kappa: float = Field(1.0, gt=0)
    loss: Literal["logistic", "mse"] = "logistic"
    constant_input: bool = True
    start: Literal["default", "orthogonal"] = "default"
    scale: float = Field(1.0, gt=0)
    d_in: Integer = Field(20, ge=1)
    depth: Integer = Field(4, ge=1)
    points: Integer = Field(20_000, ge=1)
    test: Integer = Field(5000, ge=1)
    width: Integer = Field(10, ge=1)
    layers: Integer = Field(4, ge=1)
    beta: float = Field(30.0, gt=0)
    learning_rate: float = Field(0.02, gt=0)
    epochs: Integer = Field(60, ge=1)
    batch_size: Integer = Field(1000, ge=1)
    record_every: Integer = Field(1, ge=1)
    read: bool = False
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(10, ge=1)

    @model_validator(mode="after")
    def _fields_fit(self):
        if self.gates == "tree" and self.model != "shallow":
            raise ValueError("only a DLGN-SF can have its gates at the tree's normals")
        if self.gates == "tree" and (self.layers, self.width >= 2 ** (self.depth - 1)) != (
            self.depth,
            True,
        ):
            raise ValueError("gates at the tree's normals need D layers of at least 2^(D-1) units")
        if self.target in ("smooth", "margin") and self.loss != "mse":
            raise ValueError(f"the {self.target} target is no class: use loss='mse'")
        return self

    def problem(self, seed: int) -> TreeProblem:
        """Return the tree and the points of one seed."""
        sizes = dict(d_in=self.d_in, depth=self.depth, points=self.points, test=self.test)
        return tree_problem(seed, **sizes)

    def targets(self, problem: TreeProblem) -> tuple[np.ndarray, np.ndarray]:
        """Return the targets of a problem's training points (n,) and test points (n',)."""
        tree = problem.tree
        target = {
            "smooth": lambda x: tree.smooth(x, self.kappa),
            "margin": tree.margins,
        }.get(self.target, tree.labels)
        y, test_y = (target(x).astype(float) for x in (problem.x, problem.test_x))
        if self.target == "shuffled":
            y = y[problem.shuffle]
        if self.loss == "mse":
            mean, deviation = y.mean(), y.std()
            y, test_y = (y - mean) / deviation, (test_y - mean) / deviation
        return y, test_y

    @single_precision()
    def net(self, seed: int) -> DLGN | ReLUNet:
        """Return the net of one seed at its initialisation, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, depth=self.layers, generator=generator)
        if self.model == "relu":
            return ReLUNet(self.d_in, **sizes)
        net = DLGN(
            self.d_in,
            **sizes,
            gate=SoftGate(self.beta),
            constant_input=self.constant_input,
            frozen_gating=self.gates != "trained",
            shallow=self.model == "shallow",
        )
        with torch.no_grad():
            if self.start == "orthogonal":
                for layer in net.gating:
                    torch.nn.init.orthogonal_(layer.weight, self.scale, generator=generator)
            if self.gates == "tree":
                normals = torch.from_numpy(self.problem(seed).tree.normals).float()
                for number, layer in enumerate(net.gating):
                    own = normals[levels(self.depth) == number]
                    layer.weight[: len(own)] = own
        return net

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        problems = [self.problem(seed) for seed in seeds]
        targets = [self.targets(problem) for problem in problems]
        x, test_x = (_stacked([getattr(p, name) for p in problems]) for name in ("x", "test_x"))
        y, test_y = (_stacked(part).unsqueeze(-1) for part in zip(*targets, strict=True))
        nodes, unused = (
            torch.from_numpy(np.stack([getattr(problem.tree, name) for problem in problems]))
            for name in ("normals", "unused")
        )
        net = stack([self.net(seed) for seed in seeds]).to(device)
        moved = [part.to(device) for part in (x, y, test_x, test_y)]
        initial = weight_sums(net.state_dict())
        normals = [unit_normals(net).cpu()]

        def measure(net: GatedNet) -> dict[str, Tensor]:
            found = unit_normals(net).cpu()
            row = {"distance": nearest(nodes, found).float()}
            if unused.shape[1]:
                apart = nearest(unused, found)
                row |= {"unused_mean": apart.mean(-1), "unused_least": apart.amin(-1)}
            return row | {"score": self._scores(net(moved[2]), moved[3])}

        history = fit(
            net,
            *moved[:2],
            seeds=[order_seed(seed) for seed in seeds],
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_size=min(self.batch_size, self.points),
            loss=self.loss,
            measure=measure,
            record=sorted({*range(0, self.epochs + 1, self.record_every), self.epochs}),
            description=f"{self.model}, {self.target}",
        )
        with torch.no_grad():
            hard = net(moved[2], gates=net.gates(moved[2], HardGate()))
        normals.append(unit_normals(net).cpu())
        both = torch.stack(normals)
        arrays = {"epochs": history.record, "initial": initial} | history.measures
        arrays["hard_score"] = self._scores(hard, moved[3]).cpu().numpy()
        arrays["near"] = (distances(nodes, normals[1].flatten(1, 2)) < NEAR).sum(-1).numpy()
        arrays["ranks"] = torch.stack([direction_ranks(part) for part in both]).numpy()
        to_root = distances(nodes[:, None, :1], both).squeeze(-2)  # (2, S, H, m)
        arrays["root_share"] = (to_root < NEAR).double().mean(-1).numpy()
        if self.loss == "mse":
            arrays["linear"] = np.array(
                [_linear_score(p, *t) for p, t in zip(problems, targets, strict=True)]
            )
        if self.read:
            read = [
                _read(single, problem, found)
                for single, problem, found in zip(
                    unstack(net.cpu()), problems, normals[1].numpy(), strict=True
                )
            ]
            arrays |= {name: np.array([row[name] for row in read]) for name in read[0]}
        return arrays

    def _scores(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return each copy's accuracy, or R², shape (S,)."""
        if self.loss == "logistic":
            return (outputs.sign() == targets).double().mean((-2, -1))
        error = (outputs - targets).square().mean((-2, -1))
        return (1 - error / targets.var(dim=(-2, -1), correction=0)).double()


def _stacked(arrays: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).float()


def _linear_score(problem: TreeProblem, y: np.ndarray, test_y: np.ndarray) -> float:
    """Return the test R² of a linear fit; targets are centred."""
    weights = np.linalg.lstsq(problem.x, y, rcond=None)[0]
    return 1 - np.square(problem.test_x @ weights - test_y).mean() / test_y.var()


def _read(net: GatedNet, problem: TreeProblem, normals: np.ndarray) -> dict[str, float]:
    """Read a tree off one net with the given unit normals, (H, m, d), and rate it."""
    tree = problem.tree
    x, y = problem.x[:_READ], tree.labels(problem.x[:_READ])
    centres, _ = cluster_gates(normals.reshape(-1, normals.shape[-1]))
    found = read_tree(centres, classes_of(net), x, y, tree.depth)
    accuracy = (found.labels(problem.test_x) == tree.labels(problem.test_x)).mean()
    is_root = np.abs(np.array([found.normals[0], centres[0]]) @ tree.normals[0]) > 1 - NEAR**2 / 2
    return {
        "read_accuracy": accuracy,
        "read_places": places_found(found, tree),
        "read_root": is_root[0],
        "largest_is_root": is_root[1],
    }
