"""Flips that tell two coins apart: held against the definition, and the distance against the exact test."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import binom, norm

import fimviz
from fimviz import sample_size
from fimviz.sample_size import decides, flips_by_distance, flips_to_tell_apart

INSIDE = some.floats(1e-6, 1 - 1e-6)


def by_definition(p, q, n, error):
    """Try every threshold."""
    low, high = min(p, q), max(p, q)
    c = np.arange(n + 2)
    return bool(np.any((binom.sf(c - 1, n, low) <= error) & (binom.cdf(c - 1, n, high) <= error)))


@given(INSIDE, INSIDE, some.integers(1, 80), some.floats(0.001, 0.4))
def test_a_number_decides_when_some_threshold_does(p, q, n, error):
    assert bool(decides(p, q, n, error)) == by_definition(p, q, n, error)


@given(INSIDE, INSIDE)
def test_the_least_number_decides_and_none_below_it_does(p, q):
    n = flips_to_tell_apart(p, q)
    if n is None or n > 2000:
        return
    assert decides(p, q, n)
    assert not decides(p, q, np.arange(1, n)).any()
    assert flips_to_tell_apart(q, p) == n
    assert flips_to_tell_apart(1 - p, 1 - q) == n


def test_the_distance_predicts_it_better_the_nearer_the_coins():
    metric = fimviz.fisher_metric(fimviz.CATALOG["bernoulli"])
    ratios = []
    for gap in (0.2, 0.1, 0.05, 0.02):
        d = float(fimviz.distance(metric, [0.3], [0.3 + gap]))
        ratios.append(flips_to_tell_apart(0.3, 0.3 + gap) / float(flips_by_distance(d)))
    assert all(abs(later - 1) < abs(first - 1) for first, later in zip(ratios[:2], ratios[2:], strict=True))
    assert ratios[-1] == pytest.approx(1, abs=0.01)


def test_coins_too_alike_have_no_number():
    assert flips_to_tell_apart(0.3, 0.3) is None
    assert flips_to_tell_apart(0.3, 0.3 + 1e-4) is None
    assert math.isinf(flips_by_distance(0.0))


@pytest.mark.parametrize("p", [0, 1, -1, math.nan, 2])
def test_no_coin_no_number(p):
    with pytest.raises(fimviz.DomainError, match="probability of heads"):
        flips_to_tell_apart(p, 0.5)


@pytest.mark.parametrize("error", [0, 0.5, -1, math.nan])
def test_an_error_is_between_zero_and_a_half(error):
    with pytest.raises(fimviz.DomainError, match="error probability"):
        sample_size.quantile(error)


def test_the_quantile_is_the_normal_one():
    assert sample_size.quantile(0.05) == pytest.approx(norm.isf(0.05), rel=1e-14)
