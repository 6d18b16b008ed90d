"""Fixtures that several test modules need."""

import functools
import signal

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from halfspace.companion.cifar import specs
from halfspace.datasets import CIFAR
from halfspace.gates import HardGate, SoftGate, StraightThroughGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, ReLUNet
from hypothesis import settings

# A shell tells background jobs to ignore Ctrl-C, and processes that tests stop would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples may take as long as a busy machine needs; each run tries the same ones.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")

NET_KINDS = {
    "relu": lambda d, **sizes: ReLUNet(d, **sizes),
    "linear": lambda d, **sizes: DeepLinearNet(d, **sizes),
    "dlgn-hard": lambda d, **sizes: DLGN(d, gate=HardGate(), **sizes),
    "dlgn-soft": lambda d, **sizes: DLGN(d, gate=SoftGate(4.0), **sizes),
    "dlgn-straight-through": lambda d, **sizes: DLGN(d, gate=StraightThroughGate(4.0), **sizes),
    "dlgn-pwc-hard": lambda d, **sizes: DLGN(d, gate=HardGate(), constant_input=True, **sizes),
    "dlgn-pwc-soft": lambda d, **sizes: DLGN(d, gate=SoftGate(4.0), constant_input=True, **sizes),
    "dlgn-pwc-frozen": lambda d, **sizes: DLGN(
        d, gate=SoftGate(4.0), constant_input=True, frozen_gating=True, **sizes
    ),
    "dlgn-shallow-soft": lambda d, **sizes: DLGN(d, gate=SoftGate(4.0), shallow=True, **sizes),
    "dlgn-shallow-pwc-hard": lambda d, **sizes: DLGN(
        d, gate=HardGate(), shallow=True, constant_input=True, **sizes
    ),
    "dgn-hard": lambda d, **sizes: DGN(d, gate=HardGate(), **sizes),
    "dgn-pwc-soft": lambda d, **sizes: DGN(d, gate=SoftGate(4.0), constant_input=True, **sizes),
}


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    """Make a net that is drawn without a generator the same in each run of a test."""
    torch.manual_seed(20240404)


@pytest.fixture
def generator() -> torch.Generator:
    """Return a fixed source of randomness for a test's own draws."""
    return torch.Generator().manual_seed(20240404)


@pytest.fixture
def noise_cifar(monkeypatch, tmp_path) -> CIFAR:
    """Stand in for CIFAR-10: noise, each class with a grey of its own, 40 + 6 images of each.

    Convolutional nets are narrow, and overlaps are those of 4 images of each class. What specs
    compute and record goes to folders of the test's own.
    """
    generator = torch.Generator().manual_seed(0)

    def part(each):
        labels = torch.arange(10).repeat_interleave(each)
        noise = torch.randint(100, (10 * each, 3, 32, 32), generator=generator)
        bright = 15 * labels + torch.randint(-12, 13, labels.shape, generator=generator)
        return (noise + 20 + bright.view(-1, 1, 1, 1)).to(torch.uint8), labels

    (train_x, train_y), (test_x, test_y) = part(40), part(6)
    found = CIFAR(
        train_images=train_x,
        train_labels=train_y,
        test_images=test_x,
        test_labels=test_y,
        classes=tuple("abcdefghij"),
    )
    monkeypatch.setattr(specs, "cifar", lambda name: found)
    monkeypatch.setattr(specs, "_KERNEL_SAMPLE", 4)
    for name in ("ConvReLUNet", "ConvDeepLinearNet", "ConvDGN", "ConvDLGN"):
        narrow = functools.partial(getattr(specs, name), filters=4, units=8)
        monkeypatch.setattr(specs, name, narrow)
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "results"))
    return found


@pytest.fixture
def own_figures():
    """Draw without a screen; leave matplotlib unchanged."""
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def texts(figure) -> list[str]:
    """Return the visible texts of a figure, drawn."""
    figure.canvas.draw()
    written = figure.findobj(mpl.text.Text)
    return [text.get_text() for text in written if text.get_visible() and text.get_text()]
