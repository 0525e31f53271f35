"""Flat, buy-and-hold and random, by hand; and the turnover the random one promises."""

import pytest

from alphaloop.core.decision import HOLD
from alphaloop.core.errors import InvalidOption
from alphaloop.policies.baselines import BuyAndHold, Flat, RandomTurnover
from alphaloop.policies.sizing import side_of
from tests.policies.builders import seen, sides


def test_flat_holds_nothing_and_closes_what_it_finds():
    assert Flat().decide(seen(Flat(), {"A": {}, "B": {}})) is HOLD
    assert sides(Flat().decide(seen(Flat(), {"A": {}, "B": {}}, held={"B": -2.0}))) == {"B": "CLOSE"}


def test_buy_and_hold_buys_equal_shares_once():
    policy = BuyAndHold()

    first = policy.decide(seen(policy, {"A": {}, "B": {}}))
    then = policy.decide(seen(policy, {"A": {}, "B": {}}, held={"A": 5.0, "B": 5.0}))
    after_a_loss_of_the_position = policy.decide(seen(policy, {"A": {}, "B": {}}))

    assert {symbol: intent.target for symbol, intent in first.intents.items()} == {"A": 0.5, "B": 0.5}
    assert then is HOLD
    assert after_a_loss_of_the_position is HOLD


def test_buy_and_hold_waits_for_a_price_and_asks_until_it_is_filled():
    policy = BuyAndHold()

    assert sides(policy.decide(seen(policy, {"A": {}, "B": None}))) == {"A": "BUY"}
    assert sides(policy.decide(seen(policy, {"A": {}, "B": None}))) == {"A": "BUY"}
    assert policy.decide(seen(policy, {"A": {}, "B": None}, held={"A": 5.0})) is HOLD
    assert sides(policy.decide(seen(policy, {"A": {}, "B": {}}, held={"A": 5.0}))) == {"B": "BUY"}


def test_buy_and_hold_leaves_a_late_symbol_what_is_free():
    policy = BuyAndHold()

    # A has grown to 8 * 100 of 1000 equity: 0.2 is free
    late = policy.decide(seen(policy, {"A": {}, "B": {}}, held={"A": 8.0}))
    policy.reset(0)
    nothing_free = policy.decide(seen(policy, {"A": {}, "B": {}}, held={"A": 10.0}))

    assert late.intents["B"].target == pytest.approx(0.2)
    assert nothing_free is HOLD


def test_buy_and_hold_buys_again_after_reset():
    policy = BuyAndHold(weight=1.0, stop=0.1)
    policy.decide(seen(policy, {"A": {}}, held={"A": 1.0}))
    policy.reset(0)

    again = policy.decide(seen(policy, {"A": {"close": 20.0}}))

    assert (again.intents["A"].target, again.intents["A"].stop_loss) == (1.0, 18.0)


def walk(policy, bars, symbols=("A", "B")):
    """Notional traded per bar, in equity, with every intent filled at once."""
    held, traded, decisions = dict.fromkeys(symbols, 0.0), 0.0, []
    rows = {symbol: {} for symbol in symbols}
    for _ in range(bars):
        decision = policy.decide(seen(policy, rows, held=held))
        decisions.append(sides(decision))
        for symbol, intent in decision.intents.items():
            traded += abs(intent.target - held[symbol] * 0.1)
            held[symbol] = intent.target * 10.0
    return traded / bars, decisions


@pytest.mark.parametrize(
    "named", [{"turnover": 0.1}, {"turnover": 0.3, "allow_short": False}, {"turnover": 0.5, "weight": 1.0}]
)
def test_random_trades_as_much_as_it_says(named):
    policy, bars = RandomTurnover(**named), 20_000
    policy.reset(1)
    moves = named["turnover"] * bars / policy.share(2)  # at least half as many, of one or two weights each

    assert walk(policy, bars)[0] == pytest.approx(named["turnover"], rel=4 * (2 / moves) ** 0.5)


def test_random_always_moves_and_stays_long_only_if_told():
    policy = RandomTurnover(1.0, allow_short=False)  # on every bar: long, flat, long, ...
    policy.reset(0)

    _, decisions = walk(policy, 4, symbols=("A",))

    assert decisions == [{"A": "BUY"}, {"A": "CLOSE"}, {"A": "BUY"}, {"A": "CLOSE"}]


def test_random_repeats_itself_by_seed_only():
    policy = RandomTurnover(0.3)
    runs = []
    for seed in (7, 7, 8):
        policy.reset(seed)
        runs.append(walk(policy, 200)[1])

    assert runs[0] == runs[1] != runs[2]


def test_a_hole_in_one_symbol_does_not_shift_the_other():
    whole, holed = RandomTurnover(0.4), RandomTurnover(0.4)

    both = [sides(whole.decide(seen(whole, {"A": {}, "B": {}}))).get("B") for _ in range(50)]
    alone = [sides(holed.decide(seen(holed, {"A": None, "B": {}}))).get("B") for _ in range(50)]

    assert both == alone
    assert set(both) == {None, "BUY", "SELL"}


def test_random_refuses_a_turnover_it_cannot_reach():
    with pytest.raises(InvalidOption, match="turnover 0"):
        RandomTurnover(0.0)
    policy = RandomTurnover(1.5)
    with pytest.raises(InvalidOption, match=r"at most 1\.33"):
        policy.decide(seen(policy, {"A": {}}))


def test_side_of_a_short_is_never_drawn_again_while_short():
    policy = RandomTurnover(4 / 3)
    policy.reset(3)

    drawn = {sides(policy.decide(seen(policy, {"A": {}}, held={"A": -1.0})))["A"] for _ in range(50)}

    assert (drawn, side_of(-1.0)) == ({"BUY", "CLOSE"}, -1)
