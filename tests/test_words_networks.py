"""Every number that the Networks page quotes, computed from its set-up."""

import numpy as np
import pytest
from test_words import says

import fimviz
from fimviz import networks, pruning
from fimviz.stage import weights
from fimviz.words import words

SIX, FOUND = pruning.six_inputs(), pruning.six_ranking()
NOTES = words("networks")["notes"]
TWINS = (3, 4)


def right(values):
    """Pairs in the order of the true cost, and of the cost with the others refitted."""
    places = pruning.places(values)
    return [pruning.pairs_right(places, cost) for cost in (FOUND.cost, FOUND.cost_refitted)]


def test_the_articles_rule():
    low, high = np.argmin(FOUND.fisher), np.argmax(FOUND.fisher)
    assert (low, high) == (2, 0) and "weight 3, with F = 0.003 and w = 6" in NOTES["article"]
    says("networks", "notes", "article", values=[FOUND.fisher[low]], form="{:.3f}")
    says("networks", "notes", "article", values=[FOUND.fisher[high], SIX.w[high]])
    assert SIX.w[low] == 6


def test_change_the_units():
    there = pruning.ranking(SIX.rescaled(0, 0.1))
    says("networks", "notes", "units", values=[FOUND.fisher[0], there.size[0], SIX.w[0]])
    says("networks", "notes", "units", values=[there.fisher[0]], form="{:.3f}")
    says("networks", "notes", "units", values=[there.alone[0], FOUND.alone[0]], form="{:.4f}")
    assert pruning.places(there.fisher)[0] == 2 and "deletes weight 1 second" in NOTES["units"]
    assert np.allclose(there.cost, FOUND.cost, atol=1e-14) and np.allclose(there.others, FOUND.others, atol=1e-14)


def test_twins():
    both = weights.both(TWINS)
    says("networks", "notes", "twins", values=[*FOUND.cost[list(TWINS)], both, FOUND.cost[0]], form="{:.3f}")
    says("networks", "notes", "twins", values=[FOUND.cost[2], FOUND.cost_refitted[2]], form="{:.3f}")
    assert np.argmin(FOUND.cost) == np.argmin(FOUND.cost_refitted) == 0
    assert np.argmax(FOUND.cost_refitted) == 2
    assert right(FOUND.fisher) == [7, 1] and "7 of 15 pairs are right, with refit 1." in NOTES["twins"]
    card = words("networks")["predict"]
    assert f"{FOUND.cost[3]:.3f} nats each" in card["question"] and np.argmax(FOUND.cost) in TWINS
    assert f"{both:.3f}" in card["reveal"] and card["options"][card["answer"]] == "Far less"


def test_second_order_rules_are_right_about_what_they_leave_out():
    assert right(FOUND.alone) == [15, 9] and right(FOUND.others) == [9, 15]


def test_six_matrices():
    errors = weights.matrix_errors(0)
    for name, quoted in {"block": 57, "K-FAC": 63, "diagonal": 78}.items():
        assert f"{name} {quoted} %" in NOTES["matrices"]
        assert f"{100 * errors[name.lower().replace('-', '')]:.0f}" == str(quoted)
    says("networks", "notes", "matrices", values=[100 * errors[k] for k in ("sampled", "empirical")], form="{:.0f} %")
    said = networks.storage(weights.NET)
    assert (
        f"F takes {said['full']} numbers, K-FAC {said['kfac']}, the diagonal {said['diagonal']}." in NOTES["matrices"]
    )
    rank = networks.rank(networks.matrices(weights.NET, weights.ROWS, 0)["true"])
    assert f"Rank {rank} of {weights.NET.size}: four shifts" in NOTES["matrices"] and weights.NET.size - rank == 4
    assert f"{weights.NET.size} weights, {weights.ROWS} inputs" in NOTES["matrices"]
    assert words("networks")["size"] == f"{weights.NET.size} × {weights.NET.size}"


def test_mini_batches():
    sizes, errors = networks.minibatches(weights.NET, weights.ROWS, 0)
    found = dict(zip(sizes.tolist(), errors, strict=True))
    says("networks", "notes", "batches", values=[100 * found[8], 100 * found[512]], form="{:.0f} %")
    assert np.polyfit(np.log(sizes[3:]), np.log(errors[3:]), 1)[0] == pytest.approx(-0.5, abs=0.05)


def test_far_from_the_fit():
    step, short = networks.regression_steps((3, 2))
    ratio, turned = np.linalg.norm(short) / np.linalg.norm(step), np.degrees(networks.angle(step, short))
    assert f"is {100 * ratio:.0f} % as long and turned by {turned:.0f}°" in NOTES["far"]


def test_the_plateau():
    start, target = (0.05, 0.1), weights.PERCEPTRON.default
    found = {
        name: fimviz.descend(weights.PERCEPTRON, start, target, rule=rule, step=0.1, damping=1e-3 * (name == "natural"))
        for name, (rule, _) in weights.RUNS.items()
    }
    assert found["undamped"].status == "away"
    leap = np.linalg.norm(found["undamped"].points[1] - start)
    assert f"the first step is {leap:.0f} long" in NOTES["plateau"]
    steps = [found[name].steps for name in ("natural", "plain")]
    assert "takes {} steps, plain descent {}.".format(*steps) in NOTES["plateau"]
    assert "picture 6 wide" in NOTES["plateau"] and "from (0.05, 0.10)" in NOTES["plateau"]
