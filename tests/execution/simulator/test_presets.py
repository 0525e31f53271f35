"""Presets against the engines they are named after: small stories here, long ones in ``benchmarks/parity.py``."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.batch import simulate, targets
from alphaloop.execution.simulator.presets import FREQTRADE
from tests.execution.builders import make_instrument, make_market
from tests.reference.freqtrade import Candle, Trade, slow_freqtrade

ROOT = Path(__file__).resolve().parents[3]
FREE = {"taker_fee": 0.0, "maker_fee": 0.0, "slippage": 0.01}


@st.composite
def candles(draw) -> list[Candle]:
    rows = []
    for _ in range(draw(st.integers(3, 14))):
        start, end = draw(st.integers(92, 108)), draw(st.integers(92, 108))
        up, down = draw(st.sampled_from([0, 0, 1, 3])), draw(st.sampled_from([0, 0, 1, 3]))
        rows.append(Candle(*map(float, (start, max(start, end) + up, min(start, end) - down, end))))
    return rows


@settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "300")))
@given(candles(), st.data())
def test_freqtrade_is_its_documented_order(rows, data):
    """The plan asks for nothing while a trade is open but to leave, as a freqtrade strategy does."""
    signals, exits = {}, set()
    goal, stop, take = (np.full((len(rows), 1), math.nan) for _ in range(3))
    for bar in range(len(rows)):
        kind = data.draw(st.sampled_from(["", "", "enter", "enter", "leave"]))
        if kind == "leave":
            exits.add(bar)
        if kind == "enter":
            side = data.draw(st.sampled_from([1, -1]))
            away, wins = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
            signals[bar] = side, 100.0 - side * away, 100.0 + side * wins
    expected = slow_freqtrade(rows, signals, exits)
    for entered in (one.entered for one in expected):  # freqtrade does not hear signals while a trade is open
        goal[entered - 1, 0], stop[entered - 1, 0], take[entered - 1, 0] = signals[entered - 1]
    for bar in exits:
        goal[bar, 0] = 0.0 if math.isnan(goal[bar, 0]) else goal[bar, 0]
    plan = targets(goal, stop=stop, take=take, units=True)
    values = np.array([[[*row, 1.0, 0.0]] for row in rows])

    result = simulate(make_market(values), plan, [make_instrument("X", **FREE)], 1e9, rules=FREQTRADE)

    assert finished(result.rows) == [one for one in expected if one.left >= 0]
    assert len(result.rows) % 2 == (expected[-1:] != [] and expected[-1].left < 0)


def finished(rows) -> list[Trade]:
    """Pairs of an opening and a closing fill."""
    pairs = zip(rows[0::2], rows[1::2], strict=False)
    return [
        Trade(
            int(first[at.F_BAR]),
            first[at.F_PRICE],
            int(last[at.F_BAR]),
            last[at.F_PRICE],
            at.REASONS[int(last[at.F_REASON])].value,
        )
        for first, last in pairs
    ]


def parity(*words: str) -> dict[str, dict[str, object]]:
    call = [sys.executable, str(ROOT / "benchmarks" / "parity.py"), *words]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=ROOT / "benchmarks")
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, dict[str, object]] = json.loads(done.stdout)
    return found


def check(engine: str, *words: str) -> None:
    found = parity("--engines", engine, *words)[engine]
    if "unavailable" in found:
        pytest.skip(str(found["unavailable"]))

    assert found["trades"][0] == found["trades"][1] > 300
    assert (found["differing"], found["end_equal"], found["equal"]) == (0, True, True)


@pytest.mark.peer
@pytest.mark.parametrize("engine", ["vectorbt", "backtesting.py", "jesse", "freqtrade"])
def test_every_trade_equals_the_engines(engine):
    check(engine, "--bars", "20000")


@pytest.mark.peer
@pytest.mark.parametrize("engine", ["vectorbt", "backtesting.py", "jesse", "freqtrade"])
def test_every_trade_equals_the_engines_on_real_bars(engine, shared_data):
    check(engine, "--bars", "40000", "--file", str(shared_data / "bars" / "BTCUSDT_5m.parquet"))
