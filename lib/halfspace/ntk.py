"""Empirical neural tangent kernel of any net made of leaf modules, layer by layer.

``Θ(x, x') = Σ_c ⟨∇_θ y_c(x), ∇_θ y_c(x')⟩`` over the trained parameters θ. One forward pass records
each layer's input a, one backward pass per output its output gradient δ.

A dense layer has per-sample weight gradient δ aᵀ, so that its share of the kernel is
``⟨δ, δ'⟩ ⟨a, a'⟩`` (and ``⟨δ, δ'⟩`` for its bias): two products of thin matrices, in tiles that
stay in the processor's cache, and no Jacobian. Any other layer's per-sample Jacobian is formed from
its a and δ, in blocks of samples, and its Gram matrix added.

Reference: Novak, Sohl-Dickstein and Schoenholz 2022, Fast Finite Width Neural Tangent Kernel
("structured derivatives").
"""

import itertools
import math
from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from halfspace.nets import Linear

__all__ = ["empirical_ntk"]

_TILE = {"cpu": 256}  # tiles of this side fit a core's second-level cache
_TILE_ELSEWHERE = 4096  # an accelerator wants few large products


def empirical_ntk(
    net: nn.Module,
    x: Tensor,
    other: Tensor | None = None,
    *,
    outputs: str = "trace",
    memory: int = 2**28,
    out: Tensor | None = None,
) -> Tensor:
    """Compute the empirical NTK of a set of points, or between two sets.

    The net is called once per set, as it is: its own gates (a hard gate passes no gradient to the
    gating network) and its own mode. Each point's outputs must depend on that point alone.

    Args:
        net: a network of ``halfspace.nets``, possibly stacked, or any module that maps (n, ...) to
            (n, c) and whose trained parameters belong to leaf modules, each called with one tensor
            that has the points along its first axis. Parameters that need no gradient (a frozen
            gating network) are left out.
        x: inputs, shape (n, ...), or (..., n, d) for a stacked net.
        other: inputs of a second set, shape (n', ...); the first set if ``None``, which halves the
            work.
        outputs: ``"trace"`` sums over outputs, ``"full"`` keeps each pair of outputs.
        memory: bytes of working memory beside the result and the recorded a and δ. The Jacobian of
            one point (and, of the trace, one output) to one layer is formed in any case.
        out: where to write the result, in the dtype and on the device of the net's outputs; a fresh
            tensor if ``None``.

    Returns:
        Shape (..., n, n') for the trace, (..., n, n', c, c) in full, in the dtype of the net;
        ``out`` if given.

    Raises:
        ValueError: if an argument is out of range, no parameter needs a gradient, ``out`` does not
            fit, or a module mixes points or hides its parameters' use (the text names it).
    """
    if outputs not in ("trace", "full"):
        raise ValueError(f'outputs must be "trace" or "full"; got {outputs!r}')
    if memory < 1:
        raise ValueError(f"memory must be a positive number of bytes; got {memory}")
    leaves = _trained_leaves(net)
    first = _record(net, leaves, x)
    second = first if other is None else _record(net, leaves, other)
    if (first.lead, first.count) != (second.lead, second.count):
        raise ValueError(
            "x and other must give outputs that differ in n only; got "
            f"{(*first.lead, first.n, first.count)} and {(*second.lead, second.n, second.count)}"
        )
    full = outputs == "full"
    shape = (*first.lead, first.n, second.n, *(2 * (first.count,) if full else ()))
    like = first.outputs
    if out is None:
        out = torch.empty(shape, dtype=like.dtype, device=like.device)
    elif (out.shape, out.dtype, out.device) != (shape, like.dtype, like.device):
        raise ValueError(
            f"out must be {like.dtype} of shape {tuple(shape)} on {like.device}; "
            f"got {out.dtype} of shape {tuple(out.shape)} on {out.device}"
        )
    pairs = [
        (a, b) for a, b in zip(first.layers, second.layers, strict=True) if a.inputs and b.inputs
    ]
    dense = [pair for pair in pairs if pair[0].dense and pair[1].dense]
    for index in itertools.product(*map(range, first.lead)):
        factors = [_factors(a, b, full, index) for a, b in dense]
        target = out[index] if full else out[index][..., None, None]
        _write_dense(target, factors, memory, symmetric=other is None)
    for a, b in pairs:
        if not (a.dense and b.dense):
            _add_jacobians(out if full else out[..., None, None], a, b, memory)
    return out


@dataclass
class _Layer:
    """One leaf module and, for each of its calls that the outputs depend on, a and δ."""

    name: str
    module: nn.Module
    inputs: list[Tensor] = field(default_factory=list)  # each (n, ...), or (..., n, in) stacked
    deltas: list[Tensor] = field(default_factory=list)  # each (c, n, ...), or (c, ..., n, out)
    dense: bool = False  # whether the share is ⟨δ, δ'⟩ ⟨a, a'⟩

    def trained(self) -> dict[str, Tensor]:
        """Return the module's parameters that need a gradient."""
        own = self.module.named_parameters(recurse=False)
        return {name: p.detach() for name, p in own if p.requires_grad}


@dataclass
class _Record:
    """What one forward pass and its backward passes leave."""

    outputs: Tensor
    layers: list[_Layer]

    @property
    def lead(self) -> tuple[int, ...]:
        return tuple(self.outputs.shape[:-2])

    @property
    def n(self) -> int:
        return self.outputs.shape[-2]

    @property
    def count(self) -> int:
        return self.outputs.shape[-1]


def _title(name: str, module: nn.Module) -> str:
    return f"{name or 'the net itself'} ({type(module).__name__})"


def _trained_leaves(net: nn.Module) -> dict[str, nn.Module]:
    """Name the modules that own trained parameters; refuse those that the method cannot serve."""
    leaves, owners = {}, {}
    for name, module in net.named_modules():
        title = _title(name, module)
        if isinstance(module, _BatchNorm) and (module.training or module.running_mean is None):
            raise ValueError(
                f"{title} normalises by statistics of the batch, which mixes points; "
                "call its eval() first, with running statistics"
            )
        if isinstance(module, _DropoutNd) and module.training and module.p > 0:
            raise ValueError(f"{title} drops units at random; call its eval() first")
        own = [(key, p) for key, p in module.named_parameters(recurse=False) if p.requires_grad]
        if not own:
            continue
        if next(module.children(), None) is not None:
            raise ValueError(
                f"{title} owns the trained parameter {own[0][0]} and has submodules, so that the "
                "parameter's use cannot be recorded; move it into a leaf module, or freeze it"
            )
        if module._forward_hooks or module._forward_pre_hooks:
            raise ValueError(
                f"{title} has forward hooks, which may change what it computes; remove them first"
            )
        for key, parameter in own:
            if parameter in owners:
                raise ValueError(
                    f"{title} shares its {key} with {owners[parameter]}; use one module in both "
                    "places, or freeze it"
                )
            owners[parameter] = title
        leaves[name] = module
    if not leaves:
        raise ValueError("the NTK needs a net with trained parameters; none needs a gradient")
    return leaves


def _record(net: nn.Module, leaves: dict[str, nn.Module], x: Tensor) -> _Record:
    """Run the net and record each leaf's a and δ, one of each per call."""
    names = {module: name for name, module in leaves.items()}
    calls = {module: [] for module in names}  # per call: [a, where a comes from, output]
    running = Counter()

    def enter(module, args, kwargs):
        running[module] += 1
        if running[module] > 1:  # called by its own forward: part of the outer call
            return
        if len(args) != 1 or kwargs or not isinstance(args[0], Tensor):
            raise ValueError(
                f"{_title(names[module], module)} must be called with one tensor and nothing "
                "else; wrap it in a module that is, or freeze it"
            )
        # Copies, here and below, since modules may change tensors in place.
        calls[module].append([args[0].detach().clone(), args[0].grad_fn])

    def leave(module, args, out):
        running[module] -= 1
        if running[module]:
            return None
        if not isinstance(out, Tensor):
            raise ValueError(
                f"{_title(names[module], module)} must return one tensor; got {type(out).__name__}"
            )
        calls[module][-1].append(out)
        return out.clone()

    hooks = []
    try:
        for module in names:
            hooks.append(module.register_forward_pre_hook(enter, with_kwargs=True))
            hooks.append(module.register_forward_hook(leave))
        with torch.enable_grad():
            outputs = net(x)
    finally:
        for hook in hooks:
            hook.remove()
    _check_outputs(outputs, x)
    _refuse_use_elsewhere(outputs, calls, names)

    layers = [_Layer(name, module) for name, module in leaves.items()]
    made = [(layer, *call) for layer in layers for call in calls[layer.module]]
    made = [call for call in made if call[-1].requires_grad]
    # Points and stacked copies do not mix, so the gradient of a sum holds every point's own.
    grads = []
    if made and outputs.requires_grad:
        results = [call[-1] for call in made]
        with torch.enable_grad():
            sums = [output.sum() for output in outputs.flatten(0, -2).unbind(-1)]
        grads = [
            torch.autograd.grad(s, results, retain_graph=True, allow_unused=True) for s in sums
        ]
    for (layer, a, *_), *parts in zip(made, *grads, strict=True):
        if parts and parts[0] is not None:  # whether any output depends on the call
            layer.inputs.append(a)
            layer.deltas.append(torch.stack(parts))
    for layer in layers:
        _settle(layer, outputs)
    return _Record(outputs.detach(), layers)


def _check_outputs(outputs: Tensor, x: Tensor) -> None:
    if not isinstance(outputs, Tensor):
        raise ValueError(f"the net must return one tensor; got {type(outputs).__name__}")
    points = x.shape[0] if outputs.ndim == 2 else x.shape[-2] if x.ndim > 1 else None
    if outputs.ndim < 2 or outputs.shape[-2] != points:
        raise ValueError(
            "the net's outputs must have shape (n, c), or (..., n, c) if stacked; got "
            f"{tuple(outputs.shape)} for inputs of shape {tuple(x.shape)}"
        )


def _refuse_use_elsewhere(outputs: Tensor, calls: dict, names: dict) -> None:
    """Walk the graph of the outputs around the recorded calls: it may meet no trained parameter."""
    owners = {id(p): (key, m) for m in calls for key, p in m.named_parameters(recurse=False)}
    made = [call for of_module in calls.values() for call in of_module]
    seen = {None, *(out.grad_fn for _, _, out in made)}
    waiting = [outputs.grad_fn, *(source for _, source, _ in made)]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        key, module = owners.get(id(getattr(node, "variable", None)), (None, None))
        if module is not None:
            raise ValueError(
                f"{_title(names[module], module)} has its {key} used outside its own forward, "
                "where that cannot be recorded; call the module, or freeze it"
            )
        waiting.extend(source for source, _ in node.next_functions)


def _settle(layer: _Layer, outputs: Tensor) -> None:
    """Decide whether a layer's share has the closed form; refuse shapes that no form serves."""
    lead, n = tuple(outputs.shape[:-2]), outputs.shape[-2]
    plain = type(layer.module).forward in (Linear.forward, nn.Linear.forward)
    if plain and len(layer.inputs) == 1:
        layer.dense = layer.deltas[0].shape[1:-1] == (*lead, n)
    if layer.dense or not layer.inputs:
        return
    title = _title(layer.name, layer.module)
    if lead:
        raise ValueError(
            f"{title} must be a dense layer, called once with its points along the last axis but "
            f"one, for outputs of shape {tuple(outputs.shape)}; take the nets one by one"
        )
    for a, delta in zip(layer.inputs, layer.deltas, strict=True):
        if a.shape[:1] != (n,) or delta.shape[1:2] != (n,):
            raise ValueError(
                f"{title} must be called with the {n} points along the first axis; "
                f"it maps {tuple(a.shape)} to {tuple(delta.shape[1:])}"
            )


def _factors(a: _Layer, b: _Layer, full: bool, index: tuple[int, ...]) -> tuple:
    """Return one stacked copy's a (n, in) and δ (g, n, k), the second set's, and what is trained.

    In full there is a group of k = out gradients for each output; for the trace, a single group of
    k = c · out, whose inner product is the sum over outputs.
    """
    sides = []
    for layer in (a, b):
        inputs, deltas = layer.inputs[0], layer.deltas[0]
        inputs = inputs.expand(*deltas.shape[1:-2], *inputs.shape[-2:])[index]
        deltas = deltas[(slice(None), *index)]
        if not full:
            deltas = deltas.movedim(0, 1).flatten(1)[None]
        sides += [inputs, deltas]
    return *sides, a.trained().keys()


def _write_dense(out: Tensor, factors: list[tuple], memory: int, symmetric: bool) -> None:
    """Write Σ_ℓ ⟨a, a'⟩ ⟨δ, δ'⟩ over dense layers into ``out`` (n, n', g, g), tile by tile."""
    n, n_other, g, _ = out.shape
    largest = _TILE.get(out.device.type, _TILE_ELSEWHERE) // math.isqrt(g)
    side = _side(memory // 3, g, out, largest)
    sums, inners, features = (out.new_empty(k * k * side * side) for k in (g, g, 1))
    for i in range(0, n, side):
        for j in range(i if symmetric else 0, n_other, side):
            r, s = min(side, n - i), min(side, n_other - j)
            total = sums[: g * r * g * s].view(g, r, g, s).zero_()
            inner = inners[: g * r * g * s].view(g * r, g * s)
            feature = features[: r * s].view(r, s)
            for a, delta, a_other, delta_other, trained in factors:
                left = delta[:, i : i + r].reshape(g * r, -1)
                right = delta_other[:, j : j + s].reshape(g * s, -1)
                torch.mm(left, right.T, out=inner)
                if "weight" not in trained:
                    total.add_(inner.view_as(total))
                    continue
                torch.mm(a[i : i + r], a_other[j : j + s].T, out=feature)
                if "bias" in trained:
                    feature.add_(1)
                total.addcmul_(inner.view_as(total), feature[:, None, :])
            out[i : i + r, j : j + s] = total.permute(1, 3, 0, 2)
            if symmetric and j > i:
                out[j : j + s, i : i + r] = total.permute(3, 1, 2, 0)


def _add_jacobians(out: Tensor, first: _Layer, second: _Layer, memory: int) -> None:
    """Add the Gram matrix of one layer's Jacobians to ``out`` (n, n', g, g), block by block."""
    n, n_other, g, _ = out.shape
    symmetric = second is first
    parameters = sum(p.numel() for p in first.trained().values())
    around = sum(a[0].numel() for a in first.inputs) + sum(d[0, 0].numel() for d in first.deltas)
    # One block is held while the other is made, which takes up to three times its size.
    point = out.element_size() * g * (4 * parameters + 2 * around)
    side = _side(memory // 2, g, out, max(1, memory // 2 // point))
    for part in [slice(None)] if g > 1 else [slice(c, c + 1) for c in range(len(first.deltas[0]))]:
        for i in range(0, n, side):
            left = _jacobian(first, part, slice(i, i + side))
            for j in range(i if symmetric else 0, n_other, side):
                own = symmetric and j == i
                right = left if own else _jacobian(second, part, slice(j, j + side))
                gram = torch.mm(left.flatten(0, 1), right.flatten(0, 1).T)
                gram = gram.view(g, left.shape[1], g, right.shape[1])
                out[i : i + side, j : j + side] += gram.permute(1, 3, 0, 2)
                if symmetric and j > i:
                    out[j : j + side, i : i + side] += gram.permute(3, 1, 2, 0)


def _jacobian(layer: _Layer, part: slice, points: slice) -> Tensor:
    """Return the derivatives of some outputs at some points, (g, points, parameters)."""
    trained = layer.trained()

    def pull(a: Tensor, deltas: Tensor) -> Tensor:
        _, back = vjp(lambda p: functional_call(layer.module, p, (a[None].clone(),))[0], trained)
        (grads,) = vmap(back)(deltas)
        return torch.cat([grad.reshape(len(deltas), -1) for grad in grads.values()], dim=1)

    return sum(
        vmap(pull, (0, 1), 1)(a[points], delta[part, points])
        for a, delta in zip(layer.inputs, layer.deltas, strict=True)
    )


def _side(memory: int, g: int, like: Tensor, largest: int) -> int:
    """Return the side of the largest tile whose (g · side)² numbers fit into ``memory`` bytes."""
    return max(1, min(largest, math.isqrt(memory // like.element_size()) // g))
