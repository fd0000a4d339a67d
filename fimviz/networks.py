"""The Fisher information of a small network's weights, and the matrices that stand in for it.

A network is a map x ↦ z(x; w) with tanh hidden layers; its outputs z are the logits of a softmax or
the means of unit normals. With J = ∂z/∂w (one row an output) and the output's own Fisher H(z),

    F = E_x[Jᵀ H J] = E_x E_{y ~ model}[∇ log p(y|x) ∇ log p(y|x)ᵀ]

Weights are ordered layer by layer, each layer's matrix input by input (the bias last), so that a
layer's block of F is approximated by A ⊗ G. Sources: Amari (1998); Martens & Grosse (2015) for
K-FAC; Kunstner, Balles & Hennig (2019) for the empirical Fisher.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from fimviz.errors import DomainError
from fimviz.tape import Tape, lower

Array = NDArray[Any]
OUTPUTS = ("softmax", "normal")
ACTIVATIONS = ("tanh", "identity")
STAND_INS = ("block", "kfac", "diagonal", "empirical", "sampled")


@dataclass(frozen=True)
class Network:
    """Layer sizes, inputs first; `activation` of hidden layers, and what the last layer's values are."""

    sizes: tuple[int, ...]
    activation: str = "tanh"
    output: str = "softmax"

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise DomainError(self.sizes, "Network: the layer sizes", "fewer than two positive numbers", "give (2, 3)")
        for name, known in (("activation", ACTIVATIONS), ("output", OUTPUTS)):
            if (value := getattr(self, name)) not in known:
                raise DomainError(value, f"Network: the {name}", "unknown", f"choose one of {', '.join(known)}")

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(inputs and bias, outputs) of each layer's matrix."""
        return [(a + 1, b) for a, b in pairwise(self.sizes)]

    @property
    def layers(self) -> list[slice]:
        """Where each layer's weights stand in w."""
        ends = np.cumsum([0, *(a * b for a, b in self.shapes)]).tolist()
        return [slice(a, b) for a, b in pairwise(ends)]

    @property
    def size(self) -> int:
        """How many weights there are."""
        return self.layers[-1].stop

    def matrices(self, w: ArrayLike) -> list[Array]:
        """The layers' matrices (inputs + 1, outputs) of w (size,)."""
        w = np.asarray(w, float)
        if w.shape != (self.size,) or not np.isfinite(w).all():
            reason = f"of shape {w.shape}, or not finite"
            raise DomainError(w, "Network: the weights", reason, f"give {self.size} finite numbers")
        return [w[s].reshape(shape) for s, shape in zip(self.layers, self.shapes, strict=True)]

    def names(self) -> list[str]:
        """A name for each weight: "1: x2 → 3" is layer 1, from input 2 to unit 3; a bias is "1 → 3"."""
        said = []
        for layer, (inputs, outputs) in enumerate(self.shapes, 1):
            for i in range(inputs):
                source = "1" if i == inputs - 1 else f"{'x' if layer == 1 else 'h'}{i + 1}"
                said += [f"{layer}: {source} → {o + 1}" for o in range(outputs)]
        return said


def drawn(network: Network, rows: int, scale: float = 0.9, seed: int = 0) -> tuple[Array, Array]:
    """(w, x): seeded weights scale·N(0, 1), shape (size,), and standard normal inputs (rows, n)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, network.sizes[0]))
    return scale * rng.standard_normal(network.size), x


def outputs(network: Network, w: ArrayLike, x: ArrayLike) -> Array:
    """z(x; w), shape (rows, outputs)."""
    return _activations(network, w, x)[1]


def probabilities(network: Network, w: ArrayLike, x: ArrayLike) -> Array:
    """The softmax of the outputs, (rows, outputs)."""
    z = outputs(network, w, x)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def kl_of_weights(network: Network, w: ArrayLike, other: ArrayLike, x: ArrayLike) -> float:
    """The mean over the inputs of KL(p(·|x; w) ‖ p(·|x; other)), in nats."""
    z, y = outputs(network, w, x), outputs(network, other, x)
    if network.output == "normal":
        return float(np.mean(np.sum((z - y) ** 2, axis=1)) / 2)
    log_p, log_q = (v - np.logaddexp.reduce(v, axis=1, keepdims=True) for v in (z, y))
    return float(np.mean(np.sum(np.exp(log_p) * (log_p - log_q), axis=1)))


def _activations(network: Network, w: ArrayLike, x: ArrayLike) -> tuple[list[Array], Array]:
    """(what enters each layer, a last column of ones included; what the last layer puts out)."""
    a = np.asarray(x, float).reshape(len(np.asarray(x)), network.sizes[0])
    entering: list[Array] = []
    matrices = network.matrices(w)
    for matrix in matrices:
        entering.append(np.column_stack([a, np.ones(len(a))]))
        z = entering[-1] @ matrix
        a = np.tanh(z) if network.activation == "tanh" else z
    return entering, z


def _sensitivities(network: Network, w: ArrayLike, entering: list[Array]) -> Iterator[Array]:
    """∂z/∂(what a layer puts out before its activation), (rows, outputs, units), the last layer first."""
    last = network.sizes[-1]
    s = np.broadcast_to(np.eye(last), (len(entering[0]), last, last))
    yield s
    for matrix, after in zip(reversed(network.matrices(w)[1:]), reversed(entering[1:]), strict=True):
        s = s @ matrix[:-1].T
        if network.activation == "tanh":
            s = s * (1 - after[:, None, :-1] ** 2)
        yield s


def _parts(network: Network, w: ArrayLike, x: ArrayLike) -> tuple[list[tuple[Array, Array]], Array]:
    """([(a, ∂z/∂s) of each layer, the first first], z): J of a layer is their product."""
    entering, z = _activations(network, w, x)
    back = list(_sensitivities(network, w, entering))[::-1]
    return list(zip(entering, back, strict=True)), z


def jacobian(network: Network, w: ArrayLike, x: ArrayLike) -> Array:
    """∂z/∂w, shape (rows, outputs, size)."""
    layers, z = _parts(network, w, x)
    blocks = [(a[:, None, :, None] * s[:, :, None, :]).reshape(*z.shape, -1) for a, s in layers]
    return np.concatenate(blocks, axis=-1)


def output_fisher(network: Network, z: Array) -> Array:
    """H(z): diag p − p pᵀ for a softmax, the identity for unit normals; (rows, outputs, outputs)."""
    if network.output == "normal":
        return np.broadcast_to(np.eye(z.shape[1]), (*z.shape, z.shape[1]))
    p = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
    return p[:, :, None] * np.eye(z.shape[1]) - p[:, :, None] * p[:, None, :]


def fisher(network: Network, w: ArrayLike, x: ArrayLike) -> Array:
    """F = E_x[Jᵀ H J] over the rows of x, shape (size, size): labels averaged under the model, exactly."""
    j = jacobian(network, w, x)
    h = output_fisher(network, outputs(network, w, x))
    return np.einsum("noi,nop,npj->ij", j, h, j, optimize=True) / len(j)


def scores(network: Network, w: ArrayLike, x: ArrayLike, labels: ArrayLike) -> Array:
    """∇_w log p(label | x; w), shape (rows, size); labels are classes, or values (rows, outputs)."""
    j = jacobian(network, w, x)
    z = outputs(network, w, x)
    if network.output == "normal":
        return np.einsum("no,noi->ni", np.asarray(labels, float).reshape(z.shape) - z, j)
    hit = np.eye(z.shape[1])[np.asarray(labels, int)]
    return np.einsum("no,noi->ni", hit - probabilities(network, w, x), j)


def labels_of_model(network: Network, w: ArrayLike, x: ArrayLike, seed: int = 0) -> Array:
    """One seeded label a row, drawn from the model itself."""
    rng = np.random.default_rng(seed)
    if network.output == "normal":
        z = outputs(network, w, x)
        return z + rng.standard_normal(z.shape)
    below = np.cumsum(probabilities(network, w, x), axis=1)
    return np.minimum((rng.random(len(below))[:, None] > below).sum(axis=1), below.shape[1] - 1)


def empirical_fisher(network: Network, w: ArrayLike, x: ArrayLike, labels: ArrayLike) -> Array:
    """Mean of ∇log p ∇log pᵀ at the labels given: the Fisher only if the labels come from the model."""
    s = scores(network, w, x, labels)
    return s.T @ s / len(s)


def sampled_fisher(network: Network, w: ArrayLike, x: ArrayLike, seed: int = 0) -> Array:
    """The same at one label a row drawn from the model: unbiased for F."""
    return empirical_fisher(network, w, x, labels_of_model(network, w, x, seed))


def block_diagonal(network: Network, f: ArrayLike) -> Array:
    """F with everything between different layers set to zero."""
    f = np.asarray(f, float)
    kept = np.zeros_like(f)
    for s in network.layers:
        kept[s, s] = f[s, s]
    return kept


def kfac(network: Network, w: ArrayLike, x: ArrayLike) -> Array:
    """One block E[a aᵀ] ⊗ E[g gᵀ] a layer, g the gradient by what the layer puts out, labels of the model.

    Equal to the block diagonal where a and g gᵀ are independent: a linear network with normal
    outputs, for one (Bernacchia, Lengyel & Hennequin 2018).
    """
    layers, z = _parts(network, w, x)
    h = output_fisher(network, z)
    result = np.zeros((network.size, network.size))
    for s, (a, back) in zip(network.layers, layers, strict=True):
        inner = np.einsum("noi,nop,npj->ij", back, h, back, optimize=True) / len(a)
        result[s, s] = np.kron(a.T @ a / len(a), inner)
    return result


def diagonal(f: ArrayLike) -> Array:
    """F with everything off its diagonal set to zero."""
    return np.diag(np.diag(np.asarray(f, float)))


def relative_error(matrix: ArrayLike, f: ArrayLike) -> float:
    """‖M − F‖ / ‖F‖, Frobenius."""
    return float(np.linalg.norm(np.asarray(matrix) - f) / np.linalg.norm(np.asarray(f)))


@lru_cache(maxsize=32)
def matrices(network: Network, rows: int = 400, seed: int = 0) -> dict[str, Array]:
    """F as "true" and every one of `STAND_INS`, of the `drawn` network; read-only, each (size, size).

    "empirical" has labels that no model drew: uniform over the classes, or normal around 0.
    """
    w, x = drawn(network, rows, seed=seed)
    f = fisher(network, w, x)
    found = {
        "true": f,
        "block": block_diagonal(network, f),
        "kfac": kfac(network, w, x),
        "diagonal": diagonal(f),
        "empirical": empirical_fisher(network, w, x, labels_of_nobody(network, rows, seed)),
        "sampled": sampled_fisher(network, w, x, seed),
    }
    for matrix in found.values():
        matrix.setflags(write=False)
    return found


def labels_of_nobody(network: Network, rows: int, seed: int = 0) -> Array:
    """Seeded labels that have nothing to do with the inputs: uniform over the classes, or standard normal."""
    # another stream than that of `drawn`
    rng = np.random.default_rng((seed, 1))
    last = network.sizes[-1]
    return rng.integers(last, size=rows) if network.output == "softmax" else rng.standard_normal((rows, last))


def storage(network: Network) -> dict[str, int]:
    """How many numbers each matrix takes: all of F, K-FAC's two factors a layer, the diagonal."""
    factors = sum(a**2 + b**2 for a, b in network.shapes)
    return {"full": network.size**2, "kfac": factors, "diagonal": network.size}


def rank(f: ArrayLike, tolerance: float = 1e-10) -> int:
    """How many directions of w change the model: eigenvalues above `tolerance` times the largest."""
    eigenvalues = np.linalg.eigvalsh(np.asarray(f, float))
    return int(np.sum(eigenvalues > tolerance * eigenvalues[-1]))


def minibatch_errors(
    network: Network, w: ArrayLike, x: ArrayLike, sizes: ArrayLike, repeats: int = 64, seed: int = 0
) -> Array:
    """Median relative error of F from a mini-batch, for each batch size: falls like 1/√size.

    Batches are drawn with replacement, `repeats` of each size; the labels are averaged exactly.
    """
    x = np.asarray(x, float)
    whole = fisher(network, w, x)
    rng = np.random.default_rng(seed)
    each = _fisher_of_rows(network, w, x)

    def error(size: int) -> float:
        picks = rng.integers(len(x), size=(repeats, size))
        return float(np.median([relative_error(each[p].mean(axis=0), whole) for p in picks]))

    return np.array([error(int(size)) for size in np.atleast_1d(sizes)])


@lru_cache(maxsize=32)
def minibatches(network: Network, rows: int = 400, seed: int = 0) -> tuple[Array, Array]:
    """(sizes, `minibatch_errors` at 1, 2, 4, … 1024) of the `drawn` network."""
    w, x = drawn(network, rows, seed=seed)
    sizes = 2 ** np.arange(11)
    return sizes, minibatch_errors(network, w, x, sizes, seed=seed)


def _fisher_of_rows(network: Network, w: ArrayLike, x: ArrayLike) -> Array:
    j = jacobian(network, w, x)
    h = output_fisher(network, outputs(network, w, x))
    return np.einsum("noi,nop,npj->nij", j, h, j, optimize=True)


def angle(a: ArrayLike, b: ArrayLike) -> float:
    """The angle between two vectors, in radians."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float(np.arccos(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0)))


def regression_steps(offset: ArrayLike, half_width: float = 2.0) -> tuple[Array, Array]:
    """Two steps for y = b₀ + b₁x + N(0, 1), x uniform on (−h, h), from parameters off by `offset` (2,).

    (Fisher step −F⁻¹∇L, which here lands on the answer, and the same with the empirical Fisher
    E[∇ log p ∇ log pᵀ] at the true labels in place of F). Expectations are exact: the integrands are
    polynomials in x.
    """
    offset = np.asarray(offset, float)
    nodes, weights = np.polynomial.legendre.leggauss(5)
    x = np.stack([np.ones_like(nodes), half_width * nodes], axis=-1)
    f = np.einsum("n,ni,nj->ij", weights / 2, x, x)
    # the residual is noise less what the parameters are off by: its mean square is 1 + (offset·x)²
    empirical = np.einsum("n,ni,nj->ij", weights / 2 * (1 + (x @ offset) ** 2), x, x)
    gradient = f @ offset
    return -np.linalg.solve(f, gradient), -np.linalg.solve(empirical, gradient)


_HALF_WIDTH = 2.0
#: E t², t uniform on (−2, 2)
SECOND_MOMENT = _HALF_WIDTH**2 / 3
_D = sp.symbols("d0 d1", real=True)


def _second_moments() -> tuple[sp.Matrix, sp.Matrix]:
    """F = E[x xᵀ] and E[(1 + (d·x)²) x xᵀ] for x = (1, t), t uniform on (−h, h), from E t² = h²/3 and E t⁴ = h⁴/5."""
    h = sp.Float(_HALF_WIDTH)
    two, four = h**2 / 3, h**4 / 5
    f = sp.diag(1, two)
    # E[(d·x)² x xᵀ], the odd moments being zero
    cross = 2 * _D[0] * _D[1] * two
    seen = sp.Matrix([[_D[0] ** 2 + _D[1] ** 2 * two, cross], [cross, _D[0] ** 2 * two + _D[1] ** 2 * four]])
    return f, f + seen


@cache
def empirical_tape() -> Tape:
    """(d₀, d₁) -> M₀₀, M₀₁, M₁₁ of the empirical Fisher matrix of `regression_steps`."""
    _, m = _second_moments()
    return lower([m[0, 0], m[0, 1], m[1, 1]], _D)


@cache
def regression_tape() -> Tape:
    """(d₀, d₁) -> both of `regression_steps`, one after the other, their ratio of lengths and the angle in degrees."""
    f, m = _second_moments()
    g = f * sp.Matrix(_D)
    det = m[0, 0] * m[1, 1] - m[0, 1] ** 2
    short = [-(m[1, 1] * g[0] - m[0, 1] * g[1]) / det, -(m[0, 0] * g[1] - m[0, 1] * g[0]) / det]
    step = [-d for d in _D]
    dot, far, near = (
        sum(a * b for a, b in zip(*two, strict=True)) for two in ((step, short), (step, step), (short, short))
    )
    cross = step[0] * short[1] - step[1] * short[0]
    return lower([*step, *short, sp.sqrt(near / far), sp.Abs(sp.atan2(cross, dot)) * 180 / sp.pi], _D)
