"""The Fisher information of a network and its stand-ins, against their definitions."""

import numpy as np
import pytest

from fimviz import DomainError, networks
from fimviz.networks import Network

TANH = Network((2, 3, 3))
LINEAR = Network((3, 4, 2), activation="identity", output="normal")
DEEP = Network((2, 3, 2, 2), output="normal")
EVERY = pytest.mark.parametrize("network", [TANH, LINEAR, DEEP])


@EVERY
def test_the_jacobian_is_the_slope_of_the_outputs(network):
    w, x = networks.drawn(network, 5)
    h = 1e-6 * np.eye(network.size)
    slopes = [networks.outputs(network, w + e, x) - networks.outputs(network, w - e, x) for e in h]
    assert np.allclose(networks.jacobian(network, w, x), np.stack(slopes, -1) / 2e-6, atol=1e-8)


@EVERY
def test_the_fisher_matrix_is_the_hessian_of_kl(network):
    w, x = networks.drawn(network, 50)
    f = networks.fisher(network, w, x)
    v = 1e-4 * np.random.default_rng(1).standard_normal(network.size)
    for sign in (1, -1):
        assert networks.kl_of_weights(network, w, w + sign * v, x) == pytest.approx(v @ f @ v / 2, rel=2e-3)


def test_the_fisher_matrix_averages_scores_over_the_labels_of_the_model():
    w, x = networks.drawn(TANH, 40)
    p = networks.probabilities(TANH, w, x)
    each = [networks.scores(TANH, w, x, np.full(40, label)) for label in range(3)]
    mean = sum(p[:, k] @ s for k, s in enumerate(each))
    second = sum(np.einsum("n,ni,nj->ij", p[:, k], s, s) for k, s in enumerate(each)) / 40
    assert np.allclose(mean, 0, atol=1e-12)
    assert np.allclose(second, networks.fisher(TANH, w, x), atol=1e-13)


def test_sampled_labels_give_the_fisher_matrix_in_the_mean():
    w, x = networks.drawn(TANH, 400)
    f = networks.fisher(TANH, w, x)
    errors = [networks.sampled_fisher(TANH, w, x, seed) - f for seed in range(200)]
    spread = np.std(errors, axis=0) / np.sqrt(200)
    assert np.all(np.abs(np.mean(errors, axis=0)) < 5 * spread + 1e-12)


def test_kfac_is_the_block_diagonal_of_a_linear_network():
    for seed in range(5):
        w, x = networks.drawn(LINEAR, 60, seed=seed)
        block = networks.block_diagonal(LINEAR, networks.fisher(LINEAR, w, x))
        assert np.max(np.abs(networks.kfac(LINEAR, w, x) - block)) < 1e-12 * np.max(np.abs(block))


def test_kfac_is_positive_and_right_for_one_row():
    """With one input row and normal outputs nothing is averaged, so each block is a product exactly."""
    w, x = networks.drawn(DEEP, 1)
    block = networks.block_diagonal(DEEP, networks.fisher(DEEP, w, x))
    assert np.allclose(networks.kfac(DEEP, w, x), block, atol=1e-13)


@pytest.mark.parametrize("seed", range(6))
def test_four_shifts_of_the_softmax_are_invisible(seed):
    w, x = networks.drawn(TANH, 400, seed=seed)
    f = networks.fisher(TANH, w, x)
    assert (TANH.size, networks.rank(f)) == (21, 17)
    # the same number added to all three logits, from any unit of the hidden layer or from the bias
    last = TANH.layers[-1]
    for source in range(4):
        shift = np.zeros(21)
        shift[last][3 * source : 3 * source + 3] = 1.0
        assert np.max(np.abs(f @ shift)) < 1e-12


def test_how_many_numbers_each_matrix_takes():
    assert networks.storage(TANH) == {"full": 441, "kfac": 43, "diagonal": 21}


def test_a_mini_batch_errs_like_one_over_the_root_of_its_size():
    w, x = networks.drawn(TANH, 400)
    sizes = np.array([8, 32, 128, 512])
    errors = networks.minibatch_errors(TANH, w, x, sizes, repeats=200)
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.05)


def test_far_from_the_fit_the_empirical_step_is_short_and_askew():
    step, empirical = networks.regression_steps((3, 2))
    assert np.allclose(step, (-3, -2))
    rng = np.random.default_rng(2)
    x = rng.uniform(-2, 2, 200_000)
    rows = np.column_stack([np.ones_like(x), x])
    residual = rows @ (3, 2) - rng.standard_normal(x.size)
    gradient = rows.T @ residual / x.size
    seen = -np.linalg.solve(np.einsum("n,ni,nj->ij", residual**2, rows, rows) / x.size, gradient)
    assert np.allclose(empirical, seen, rtol=0.02)
    # at the fit the two agree
    near, same = networks.regression_steps((1e-6, 2e-6))
    assert np.allclose(near, same, rtol=1e-9)


def test_bad_networks_are_refused():
    for wrong in ({"sizes": (3,)}, {"sizes": (2, 0)}, {"sizes": (2, 2), "activation": "relu"},
                  {"sizes": (2, 2), "output": "poisson"}):  # fmt: skip
        with pytest.raises(DomainError):
            Network(**wrong)
    for w in (np.zeros(3), np.full(21, np.nan)):
        with pytest.raises(DomainError, match="weights"):
            networks.outputs(TANH, w, np.zeros((1, 2)))


def test_every_weight_has_its_own_name():
    names = TANH.names()
    assert len(set(names)) == TANH.size
    assert (names[0], names[-1]) == ("1: x1 → 1", "2: 1 → 3")


@pytest.mark.parametrize("offset", [(3, 2), (-0.4, 1.7), (0.0, -3.0), (1e-3, 2e-3)])
def test_the_tape_of_both_steps_is_the_quadrature(offset):
    step, short = networks.regression_steps(offset)
    got = networks.regression_tape()(*offset)
    assert np.allclose(got[:4], np.concatenate([step, short]), rtol=1e-12, atol=1e-13)
    assert got[4] == pytest.approx(np.linalg.norm(short) / np.linalg.norm(step))
    assert got[5] == pytest.approx(np.degrees(networks.angle(step, short)), abs=1e-5)


def test_the_empirical_matrix_squares_the_residuals():
    nodes, weights = np.polynomial.legendre.leggauss(6)
    x = np.stack([np.ones_like(nodes), 2 * nodes])
    m = np.einsum("n,in,jn->ij", weights / 2 * (1 + (3 * x[0] + 2 * x[1]) ** 2), x, x)
    assert np.allclose(networks.empirical_tape()(3.0, 2.0), [m[0, 0], m[0, 1], m[1, 1]])
    assert weights @ x[1] ** 2 / 2 == pytest.approx(networks.SECOND_MOMENT)


def test_the_matrices_of_a_seed_are_drawn_once_and_cannot_be_written():
    found = networks.matrices(TANH, 400, 3)
    assert found is networks.matrices(TANH, 400, 3)
    assert set(found) == {"true", *networks.STAND_INS}
    assert np.array_equal(found["true"], networks.fisher(TANH, *networks.drawn(TANH, 400, seed=3)))
    with pytest.raises(ValueError, match="read-only"):
        found["true"][0, 0] = 1
