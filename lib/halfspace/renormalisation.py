"""Kernel renormalisation: what a finite width does to the kernel of a globally gated net.

A globally gated deep linear net has M gates that depend on the input alone. They are not trained,
and all units share them. With N units in each of L hidden layers, d inputs and weights that are
normal with mean 0 and variance s²::

    h¹ = W¹ x / √d
    hˡ = (NM)^(-1/2) Σ_m g_m(x) Wˡ_m hˡ⁻¹
    f(x) = (NM)^(-1/2) Σ_m g_m(x) a_m·hᴸ

Given all layers but the first, f is Gaussian with the kernel ``s² (x·x'/d) φ(x)ᵀ U φ(x') / Mᴸ``,
where φ = g ⊗ ... ⊗ g has Mᴸ entries and U is an *order parameter*, Mᴸ × Mᴸ. At infinite width U is
s²ᴸ times the identity, whatever the data are: the Gaussian-process limit. At finite width the data
choose U. For large N and n of one size, U minimises the action (``GatedRegression.action``).

Letters: n training points, N units a layer (``width``), M gates, L hidden layers (``depth``), s
(``std``), T the variance of the noise (``temperature``).

Reference: Li and Sompolinsky 2022, Globally Gated Deep Linear Networks. Only the abstract was
read; the formulas are derived here and tested against exact sampling.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from halfspace._checks import check_finite, check_integer, check_shape, exact

__all__ = ["GatedRegression", "gate_products"]


def gate_products(gates: Tensor, depth: int) -> Tensor:
    """Return all products of ``depth`` gates, one of each layer; the readout's comes first.

    Args:
        gates: shape (n, M).
        depth: L.

    Returns:
        Shape (n, Mᴸ).

    Raises:
        ValueError: if ``gates`` is no matrix or ``depth`` no positive integer.

    Example:
        >>> gate_products(torch.tensor([[1.0, 2.0]]), depth=2).tolist()
        [[1.0, 2.0, 2.0, 4.0]]
    """
    if gates.ndim != 2:
        raise ValueError(f"gates must have shape (n, M); got {tuple(gates.shape)}")
    products = gates
    for _ in range(check_integer("depth", depth) - 1):
        products = (products.unsqueeze(-1) * gates.unsqueeze(1)).flatten(1)
    return products


class GatedRegression:
    """Data, gates and prior of a globally gated net, in float64; any width can be asked for.

    Attributes:
        x: training inputs, shape (n, d).
        gates: their gates, of any values, shape (n, M).
        y: their targets, shape (n,).
        depth: L.
        std: s.
        temperature: T.

    Example:
        Two tasks with a gate each. At infinite width the tasks share nothing; at ten units a layer,
        the order parameter couples the gates, since the second task's targets are the first's.

        >>> x = torch.randn(20, 10, generator=torch.Generator().manual_seed(0))
        >>> gates = torch.eye(2).repeat_interleave(10, 0)
        >>> problem = GatedRegression(x, gates, x.sum(1), temperature=0.1)
        >>> [order.tolist() for order in problem.gaussian_process()]
        [[[1.0, 0.0], [0.0, 1.0]]]
        >>> (order,) = problem.saddle(width=10)
        >>> bool(order[0, 1] > 0.1)
        True
        >>> mean, variance = problem.predict(order, x, gates)
        >>> mean.shape, variance.shape
        (torch.Size([20]), torch.Size([20]))
    """

    @exact()
    def __init__(
        self,
        x: Tensor,
        gates: Tensor,
        y: Tensor,
        *,
        depth: int = 1,
        std: float = 1.0,
        temperature: float,
    ):
        """Keep the data.

        Raises:
            ValueError: if shapes do not agree, a value is not finite, ``std`` is not positive or
                ``temperature`` is negative.
        """
        if x.ndim != 2 or gates.ndim != 2:
            raise ValueError(
                "x and gates must have shapes (n, d) and (n, M); "
                f"got {tuple(x.shape)} and {tuple(gates.shape)}"
            )
        check_shape("gates", gates, (len(x), gates.shape[1]))
        check_shape("y", y, (len(x),))
        for name, values in {"x": x, "gates": gates, "y": y}.items():
            check_finite(name, values)
        if not 0 < std < float("inf"):
            raise ValueError(f"std must be positive; got {std!r}")
        if not 0 <= temperature < float("inf"):
            raise ValueError(f"temperature must not be negative; got {temperature!r}")
        self.x, self.gates, self.y = x.double(), gates.double(), y.double()
        self.depth, self.std = check_integer("depth", depth), float(std)
        self.temperature = float(temperature)
        self._products = gate_products(self.gates, self.depth)
        self._inputs = self._scaled(self.x)  # s² x·x'/(d Mᴸ) of the training points

    def gaussian_process(self) -> tuple[Tensor, ...]:
        """Return the order parameters at infinite width, U_l = s²ˡ times the identity.

        Returns:
            L of them, shapes (M, M), (M², M²), ...; the kernel's own is the last.
        """
        count = self.gates.shape[1]
        layers = range(1, self.depth + 1)
        return tuple(self.std ** (2 * layer) * self._eye(count**layer) for layer in layers)

    @exact()
    def kernel(self, order: Tensor, x: Tensor | None = None, gates: Tensor | None = None) -> Tensor:
        """Return the kernel between inputs and the training points; by default among these.

        Args:
            order: U or several of them, shape (..., Mᴸ, Mᴸ).
            x: shape (k, d).
            gates: of x, shape (k, M).

        Returns:
            Shape (..., k, n).

        Raises:
            ValueError: if a shape does not fit.
        """
        check_shape("order", order, (*order.shape[:-2], *(self._products.shape[1],) * 2))
        inputs, products = (
            (self._inputs, self._products) if x is None else self._others(x, gates)[:2]
        )
        return inputs * (products @ order @ self._products.mT)

    @exact()
    def log_likelihood(self, order: Tensor) -> Tensor:
        """Return log N(y; 0, K_U + T) without its constant, -(n/2) log 2π.

        Args:
            order: shape (..., Mᴸ, Mᴸ).

        Returns:
            Shape (...).

        Raises:
            ValueError: if ``order`` has the wrong shape.
        """
        factor, whitened = self._whitened(order)
        logs = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return -logs - whitened.square().sum((-1, -2)) / 2

    @exact()
    def action(self, orders: Sequence[Tensor], width: int) -> Tensor:
        """Return the action S of order parameters, one for each layer.

        With U_0 = 1, ``S = (N/2) Σ_l [tr((U_{l-1} ⊗ I)⁻¹ U_l) / s² + log det(U_{l-1} ⊗ I) - log det
        U_l] + (1/2) log det(K + T) + (1/2) yᵀ(K + T)⁻¹y``.

        Args:
            orders: U_1, ..., U_L, shapes (M, M), (M², M²), ...
            width: N.

        Returns:
            Shape (); it can be differentiated.

        Raises:
            ValueError: if there are not as many as layers, or one has the wrong shape.
        """
        if len(orders) != self.depth:
            raise ValueError(f"orders must be {self.depth}, one a layer; got {len(orders)}")
        count = self.gates.shape[1]
        prior, before = self.x.new_zeros(()), self._eye(1)
        for layer, order in enumerate(orders, 1):
            check_shape("order", order, (count**layer,) * 2)
            blocks = order.unflatten(0, (-1, count)).unflatten(2, (-1, count))
            shared = blocks.diagonal(dim1=1, dim2=3).sum(-1)  # partial trace over the last gate
            trace = torch.linalg.solve(before, shared).trace() / self.std**2
            prior = prior + trace + count * before.logdet() - order.logdet()
            before = order
        return width / 2 * prior - self.log_likelihood(orders[-1])

    def saddle(self, width: int, *, untied: bool = False) -> tuple[Tensor, ...]:
        """Return the order parameters that minimise the action.

        The search runs over their Cholesky factors with L-BFGS-B and starts at infinite width's. It
        is accurate where K + T is well conditioned; ``residual`` tells.

        Args:
            width: N.
            untied: whether each gate has hidden units of its own; then U is diagonal.

        Returns:
            U_1, ..., U_L, shapes (M, M), (M², M²), ...

        Raises:
            ValueError: if ``width`` is not a positive integer.
        """
        from scipy.optimize import minimize

        width = check_integer("width", width)
        limit = self.gaussian_process()
        masks = [torch.ones_like(order).tril().bool() for order in limit]
        if untied:
            masks = [torch.eye(len(order), dtype=torch.bool) for order in limit]
        sizes = [int(mask.sum()) for mask in masks]

        def factors(values: Tensor) -> list[Tensor]:
            pieces = zip(limit, masks, values.split(sizes), strict=True)
            return [torch.zeros_like(u).masked_scatter(mask, piece) for u, mask, piece in pieces]

        def orders(values: Tensor) -> list[Tensor]:
            return [factor @ factor.mT for factor in factors(values)]

        # The first step has length 1, which leads from U = 1 exactly to 0, or not, as rounding has
        # it. The action is infinite there, and the search would stop; a finite one turns it back.
        wall = self.action(limit, width).item() / width + 1

        def objective(values) -> tuple[float, object]:
            tried = torch.tensor(values, requires_grad=True)
            if not all(factor.diagonal().all() for factor in factors(tried)):
                return wall, 0 * values
            with torch.enable_grad():
                height = self.action(orders(tried), width) / width
                (gradient,) = torch.autograd.grad(height, tried)
            return height.item(), gradient.numpy()

        start = torch.cat([u.sqrt()[mask] for u, mask in zip(limit, masks, strict=True)]).numpy()
        options = dict(maxiter=20_000, maxfun=40_000, ftol=0.0, gtol=1e-10, maxcor=30)
        for _ in range(2):  # a search that rounding stopped goes on with a fresh memory
            found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
            start = found.x
        return tuple(orders(torch.from_numpy(start)))

    def residual(self, orders: Sequence[Tensor], width: int) -> float:
        """Return the largest entry of the action's gradient over the width, 0 at a saddle.

        Args:
            orders: as ``action`` takes them.
            width: N.
        """
        leaves = [order.detach().clone().requires_grad_() for order in orders]
        with torch.enable_grad():
            gradients = torch.autograd.grad(self.action(leaves, width), leaves)
        return max(gradient.abs().max().item() for gradient in gradients) / width

    @exact()
    def predict(self, order: Tensor, x: Tensor, gates: Tensor) -> tuple[Tensor, Tensor]:
        """Return the predictor's mean and variance at inputs, for given order parameters.

        Args:
            order: shape (..., Mᴸ, Mᴸ).
            x: shape (k, d).
            gates: of x, shape (k, M).

        Returns:
            Mean and variance (without the noise), each of shape (..., k).

        Raises:
            ValueError: if a shape does not fit.
        """
        _, products, own = self._others(x, gates)
        factor, whitened = self._whitened(order)
        cross = self.kernel(order, x, gates)
        seen = torch.linalg.solve_triangular(factor, cross.mT, upper=False)
        prior = own * ((products @ order) * products).sum(-1)
        return (seen.mT @ whitened).squeeze(-1), prior - seen.square().sum(-2)

    def _whitened(self, order: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Cholesky factor of K + T, and its inverse times y as a column."""
        noise = self.temperature * self._eye(len(self.x))
        factor = torch.linalg.cholesky(self.kernel(order) + noise)
        targets = self.y.unsqueeze(-1).expand(*factor.shape[:-1], 1)
        return factor, torch.linalg.solve_triangular(factor, targets, upper=False)

    def _others(self, x: Tensor, gates: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return scaled inner products with the training points, gate products, own products."""
        check_shape("x", x, (len(x), self.x.shape[1]))
        check_shape("gates", gates, (len(x), self.gates.shape[1]))
        products = gate_products(gates.double(), self.depth)
        own = self.std**2 * x.double().square().sum(1) / x.shape[1] / products.shape[1]
        return self._scaled(x.double()), products, own

    def _scaled(self, x: Tensor) -> Tensor:
        scale = self.std**2 / (x.shape[1] * self._products.shape[1])
        return scale * x @ self.x.mT

    def _eye(self, size: int) -> Tensor:
        return torch.eye(size, dtype=self.x.dtype, device=self.x.device)
