"""The contextual task: a tree of items, each in several contexts; and pathways gated by context."""

from itertools import combinations
from typing import Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from halfspace.companion.spec import Integer
from halfspace.modes import haar_basis

__all__ = ["ITEMS", "PATHWAYS", "ContextTask", "pathway_gates", "pathway_sizes", "unit_gates"]

ITEMS = 8

PATHWAYS = ("common only", "modular", "leave-one-out", "all six")
"""Sets of pathways, each with one that is on in every context; "all six" needs three contexts."""

_PERMUTATION_SEED = 1


class ContextTask(BaseModel):
    """Items of a binary tree in several contexts: one output block for all, one for each context.

    The input has one unit for the item and one for the context. A target block has one unit for
    each node of the tree, 1 on the items below it. The common block is shown in every context, the
    block of a context only there.

    Attributes:
        contexts: C.
        blocks: ``"own"``: as above; ``"permuted"``: items shuffled in each context's block; ``"no
            common"``: without the common block; ``"everywhere"``: every block in every context, so
            that the context does not matter.

    Reference: the caption of the data set's figure in Jarvis et al. (2025); sizes are ours.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contexts: Integer = Field(3, ge=2)
    blocks: Literal["own", "permuted", "no common", "everywhere"] = "own"

    @property
    def inputs(self) -> Tensor:
        """Inputs, contexts in the outer order, float64, shape (8C, 8 + C)."""
        items = torch.eye(ITEMS, dtype=torch.float64).repeat(self.contexts, 1)
        contexts = torch.eye(self.contexts, dtype=torch.float64).repeat_interleave(ITEMS, 0)
        return torch.cat([items, contexts], dim=1)

    @property
    def targets(self) -> Tensor:
        """Targets, float64, shape (C, 8, 15 (C + 1)), or (C, 8, 15 C) without a common block."""
        tree = _tree()
        common = [] if self.blocks == "no common" else [tree]
        shown = []
        rng = np.random.default_rng(_PERMUTATION_SEED)
        orders = [rng.permutation(ITEMS) for _ in range(self.contexts)]
        for context in range(self.contexts):
            blocks = []
            for other in range(self.contexts):
                block = tree[orders[other]] if self.blocks == "permuted" else tree
                seen = other == context or self.blocks == "everywhere"
                blocks.append(block if seen else torch.zeros_like(block))
            shown.append(torch.cat([*common, *blocks], dim=1))
        return torch.stack(shown)


def _tree() -> Tensor:
    """Return which items are below each of the 15 nodes, 0 or 1, shape (8, 15)."""
    halves = haar_basis(ITEMS)[1:]  # a node's left half is positive, its right half negative
    sides = torch.cat([halves > 0, halves < 0])
    return torch.cat([torch.ones(1, ITEMS), sides]).double().T


def pathway_gates(pathways: str, contexts: int) -> Tensor:
    """Return in which contexts each pathway of a set is on, float64, shape (P, C).

    Args:
        pathways: one of ``PATHWAYS``.
        contexts: C.

    Raises:
        ValueError: if the set is unknown, or is ``"all six"`` and C is not 3.
    """
    everywhere, own = torch.ones(1, contexts), torch.eye(contexts)
    if pathways == "common only":
        gates = [everywhere]
    elif pathways == "modular":
        gates = [everywhere, own]
    elif pathways == "leave-one-out":
        gates = [everywhere, 1 - own]
    elif pathways == "all six" and contexts == 3:
        pairs = torch.zeros(3, 3)
        for row, pair in enumerate(combinations(range(3), 2)):
            pairs[row, list(pair)] = 1
        gates = [everywhere, own, pairs]
    else:
        raise ValueError(
            f"pathways must be one of {PATHWAYS}, the last for 3 contexts; "
            f"got {pathways!r} for {contexts}"
        )
    return torch.cat(gates).double()


def pathway_sizes(pathways: int, width: int) -> Tensor:
    """Return how many of m units each of P pathways has: as equal as may be, shape (P,)."""
    return torch.bincount(torch.arange(width) * pathways // width, minlength=pathways)


def unit_gates(gates: Tensor, width: int) -> Tensor:
    """Return pathways' gates unit by unit and point by point, shape (8C, 1, m).

    Args:
        gates: of the pathways, shape (P, C).
        width: m; the units of a pathway stand together.
    """
    of_units = gates.repeat_interleave(pathway_sizes(len(gates), width), 0)
    return of_units.T.repeat_interleave(ITEMS, 0).unsqueeze(1)
