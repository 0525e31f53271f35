"""Conformance: what every implementation of a protocol must do, as checks one can run.

Each check takes a builder (a call without arguments, or from a small market) and raises
``AssertionError`` with the broken promise in plain words. They make their own inputs
from a seed, so a class written tomorrow is checked by one line:

    check_policy(MyPolicy)

The house runs them over every class it ships. They prove the promises of the protocols
and nothing about profit.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from alphaloop.core.account import Account, AccountView, Holding
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.errors import NotFitted
from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, OPEN, VOLUME, Bars, Bools, Floats, Market
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Order, OrderType
from alphaloop.core.protocols import Forecast, Forecaster, Observer, Policy, RiskRule, Venue
from alphaloop.core.time import MINUTE_US, Timeframe

SYMBOLS = ("AAA", "BBB", "CCC")
CASH = 10_000.0
_ROUNDING = 1e-9


def check_policy(make: Callable[[], Policy], observations: Sequence[Observation] | None = None) -> None:
    """A policy is named, repeats itself after ``reset``, reads columns by name, and abstains when blind.

    Parameters
    ----------
    make : callable
        Returns a fresh policy; the class itself where it has defaults.
    observations : sequence of Observation, optional
        What to show it; random ones of its own features otherwise.

    Raises
    ------
    AssertionError

    Examples
    --------
    >>> class Idle:
    ...     name, features = "idle", ()
    ...     def reset(self, seed): ...
    ...     def decide(self, observation): return Decision()
    >>> check_policy(Idle)
    """
    policy = make()
    who = type(policy).__name__
    _promise(isinstance(policy, Policy), who, "has name, features, reset and decide")
    _promise(isinstance(policy.name, str) and policy.name != "", who, "has a name")
    features = policy.features
    _promise(
        isinstance(features, tuple) and len(set(features)) == len(features), who, "names its features once, in a tuple"
    )
    shown = list(observations) if observations is not None else sample_observations(features)
    before = [observation.digest() for observation in shown]
    first = _decisions(policy, shown, seed=3)
    for decision, observation in zip(first, shown, strict=True):
        _promise(isinstance(decision, Decision), who, "returns a Decision")
        _promise(set(decision.intents) <= set(observation.symbols), who, "decides only on symbols it was shown")
    _promise(before == [observation.digest() for observation in shown], who, "leaves the observation as it was")
    _promise(_same(first, _decisions(policy, shown, seed=3)), who, "decides the same again after reset(same seed)")
    _promise(_same(first, _decisions(make(), shown, seed=3)), who, "keeps its state in itself, not in its class")
    wider = [_with_more_columns(observation) for observation in shown]
    _promise(_same(first, _decisions(make(), wider, seed=3)), who, "finds its features by name, not by place")
    blind = [one._replace(mask=np.zeros_like(one.mask), values=np.full_like(one.values, np.nan)) for one in shown]
    opened = {
        intent.action for decision in _decisions(make(), blind, seed=3) for intent in decision.intents.values()
    } & {Action.BUY, Action.SELL}
    _promise(not features or not opened, who, "opens nothing while every feature is unknown")


def check_observer(make: Callable[[Market], Observer], market: Market | None = None) -> None:
    """An observer shows only what was known at ``now``, the same in any order, and read-only.

    Parameters
    ----------
    make : callable
        From a market to an observer of it.
    market : Market, optional
        With at least 8 bars; a random one otherwise.

    Raises
    ------
    AssertionError
    """
    market = market or sample_market()
    observer = make(market)
    who = type(observer).__name__
    _promise(isinstance(observer, Observer), who, "has observe")
    account = _account_of(market.symbols)
    step, instants = market.timeframe.us, market.ts.tolist()
    moments = [instants[0] - 1, instants[0], *(ts + step for ts in instants), instants[-1] + 9 * step]
    seen = {now: observer.observe(now, account) for now in moments}
    for now, one in seen.items():
        _check_observation(who, one, now, market, account)
    _promise(not seen[instants[0]].mask.any(), who, "knows nothing before the first bar is complete")
    again = {now: observer.observe(now, account) for now in reversed(moments)}
    equal = all(_seen(again[now]) == _seen(seen[now]) for now in moments)
    _promise(equal, who, "shows the same at an instant whatever was asked before")
    for known in range(0, len(market), max(1, len(market) // 6)):
        now = instants[known - 1] + step if known else instants[0]
        rewritten = make(_with_other_future(market, known)).observe(now, account)
        _promise(_seen(rewritten) == _seen(seen[now]), who, f"shows the same at bar {known} when later bars change")


def check_risk_rule(make: Callable[[], RiskRule], cases: Sequence[tuple[Decision, AccountView]] | None = None) -> None:
    """A risk rule never adds exposure or leverage, and applied twice equals once.

    Parameters
    ----------
    make : callable
        Returns a fresh rule.
    cases : sequence of (Decision, AccountView), optional
        What to apply it to; random decisions and accounts otherwise.

    Raises
    ------
    AssertionError
    """
    who = type(make()).__name__
    _promise(isinstance(make(), RiskRule), who, "has apply")
    for decision, account in cases if cases is not None else sample_cases():
        rule = make()
        allowed = rule.apply(decision, account)
        _promise(isinstance(allowed, Decision), who, "returns a Decision")
        held = dict(zip(account.symbols, account.weights.tolist(), strict=True))
        for symbol in {*held, *decision.intents, *allowed.intents}:
            before, after = (_exposure(one, symbol, held.get(symbol, 0.0)) for one in (decision, allowed))
            said = f"{symbol} from {before} to {after}"
            _promise(abs(after) <= abs(before) + _ROUNDING, who, f"never raises exposure ({said})")
            _promise(before * after >= 0, who, f"never turns a position ({said})")
        for symbol, intent in allowed.intents.items():
            asked = decision.intents.get(symbol)
            _promise(asked is None or intent.leverage <= asked.leverage, who, f"never raises leverage ({symbol})")
            if asked is not None and intent.target != asked.target:
                _promise(any(cut.symbol == symbol for cut in allowed.cuts), who, f"records what it cut ({symbol})")
        _promise(_same([rule.apply(allowed, account)], [allowed]), who, "applied twice equals once")


def check_venue(make: Callable[[tuple[str, ...]], Venue], market: Market | None = None) -> None:
    """A venue fills orders only in later bars, once, and conserves money.

    Parameters
    ----------
    make : callable
        From symbols to a venue with cash above zero and no position. Fees and slippage
        are its own; lots must be fine against a notional of a tenth of the cash.
    market : Market, optional
        With at least 12 bars, none absent; a random one otherwise.

    Raises
    ------
    AssertionError
    """
    market = market or sample_market(holes=False)
    venue = make(market.symbols)
    who, bars, symbol = type(venue).__name__, list(market), market.symbols[0]
    _promise(isinstance(venue, Venue), who, "has on_bars, submit and account")
    start = venue.account()
    _promise(start.symbols == market.symbols, who, "shows its symbols in the order given")
    _promise(start.equity == start.cash > 0 and not start.quantity.any(), who, "begins with cash and no position")
    _promise(venue.on_bars(bars[0]) == (), who, "fills nothing when nothing was ordered")

    size = 0.1 * start.equity / float(bars[0].values[0, CLOSE])
    fills = list(_turn(who, venue, bars[1], Order("open", symbol, bars[0].available_at, size)))
    _promise([fill.order_id for fill in fills] == ["open"], who, "fills a market order once, in the next bar")
    _conserves(who, venue, start, fills)
    fills += venue.on_bars(bars[2])
    _promise(_traded(fills) == ["open"], who, "never fills an order twice")
    far = float(bars[2].values[0, CLOSE]) / 100
    limit = Order("far", symbol, bars[2].available_at, size, OrderType.LIMIT, far)
    fills += _turn(who, venue, bars[3], limit)
    _promise("far" not in _traded(fills), who, "fills a limit order only where the price went")
    _conserves(who, venue, start, fills)
    near = replace(limit, id="instead", created_at=bars[3].available_at, type=OrderType.MARKET, price=None)
    fills += _turn(who, venue, bars[4], near)
    _promise(_traded(fills) == ["open", "instead"], who, "replaces the resting order by a newer one")
    close = Order("close", symbol, bars[4].available_at, -float(venue.account().quantity[0]), reduce_only=True)
    fills += _turn(who, venue, bars[5], close)
    _promise(not venue.account().quantity.any(), who, "closes a position to the last digit")
    for later in bars[6:]:
        fills += venue.on_bars(later)
    _promise(_traded(fills) == ["open", "instead", "close"], who, "is still once nothing rests and nothing is held")
    _conserves(who, venue, start, fills)


def check_forecaster(make: Callable[[], Forecaster], horizons: int = 2) -> None:
    """A forecaster fits windows, forgets, looks past what is unknown, and predicts ordered quantiles row by row.

    Parameters
    ----------
    make : callable
        Returns an unfitted forecaster that can learn from 480 windows of 4 rows and 3 features.
    horizons : int, at most 3
        Columns of the target.

    Raises
    ------
    AssertionError
    """
    who = type(make()).__name__
    X, y, mask = sample_windows(horizons)
    other, otherwise, _ = sample_windows(horizons, seed=1)
    kept = (X.copy(), y.copy(), mask.copy())
    model = make()
    _promise(isinstance(model, Forecaster), who, "has fit and predict")
    _promise(_refuses_unfitted(make(), X), who, "raises NotFitted when asked before it was fitted")
    _promise(model.fit(X, y, mask) is model, who, "returns itself from fit")
    forecast = model.predict(X, mask)
    _promise(forecast.mean.shape == y.shape, who, "predicts a mean of shape (N, H)")
    _promise(bool(np.isfinite(forecast.mean).all()), who, "predicts finite numbers")
    alike = all(np.array_equal(a, b, equal_nan=True) for a, b in zip((X, y, mask), kept, strict=True))
    _promise(alike, who, "leaves its inputs as they were")
    learnt = [_correlation(forecast.mean[:, k], y[:, k]) for k in range(horizons)]
    _promise(min(learnt) > 0.3, who, f"learns what its inputs tell (correlations {np.round(learnt, 2).tolist()})")
    _check_quantiles(who, forecast, y)
    single = np.concatenate([model.predict(X[row : row + 1], mask[row : row + 1]).mean for row in range(4)])
    _promise(np.allclose(single, forecast.mean[:4], rtol=1e-5, atol=1e-8), who, "predicts each row by itself")
    _check_mask(who, make, (X, y, mask), forecast.mean)
    again = make().fit(other, -otherwise).fit(X, y, mask).predict(X, mask).mean
    _promise(np.allclose(again, forecast.mean, rtol=1e-5, atol=1e-8), who, "forgets the previous fit")


# ---------------------------------------------------------------- inputs made from a seed


def sample_market(rows: int = 24, holes: bool = True, seed: int = 0) -> Market:
    """A small random market of :data:`SYMBOLS`; with holes, some bars are absent."""
    rng = np.random.default_rng(seed)
    shape = (rows, len(SYMBOLS))
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, shape), axis=0))
    values = np.zeros((*shape, 6))
    values[:, :, OPEN] = np.concatenate([close[:1], close[:-1]])
    values[:, :, CLOSE] = close
    values[:, :, HIGH] = values.max(axis=2) * (1 + 0.005 * rng.random(shape))
    values[:, :, LOW] = np.minimum(values[:, :, OPEN], close) * (1 - 0.005 * rng.random(shape))
    values[:, :, VOLUME] = rng.lognormal(6, 1, shape)
    values[:, :, FUNDING] = np.where(np.arange(rows)[:, None] % 8 == 0, 1e-4, 0.0)
    if holes:
        values[rng.random(shape) < 0.1] = np.nan
    return Market(np.arange(rows) * 5 * MINUTE_US, SYMBOLS, values, Timeframe(5 * MINUTE_US))


def sample_observations(features: tuple[str, ...], rows: int = 200, seed: int = 0) -> list[Observation]:
    """Random observations of ``features``: levels near 100, some unknown, accounts long, short and flat."""
    rng = np.random.default_rng(seed)
    shape = (len(SYMBOLS), len(features))
    levels = np.full(shape, 100.0)
    made = []
    for row in range(rows):
        levels = np.clip(levels * np.exp(rng.normal(0, 0.05, shape)), 10.0, 1000.0)
        mask = rng.random(shape) < 0.95
        values = np.where(mask, levels, np.nan)
        for part in (values, mask):
            part.setflags(write=False)
        account = _account_of(SYMBOLS, rng.choice([-10.0, 0.0, 10.0], len(SYMBOLS)))
        made.append(Observation(row * MINUTE_US, SYMBOLS, features, values, mask, values[None], account, "sample"))
    return made


def sample_cases(rows: int = 200, seed: int = 0) -> list[tuple[Decision, AccountView]]:
    """Random decisions, bold and timid, on random accounts, some in deep loss."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(rows):
        intents = {}
        for symbol in SYMBOLS:
            target = float(rng.choice([0.0, 1.0]) * rng.normal(0, 2))
            action = (
                Action.BUY if target > 0 else Action.SELL if target < 0 else rng.choice([Action.CLOSE, Action.HOLD])
            )
            if rng.random() < 0.7:
                intents[symbol] = Intent(Action(action), target, float(rng.uniform(1, 20)))
        account = _account_of(SYMBOLS, rng.choice([-90.0, 0.0, 30.0, 90.0], len(SYMBOLS)))
        made.append((Decision(intents), account._replace(peak_equity=account.equity * float(rng.uniform(1, 3)))))
    return made


def sample_windows(horizons: int = 2, rows: int = 480, seed: int = 0) -> tuple[Floats, Floats, Bools]:
    """Random windows (N, 4, 3) whose newest row tells the targets, and their mask.

    NaN stands where the mask is false, and where one label in twenty is missing.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 4, 3))
    y = X[:, -1, :horizons] + 0.3 * rng.normal(size=(rows, horizons))
    mask = rng.random(X.shape) < 0.95
    X[~mask] = np.nan
    y[rng.random(y.shape) < 0.05] = np.nan
    return X, y, mask


def _account_of(symbols: tuple[str, ...], quantity: Floats | None = None) -> AccountView:
    held = np.zeros(len(symbols)) if quantity is None else quantity
    holdings = {
        symbol: Holding(Decimal(str(size)), Decimal(100), abs(Decimal(str(size)) * 100))
        for symbol, size in zip(symbols, held.tolist(), strict=True)
    }
    return Account(Decimal(str(CASH)), holdings).view(symbols, dict.fromkeys(symbols, 100.0), CASH)


# ---------------------------------------------------------------- how promises are compared


def _promise(kept: bool, who: str, what: str) -> None:
    if not kept:
        raise AssertionError(f"{who} breaks a promise: a conforming one {what}")


def _refuses_unfitted(model: Forecaster, X: Floats) -> bool:
    try:
        model.predict(X)
    except NotFitted:
        return True
    return False


def _check_quantiles(who: str, forecast: Forecast, y: Floats) -> None:
    """Ordered, of the right shape, and neither all above nor all below what happened."""
    levels = [forecast.quantile(q) for q in (0.1, 0.5, 0.9)]
    _promise(all(level.shape == y.shape for level in levels), who, "gives quantiles of shape (N, H)")
    _promise(bool((np.diff(levels, axis=0) >= -_ROUNDING).all()), who, "gives quantiles in ascending order")
    known = ~np.isnan(y)
    low, high = (float(np.mean((y < level)[known])) for level in (levels[0], levels[2]))
    _promise(low < 0.5 < high, who, f"gives quantiles that mean something ({low:.2f} below the 0.1-quantile)")


def _check_mask(who: str, make: Callable[[], Forecaster], data: tuple[Floats, Floats, Bools], mean: Floats) -> None:
    """What is unknown is unknown by mask or by NaN alike, and no number that stands there is read."""
    X, y, mask = data
    rubbish = np.where(mask, X, 1e6)
    model = make().fit(rubbish, y, mask)
    _promise(np.allclose(model.predict(rubbish, mask).mean, mean, rtol=1e-5, atol=1e-8), who, "reads no masked value")
    unmasked = make().fit(X, y)
    _promise(np.allclose(unmasked.predict(X).mean, mean, rtol=1e-5, atol=1e-8), who, "takes NaN for unknown")


def _correlation(a: Floats, b: Floats) -> float:
    known = ~np.isnan(b)
    return float(np.corrcoef(a[known], b[known])[0, 1])


def _decisions(policy: Policy, observations: Sequence[Observation], seed: int) -> list[Decision]:
    policy.reset(seed)
    return [policy.decide(observation) for observation in observations]


def _same(left: Sequence[Decision], right: Sequence[Decision]) -> bool:
    plain = [[(sorted(one.intents.items()), one.cuts, one.votes) for one in side] for side in (left, right)]
    return repr(plain[0]) == repr(plain[1])


def _with_more_columns(one: Observation) -> Observation:
    """The same facts, columns in reverse order, behind one nobody asked for."""
    noise = np.full((len(one.symbols), 1), 7.0)
    values = np.concatenate([noise, one.values[:, ::-1]], axis=1)
    mask = np.concatenate([noise > 0, one.mask[:, ::-1]], axis=1)
    windows = np.concatenate([np.broadcast_to(noise, (*one.windows.shape[:2], 1)), one.windows[:, :, ::-1]], axis=2)
    return one._replace(features=("noise", *one.features[::-1]), values=values, mask=mask, windows=windows)


def _check_observation(who: str, one: Observation, now: int, market: Market, account: AccountView) -> None:
    shape = (len(market.symbols), len(one.features))
    _promise(one.now == now and one.account is account, who, "hands on now and the account")
    _promise(one.symbols == market.symbols, who, "keeps the market's symbols in order")
    _promise(one.values.shape == one.mask.shape == one.windows.shape[1:] == shape, who, "has one shape throughout")
    _promise(len(one.schema_hash) > 0, who, "says which schema made its columns")
    writable = [part for part in (one.values, one.mask, one.windows) if part.flags.writeable]
    _promise(not writable, who, "hands out read-only arrays")
    _promise(bool(np.isfinite(one.values[one.mask]).all()), who, "has finite values where the mask is true")
    _promise(bool(np.isnan(one.values[~one.mask]).all()), who, "has NaN where the mask is false, never a number")


def _seen(one: Observation) -> tuple[bytes, bytes]:
    return one.digest(), one.windows.tobytes()


def _with_other_future(market: Market, known: int) -> Market:
    values = market.values.copy()
    values[known:, :, : CLOSE + 1] *= 3.0
    values[known:, :, VOLUME:] += 1.0
    return Market(market.ts.copy(), market.symbols, values, market.timeframe, market.sources)


def _exposure(decision: Decision, symbol: str, held: float) -> float:
    target = decision.target(symbol)
    return held if target is None else target


def _turn(who: str, venue: Venue, bars: Bars, order: Order) -> tuple[Fill, ...]:
    """Submit one order, then show one bar; no fill may be older than the order."""
    venue.submit((order,))
    fills = venue.on_bars(bars)
    _promise(all(fill.ts >= order.created_at for fill in fills), who, "fills no order in a bar known before it")
    return fills


def _traded(fills: Sequence[Fill]) -> list[str]:
    return [fill.order_id for fill in fills if fill.quantity]


def _conserves(who: str, venue: Venue, start: AccountView, fills: Sequence[Fill]) -> None:
    """Equity = starting cash + every position at its mark less its price, less costs."""
    account = venue.account()
    marks = dict(zip(account.symbols, account.mark_price.tolist(), strict=True))
    gained = sum(one.quantity * (marks[one.symbol] - one.price) for one in fills if one.quantity)
    costs = sum(one.fee + one.funding - one.shortfall for one in fills)
    expected = start.equity + gained - costs
    _promise(abs(account.equity - expected) <= 1e-9 * start.equity, who, "conserves money")
    for place, symbol in enumerate(account.symbols):
        held = sum(one.quantity for one in fills if one.symbol == symbol)
        _promise(abs(held - float(account.quantity[place])) <= 1e-9 * (1 + abs(held)), who, "holds what it filled")
