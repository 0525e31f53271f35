import pytest
from scipy.stats import binom

from alphaloop.core.errors import InvalidOption
from alphaloop.training.controls.campaign import Campaign
from alphaloop.training.controls.summary import clopper_pearson, summarise


def market(kind="walk", strength=0.0, verdict="refused", days=420, **more):
    figures = {"all_failed": [], "informed": None, "sharpe": 1.0, "seconds": 2.0}
    return {"kind": kind, "strength": strength, "seed": 1, "days": days, "verdict": verdict, **figures, **more}


FINDINGS = [
    market(),
    market("garch", verdict="insufficient"),
    market("garch", verdict="passed"),
    market("regimes"),
    *[market("flow", 3.5, "passed", informed=8.0, sharpe=6.0)] * 3,
    market("flow", 3.5, all_failed=["pbo", "dsr"], informed=6.0, sharpe=2.0),
    market("flow", 1.0, all_failed=["dsr"], informed=3.0, sharpe=None),
    market("flow", 1.3, "passed", days=2920, informed=3.0),
    {
        "kind": "walk",
        "seed": 1,
        "shuffled": 0.5,
        "purged": -0.1,
        "shuffled_overlaps": 9,
        "purged_overlaps": 0,
        "seconds": 1.0,
    },
]


@pytest.mark.parametrize(("hits", "trials"), [(0, 200), (10, 200), (200, 200), (15, 300), (1, 2)])
def test_at_either_end_what_was_seen_has_a_chance_of_one_in_forty(hits, trials):
    low, high = clopper_pearson(hits, trials)

    assert low == 0.0 if hits == 0 else binom.sf(hits - 1, trials, low) == pytest.approx(0.025)
    assert high == 1.0 if hits == trials else binom.cdf(hits, trials, high) == pytest.approx(0.025)


def test_the_interval_of_nothing_is_refused():
    for hits, trials in ((0, 0), (3, 2), (-1, 2)):
        with pytest.raises(InvalidOption):
            clopper_pearson(hits, trials)


def test_rates_by_hand():
    found = summarise(Campaign(), FINDINGS)

    assert (found["null"]["markets"], found["null"]["promoted"], found["null"]["rate"]) == (4, 1, 0.25)
    assert (found["null"]["refused"], found["null"]["insufficient"]) == (2, 1)
    assert found["null"]["by_kind"]["garch"]["rate"] == 0.5
    assert [(one["strength"], one["days"], one["rate"]) for one in found["planted"]] == [
        (1.0, 420, 0.0), (3.5, 420, 0.75), (1.3, 2920, 1.0),
    ]  # fmt: skip
    assert found["planted"][1]["informed"] == 7.5
    assert found["planted"][1]["achieved"] == 5.0
    assert found["planted"][1]["failed_gates"] == {"pbo": 1, "dsr": 1}
    assert found["planted"][1]["failed_alone"] == {}
    assert found["planted"][0]["failed_alone"] == {"dsr": 1}
    assert (found["shuffled_kfold_ic"], found["purged_kfold_ic"]) == (0.5, -0.1)
    assert found["seconds"] == 21.0


def test_targets_are_met_or_not():
    targets = {one["name"]: one["met"] for one in summarise(Campaign(), FINDINGS)["targets"]}

    assert targets == {
        "false promotions": False,
        "power at 3.5 on 420 days": False,
        "power at 1.3 on 2920 days": True,
    }
    assert summarise(Campaign(), FINDINGS)["passed"] is False
    assert summarise(Campaign(), [FINDINGS[0]])["passed"] is True


def test_what_was_not_measured_is_none():
    found = summarise(Campaign(), [FINDINGS[0]])

    assert found["planted"] == []
    assert found["shuffled_kfold_ic"] is None


def test_a_search_without_a_candidate_is_no_promotion():
    nothing = {
        "kind": "walk",
        "strength": 0.0,
        "seed": 1,
        "days": 420,
        "verdict": "insufficient",
        "failed": ["degenerate: x"],
    }
    found = summarise(Campaign(), [{**nothing, "informed": None, "seconds": None}])

    assert found["null"]["insufficient"] == 1
