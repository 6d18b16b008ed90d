"""Many nets at once against a Python loop over them, each with a separate Adam."""

from collections.abc import Callable

import torch
from halfspace.datasets import circle_grid
from halfspace.nets import Linear, ReLUNet, stack
from halfspace.training import fit
from torch import Tensor, nn

from benchmarks.harness import Competitor, compare

__all__ = ["FULL", "QUICK", "run"]

# Nets, points, width, depth, epochs of a call.
FULL = dict(
    cases=(
        (32, 200, 16, 5, 40),
        (32, 1000, 16, 5, 20),
        (32, 1000, 128, 5, 2),
        (32, 1000, 256, 5, 1),
    )
)
QUICK = dict(cases=((2, 10, 4, 2, 2),))
_LEARNING_RATE = 1e-3
_TOLERANCE = 1e-2  # of the largest output: float32 training slowly drifts from float64's


def run(quick: bool, *, cases: tuple[tuple[int, ...], ...]) -> dict:
    """Time full-batch epochs of ReLU nets; the first call is checked in float64."""
    names = ("nets", "points", "width", "depth", "epochs")
    rows = [_row(dict(zip(names, case, strict=True)), quick) for case in cases]
    return {"rows": rows, "fits": [], "facts": {"learning_rate": _LEARNING_RATE}}


def _row(sizes: dict[str, int], quick: bool) -> dict:
    angles, x = circle_grid(sizes["points"])
    y = (3 * angles).sin().unsqueeze(-1)
    nets = [
        ReLUNet(
            2,
            width=sizes["width"],
            depth=sizes["depth"],
            init="he",
            generator=torch.Generator().manual_seed(seed),
        )
        for seed in range(sizes["nets"])
    ]
    epochs = sizes["epochs"]
    truth = _loop([_plain(net).double() for net in nets], x.double(), y.double(), epochs)()

    def error(outputs: Tensor) -> float:
        return ((outputs.double() - truth).abs().max() / truth.abs().max()).item()

    label = f"training, {len(nets)} nets {sizes['width']}×{sizes['depth']}, n = {sizes['points']:,}"
    # Each call continues from the end of the previous one; an epoch's work stays the same.
    competitors = [
        Competitor(name="ours", own=True, work=_batched(nets, x, y, epochs), tolerance=_TOLERANCE),
        Competitor(
            name="loop over nets",
            work=_loop([_plain(net) for net in nets], x, y, epochs),
            tolerance=_TOLERANCE,
        ),
    ]
    return compare("training", label, sizes, competitors, error, quick=quick)


def _batched(nets: list[ReLUNet], x: Tensor, y: Tensor, epochs: int) -> Callable[[], Tensor]:
    many, seeds = stack(nets), range(len(nets))

    def work() -> Tensor:
        fit(many, x, y, seeds=seeds, epochs=epochs, learning_rate=_LEARNING_RATE)
        with torch.no_grad():
            return many(x)

    return work


def _loop(nets: list[nn.Module], x: Tensor, y: Tensor, epochs: int) -> Callable[[], Tensor]:
    def work() -> Tensor:
        for net in nets:
            adam = torch.optim.Adam(net.parameters(), lr=_LEARNING_RATE)
            for _ in range(epochs):
                loss = nn.functional.mse_loss(net(x), y)
                adam.zero_grad()
                loss.backward()
                adam.step()
        with torch.no_grad():
            return torch.stack([net(x) for net in nets])

    return work


def _plain(net: ReLUNet) -> nn.Sequential:
    """Return the same net as plain PyTorch layers."""
    layers = []
    for layer in net.value:
        layers += [_plain_layer(layer), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _plain_layer(layer: Linear) -> nn.Linear:
    d_out, d_in = layer.weight.shape
    plain = nn.Linear(d_in, d_out, bias=False)
    plain.weight.data = layer.weight.detach().clone()
    return plain
