"""neural-tangents' NTKs, in a separate environment: reads orders, one JSON object a line.

    {"do": "load", "form": NAME, "net": FILE.npz}  takes weights ``w0`` ... and inputs ``x``, or,
                                                   for an infinitely wide net, images and ``depth``
    {"do": "time", "form": NAME}                   {"seconds": ...}, waits for the result
    {"do": "memory", "form": NAME}                 {"bytes": ..., "seconds": ...}
    {"do": "keep", "to": FILE.npy}                 writes the last kernel, shape (n, n)

It answers each with one line. The first ``time`` after a ``load`` compiles, too.
"""

import json
import os
import sys
import time
import types

# Before jax is loaded: one thread, and no search for accelerators.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
from memory import peak

# The package's experimental part needs TensorFlow, which is not installed; nothing here uses it.
sys.modules["neural_tangents.experimental"] = types.ModuleType("neural_tangents.experimental")
import neural_tangents as nt  # noqa: E402
from neural_tangents import stax  # noqa: E402

FORMS = {
    "structured derivatives": nt.NtkImplementation.STRUCTURED_DERIVATIVES,
    "Jacobian contraction": nt.NtkImplementation.JACOBIAN_CONTRACTION,
}

WIDE = "infinitely wide"


def relu_net(weights, x):
    """Map x (n, d) to outputs (n, 1) through ReLU layers of weights (in, out)."""
    for weight in weights[:-1]:
        x = jax.nn.relu(x @ weight)
    return x @ weights[-1]


def load(path: str, form: str):
    """Return a function without arguments that computes the kernel, compiled when first called."""
    with np.load(path) as stored:
        weights = [jnp.asarray(stored[f"w{i}"].T) for i in range(len(stored.files) - 1)]
        x = jnp.asarray(stored["x"])
    kernel = jax.jit(
        nt.empirical_ntk_fn(relu_net, trace_axes=(-1,), vmap_axes=0, implementation=FORMS[form])
    )
    # Weights and inputs are arguments, so that the compiler cannot work anything out beforehand.
    return lambda: kernel(x, None, weights).block_until_ready()


def load_wide(path: str):
    """Return the same for an infinitely wide net without gates, from images (n, h, w, channels).

    It has convolutions with a border of zeros, a mean over pixels and two dense layers, and the
    weights of the NTK parametrization: normal, of variance 1 over the number of a unit's inputs.
    """
    with np.load(path) as stored:
        x, depth = jnp.asarray(stored["x"]), int(stored["depth"])
    convolutions = [stax.Conv(1, (3, 3), padding="SAME") for _ in range(depth)]
    *_, kernel_fn = stax.serial(*convolutions, stax.GlobalAvgPool(), stax.Dense(1), stax.Dense(1))
    kernel = jax.jit(lambda x: kernel_fn(x, None, "ntk"))
    return lambda: kernel(x).block_until_ready()


def main() -> None:
    """Answer orders until the input ends."""
    versions = {"jax": jax.__version__, "neural-tangents": nt.__version__}
    print(json.dumps({"versions": versions}), flush=True)
    kernels, result = {}, None
    for line in sys.stdin:
        order = json.loads(line)
        answer = {}
        if order["do"] == "load":
            form, net = order["form"], order["net"]
            kernels[form] = load_wide(net) if form == WIDE else load(net, form)
        elif order["do"] in ("time", "memory"):
            result, kernel = None, kernels[order["form"]]
            started = time.perf_counter()
            if order["do"] == "memory":
                result, answer["bytes"] = peak(kernel)
            else:
                result = kernel()
            answer["seconds"] = time.perf_counter() - started
        elif order["do"] == "keep":
            np.save(order["to"], np.asarray(result))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
