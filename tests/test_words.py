"""Every number quoted in the prose is computed here, by the library, from the set-up it speaks of."""

import re

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_law

import fimviz
from fimviz import checks, inference
from fimviz.derive.lines import lines
from fimviz.derive.quadrature import expectation
from fimviz.divergence import kl_slopes
from fimviz.irregular import IRREGULAR, variances
from fimviz.stage import scene
from fimviz.words import words

NORMAL = fimviz.CATALOG["normal"]
METRIC = fimviz.fisher_metric(NORMAL)
CHI2 = scene.CHI2[2]


def says(section, *keys, values, form="{:.2f}"):
    """The text under words[section][keys…] quotes each value in the form given."""
    text = words(section)
    for key in keys:
        text = text[key]
    for value in values:
        quoted = form.format(value) if not isinstance(value, str) else value
        assert re.search(rf"(?<![\d.]){re.escape(quoted)}(?!\d)", text), (quoted, text)


def half(p, q, alpha):
    return fimviz.geodesic_between(METRIC, p, q, [0.5], alpha)[0]


def length(p, q, alpha, metric=METRIC):
    """Fisher length of the α-path by the sum of many short geodesics."""
    points = fimviz.geodesic_between(metric, p, q, np.linspace(0, 1, 4001), alpha)
    return float(np.sum(fimviz.distance(metric, points[:-1], points[1:])))


def test_chi_square_points():
    for d, value in scene.CHI2.items():
        assert value == pytest.approx(chi2_law.ppf(0.95, d), rel=1e-12)


def test_two_narrow_peaks():
    p, q = (-3, 0.6), (3, 0.6)
    says("paths", "notes", "peaks", values=[half(p, q, a)[1] for a in (1, 0, -1)])
    says("paths", "notes", "peaks", values=[length(p, q, 1), length(p, q, -1), fimviz.distance(METRIC, p, q)])


def test_the_predict_card_of_paths():
    card = words("paths")["predict"]
    assert f"{half((-3, 0.6), (3, 0.6), 0)[1]:.2f}" in card["question"]
    assert f"{half((-3, 0.1), (3, 0.1), 0)[1]:.2f}" in card["reveal"]
    assert card["options"][card["answer"]] == "Stays near 2.1"


def test_same_mean():
    says("paths", "notes", "mean", values=[half((0, 0.5), (0, 2), a)[1] for a in (0, -1, 1)])


def test_small_step():
    far = fimviz.distance(METRIC, (-3, 0.6), (3, 0.6))
    near = fimviz.distance(METRIC, (0, 0.1), (1, 0.1))
    assert near == pytest.approx(far, rel=1e-12)
    says("paths", "notes", "small", values=[near, fimviz.distance(METRIC, (0, 10), (1, 10))])


def test_three_outcomes():
    family = fimviz.CATALOG["categorical"]
    metric = fimviz.fisher_metric(family)
    p, q = scene.pair(family)
    middle = [fimviz.geodesic_between(metric, p, q, [0.5], a)[0][1] for a in (0, -1, 1)]
    says("paths", "notes", "outcomes", values=middle, form="{:.3f}")
    says("paths", "notes", "outcomes", values=[fimviz.distance(metric, p, q)])


def test_certainty_to_certainty():
    metric = fimviz.fisher_metric(fimviz.CATALOG["categorical"])
    e = 1e-6
    d = fimviz.distance(metric, (1 - 2 * e, e), (e, e))
    assert f"{d:.2f}" == f"{np.pi:.2f}" == "3.14"
    # towards the corners the distance tends to π and KL grows without bound
    d = [fimviz.distance(metric, (1 - 2 * e, e), (e, e)) for e in (1e-8, 1e-12)]
    assert np.pi - d[0] > np.pi - d[1] > 0 and np.pi - d[1] < 1e-5
    kl = [fimviz.kl(fimviz.CATALOG["categorical"], (1 - 2 * e, e), (e, e)) for e in (1e-6, 1e-12)]
    assert kl[1] > 1.9 * kl[0]


def tops(n):
    """How far up the ellipse and both KL balls of radius χ²/(2n) about N(0, 1) reach."""
    theta = np.array([0.0, 1.0])
    level = CHI2 / (2 * n)
    ellipse = fimviz.indicatrix(METRIC, theta, np.sqrt(CHI2 / n), 2000)[:, 1].max()
    to = brentq(lambda s: fimviz.kl(NORMAL, (0, s), theta) - level, 1, 50)
    from_ = brentq(lambda s: fimviz.kl(NORMAL, theta, (0, s)) - level, 1, 50)
    return ellipse, to, from_


def test_four_observations():
    says("ellipses", "notes", "four", values=tops(4))
    says("ellipses", "notes", "four", values=tops(200), form="{:.3f}")


def test_ellipses_scale_with_sigma_and_with_root_n():
    one, two = (fimviz.indicatrix(METRIC, (0, s), 0.5) - (0, s) for s in (1.08, 2.16))
    np.testing.assert_allclose(two, 2 * one, rtol=1e-12)
    card = words("ellipses")["predict"]
    assert card["options"][card["answer"]] == "Half" and np.sqrt(20 / 80) == 0.5


@pytest.mark.parametrize(("chart", "wanted"), [(None, 0.94), ("mean, log concentration", 0.0)])
def test_tilted_and_untilted(chart, wanted):
    beta = fimviz.CATALOG["beta"]
    metric = fimviz.fisher_metric(beta, chart)
    point = (8, 8) if chart is None else (0.5, np.log(16))
    bound = fimviz.cramer_rao(metric, point)
    correlation = bound[0, 1] / np.sqrt(bound[0, 0] * bound[1, 1])
    assert f"{correlation:.2f}".replace("-0.00", "0.00") == f"{wanted:.2f}"
    says("ellipses", "notes", "tilted" if chart is None else "untilt", values=["0.94"] if chart is None else ["0"])


def test_below_the_bound():
    n, mu = 10, 0.2
    bound = fimviz.cramer_rao(METRIC, (mu, 1), n)[0, 0]
    shrunk = inference.shrunk(fimviz.estimates(NORMAL, (mu, 1), n, 60_000, seed=3), 0.5)[:, 0]
    exact = 0.25 / n + (0.5 * mu) ** 2
    assert np.mean((shrunk - mu) ** 2) == pytest.approx(exact, rel=0.02)
    says("ellipses", "notes", "below", values=[exact], form="{:.3f}")
    says("ellipses", "notes", "below", values=[bound])


@pytest.mark.parametrize(("n", "quoted"), [(5, ["94.6", "85.5", "83.5"]), (50, ["94.9", "94.2", "94.0"])])
def test_coverage_caption(n, quoted):
    """Exact sampling: μ̂ normal, n σ̂² χ² with n − 1 degrees of freedom; regions centred on the truth."""
    rng = np.random.default_rng(11)
    count = 2_000_000
    mu = rng.normal(size=count) / np.sqrt(n)
    sigma = np.sqrt(rng.chisquare(n - 1, count) / n)
    radius = CHI2 / n
    plain = mu**2 + 2 * (sigma - 1) ** 2
    logs = mu**2 + 2 * np.log(sigma) ** 2
    ball = fimviz.distance(METRIC, np.array([0.0, 1.0]), np.stack([mu, sigma], -1)) ** 2
    found = [100 * np.mean(square <= radius) for square in (plain, logs, ball)]
    np.testing.assert_allclose(found, [float(x) for x in quoted], atol=0.06)
    says("ellipses", "caption_normal", values=quoted)


SIX = ["mu, sigma", "mu, log sigma", "mu, variance", "mu, precision", "natural", "expectation"]
START, TARGET = (-1.5, 2.0), (1.5, 0.5)


def runs(rule, step=0.1, **more):
    return [fimviz.descend(NORMAL, START, TARGET, chart=c, rule=rule, step=step, **more) for c in SIX]


def test_six_coordinates():
    plain = runs("plain")
    assert [d.steps if d.status == "converged" else d.status for d in plain] == [76, 76, 234, "left", 1542, "left"]
    assert [d.steps for d in runs("natural")] == [65, 66, 64, 67, 67, 64]
    note = words("descent")["notes"]["six"]
    quoted = [int(x) for x in re.findall(r"(?<![\d.])\d{2,4}(?!\.?\d)", note)]
    assert quoted == [76, 76, 234, 1542, 65, 66, 64, 67, 67, 64]


def test_the_predict_card_of_descent():
    assert fimviz.descend(NORMAL, START, TARGET, chart="mu, variance").steps == 234
    failed = fimviz.descend(NORMAL, START, TARGET, chart="mu, precision")
    assert failed.status == "left" and failed.steps == 0
    card = words("descent")["predict"]
    assert card["options"][card["answer"]] == "It fails"


def test_one_step():
    ends = runs("natural", step=1)
    assert [d.steps if d.status == "converged" else d.status for d in ends] == [5, 7, 2, "left", "left", 1]
    np.testing.assert_allclose(ends[-1].points[-1], TARGET, atol=1e-12)
    said = words("descent")["notes"]["one"]
    assert all(part in said for part in ("one step", "takes 2", "5 in (μ, σ)", "7 in (μ, log σ)"))


def test_invariance_is_for_small_steps():
    """Largest distance in (μ, σ) of any iterate from the path of step 0.005 in (μ, σ)."""
    fine = fimviz.descend(NORMAL, START, TARGET, chart="mu, sigma", rule="natural", step=0.005, stop=1e-4, most=20_000)
    for step, quoted in ((0.5, "2.7"), (0.1, "0.07"), (0.02, "0.01")):
        worst = 0.0
        for run in runs("natural", step=step, stop=1e-4):
            gap = np.linalg.norm(run.points[:, None] - fine.points[None], axis=-1).min(axis=1)
            worst = max(worst, gap.max())
        assert f"{worst:.{len(quoted.split('.')[1])}f}" == quoted
        says("descent", "notes", "small", values=[quoted])


def test_the_coin_is_derived():
    coin = fimviz.CATALOG["bernoulli"]
    scores = [float(lines(coin)[1].value.subs({coin.sample: x, coin.symbols[0]: coin.default[0]})[0]) for x in (1, 0)]
    says("derive", "notes", "coin", values=[scores[0], f"−{-scores[1]:.2f}", coin.default[0], 1 - coin.default[0]])
    says("derive", "notes", "coin", values=[fimviz.fisher_metric(coin).matrix(coin.default)[0, 0]])


def test_gamma_has_an_entry_off_the_diagonal():
    gamma = fimviz.CATALOG["gamma"]
    g = fimviz.fisher_metric(gamma).matrix(gamma.default)
    assert g[0, 1] == pytest.approx(-1 / gamma.default[1])
    says("derive", "notes", "gamma", values=[f"−{-g[0, 1]:.2f}"])


def test_a_kink_breaks_the_hessian_form_and_not_kl():
    laplace = fimviz.CATALOG["laplace"]
    _, _, second, hessian = expectation(laplace).score_moments(laplace.default)
    says("derive", "notes", "kink", values=[second[0, 0], abs(hessian[0, 0])])
    density, divergence = checks.second_ways(laplace, laplace.default)
    assert not density.holds and divergence.holds
    assert ": 0.00 where the score gives 1.00" in density.sentence


def test_a_moving_edge():
    uniform = IRREGULAR["uniform"]
    theta = uniform.default
    _, mean, second, hessian = expectation(uniform).score_moments(theta)
    left, right = kl_slopes(uniform, theta)
    says("derive", "notes", "edge", values=[second[0, 0], f"−{-hessian[0, 0]:.2f}", right[0]])
    assert left[0] == np.inf and second[0, 0] - mean[0] ** 2 == pytest.approx(0, abs=1e-12)
    estimate, supposed = (v[100] for v in variances(theta[0]))
    assert supposed == pytest.approx(1 / (100 * second[0, 0]))
    says("derive", "notes", "edge", values=[estimate], form="{:.5f}")
    says("derive", "notes", "edge", values=[supposed], form="{:.3f}")
    card = words("derive")["predict"]
    assert card["options"][card["answer"]] == "None do"
    assert [line.latex.split(" = ")[-1] for line in lines(uniform)[3:]] == [r"\frac{1}{\theta^{2}}", "0"]
