"""A net's layers as one forward and some backward passes leave them, recorded through hooks."""

import contextlib
import sys
from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from halfspace.nets import Linear

__all__ = ["Layer", "Record", "check_outputs", "record", "trained_leaves"]


_RANDOM_POOLS = (nn.FractionalMaxPool2d, nn.FractionalMaxPool3d)


@dataclass
class Layer:
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
class Record:
    """What one forward pass and its backward passes leave."""

    outputs: Tensor
    layers: list[Layer]

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


def _drops(module: nn.Module) -> bool:
    """Tell whether a module has dropout of its own, in training."""
    if isinstance(module, _DropoutNd):
        return module.training and module.p > 0
    inside = isinstance(module, nn.RNNBase | nn.MultiheadAttention)
    return inside and module.training and module.dropout > 0


def trained_leaves(net: nn.Module) -> dict[str, nn.Module]:
    """Name the modules that own trained parameters; refuse those that the method cannot serve."""
    leaves, owners = {}, {}
    for name, module in net.named_modules():
        title = _title(name, module)
        if isinstance(module, _BatchNorm) and (module.training or module.running_mean is None):
            raise ValueError(
                f"{title} normalises by statistics of the batch, which mixes points; "
                "call its eval() first, with running statistics"
            )
        if _drops(module):
            raise ValueError(f"{title} drops units at random; call its eval() first")
        if isinstance(module, nn.RReLU) and module.training:
            raise ValueError(f"{title} draws its slopes at random; call its eval() first")
        if isinstance(module, _RANDOM_POOLS) and module._random_samples is None:
            raise ValueError(
                f"{title} draws its regions at random, in eval() too; use another kind of pooling"
            )
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


def _as_written() -> contextlib.AbstractContextManager:
    """Run modules as they are written: code made by ``torch.compile`` may pass hooks by."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled, and the import takes seconds
        return contextlib.nullcontext()
    return torch.compiler.set_stance("force_eager")


@torch.inference_mode(False)  # its tensors know no gradients
def record(net: nn.Module, leaves: dict[str, nn.Module], x: Tensor) -> Record:
    """Run the net and record each leaf's a and δ, one of each per call."""
    if x.is_inference():
        x = x.clone()
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
        with torch.enable_grad(), _as_written():
            outputs = net(x)
    finally:
        for hook in hooks:
            hook.remove()
    check_outputs(outputs, x)
    _refuse_use_elsewhere(outputs, calls, names)

    layers = [Layer(name, module) for name, module in leaves.items()]
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
    return Record(outputs.detach(), layers)


def check_outputs(outputs: Tensor, x: Tensor) -> None:
    """Refuse outputs that are not one row per point."""
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


def _settle(layer: Layer, outputs: Tensor) -> None:
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
