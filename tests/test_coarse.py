"""Coarse-graining: what the cells keep is never more than there is, and known where it can be said."""

import numpy as np
import pytest
from scipy.stats import norm

from fimviz import CATALOG, DomainError, fisher_metric
from fimviz.coarse import cell_probabilities, coarse_metric, even_edges, kept
from fimviz.derive.examination import examination_points

ONE = sorted(slug for slug, family in CATALOG.items() if not family.support.vector)
NORMAL = CATALOG["normal"]
EVERY = pytest.mark.parametrize("slug", ONE)


def points(family):
    return np.concatenate([family.default[None], examination_points(family, 3, seed=8)])


def relative(family, theta, G):
    """G in units of √(gᵢᵢ gⱼⱼ)."""
    root = np.sqrt(np.einsum("...ii->...i", fisher_metric(family).matrix(theta)))
    return G / (root[..., :, None] * root[..., None, :])


@EVERY
@pytest.mark.parametrize("cells", [2, 7])
def test_cells_never_hold_more_than_the_observation(slug, cells):
    """Chentsov: g − G ⪰ 0, and a finer partition holds at least as much."""
    family = CATALOG[slug]
    theta = points(family)
    coarse = coarse_metric(family, theta, even_edges(family, cells))
    finer = coarse_metric(family, theta, even_edges(family, 3 * cells))
    for less, more in ((coarse, finer), (finer, fisher_metric(family).matrix(theta))):
        lost = np.linalg.eigvalsh(relative(family, theta, more - less))
        assert lost.min() > -1e-9
    assert np.linalg.eigvalsh(relative(family, theta, coarse)).min() > -1e-12


@EVERY
def test_cells_share_out_the_mass_and_their_slopes_cancel(slug):
    family = CATALOG[slug]
    theta = points(family)
    p, slope = cell_probabilities(family, theta, even_edges(family, 5))
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-10)
    scale = np.sqrt(np.einsum("...ii->...i", fisher_metric(family).matrix(theta)))
    np.testing.assert_allclose(slope.sum(-2) / scale, 0, atol=1e-9)


@EVERY
def test_small_cells_lose_next_to_nothing(slug):
    """In finitely many outcomes nothing at all; else the loss falls at least like the width, where cells reach."""
    family = CATALOG[slug]
    if family.support.discrete:
        inner = family.support.values()[1:] if family.support.kind == "finite" else np.arange(1, 400)
        np.testing.assert_allclose(kept(family, family.default, inner), 1, atol=1e-8)
        return
    low, high = family.support.view
    # the ends of the line are cut at places the same x apart in the tail, where there is little left to know
    shares = [kept(family, family.default, edges)[0] for edges in (_fine(low, high, 60), _fine(low, high, 240))]
    assert shares[0] > 0.9 and 1 - shares[1] < 0.4 * (1 - shares[0]) + 1e-9


def _fine(low, high, count):
    """Cells that become wider outwards, to a thousand times the view; and narrower towards an end of it."""
    s = np.linspace(0, 1, count + 1)[1:-1]
    inside = low + (high - low) * s
    far = (high - low) * np.geomspace(1e-6, 1e4, 2 * count)
    return np.unique(np.concatenate([inside, low + far, high + far, low - far]))


def test_the_sign_of_a_normal_keeps_two_thirds_of_the_mean():
    """φ(0)²/¼ = 2/π exactly, and nothing of the spread."""
    for sigma in (0.01, 1.0, 70.0):
        G = coarse_metric(NORMAL, [0, sigma], [0.0])
        np.testing.assert_allclose(G * sigma**2, [[2 / np.pi, 0], [0, 0]], atol=1e-10)


@pytest.mark.parametrize("theta", [(0.4, 0.7), (-2.0, 3.0), (5.0, 0.5)])
def test_the_cells_of_a_normal_by_its_distribution_function(theta):
    mu, sigma = theta
    edges = np.array([-1.5, 0.2, 0.9, 4.0])
    z = np.concatenate([[-np.inf], (edges - mu) / sigma, [np.inf]])
    p, slope = cell_probabilities(NORMAL, theta, edges)
    np.testing.assert_allclose(p, np.diff(norm.cdf(z)), atol=1e-13)
    moved = np.stack([-np.diff(norm.pdf(z)), -np.diff(np.nan_to_num(z) * norm.pdf(z))], axis=-1) / sigma
    np.testing.assert_allclose(slope, moved, atol=1e-12)


def test_a_likelihood_that_the_cell_says_in_full_loses_nothing():
    """A coin is its own cell; so is each outcome of three."""
    for slug, edges in (("bernoulli", [0.5]), ("categorical", [1.5, 2.5])):
        np.testing.assert_allclose(kept(CATALOG[slug], CATALOG[slug].default, edges), 1, atol=1e-12)


def test_an_edge_belongs_to_the_cell_above_it():
    p, _ = cell_probabilities(CATALOG["categorical"], (0.2, 0.3), [2.0])
    np.testing.assert_allclose(p, [0.2, 0.8], atol=1e-15)


def test_halves_of_a_circle():
    """Which half a direction is in, at κ = 0⁺ of a von Mises density: |∂P|²/P of a cosine cut at its top."""
    family = CATALOG["von_mises"]
    p, slope = cell_probabilities(family, (np.pi / 2, 1e-6), [0.0])
    np.testing.assert_allclose(p, [0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(slope[:, 1], [-1 / np.pi, 1 / np.pi], atol=1e-6)
    sharp = coarse_metric(family, (0.0, 1e3), [0.0])
    assert 0 < sharp[0, 0] < fisher_metric(family).matrix((0.0, 1e3))[0, 0]
    assert sharp[0, 0] / 1e3 == pytest.approx(2 / np.pi, rel=1e-3)


def test_what_has_no_cells_is_said():
    with pytest.raises(ValueError, match="has 2 coordinates"):
        coarse_metric(CATALOG["bivariate_normal"], CATALOG["bivariate_normal"].default, [0.0])
    with pytest.raises(ValueError, match="do not rise"):
        coarse_metric(NORMAL, NORMAL.default, [1.0, 0.0])
    with pytest.raises(DomainError):
        coarse_metric(NORMAL, [0, -1], [0.0])
