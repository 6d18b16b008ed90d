"""Record each layer's inputs and output gradients, through hooks and autograd, for any net."""

import contextlib
import sys
from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from halfspace.nets import Linear

__all__ = ["Layer", "Record", "check_outputs", "record", "trained_leaves"]

_RANDOM_POOLS = (nn.FractionalMaxPool2d, nn.FractionalMaxPool3d)


@dataclass
class Layer:
    """One leaf module, with a and δ of each of its calls that the outputs depend on."""

    name: str
    module: nn.Module
    inputs: list[Tensor] = field(default_factory=list)  # each (n, ...), or (..., n, in) stacked
    deltas: list[Tensor] = field(default_factory=list)  # each (c, n, ...), or (c, ..., n, out)
    dense: bool = False  # whether the layer's share of the kernel is ⟨δ, δ'⟩ ⟨a, a'⟩

    @property
    def title(self) -> str:
        """The module's name and type, for messages."""
        return _title(self.name, self.module)

    def trained(self) -> dict[str, Tensor]:
        """Return the module's parameters that need a gradient."""
        parameters = self.module.named_parameters(recurse=False)
        return {name: p.detach() for name, p in parameters if p.requires_grad}


@dataclass
class Call:
    """One call of a layer's module in the forward pass."""

    layer: Layer
    a: Tensor  # a detached copy of the input
    source: Node | None  # the node of autograd's graph that made the input
    output: Tensor | None = None  # set when the call returns


@dataclass
class Record:
    """The outputs and the layers' a and δ, from one forward pass and its backward passes."""

    outputs: Tensor
    layers: list[Layer]

    @property
    def lead(self) -> tuple[int, ...]:
        """The leading axes of a stacked net, () for a single one."""
        return tuple(self.outputs.shape[:-2])

    @property
    def n(self) -> int:
        """The number of points."""
        return self.outputs.shape[-2]

    @property
    def count(self) -> int:
        """The number of outputs, c."""
        return self.outputs.shape[-1]


def _title(name: str, module: nn.Module) -> str:
    return f"{name or 'the net itself'} ({type(module).__name__})"


def _drops(module: nn.Module) -> bool:
    """Tell whether a module is in training and drops units itself."""
    if isinstance(module, _DropoutNd):
        return module.training and module.p > 0
    has_dropout = isinstance(module, nn.RNNBase | nn.MultiheadAttention)
    return has_dropout and module.training and module.dropout > 0


def trained_leaves(net: nn.Module) -> dict[str, nn.Module]:
    """Return the modules that own trained parameters, by name.

    Raises:
        ValueError: if there is none, a module mixes points or draws at random, or the use of a
            trained parameter cannot be recorded: its module has submodules or hooks, or shares it.
    """
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
        trained = [(key, p) for key, p in module.named_parameters(recurse=False) if p.requires_grad]
        if not trained:
            continue
        if next(module.children(), None) is not None:
            raise ValueError(
                f"{title} owns the trained parameter {trained[0][0]} and has submodules, so that "
                "the parameter's use cannot be recorded; move it into a leaf module, or freeze it"
            )
        if module._forward_hooks or module._forward_pre_hooks:
            raise ValueError(
                f"{title} has forward hooks, which may change what it computes; remove them first"
            )
        for key, parameter in trained:
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
    """Run modules without ``torch.compile``, whose code may not call hooks added later."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled, and the import takes seconds
        return contextlib.nullcontext()
    return torch.compiler.set_stance("force_eager")


@torch.inference_mode(False)  # autograd does not record tensors made in inference mode
def record(net: nn.Module, leaves: dict[str, nn.Module], x: Tensor) -> Record:
    """Run the net forwards, and backwards from each output; record a and δ of each leaf's calls.

    Args:
        net: any module that ``trained_leaves`` accepts.
        leaves: the result of ``trained_leaves`` for it.
        x: inputs, shape (n, ...), or (..., n, d) for a stacked net.

    Raises:
        ValueError: if the outputs are not one row per point, or a leaf is called or its parameters
            are used in a way that cannot be recorded.
    """
    if x.is_inference():
        x = x.clone()
    layers = [Layer(name, module) for name, module in leaves.items()]
    outputs, calls = _forward(net, layers, x)
    check_outputs(outputs, x)
    _refuse_use_elsewhere(outputs, calls, layers)
    _add_gradients(outputs, calls)
    for layer in layers:
        _settle(layer, outputs)
    return Record(outputs.detach(), layers)


def _forward(net: nn.Module, layers: list[Layer], x: Tensor) -> tuple[Tensor, list[Call]]:
    """Run the net with hooks on its leaves; return its outputs and the leaves' calls."""
    by_module = {layer.module: layer for layer in layers}
    calls = {module: [] for module in by_module}
    depth = Counter()  # calls in progress, by module: more than one if a module calls itself

    def before(module, args, kwargs):
        depth[module] += 1
        if depth[module] > 1:  # called by its own forward: part of the outer call
            return
        if len(args) != 1 or kwargs or not isinstance(args[0], Tensor):
            raise ValueError(
                f"{by_module[module].title} must be called with one tensor and nothing else; wrap "
                "it in a module that is, or freeze it"
            )
        # Copies, here and below, since modules may change tensors in place.
        a = args[0].detach().clone()
        calls[module].append(Call(by_module[module], a, source=args[0].grad_fn))

    def after(module, args, output):
        depth[module] -= 1
        if depth[module]:
            return None
        if not isinstance(output, Tensor):
            raise ValueError(
                f"{by_module[module].title} must return one tensor; got {type(output).__name__}"
            )
        calls[module][-1].output = output
        return output.clone()

    hooks = []
    try:
        for module in by_module:
            hooks.append(module.register_forward_pre_hook(before, with_kwargs=True))
            hooks.append(module.register_forward_hook(after))
        with torch.enable_grad(), _as_written():
            outputs = net(x)
    finally:
        for hook in hooks:
            hook.remove()
    return outputs, [call for of_module in calls.values() for call in of_module]


def _add_gradients(outputs: Tensor, calls: list[Call]) -> None:
    """Add a and δ of each call that the outputs depend on to the call's layer."""
    calls = [call for call in calls if call.output.requires_grad]
    if not calls or not outputs.requires_grad:
        return
    # Points and stacked copies do not mix, so one gradient, of an output's sum over them, holds the
    # gradients of all points.
    with torch.enable_grad():
        sums = [output.sum() for output in outputs.flatten(0, -2).unbind(-1)]
    results = [call.output for call in calls]
    gradients = [
        torch.autograd.grad(s, results, retain_graph=True, allow_unused=True) for s in sums
    ]
    for call, *deltas in zip(calls, *gradients, strict=True):
        # All outputs are columns of one tensor, so autograd finds that all depend on the call or
        # that none does.
        if deltas and deltas[0] is not None:
            call.layer.inputs.append(call.a)
            call.layer.deltas.append(torch.stack(deltas))


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


def _refuse_use_elsewhere(outputs: Tensor, calls: list[Call], layers: list[Layer]) -> None:
    """Refuse a net that uses a layer's parameter outside the recorded calls.

    Autograd's graph is walked from the outputs and from the inputs of the calls, but not into the
    calls: a parameter that this walk meets is used elsewhere.
    """
    owners = {
        id(parameter): (key, layer)
        for layer in layers
        for key, parameter in layer.module.named_parameters(recurse=False)
    }
    seen = {None, *(call.output.grad_fn for call in calls)}
    waiting = [outputs.grad_fn, *(call.source for call in calls)]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        key, layer = owners.get(id(getattr(node, "variable", None)), (None, None))
        if layer is not None:
            raise ValueError(
                f"{layer.title} has its {key} used outside its own forward, where that cannot be "
                "recorded; call the module, or freeze it"
            )
        waiting.extend(source for source, _ in node.next_functions)


def _settle(layer: Layer, outputs: Tensor) -> None:
    """Decide whether the layer's share has the closed form of a dense layer.

    Layers that are called more than once, or with more axes, need Jacobians, with the points along
    the first axis; layers of any other shape are refused.
    """
    lead, n = tuple(outputs.shape[:-2]), outputs.shape[-2]
    linear = type(layer.module).forward in (Linear.forward, nn.Linear.forward)
    if linear and len(layer.inputs) == 1:
        layer.dense = layer.deltas[0].shape[1:-1] == (*lead, n)
    if layer.dense or not layer.inputs:
        return
    if lead:
        raise ValueError(
            f"{layer.title} must be a dense layer, called once with its points along the last axis "
            f"but one, for outputs of shape {tuple(outputs.shape)}; take the nets one by one"
        )
    for a, delta in zip(layer.inputs, layer.deltas, strict=True):
        if a.shape[:1] != (n,) or delta.shape[1:2] != (n,):
            raise ValueError(
                f"{layer.title} must be called with the {n} points along the first axis; "
                f"it maps {tuple(a.shape)} to {tuple(delta.shape[1:])}"
            )
