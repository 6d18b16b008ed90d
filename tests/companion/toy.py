"""A spec that computes within a millisecond, in a module that worker processes can import."""

import math
import os
from typing import ClassVar

import numpy as np
from halfspace.companion.spec import Integer, Spec
from pydantic import Field


class ToyStudy(Spec):
    """Draw some numbers for every seed, at two epochs, as studies of trained nets do."""

    early: ClassVar[float] = 10.0

    width: Integer = Field(16, ge=1)
    first_seed: Integer = Field(5, ge=0)
    seeds: Integer = Field(3, ge=1)

    def _run(self, device):
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        draws = [np.random.default_rng([seed, self.width]) for seed in seeds]
        losses = np.stack([draw.uniform(1, 2, 2) for draw in draws], axis=1)
        return {
            "at": np.array([0, 1]),
            "initial": np.array([draw.normal() for draw in draws]),
            "diverged": np.zeros(self.seeds, dtype=bool),
            "loss_top": losses.astype(np.float32),
            "log_paths_top": np.log(self.width * losses).astype(np.float32),
            "patterns_top": np.stack([draw.integers(9, 99, 2) for draw in draws], axis=1) * 1.0,
            "ntk_start": losses / losses[0],
            "spectrum": np.stack([draw.uniform(1, 2, (2, 17)) for draw in draws], axis=1),
        }


class Rounding(ToyStudy):
    """A study one array of which depends on how the processor rounds."""

    early: ClassVar[float] = math.inf

    def _run(self, device):
        arrays = super()._run(device)
        if "MKL_CBWR" in os.environ:
            arrays["log_paths_top"] = arrays["log_paths_top"] * 1.01
        return arrays
