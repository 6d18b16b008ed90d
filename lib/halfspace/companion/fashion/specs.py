"""Section 5: modified Fashion-MNIST, where half of the classes get complicated labels (Figure 7).

Where the paper gives no value, we chose one: the clustering (``data.modified_labels``), the
batch, the number of epochs, PyTorch's default initialisation for all layers, the DLGN's soft gate.
"""

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from halfspace._checks import single_precision
from halfspace.companion.fashion.data import SETTINGS, FashionProblem, fashion_problem
from halfspace.companion.fashion.measures import accuracy, kernels, simple_classes, statistics
from halfspace.companion.spec import Integer, Spec
from halfspace.datasets import fashion_checksums
from halfspace.gates import SoftGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.training import Crossing, State, fit

__all__ = ["FashionSpec", "FashionTraining", "ModifiedFashionMNIST"]

_EARLY_STEPS = (0, 5, 10, 20, 40, 60, 80, 120, 160, 240, 320)  # where path counts move most
_LATE_RECORDS = 30


class FashionSpec(Spec):
    """Fields that the specs share: the net and the images.

    Attributes:
        model: ``"relu"`` or ``"dlgn"`` (soft gates in training).
        images: ``"raw"`` (pixels from 0 to 1) or ``"normalised"`` (minus the mean training image,
            then unit norm).
        constant_input: whether the DLGN's value network is fed ones (DLGN-PWC) or the image.
        width: m.
        depth: H.
        beta: sharpness of the DLGN's gate; the ReLU net has none.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
    """

    model: Literal["relu", "dlgn"]
    images: Literal["raw", "normalised"]
    constant_input: bool = True
    width: Integer = Field(128, ge=1)  # appendix 3.2
    depth: Integer = Field(5, ge=1)  # appendix 3.2
    beta: float = Field(4.0, gt=0)  # default of a public implementation, DLGN-research
    first_seed: Integer = Field(0, ge=0)

    @single_precision()
    def net(self, seed: int) -> ReLUNet | DLGN:
        """Return the net of one seed at its initialisation, on the CPU."""
        sizes = dict(width=self.width, depth=self.depth, d_out=10)
        generator = torch.Generator().manual_seed(seed)
        if self.model == "relu":
            return ReLUNet(784, **sizes, generator=generator)
        return DLGN(
            784,
            **sizes,
            gate=SoftGate(self.beta),
            constant_input=self.constant_input,
            generator=generator,
        )

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images' and labels' files, uncompressed."""
        return fashion_checksums()


class FashionTraining(FashionSpec):
    """Fields that the training specs share.

    Attributes (besides those of ``FashionSpec``):
        n_train: training images, balanced.
        learning_rate: of Adam.
        batch_size: images in a batch.
    """

    early: ClassVar[float] = 0.2

    n_train: Integer = Field(60_000, ge=10, le=60_000)
    learning_rate: float = Field(2e-4, gt=0)  # appendix 3.2
    batch_size: Integer = Field(128, ge=1)

    @field_validator("n_train")
    @classmethod
    def _balanced(cls, n_train: int) -> int:
        if n_train % 10:
            raise ValueError(f"n_train must be a multiple of 10; got {n_train}")
        return n_train

    @property
    def all_seeds(self) -> range:
        """The nets' seeds."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self.n_train / self.batch_size)

    @property
    def fit_options(self) -> dict[str, object]:
        """Arguments of ``halfspace.training.fit`` besides net, data, seeds and epochs."""
        return dict(
            learning_rate=self.learning_rate,
            batch_size=min(self.batch_size, self.n_train),
            loss="cross_entropy",
        )

    def problem(
        self, draws: Sequence[tuple[int, tuple[int, ...]]], device: torch.device
    ) -> FashionProblem:
        """Return images and labels.

        Args:
            draws: for each copy, the seed of its labels and the classes that are complicated.
            device: where training happens.
        """
        return fashion_problem(self.n_train, self.images, draws, device)

    def record_times(self, early_steps: Sequence[int], late: int) -> list[float]:
        """Return when to record, in epochs, from initialisation to ``epochs``.

        Args:
            early_steps: numbers of steps; those within the first epoch count.
            late: about as many whole epochs, in a geometric series from 1.
        """
        early = [step / self.batches for step in early_steps if step < self.batches]
        return [*early, *np.unique(np.geomspace(1, self.epochs, late).round()).tolist()]


class ModifiedFashionMNIST(FashionTraining):
    """Train nets of one kind on images of one kind, under all three label settings at once.

    The nets of one seed start from the same weights and see the same batches under all settings:
    they differ only in the labels.

    Attributes (besides those of ``FashionTraining``):
        epochs: passes through the training images.
        seeds: S, number of seeds; a seed decides initial weights, batches and the draw of the
            labels.
        sample: training images of each class at which accuracy and paths are recorded.
        kernel_sample: training images of each class at which kernels are computed.
        level: the middle point in time is where the simple part's accuracy first reaches this.

    The result's arrays (E records, 3 settings in the order of ``SETTINGS``, S seeds, 10 original
    classes; in time, 3 points: start, middle, end; N images of the kernel sample, sorted by class):
        epochs (E,); accuracy, hard_accuracy, paths, log_paths, zero (E, 3, S, 10): share of images
        classified right under the net's own gate and with hard gates, mean number of active paths,
        mean of ln(1 + number), share of images without one (hard gates), on the training sample.
        loss (epochs, 3, S): mean batch loss of each epoch. middle_epoch (3, S): NaN for never, and
        the end stands in for the middle. overlap (3 points, 3, N, N) int64 and ntk (3 points, 3, N,
        N): kernels of the first seed, hard gates for the overlap, own gates for the NTK.
        labels (3, N): labels of the kernel sample, first seed. diverged (3, S). weights (2, P): of
        the first seed's net with modified labels, at the start and at the end, one parameter after
        the other.
    """

    version: ClassVar[int] = 2

    epochs: Integer = Field(20, ge=1)
    seeds: Integer = Field(1, ge=1)
    sample: Integer = Field(500, ge=1)
    kernel_sample: Integer = Field(20, ge=2)
    level: float = Field(0.72, gt=0, le=1)  # appendix 5.1, as we read it

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        draws = [(seed, classes) for classes in SETTINGS.values() for seed in self.all_seeds]
        problem = self.problem(draws, device)
        x, y = problem.x, problem.y
        net = stack([self.net(seed) for seed, _ in draws]).to(device)
        sample = problem.sample(self.sample)
        sample_x, sample_y = x[sample], y[:, sample]
        simple = simple_classes(self.seeds).to(device)

        def simple_accuracy(net) -> Tensor:
            values = accuracy(net, sample_x, sample_y)
            return (values * simple).sum(-1) / simple.sum(-1)

        history = fit(
            net,
            x,
            y,
            seeds=[seed for seed, _ in draws],
            epochs=self.epochs,
            measure=lambda net: statistics(net, sample_x, sample_y),
            record=self.record_times(_EARLY_STEPS, _LATE_RECORDS),
            snapshots=(0, self.epochs),
            crossings=[
                Crossing(
                    name="middle", measure=simple_accuracy, level=self.level, below=False, every=20
                )
            ],
            description=f"{self.model}, {self.images} images, {3 * self.seeds} nets",
            **self.fit_options,
        )
        middle = history.crossings["middle"]
        states = [history.snapshots[0], middle.state, history.snapshots[self.epochs]]
        step = middle.step.numpy()
        arrays = {name: self._split(values, 1) for name, values in history.measures.items()}
        arrays |= {
            "epochs": history.record,
            "loss": self._split(history.batch_loss, 1),
            "middle_epoch": self._split(np.where(step >= 0, step / self.batches, np.nan), 0),
            "diverged": self._split(history.diverged, 0),
        }
        ends = (history.snapshots[0], history.snapshots[self.epochs])
        arrays["weights"] = np.stack([_weights(net, state) for state in ends])
        kernel_images = problem.sample(min(self.kernel_sample, self.sample))
        arrays["labels"] = y[:: self.seeds, kernel_images].cpu().numpy()
        return arrays | self._kernels(net, states, x[kernel_images])

    def _split(self, values: np.ndarray, axis: int) -> np.ndarray:
        """Split the copies' axis into (3 settings, S seeds)."""
        lead, rest = values.shape[:axis], values.shape[axis + 1 :]
        return values.reshape(*lead, len(SETTINGS), self.seeds, *rest)

    def _kernels(self, net, states: list[State], x: Tensor) -> dict[str, np.ndarray]:
        """Return the kernels of the first seed's nets, shape (states, 3, N, N) each."""
        described = {"overlap": [], "ntk": []}
        for state in states:
            net.load_state_dict(state)
            for name, kernel in kernels(net, x).items():
                described[name].append(kernel[:: self.seeds].cpu().numpy())
        return {name: np.stack(values) for name, values in described.items()}


def _weights(net: nn.Module, state: State) -> np.ndarray:
    """Return the parameters of a stack's first net, one after the other, shape (P,)."""
    names = [name for name, _ in net.named_parameters()]
    return np.concatenate([state[name][0].flatten().cpu().numpy() for name in names])
