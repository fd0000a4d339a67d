"""What is left of an ellipse when only cells are recorded: drawn as it was computed, and said."""

import numpy as np
import pytest
from test_stage_geometry import run  # noqa: F401  (a fixture)
from test_words import says

from fimviz import CATALOG, fisher_metric
from fimviz.atlas import chart_map
from fimviz.coarse import coarse_metric, even_edges, kept
from fimviz.stage import cells, scene
from fimviz.stage.model import describe, describe_chart

NORMAL, COIN = CATALOG["normal"], CATALOG["bernoulli"]
OUTLINE = """
  const { Scene, outline } = await import("/scene.js");
  const live = new Scene();
  live.adopt({ model: data.model, charts: { main: data.chart }, computed: [data.computed] });
  live.setAll({ theta: data.theta, n: data.n });
  live.evaluate();
  const found = live.results.get("coarse");
  return found.offsets ? pack(outline(found, live.chart())) : found.value;
"""


@pytest.mark.parametrize("key", ["mu, sigma", "mu, log sigma"])
def test_the_ellipse_by_cell_is_a_level_of_the_coarse_metric(run, key):  # noqa: F811
    theta = [0.4, 1.3]
    computed, mark = cells.drawn(NORMAL, theta, 6, scene.radius(NORMAL, "n"), role="m")
    found = run(
        OUTLINE, model=describe(NORMAL), chart=describe_chart(NORMAL, key), computed=computed, theta=theta, n=30
    )
    own = chart_map(NORMAL, key)
    v = (np.reshape(found, (-1, 2)) - own.to(np.array(theta))) @ np.linalg.inv(own.jacobian(np.array(theta))).T
    G, g = coarse_metric(NORMAL, theta, even_edges(NORMAL, 6)), fisher_metric(NORMAL).matrix(theta)
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", v, G, v), scene.square(NORMAL, 30), rtol=1e-9)
    assert np.all(np.einsum("ni,ij,nj->n", v, g, v) > scene.square(NORMAL, 30)), "it contains the full one"
    assert mark["for"] == {"theta": theta, "cells": 6}


def test_an_interval_by_cell_is_as_much_longer(run):  # noqa: F811
    computed, _ = cells.drawn(CATALOG["exponential"], [0.7], 3, scene.radius(COIN, "n"))
    model, chart = describe(CATALOG["exponential"]), describe_chart(CATALOG["exponential"], "lam")
    found = run(OUTLINE, model=model, chart=chart, computed=computed, theta=[0.7], n=30)
    share = kept(CATALOG["exponential"], [0.7], even_edges(CATALOG["exponential"], 3))[0]
    assert found == pytest.approx(np.sqrt(scene.square(COIN, 30) / share))


def test_the_sign_of_a_normal():
    least, most = kept(NORMAL, (0, 1), even_edges(NORMAL, 2))
    assert even_edges(NORMAL, 2) == [0] and least == pytest.approx(0, abs=1e-12)
    says("ellipses", "notes", "sign", values=[most], form="{:.3f}")
    many = kept(NORMAL, (0, 1), even_edges(NORMAL, 12))
    says("ellipses", "notes", "sign", values=[100 * many[0], 100 * many[1]], form="{:.0f} %")
    G, g = coarse_metric(NORMAL, (0, 1), even_edges(NORMAL, 12)), fisher_metric(NORMAL).matrix((0, 1))
    np.testing.assert_allclose(np.diag(G) / np.diag(g), many[::-1], err_msg="the mean is kept better")


def test_all_is_said_only_of_all():
    said = [cells.in_words(NORMAL, (0, 1), count, "{cells}: {kept}") for count in (2, 60)]
    assert said[0] == "2: 0.0 % to 63.7 %" and "100" not in said[1]
    assert cells.in_words(COIN, (0.3,), 2, "{kept}") == "100.0 %"
    assert [tick["label"] for tick in cells.ticks(NORMAL, 3)] == ["−2", "2"] and cells.ticks(NORMAL, 60) == []
