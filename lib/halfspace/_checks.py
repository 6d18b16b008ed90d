"""Checks of arguments that all modules share, and contexts that computations run in."""

import contextlib
import math
import operator
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "BORDERS",
    "broken_copies",
    "check_border",
    "check_conv_gates",
    "check_finite",
    "check_hard",
    "check_images",
    "check_integer",
    "check_points",
    "check_shape",
    "check_weights",
    "check_zero_one",
    "exact",
    "single_precision",
    "uncompiled",
]

BORDERS = ("zeros", "circular")
"""What convolutions may see beyond the border of an image."""

_LEAST = {None: "an integer", 0: "an integer of at least 0", 1: "a positive integer"}


def check_integer(name: str, value: object, least: int | None = 1) -> int:
    """Return a whole number, which may be NumPy's, as ``int``.

    Args:
        name: what it is, for the message.
        value: the number.
        least: smallest one allowed: 1, 0, or ``None`` for no limit.

    Raises:
        ValueError: if it is not an integer (a bool is not one) or too small.
    """
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None or (least is not None and number < least):
        raise ValueError(f"{name} must be {_LEAST[least]}; got {value!r}")
    return number


def check_points(x: Tensor, d_in: int) -> None:
    """Refuse inputs that are not points of the net's size.

    Raises:
        ValueError: if the shape is not (..., n, d_in).
    """
    if x.ndim < 2 or x.shape[-1] != d_in:
        raise ValueError(f"x must have shape (..., n, {d_in}); got {tuple(x.shape)}")


def check_images(x: Tensor, channels: int) -> None:
    """Refuse inputs that are not images of the net's channels.

    Raises:
        ValueError: if the shape is not (n, channels, h, w).
    """
    if x.ndim != 4 or x.shape[1] != channels:
        raise ValueError(f"x must have shape (n, {channels}, h, w); got {tuple(x.shape)}")


def check_shape(name: str, tensor: Tensor | np.ndarray, *shapes: tuple[int, ...]) -> None:
    """Refuse a tensor that has none of the given shapes: it would be broadcast.

    Raises:
        ValueError: if its shape is none of them.
    """
    if tuple(tensor.shape) not in shapes:
        expected = " or ".join(map(str, map(tuple, shapes)))
        raise ValueError(f"{name} must have shape {expected}; got {tuple(tensor.shape)}")


def check_finite(name: str, values: Tensor | np.ndarray) -> None:
    """Refuse NaN and infinite numbers: they define no gate, count or region.

    Raises:
        ValueError: if there are any.
    """
    if isinstance(values, Tensor) and values.detach().sum().isfinite():
        return  # NaN and infinities would show in the sum, which takes less time
    finite = values.isfinite() if isinstance(values, Tensor) else np.isfinite(values)
    if not finite.all():
        total = math.prod(finite.shape)
        bad = total - int(finite.sum())
        raise ValueError(f"{name} must be finite; {bad} of {total} values are not")


def check_weights(net: nn.Module) -> None:
    """Refuse a net with weights that are NaN or infinite.

    Raises:
        ValueError: if there are any; the message names the first parameter that has any.
    """
    for name, parameter in net.named_parameters():
        check_finite(f"the net's {name}", parameter.detach())


def broken_copies(net: nn.Module, axes: int = 1) -> Tensor:
    """Tell which copies of a stacked net have weights that are NaN or infinite.

    Args:
        net: a stacked net.
        axes: how many leading axes its weights have.

    Returns:
        bool, of the shape of the leading axes.
    """
    finite = [weight.detach().isfinite().flatten(axes).all(-1) for weight in net.parameters()]
    return ~torch.stack(finite).all(0)


def check_hard(gates: Tensor) -> None:
    """Refuse a tensor that does not hold hard gates.

    Raises:
        ValueError: if the shape is not (..., n, H, m) or a gate is neither 0 nor 1.
    """
    if gates.ndim < 3:
        raise ValueError(f"gates must have shape (..., n, H, m); got {tuple(gates.shape)}")
    check_zero_one(gates)


def check_zero_one(gates: Tensor) -> None:
    """Refuse gates that are neither 0 nor 1, of any shape.

    Raises:
        ValueError: if there are any.
    """
    if not ((gates == 0) | (gates == 1)).all():
        check_finite("gates", gates)
        raise ValueError("gates must be hard (0 or 1) to count paths; got other values")


def check_border(border: str) -> None:
    """Refuse a border that the convolutions do not have.

    Raises:
        ValueError: if it is neither ``"zeros"`` nor ``"circular"``.
    """
    if border not in BORDERS:
        raise ValueError(f"border must be one of {BORDERS}; got {border!r}")


def check_conv_gates(gates: list[Tensor]) -> None:
    """Refuse what are not the hard gates of convolutions and one dense layer for the same images.

    Raises:
        ValueError: if shapes are not (n, F, h, w), ..., (n, m), or a gate is neither 0 nor 1.
    """
    shapes = [tuple(g.shape) for g in gates]
    if [len(shape) for shape in shapes] != [4] * max(1, len(gates) - 1) + [2]:
        raise ValueError(f"gates must be (n, F, h, w) tensors and one (n, m) tensor; got {shapes}")
    if len({shape[0] for shape in shapes}) > 1 or len({shape[2:] for shape in shapes[:-1]}) > 1:
        raise ValueError(f"gates must share n, and those of convolutions h and w; got {shapes}")
    for g in gates:
        check_zero_one(g)


def uncompiled(net: nn.Module) -> nn.Module:
    """Return the net that ``torch.compile`` has wrapped, or the net itself."""
    return getattr(net, "_orig_mod", net)


@contextlib.contextmanager
def exact() -> Iterator[None]:
    """Keep the tensors' precision, even inside ``torch.autocast``."""
    with contextlib.ExitStack() as stack:
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        yield


@contextlib.contextmanager
def single_precision() -> Iterator[None]:
    """Make float32 tensors on the CPU, whatever the session's default dtype and device are."""
    dtype = torch.get_default_dtype()
    # A device's context slows down each call of PyTorch, so it is entered only where needed.
    elsewhere = torch.get_default_device().type != "cpu"
    with torch.device("cpu") if elsewhere else contextlib.nullcontext():
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
