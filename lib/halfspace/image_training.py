"""Training a net on images: data on the device, checkpoints after each epoch, a time limit.

A run that was interrupted resumes from its checkpoint and ends with the same weights. For this, the
order of the images and their augmentation are drawn for each epoch from the seed and the epoch's
number, on the CPU, so that they are the same on every device.
"""

import contextlib
import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from numbers import Real
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from halfspace._checks import check_integer, check_shape
from halfspace.files import check_writable, locked, write_whole

__all__ = ["Curves", "OutOfTime", "Recipe", "read_curves", "standardise", "train"]

_PADDING = 4  # pixels by which an augmented image may be shifted
_EAGER_STEPS = 3  # of an epoch on CUDA, before its steps are replayed from a graph


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Hyperparameters of a run.

    Attributes:
        epochs: passes through the training images.
        optimizer: ``"adam"`` (PyTorch's defaults) or ``"sgd"`` (Nesterov momentum).
        learning_rate: step size, the largest one under a schedule.
        batch_size: images in a batch; the last, smaller batch of an epoch is left out.
        schedule: ``"constant"``, or ``"one-cycle"``: up for ``warm_up`` of the steps, then down to
            nearly zero, both along a cosine.
        warm_up: share of the steps in which the step size rises under ``"one-cycle"``.
        momentum: momentum of SGD.
        weight_decay: factor of the L2 penalty.
        label_smoothing: share of each target distribution that is spread evenly over all classes.
        augment: whether training images are shifted by up to four pixels and flipped at random.

    Raises:
        ValueError: if a value is of the wrong type or out of range.

    Example:
        >>> from dataclasses import replace
        >>> recipe = Recipe(epochs=10, learning_rate=1e-3)
        >>> replace(recipe, optimizer="sgd").momentum
        0.9
        >>> Recipe(epochs=0)
        Traceback (most recent call last):
        ...
        ValueError: epochs must be a positive integer; got 0
    """

    epochs: int
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = 2e-4
    batch_size: int = 32
    schedule: Literal["constant", "one-cycle"] = "constant"
    warm_up: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augment: bool = False

    def __post_init__(self):
        checked = {name: check_integer(name, getattr(self, name)) for name in _INTEGERS}
        for name, (allowed, is_allowed) in _RANGES.items():
            value = getattr(self, name)
            is_number = isinstance(value, Real) and not isinstance(value, bool)
            if not is_number or not is_allowed(value):
                raise ValueError(f"{name} must be {allowed}; got {value!r}")
            checked[name] = float(value)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {choices}; got {getattr(self, name)!r}")
        if not isinstance(self.augment, bool | np.bool_):
            raise ValueError(f"augment must be True or False; got {self.augment!r}")
        checked["augment"] = bool(self.augment)
        for name, value in checked.items():
            object.__setattr__(self, name, value)


_INTEGERS = ("epochs", "batch_size")
_SHARE = ("a number from 0 to below 1", lambda value: 0 <= value < 1)
_RANGES = {
    "learning_rate": ("a positive number", lambda value: 0 < value),
    "warm_up": ("a number above 0 and below 1", lambda value: 0 < value < 1),
    "momentum": _SHARE,
    "weight_decay": ("a number of at least 0", lambda value: 0 <= value),
    "label_smoothing": _SHARE,
}
_CHOICES = {"optimizer": ("adam", "sgd"), "schedule": ("constant", "one-cycle")}


@dataclass
class Curves:
    """The record of a training run: one entry for each finished epoch.

    Attributes:
        loss: mean batch loss, in nats.
        accuracy: share of training images classified correctly, each in its batch before the step.
        seconds: duration of the epoch, in seconds.
        measured: the value that ``train``'s ``measure`` returned after the epoch; empty without it.
        pieces: one entry for each call to ``train``: the caller's metadata and the number of epochs
            that the call completed.

    Example:
        >>> from halfspace.conv import ConvReLUNet
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = ConvReLUNet(filters=2, depth=1, units=4, generator=generator)
        >>> x, y = torch.randn(8, 3, 6, 6, generator=generator), torch.arange(8) % 2
        >>> recipe = Recipe(epochs=2, batch_size=4)
        >>> curves = train(net, x, y, recipe, seed=0, metadata={"host": "a"})
        >>> len(curves.loss), curves.pieces
        (2, [{'host': 'a', 'epochs': 2}])
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)
    pieces: list[dict] = field(default_factory=list)


class OutOfTime(Exception):
    """The deadline came before the last epoch; the checkpoint is kept for the next call.

    Example:
        >>> from halfspace.conv import ConvReLUNet
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = ConvReLUNet(filters=2, depth=1, units=4, generator=generator)
        >>> x, y = torch.randn(8, 3, 6, 6, generator=generator), torch.arange(8) % 2
        >>> recipe = Recipe(epochs=2, batch_size=4)
        >>> train(net, x, y, recipe, seed=0, deadline=0.0, description="conv")
        Traceback (most recent call last):
        ...
        halfspace.image_training.OutOfTime: conv: 0 of 2 epochs are done
    """


def standardise(images: Tensor, reference: Tensor) -> Tensor:
    """Subtract each channel's mean and divide by its standard deviation over a reference set.

    Args:
        images: uint8, shape (n, channels, h, w).
        reference: images whose statistics are used (the training images), in the same format.

    Returns:
        float32, shape (n, channels, h, w).

    Raises:
        ValueError: if ``reference`` is empty or a shape is wrong.

    Example:
        >>> images = torch.arange(24, dtype=torch.uint8).view(2, 3, 2, 2)
        >>> x = standardise(images, images)
        >>> x.dtype, x.shape, bool(x.mean().abs() < 1e-6)
        (torch.float32, torch.Size([2, 3, 2, 2]), True)
    """
    check_shape("reference", reference, (len(reference), *images.shape[1:2], *reference.shape[2:]))
    if images.ndim != 4 or reference.ndim != 4 or not reference.numel():
        raise ValueError(
            "images and reference must have shape (n, channels, h, w), and reference must not be "
            f"empty; got {tuple(images.shape)} and {tuple(reference.shape)}"
        )
    levels = torch.arange(256, dtype=torch.float64, device=reference.device)
    moments = []
    for channel in reference.transpose(0, 1):
        share = torch.bincount(channel.flatten(), minlength=256).double() / channel.numel()
        mean = share @ levels
        moments.append((mean, (share @ (levels - mean).square()).sqrt()))
    moments = torch.tensor(moments, dtype=torch.float64, device="cpu")
    mean, std = moments.T.float().unsqueeze(-1).unsqueeze(-1)
    return (images.float() - mean.to(images.device)) / std.to(images.device)


def train(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    recipe: Recipe,
    *,
    seed: int,
    prepare: Callable[[nn.Module, int], None] | None = None,
    measure: Callable[[nn.Module], float] | None = None,
    checkpoint: Path | None = None,
    deadline: float = float("inf"),
    metadata: dict | None = None,
    description: str = "",
) -> Curves:
    """Train a net in place, with cross-entropy.

    Products are computed in bfloat16 (``torch.autocast``), in the channels-last memory format;
    weights and the optimiser's state are float32. On CUDA, steps that are all alike (no schedule,
    no augmentation) are replayed from a CUDA graph: otherwise small nets wait for the launch of
    each kernel.

    Args:
        net: maps images to outputs of shape (n, c); on the device of the data.
        x: standardised images, shape (n, channels, h, w).
        y: class numbers, shape (n,).
        recipe: the hyperparameters.
        seed: seed of the images' order and augmentation, at least 0.
        prepare: called before each epoch with the net and the number of finished epochs, for
            example to make the gates harder.
        measure: called after each epoch with the net in evaluation mode; its result is kept in
            ``Curves.measured``.
        checkpoint: file to resume from if it exists; it is replaced after each epoch, and the
            caller deletes it. Only one process at a time can use it. Nothing is kept if ``None``.
        deadline: value of ``time.monotonic()`` by which training must stop. An epoch does not start
            if it would end later, judging by the duration of the epoch before.
        metadata: entries to keep about this call in ``Curves.pieces``.
        description: name of the run in the progress bar.

    Returns:
        The curves, including those of earlier calls.

    Raises:
        OutOfTime: if the deadline comes before the last epoch.
        ValueError: if there are fewer images than in a batch, a shape is wrong, or the checkpoint
            is damaged or belongs to another run.
        BlockingIOError: if another process uses the checkpoint.
        OSError: if the checkpoint cannot be written.

    Example:
        >>> from halfspace.conv import ConvReLUNet
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = ConvReLUNet(filters=2, depth=1, units=4, generator=generator)
        >>> x, y = torch.randn(8, 3, 6, 6, generator=generator), torch.arange(8) % 2
        >>> curves = train(net, x, y, Recipe(epochs=2, batch_size=4), seed=0)
        >>> len(curves.loss), len(curves.accuracy)
        (2, 2)
    """
    seed = check_integer("seed", seed, least=0)
    if x.ndim != 4:
        raise ValueError(f"x must have shape (n, channels, h, w); got {tuple(x.shape)}")
    check_shape("y", y, (len(x),))
    batches = x.shape[0] // recipe.batch_size
    if batches < 1:
        raise ValueError(
            f"batch_size must be at most the {x.shape[0]} images; got {recipe.batch_size}"
        )
    net.to(torch.float32, memory_format=torch.channels_last)
    # On Linux, freeing a large block makes the allocator keep memory that is freed later. Otherwise
    # memory returns to the system after each step, which takes a fifth of a DLGN's time on a CPU.
    torch.empty(31 << 20, dtype=torch.uint8, device="cpu")
    optimizer = _optimizer(net, recipe)
    schedule = _schedule(optimizer, recipe, batches)
    shapes = {name: list(weight.shape) for name, weight in net.state_dict().items()}
    # A run with a constant step size may be resumed with more epochs.
    recipe_kept = asdict(recipe)
    if recipe.schedule == "constant":
        del recipe_kept["epochs"]
    run = dict(recipe=recipe_kept, seed=seed, images=list(x.shape), weights=shapes)
    with _exclusive(checkpoint):
        curves = Curves()
        if checkpoint is not None and checkpoint.exists():
            curves = _load(checkpoint, run, net, optimizer, schedule)
        first_epoch = len(curves.loss)
        session = dict(metadata or {})
        curves.pieces.append(session)
        with tqdm(
            total=recipe.epochs,
            initial=first_epoch,
            desc=description,
            unit="epoch",
            leave=False,
            smoothing=1,
        ) as bar:
            for epoch in range(first_epoch, recipe.epochs):
                expected = curves.seconds[-1] if curves.seconds else 0.0
                if time.monotonic() + expected > deadline:
                    raise OutOfTime(f"{description}: {epoch} of {recipe.epochs} epochs are done")
                started = time.perf_counter()
                if prepare is not None:
                    prepare(net, epoch)
                loss, accuracy = _epoch(net, x, y, recipe, seed, epoch, optimizer, schedule)
                curves.loss.append(loss)
                curves.accuracy.append(accuracy)
                curves.seconds.append(time.perf_counter() - started)
                if measure is not None:
                    curves.measured.append(float(measure(net.eval())))
                session["epochs"] = epoch + 1 - first_epoch
                if checkpoint is not None:
                    _save(checkpoint, run, net, optimizer, schedule, curves)
                bar.update()
    return curves


def _exclusive(checkpoint: Path | None) -> contextlib.AbstractContextManager:
    """Keep other processes from using a checkpoint."""
    if checkpoint is None:
        return contextlib.nullcontext()
    check_writable(checkpoint.parent, "set HALFSPACE_CACHE to a folder that can be written")
    return locked(
        checkpoint.with_name(f".{checkpoint.name}.lock"),
        f"another process uses the checkpoint {checkpoint}; wait until it has ended",
    )


def _epoch(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    recipe: Recipe,
    seed: int,
    epoch: int,
    optimizer: torch.optim.Optimizer,
    schedule: LRScheduler,
) -> tuple[float, float]:
    """Train for one epoch; return its mean batch loss and share of images classified correctly."""
    (state,) = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)
    generator = torch.Generator("cpu").manual_seed(int(state))
    order = torch.randperm(x.shape[0], generator=generator, device="cpu")
    batches = x.shape[0] // recipe.batch_size
    net.train()
    loss_sum = torch.zeros((), dtype=torch.float64, device=x.device)
    right = torch.zeros((), dtype=torch.int64, device=x.device)

    def step(chosen: Tensor) -> None:
        images, labels = x[chosen], y[chosen]
        if recipe.augment:
            images = _augmented(images, generator)
        loss, outputs = _step(net, images, labels, recipe, optimizer)
        loss_sum.add_(loss)
        right.add_((outputs.argmax(-1) == labels).sum())

    alike = recipe.schedule == "constant" and not recipe.augment
    for index, chosen in enumerate(order.to(x.device).split(recipe.batch_size)[:batches]):
        if index == _EAGER_STEPS and alike and x.device.type == "cuda":
            step = _graphed(step, chosen, optimizer)
        step(chosen)
        schedule.step()
    optimizer.zero_grad()  # gradients in a graph's memory would keep it
    return loss_sum.item() / batches, right.item() / (batches * recipe.batch_size)


def _graphed(
    step: Callable[[Tensor], None], chosen: Tensor, optimizer: torch.optim.Optimizer
) -> Callable[[Tensor], None]:
    """Return a function that does what ``step`` does with its indices, from a CUDA graph.

    Args:
        step: has run before, so that the optimiser's state exists.
        chosen: indices, of the shape of all later ones.
        optimizer: the one that ``step`` uses.
    """
    indices = chosen.clone()
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad()  # the graph writes its gradients into memory of its own
    with torch.cuda.graph(graph):
        step(indices)

    def replay(chosen: Tensor) -> None:
        indices.copy_(chosen)
        graph.replay()

    return replay


def _step(
    net: nn.Module,
    images: Tensor,
    labels: Tensor,
    recipe: Recipe,
    optimizer: torch.optim.Optimizer,
) -> tuple[Tensor, Tensor]:
    """Train on one batch; return its mean loss and the outputs, shape (n, c)."""
    images = images.float().contiguous(memory_format=torch.channels_last)
    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        outputs = net(images)
    loss = functional.cross_entropy(outputs.float(), labels, label_smoothing=recipe.label_smoothing)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach(), outputs.detach()


def _augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift each image by up to four pixels (its border reflected) and flip half of them."""
    n, _, height, width = images.shape
    cpu = dict(device="cpu")  # even if the default device is a different one
    shifts = torch.randint(2 * _PADDING + 1, (2, n, 1), generator=generator, **cpu)
    flips = torch.rand(n, 1, generator=generator, dtype=torch.float32, **cpu) < 0.5
    rows = shifts[0] + torch.arange(height, **cpu)
    columns = shifts[1] + torch.arange(width, **cpu)
    columns = columns.where(~flips, columns.flip(1)).to(images.device)
    padded = functional.pad(images, (_PADDING,) * 4, mode="reflect")
    index = torch.arange(n, device=images.device).view(-1, 1, 1)
    # Advanced indices around the slice put the channels last; put them back.
    picked = padded[index, :, rows.to(images.device).unsqueeze(2), columns.unsqueeze(1)]
    return picked.permute(0, 3, 1, 2)


def _optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    shared = dict(lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(net.parameters(), capturable=_on_cuda(net), **shared)
    nesterov = recipe.momentum > 0
    return torch.optim.SGD(net.parameters(), momentum=recipe.momentum, nesterov=nesterov, **shared)


def _on_cuda(net: nn.Module) -> bool:
    return next(net.parameters()).device.type == "cuda"


def _schedule(optimizer: torch.optim.Optimizer, recipe: Recipe, batches: int) -> LRScheduler:
    steps = recipe.epochs * batches
    if recipe.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=recipe.learning_rate,
        total_steps=steps,
        pct_start=recipe.warm_up,
        cycle_momentum=False,
    )


def _save(
    path: Path,
    run: dict,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: LRScheduler,
    curves: Curves,
) -> None:
    """Write the state behind its SHA-256, since ``torch.load`` does not notice flipped bits."""
    state = dict(net=net, optimizer=optimizer, schedule=schedule)
    states = {name: part.state_dict() for name, part in state.items()}
    buffer = io.BytesIO()
    torch.save(states | {"curves": asdict(curves), "run": run}, buffer)
    content = buffer.getvalue()
    write_whole(path, lambda file: file.write(hashlib.sha256(content).digest() + content))


def _load(
    path: Path,
    run: dict,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: LRScheduler,
) -> Curves:
    """Put the checkpoint's state into net, optimiser and schedule; return its curves.

    Raises:
        ValueError: if the file is damaged or is the checkpoint of another run.
    """
    stored = _read(path, next(net.parameters()).device)
    differ = [name for name in run if stored["run"].get(name) != run[name]]
    if differ:
        raise ValueError(
            f"the checkpoint {path} belongs to a run with a different {' and '.join(differ)}; "
            "delete it to start the run again"
        )
    for name, part in dict(net=net, optimizer=optimizer, schedule=schedule).items():
        part.load_state_dict(stored[name])
    for group in optimizer.param_groups:
        if "capturable" in group:  # the run may have begun on another kind of device
            group["capturable"] = _on_cuda(net)
    return Curves(**stored["curves"])


def read_curves(checkpoint: Path) -> Curves:
    """Return the curves of an unfinished run from its checkpoint.

    Args:
        checkpoint: a file that ``train`` left.

    Raises:
        ValueError: if the file is damaged.
        FileNotFoundError: if there is none.

    Example:
        >>> import tempfile
        >>> from halfspace.conv import ConvReLUNet
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = ConvReLUNet(filters=2, depth=1, units=4, generator=generator)
        >>> x, y = torch.randn(8, 3, 6, 6, generator=generator), torch.arange(8) % 2
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "run.pt")
        ...     curves = train(net, x, y, Recipe(epochs=2, batch_size=4), seed=0, checkpoint=file)
        ...     read_curves(file) == curves
        True
    """
    return Curves(**_read(checkpoint, torch.device("cpu"))["curves"])


def _read(path: Path, device: torch.device) -> dict:
    """Return a checkpoint's content, checked by its SHA-256."""
    content = path.read_bytes()
    size = hashlib.sha256().digest_size
    if hashlib.sha256(content[size:]).digest() != content[:size]:
        raise ValueError(f"the checkpoint {path} is damaged; delete it to start the run again")
    return torch.load(io.BytesIO(content[size:]), map_location=device, weights_only=True)
