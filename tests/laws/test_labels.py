"""Laws of labels: they read their interval and nothing else, and pay what the slow reference pays."""

import dataclasses
import os

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.market import Instrument, Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.hindsight.labels.barriers import triple_barrier
from alphaloop.hindsight.labels.forward import forward
from alphaloop.hindsight.labels.windows import windows
from alphaloop.hindsight.outcomes import Costs as OracleCosts
from alphaloop.hindsight.outcomes import label_candidates
from tests.reference.candidate import Candidate, Costs, slow_candidate

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "100")))
NAN = float("nan")
DEAR = Instrument("X", taker_fee=0.002, maker_fee=0.0007, slippage=0.003)


@st.composite
def rows(draw, holes: bool = True):
    kind = draw(st.integers(0, 8))
    if kind == 0 and holes:
        return [NAN] * 6
    price = st.integers(90, 110).map(float)
    start, end = draw(price), draw(price)
    if kind == 1:
        return [start, start, start, start, 0.0 if holes else 1.0, draw(st.sampled_from([0.0, 0.01]))]
    high, low = max(start, end) + draw(st.sampled_from([0, 1, 5])), min(start, end) - draw(st.sampled_from([0, 1, 5]))
    return [start, high, low, end, 1.0, draw(st.sampled_from([0.0, 0.0, 0.001, -0.02]))]


def market_of(bars) -> Market:
    values = np.array(bars, dtype=float)[:, None, :].copy()
    return Market(np.arange(len(bars)) * MINUTE_US, ("X",), values, Timeframe(MINUTE_US))


def labels(market: Market, horizon: int, by: str, side: int) -> list[dict[str, np.ndarray]]:
    window = windows(market, 0, horizon, by)  # type: ignore[arg-type]
    found = [forward(window, DEAR), triple_barrier(window, DEAR, 0.05, side=side)]
    return [{one.name: getattr(each, one.name) for one in dataclasses.fields(each)} for each in found]


many = {
    "bars": st.lists(rows(), min_size=3, max_size=14),
    "horizon": st.integers(1, 5),
    "by": st.sampled_from(["time", "bars"]),
    "side": st.sampled_from([1, -1]),
}


@ROUNDS
@given(**many, at=st.integers(0, 13), other=st.lists(rows(), min_size=14, max_size=14))
def test_only_the_interval_of_a_label_matters(bars, horizon, by, side, at, other):
    at = at % len(bars)
    for place, mine in enumerate(labels(market_of(bars), horizon, by, side)):
        end = int(mine["end"][at])
        if end == 0:
            continue
        inside = range(at, -(-end // MINUTE_US))
        changed = [bars[t] if t in inside else other[t] for t in range(len(bars))]
        for version in (changed, changed[: inside.stop]):
            theirs = labels(market_of(version), horizon, by, side)[place]
            assert {key: value[at] for key, value in theirs.items()} == {key: value[at] for key, value in mine.items()}


@ROUNDS
@given(**many)
def test_a_missing_label_is_missing_throughout(bars, horizon, by, side):
    ahead, barrier = labels(market_of(bars), horizon, by, side)

    none = ahead.pop("end") == 0
    ahead.pop("start")
    assert all((np.isnan(one) == none).all() for one in ahead.values())
    gone = barrier["end"] == 0
    assert (gone == (barrier["label"] == -2)).all()
    assert (np.isnan(barrier["net"]) == gone).all()
    assert not barrier["both"][gone].any()


@ROUNDS
@given(bars=st.lists(rows(holes=False), min_size=3, max_size=14), horizon=st.integers(1, 5), side=many["side"])
def test_labels_pay_what_the_reference_pays(bars, horizon, side):
    costs = Costs(DEAR.taker_fee, DEAR.maker_fee, 0.0, DEAR.slippage)
    ahead, barrier = labels(market_of(bars), horizon, "time", side)

    for at in range(len(bars) - horizon):
        plain = slow_candidate(bars, Candidate(at, side, horizon), costs)
        levels = slow_candidate(bars, Candidate(at, side, horizon, stop=0.05, target=0.05), costs)
        net = ahead["net_long" if side > 0 else "net_short"][at]
        assert plain.reason == "horizon"
        assert abs(net - plain.net) < 1e-12
        assert {"target": 1, "stop": -1, "horizon": 0}[levels.reason] == barrier["label"][at]
        assert abs(barrier["net"][at] - levels.net) < 1e-12
        assert abs(barrier["ret"][at] - levels.gross) < 1e-12
        assert int(barrier["end"][at]) == (levels.exit_bar + 1) * MINUTE_US


@ROUNDS
@given(bars=st.lists(rows(holes=False), min_size=6, max_size=14), horizon=st.integers(1, 5), side=many["side"])
def test_labels_are_the_outcomes_of_plain_candidates(bars, horizon, side):
    values = np.array(bars)
    names = {name: values[:, place].copy() for place, name in enumerate(("open", "high", "low", "close", "volume"))}
    whole = np.arange(len(bars) - horizon)
    columns = {"bar": whole, "side": np.full(len(whole), side), "leverage": np.ones(len(whole))}
    none, near = np.full(len(whole), NAN), np.full(len(whole), 0.05)
    asked = {"costs": OracleCosts(DEAR.taker_fee, DEAR.maker_fee, DEAR.slippage, 0.005, 0.0), "horizon": horizon}
    ahead, barrier = labels(market_of(bars), horizon, "time", side)

    plain = label_candidates(
        names | {"funding_rate": values[:, 5].copy()}, columns | {"stop": none, "target": none}, **asked
    )
    levels = label_candidates(
        names | {"funding_rate": values[:, 5].copy()}, columns | {"stop": near, "target": near}, **asked
    )

    net = ahead["net_long" if side > 0 else "net_short"][whole]
    assert np.abs(plain.net_return - net).max() < 1e-12
    assert np.abs(levels.net_return - barrier["net"][whole]).max() < 1e-12
    assert ((levels.exit_bar + 1) * MINUTE_US == barrier["end"][whole]).all()
