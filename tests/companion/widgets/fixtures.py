"""What the package computes, as JSON files for the engine's tests.

Numbers are written with all their digits. Single-precision numbers are exact in double precision.
"""

import itertools
import json

import numpy as np
import torch
from halfspace import polygons
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.circle.measures import hard_gates
from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.target import Circle
from halfspace.companion.seeds import order_seed
from halfspace.datasets import circle_grid
from halfspace.gates import gate_named
from halfspace.nets import DLGN, DeepLinearNet, ReLUNet, stack, unstack
from halfspace.overlap import active_path_counts, overlap_kernel
from halfspace.regions import half_spaces, partition
from halfspace.training import fit, net_losses

DTYPES = {"float32": torch.float32, "float64": torch.float64}
KINDS = ("relu", "dlgn", "dlgn-pwc", "linear")
GATES = ("soft", "hard", "straight-through")
# Normal numbers come in pairs, of which one may wait for the next call, or in blocks of 16.
DRAWS = (
    *(("uniform", 3), ("normal", 5), ("permutation", 10), ("normal", 2), ("normal", 16)),
    *(("normal", 37), ("uniform", 700), ("normal", 9), ("permutation", 1), ("permutation", 257)),
)


def write_fixtures(folder):
    """Write one file for each part of the engine."""
    parts = dict(
        random=random_numbers(),
        nets=list(nets()),
        gradients=list(gradients()),
        trainings=list(trainings()),
        circle=list(circle_runs()),
        tasks=list(tasks()),
        recorded=list(recorded()),
        counts=list(counts()),
        regions=list(regions()),
    )
    for name, values in parts.items():
        text = json.dumps(values, allow_nan=False)
        (folder / f"{name}.json").write_text(text, encoding="utf8")


def make_net(spec, generator, dtype=torch.float64):
    """Build the net that a spec of the engine describes."""
    kind, gate = spec["kind"], spec.get("gate", {"kind": "soft", "beta": 4.0})
    sizes = dict(
        width=spec.get("width", 16),
        depth=spec.get("depth", 5),
        bias=spec.get("biases", False),
        init=spec.get("init", "default"),
        gain=spec.get("gain", 1.0),
        generator=generator,
    )
    inputs = spec.get("inputs", 2)
    if kind == "relu":
        net = ReLUNet(inputs, **sizes)
    elif kind == "linear":
        net = DeepLinearNet(inputs, **sizes)
    else:
        net = DLGN(
            inputs,
            gate=gate_named(gate["kind"], gate.get("beta", 4.0)),
            constant_input=kind == "dlgn-pwc",
            gating_gain=spec.get("gatingGain", 1.0),
            **sizes,
        )
    return net.to(dtype)


def flat(tensor):
    """Return a tensor's numbers as a list."""
    return tensor.detach().double().flatten().tolist()


def state(net):
    """Return a net's weights by name."""
    return {name: flat(tensor) for name, tensor in net.state_dict().items()}


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def random_numbers():
    """Draws of several kinds, one after the other, from several seeds."""
    streams = []
    for seed in (0, 1, 20240404, 2**32 - 1):
        generator = seeded(seed)
        draws = []
        for kind, size in DRAWS:
            if kind == "uniform":
                drawn = torch.empty(size).uniform_(-0.3, 0.7, generator=generator)
            elif kind == "normal":
                drawn = torch.empty(size).normal_(0, 0.5, generator=generator)
            else:
                drawn = torch.randperm(size, generator=generator)
            draws.append(dict(kind=kind, size=size, values=flat(drawn)))
        streams.append(dict(seed=seed, draws=draws))
    seeds = [0, 1, 7, 1000, 3000, 3099, 2**31, 2**32 - 1]
    return dict(streams=streams, order=[[seed, order_seed(seed)] for seed in seeds])


def net_specs():
    """Nets of all kinds and gates, with widths that fill the engine's tiles and that do not."""
    for kind, biases in itertools.product(KINDS, (False, True)):
        yield dict(kind=kind, biases=biases)
        yield dict(kind=kind, biases=biases, width=7, depth=3, inputs=3, init="xavier", gain=1.5)
    for kind in ("relu", "dlgn"):
        yield dict(kind=kind, init="he", biases=True, width=9, depth=2, gain=0.6, gatingGain=0.4)
        yield dict(kind=kind, width=1, depth=1, inputs=1, biases=True)
    for gate in GATES:
        yield dict(kind="dlgn", width=6, depth=2, gate=dict(kind=gate, beta=10.0))


def nets():
    """Weights, outputs and gates of nets from their seeds."""
    for seed, (spec, (precision, dtype)) in enumerate(
        itertools.product(net_specs(), DTYPES.items())
    ):
        net = make_net(spec, seeded(seed), dtype)
        # More points than the engine passes through a net at once, with a number left over.
        x = torch.randn(70, spec.get("inputs", 2), generator=seeded(99)).to(dtype)
        hard = hard_gates(net, x)
        yield dict(
            spec=spec,
            seed=seed,
            precision=precision,
            state=state(net),
            x=flat(x),
            outputs=flat(net(x)),
            hard=flat(net(x, gates=hard)) if net.has_gating else flat(net(x)),
            gates=[flat(layer) for layer in hard.unbind(1)],
            preactivations=[flat(layer) for layer in net.preactivations(x).unbind(1)],
            half_spaces=[flat(part) for part in half_spaces(net)] if net.has_gating else None,
        )


def task(dtype, loss, points=40):
    """Points in the plane and their targets."""
    x = torch.randn(points, 2, generator=seeded(5)).to(dtype)
    y = torch.sin(3 * x[:, :1]) * x[:, 1:]
    return x, torch.where(y >= 0, 1.0, -1.0).to(dtype) if loss == "logistic" else y


def gradients():
    """Gradients of a full batch's mean loss, with and without biases."""
    for kind, biases, loss in itertools.product(KINDS, (False, True), ("squared", "logistic")):
        for gate in GATES if kind.startswith("dlgn") else ("soft",):
            spec = dict(
                kind=kind, biases=biases, width=6, depth=3, gain=1.5, gate=dict(kind=gate, beta=4.0)
            )
            net = make_net(spec, seeded(11))
            x, y = task(torch.float64, loss)
            mean = net_losses(net(x)[None], y, "mse" if loss == "squared" else loss).sum()
            mean.backward()
            yield dict(
                spec=spec,
                seed=11,
                loss=loss,
                x=flat(x),
                y=flat(y),
                mean=mean.item(),
                gradients={
                    name: flat(torch.zeros_like(p) if p.grad is None else p.grad)
                    for name, p in net.named_parameters()
                },
            )


def training_specs():
    """Nets, how they are trained, and the precisions in which they are."""
    both, double = tuple(DTYPES), ("float64",)
    base = dict(optimizer="adam", loss="squared", frozen=None, rate=3e-3)
    sgd, small = dict(optimizer="sgd", rate=0.1), dict(biases=True, width=7, depth=2)
    yield dict(kind="relu"), base, both
    yield dict(kind="dlgn-pwc"), base, both
    yield dict(kind="relu", **small), base | sgd, double
    yield dict(kind="linear", **small), base, double
    yield dict(kind="dlgn", **small), base | dict(loss="logistic"), both
    yield dict(kind="dlgn-pwc", **small), base | sgd | dict(loss="logistic"), double
    yield dict(kind="dlgn-pwc", depth=2, gate=dict(kind="hard")), base, double
    yield dict(kind="dlgn-pwc", depth=2, gate=dict(kind="straight-through")), base, both
    yield dict(kind="dlgn", depth=3), base | dict(frozen=3), both
    yield dict(kind="dlgn", **small), base | sgd | dict(frozen=3), double


def trainings():
    """A hundred steps in batches, the last one of an epoch smaller."""
    epochs, batch = 34, 16  # 40 points: three batches an epoch
    for spec, how, precisions in training_specs():
        for precision in precisions:
            dtype = DTYPES[precision]
            net = stack([make_net(spec, seeded(21), dtype)])
            x, y = task(dtype, how["loss"])
            history = fit(
                net,
                x,
                y,
                seeds=[4],
                epochs=epochs,
                batch_size=batch,
                learning_rate=how["rate"],
                optimizer=how["optimizer"],
                loss="mse" if how["loss"] == "squared" else how["loss"],
                between=Freezing(how["frozen"]),
            )
            (single,) = unstack(net)
            yield dict(
                spec=spec,
                seed=21,
                order=4,
                precision=precision,
                epochs=epochs,
                batch=batch,
                x=flat(x),
                y=flat(y),
                losses=history.batch_loss[:, 0].tolist(),
                state=state(single),
                outputs=flat(single(x)),
                **how,
            )


class Freezing:
    """Stops the gating network's learning before an epoch; called before each one."""

    def __init__(self, epoch):
        self.epoch, self.calls = epoch, 0

    def __call__(self, net):
        if self.calls == self.epoch:
            net.gating.requires_grad_(False)
        self.calls += 1


def circle_runs():
    """Runs of one seed on the circle, as ``CircleTraining`` makes them."""
    changes = [
        dict(model="relu"),
        dict(model="dlgn", own_order=True, bias=True, gating_gain=0.6, beta=30.0),
        dict(model="dlgn", gate="straight-through", constant_input=False, batch_size=50),
        dict(model="frozen", own_order=True, target=Circle(n=60, frequencies=(8.0, 2.0))),
        dict(model="linear", width=5, depth=2, init="xavier", gain=2.0, own_order=True),
        dict(model="relu", optimizer="sgd", learning_rate=0.3, batch_size=512),
    ]
    epochs, seed = 5, 3007
    for change in changes:
        spec = recipe(**change, epochs=epochs, first_seed=seed, seeds=1)
        _, grid = circle_grid(16)
        start = spec.net(seed)
        net, history = spec.train(torch.device("cpu"))
        options = {camel(name): value for name, value in change.items() if name != "target"}
        if "target" in change:
            options["target"] = target_options(change["target"])
        yield dict(
            spec=options,
            seed=seed,
            grid=flat(grid),
            start=flat(start(grid)),
            losses=history.batch_loss[:, 0].tolist(),
            outputs=flat(net(grid)),
        )


def camel(name):
    """Return the engine's name of a field."""
    first, *rest = {"bias": "biases"}.get(name, name).split("_")
    return first + "".join(part.title() for part in rest)


def target_options(target):
    """Return the engine's options for a target."""
    return dict(
        points=target.n,
        frequencies=target.frequencies,
        amplitudes=target.amplitudes,
        phases=target.phases,
        topShare=target.top_share,
    )


def tasks():
    """Targets on the circle."""
    for target in (
        Circle(),
        Circle(n=61, frequencies=(0.0, 7.5), amplitudes=(0.3, 2.0), phases=(np.pi / 2, 0.1)),
        Circle(n=10, top_share=0.25),  # 2.5 points on the top half: two
        Circle(n=30, top_share=0.65),  # 19.5: twenty
    ):
        yield dict(
            options=target_options(target),
            angles=flat(target.angles(torch.float64)),
            points=flat(target.points(torch.float64)),
            targets=flat(target.values(torch.float64)),
            top=int(target.top().sum()),
            anywhere=flat(target.target(torch.tensor([-1.0, 0.5, 4.0, 7.0], dtype=torch.float64))),
        )


def recorded():
    """Losses of recorded runs of the base recipe, all seeds, by epoch and half."""
    conditions = circle_conditions()
    for model in ("relu", "dlgn"):
        study = conditions[f"{model}: base"]
        arrays, spec = study.recorded().arrays, study.training
        loss = (arrays["loss_top"] + arrays["loss_bottom"]) / 2
        yield dict(
            spec=dict(model=model, ownOrder=spec.own_order),
            seed=spec.first_seed,
            epochs=arrays["at"].tolist(),
            losses=loss.astype(float).tolist(),
        )


def counts():
    """Path counts and overlap kernels of random gates and of a net's."""
    drawn = seeded(31)
    for points, depth, width in ((1, 1, 1), (17, 5, 16), (9, 3, 40), (12, 2, 32), (5, 10, 30)):
        gates = (torch.rand(points, depth, width, generator=drawn) < 0.6).double()
        gates[0, 0] = 0  # a point without an active path
        for biases in (False, True):
            yield dict(
                gates=[flat(layer) for layer in gates.unbind(1)],
                points=points,
                biases=biases,
                counts=active_path_counts(gates, bias=biases).tolist(),
                kernel=overlap_kernel(gates, bias=biases).flatten().tolist(),
            )


def regions():
    """Partitions of a window by nets from seeds, and by nets with degenerate lines."""
    window = dict(left=-2.0, right=1.5, bottom=-1.0, top=1.25)
    corners = polygons.rectangle(*window.values())
    for kind, biases, seed in itertools.product(KINDS[:3], (False, True), (0, 1)):
        spec = dict(kind=kind, biases=biases, width=8, depth=4, gain=1.5)
        net = make_net(spec, seeded(seed))
        yield dict(spec=spec, seed=seed, box=window, **cut(net, corners))
    for kind in ("relu", "dlgn"):
        spec = dict(kind=kind, biases=True, width=6, depth=2)
        net = make_net(spec, seeded(0))
        layers = net.gate_layers
        # Two equal units, two opposite ones, one that is zero, one along the window's side.
        rows = [[1, 1], [1, 1], [1, -1], [-1, 1], [0, 0], [1, 0]]
        layers[0].weight.data = torch.tensor(rows, dtype=torch.float64)
        layers[0].bias.data = torch.tensor([0, 0, 0.5, -0.5, 0, 2.0], dtype=torch.float64)
        layers[1].weight.data[0], layers[1].bias.data[0] = 0, -1.0
        layers[1].weight.data[1], layers[1].bias.data[1] = 0, 0.0
        yield dict(spec=spec, seed=0, box=window, state=state(net), **cut(net, corners))


def cut(net, corners):
    """Return a partition's cells, gates and areas."""
    found = partition(net, corners)
    return dict(
        cells=[cell.flatten().tolist() for cell in found.cells],
        patterns=[pattern.flatten().astype(int).tolist() for pattern in found.patterns],
        areas=found.areas.tolist(),
    )
