"""Windows and tilings: what a picture shows of a family before anybody has touched it."""

import math

import numpy as np
import pytest

from fimviz import CATALOG, fisher_metric, ui
from fimviz.atlas import chart_map
from fimviz.stage import scene

DRAWN = [(slug, key) for slug, family in CATALOG.items() for key in ui.charts_on_paper(family)]


def covariance(family, key, theta, d):
    """Of the first d coordinates of a chart, the others held."""
    jacobian = chart_map(family, key).jacobian(np.asarray(theta, float))
    form = jacobian @ fisher_metric(family).inverse(theta) @ np.swapaxes(jacobian, -1, -2)
    return form if d == family.dimension else np.linalg.inv(np.linalg.inv(form)[..., :d, :d])


@pytest.mark.parametrize(("slug", "key"), DRAWN)
def test_the_ellipse_of_the_default_model_can_be_read_in_every_chart(slug, key):
    family = CATALOG[slug]
    low, high = np.reshape(scene.window(family, key), (-1, 2)).T
    d = len(low)
    xi = chart_map(family, key).to(family.default)[:d]
    n = scene.observations(family)
    jacobian = chart_map(family, key).jacobian(family.default)
    form = jacobian @ fisher_metric(family).inverse(family.default) @ jacobian.T
    half = np.sqrt(scene.square(family, n) * np.diag(form)[:d])
    assert np.all(half > 0.028 * (high - low)), half / (high - low)
    assert np.all(half < 0.2 * (high - low)), half / (high - low)
    assert np.all((xi > low) & (xi < high))


def test_a_stretched_chart_still_shows_the_ends_of_what_is_dragged():
    normal = CATALOG["normal"]
    ends = ((-3.0, 0.6), (3.0, 0.6))
    low, high = np.reshape(scene.window(normal, "natural", ends), (-1, 2)).T
    placed = chart_map(normal, "natural").to(np.array(ends))
    assert np.all((placed > low + 0.05 * (high - low)) & (placed < high))


TILED = [
    ("normal", "mu, sigma"), ("normal", "natural"), ("beta", "a, b"), ("gamma", "expectation"),
    ("categorical", "triangle"),
    ("von_mises", "mu, kappa"), ("gaussian_mixture", "a, b"), ("tanh_perceptron", "w1, w2"),
    ("dirichlet", "a1, a2, a3"), ("bivariate_normal", "s1, s2, rho"), ("bivariate_normal", "natural"),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "key"), TILED)
def test_tiles_fill_the_picture_and_do_not_overlap(slug, key):
    family, turn = CATALOG[slug], np.linspace(0, 2 * np.pi, 60)
    square, held = scene.square(family, scene.observations(family)), scene.held(family, key, family.default)
    theta = np.array(scene.tiles(family, key, square, held))
    assert len(theta) >= 10
    centres, forms = chart_map(family, key).to(theta), covariance(family, key, theta, 2)
    if held is not None:
        assert centres[:, 2] == pytest.approx(held)
    centres = centres[:, :2]
    period = 2 * math.pi if slug == "von_mises" else math.inf
    circle = np.stack([np.cos(turn), np.sin(turn)])
    for one, (centre, form) in enumerate(zip(centres, forms, strict=True)):
        rim = centre + math.sqrt(square) * (np.linalg.cholesky(form) @ circle).T
        gap = rim[None] - np.delete(centres, one, axis=0)[:, None]
        gap[..., 0] = np.remainder(gap[..., 0] + period / 2, period) - period / 2 if period < math.inf else gap[..., 0]
        inside = np.einsum("nra,nab,nrb->nr", gap, np.linalg.inv(np.delete(forms, one, axis=0)), gap)
        assert np.all(inside > square)


@pytest.mark.parametrize("slug", ["gaussian_mixture", "tanh_perceptron"])
def test_no_tile_reaches_over_a_singular_place(slug):
    family = CATALOG[slug]
    square = scene.square(family, scene.observations(family))
    theta = np.array(scene.tiles(family, next(iter(family.charts)), square))
    axes = np.linalg.cholesky(fisher_metric(family).inverse(theta))
    turn = np.linspace(0, 2 * np.pi, 100)
    rim = theta[:, None] + math.sqrt(square) * np.swapaxes(axes @ np.stack([np.cos(turn), np.sin(turn)]), -1, -2)
    side = lambda at: np.sign(family.singular_tape(*np.moveaxis(at, -1, 0)))  # noqa: E731
    assert np.all(side(rim) == side(theta[:, None]))
