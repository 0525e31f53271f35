"""Three days, three assets, one session: what it did then, it does now.

The market is made of integer arithmetic and the policy compares prices, so no logarithm and no
sum of a library stands between machines: every number is made by the four operations, which
IEEE 754 rounds alike everywhere. Therefore the digest of the trace is part of the file. The
figures beside it are there to be read when it changes.

`make golden` writes the file anew; read the difference before you commit it.
"""

import difflib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from alphaloop.core.market import Instrument, Market
from alphaloop.core.orders import Fill
from alphaloop.core.time import Timeframe, iso
from alphaloop.core.trace import Header, Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from alphaloop.policies.baselines import BASELINES
from alphaloop.risk.chain import Limits, chain_of

GOLDEN = Path(__file__).parent / "three_days.txt"
SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
BARS = 3 * 24 * 12
START = 1_735_689_600_000_000
FIVE = Timeframe.parse("5m")


def steps(seed: int, count: int) -> list[int]:
    """Integers from -50 to 50 by a linear congruential generator (Knuth's MMIX constants)."""
    state, found = seed, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        found.append((state >> 33) % 101 - 50)
    return found


def golden_market() -> Market:
    """Prices in cents that drift, swing, pay funding every eight hours; one halt, one hole, one late start."""
    values = np.full((BARS, 3, 6), np.nan)
    for asset in range(3):
        moves, close = steps(asset + 1, 4 * BARS), (100 + 300 * asset) * 100
        for t in range(BARS):
            first, (move, up, down, size) = close, moves[4 * t : 4 * t + 4]
            close = max(100, first + move * (asset + 1) + (12 if t // 36 % 2 else -12) * (asset + 1))
            high, low = max(first, close) + abs(up), max(50, min(first, close) - abs(down))
            rate = 0.0001 if t % 96 == 0 else 0.0
            values[t, asset] = first / 100, high / 100, low / 100, close / 100, 100 + size, rate
    values[:40, 2] = np.nan
    values[200, 0] = np.nan
    values[300, 1, :5] = (*[values[299, 1, 3]] * 4, 0.0)
    ts = START + np.arange(BARS, dtype=np.int64) * FIVE.us
    return Market(ts, SYMBOLS, values, FIVE)


def golden_trace() -> Trace:
    market = golden_market()
    policy = BASELINES["donchian"](entry=24, exit=12, stop=0.005, target=0.02, leverage=3.0)
    instruments = {symbol: Instrument(symbol, lot=Decimal("0.001")) for symbol in SYMBOLS}
    schema = Schema(policy.features)
    header = Header("donchian", SYMBOLS, "5m", 7, schema.hash, "", market.digest, "golden", start_cash=10_000.0)
    return run(
        Session(
            ReplayFeed(market),
            SimulatedVenue(list(instruments.values()), 10_000.0),
            MarketView(market, schema),
            policy,
            chain_of(Limits(max_weight=0.3, max_gross=0.8, max_leverage=2.0, max_drawdown=0.5)),
            instruments,
            Trace(header),
        )
    )


def figure(value: float) -> str:
    """Nine significant digits."""
    return f"{value:.9g}"


def line(fill: Fill) -> str:
    costs = f"fee {figure(fill.fee)} slippage {figure(fill.slippage)} funding {figure(fill.funding)}"
    return f"{iso(fill.ts)} {fill.symbol} {fill.reason:<10} {figure(fill.quantity)} at {figure(fill.price)} {costs}"


def readable(trace: Trace) -> str:
    """The session as text."""
    fills = trace.fills
    cuts = [cut for event in trace.events for cut in event.allowed.cuts]
    reasons = sorted({str(fill.reason) for fill in fills})
    lines = [
        f"digest  {trace.digest()}",
        f"bars    {len(trace)}",
        f"orders  {sum(len(event.orders) for event in trace.events)}",
        *(f"fills   {sum(fill.reason == reason for fill in fills):>5} {reason}" for reason in reasons),
        *(f"cuts    {sum(cut.rule == rule for cut in cuts):>5} {rule}" for rule in sorted({cut.rule for cut in cuts})),
        f"fees    {figure(sum(fill.fee for fill in fills))}",
        f"funding {figure(sum(fill.funding for fill in fills))}",
        *(f"equity  {iso(int(trace.now[row]))} {figure(trace.equity[row])}" for row in range(71, BARS, 72)),
        f"held    {' '.join(map(figure, trace.quantity[-1]))}",
        "",
        *map(line, fills[:20]),
        "...",
        *map(line, fills[-20:]),
    ]
    return "\n".join(lines) + "\n"


def test_the_session_is_what_it_was(request):
    text = readable(golden_trace())
    if request.config.getoption("--golden-rewrite"):
        GOLDEN.write_text(text)
    before = GOLDEN.read_text()

    changes = difflib.unified_diff(before.splitlines(), text.splitlines(), "golden", "now", lineterm="", n=1)
    if text != before:
        pytest.fail("the golden session changed; if that is meant: make golden\n" + "\n".join(changes), pytrace=False)


def test_the_session_is_worth_keeping():
    """It meets what a session can meet, so that a change of any of it shows."""
    trace = golden_trace()
    reasons = {str(fill.reason) for fill in trace.fills}
    cuts = {cut.rule for event in trace.events for cut in event.allowed.cuts}

    assert reasons == {"market", "stop", "target", "funding"}
    assert {"exposure", "leverage"} <= cuts
    assert {fill.symbol for fill in trace.fills} == set(SYMBOLS)


def test_same_session_same_digest():
    assert golden_trace().digest() == golden_trace().digest()
