"""Wiring: the one place where feed, observer, policy, risk and venue are plugged together.

Backtest and paper replay take the same :class:`Setup`; they differ in the venue alone.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np

from alphaloop import __version__
from alphaloop.app.observing import view_of
from alphaloop.core.errors import InvalidOption, LookaheadError, NoData, UnknownName
from alphaloop.core.market import CLOSE, Instrument, Market
from alphaloop.core.protocols import Policy, Venue
from alphaloop.core.time import Timeframe, iso
from alphaloop.core.trace import Header, Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.simulator.compiled import rules_hash
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.features.contract import Schema
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.symbol import tables_of
from alphaloop.features.view import MarketView
from alphaloop.lake.bars import load_market
from alphaloop.lake.marks import load_marks
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake
from alphaloop.policies.baselines import BASELINES
from alphaloop.policies.experts.library import EXPERTS
from alphaloop.risk.chain import Chain, Limits, chain_of

DataKind = Literal["real", "simulated", "mixed"]
MakeVenue = Callable[..., Venue]
POLICIES = {**BASELINES, **EXPERTS}
"""What the command line knows by name."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading is assumed to cost; fractions of notional or price.

    Examples
    --------
    >>> Costs.of_bps(fee=5.0, slippage=1.0).taker
    0.0005
    """

    taker: float = 0.0005
    maker: float = 0.0002
    slippage: float = 0.0001

    @classmethod
    def of_bps(cls, fee: float | None, slippage: float | None, maker: float | None = None) -> "Costs":
        """From basis points; ``fee`` is taken of every fill unless ``maker`` says otherwise.

        Raises
        ------
        InvalidOption
            If one is not between 0 and 10,000.
        """
        default = cls()
        for name, value in (("fee", fee), ("slippage", slippage), ("maker fee", maker)):
            if value is not None and not 0 <= value < 10_000:
                raise InvalidOption(f"a {name} of {value} bp", "0 to 10,000 basis points", "5 bp is 0.05 %")
        taker = default.taker if fee is None else fee / 1e4
        resting = (default.maker if fee is None else taker) if maker is None else maker / 1e4
        return cls(taker, resting, default.slippage if slippage is None else slippage / 1e4)

    def words(self) -> dict[str, str]:
        """For people."""
        return {
            "taker fee": f"{self.taker * 1e4:g} bp",
            "maker fee": f"{self.maker * 1e4:g} bp",
            "slippage": f"{self.slippage * 1e4:g} bp",
        }


def limits_of(
    weight: float | None = None,
    gross: float | None = None,
    leverage: float | None = None,
    drawdown: float | None = None,
) -> Limits:
    """Risk limits from what a user named; what is left out does not bind.

    Examples
    --------
    >>> limits_of(weight=0.1).max_gross
    inf
    """
    most_weight, most_gross, most_leverage = (math.inf if one is None else one for one in (weight, gross, leverage))
    return Limits(most_weight, most_gross, most_leverage, 1.0 if drawdown is None else drawdown)


@dataclass(frozen=True, slots=True)
class Options:
    """What a user asked to run.

    ``start`` and ``end`` are microseconds UTC, ``[start, end)`` on bar opens; ``params``
    are the policy's own, by name. ``participation`` is the most of a bar's volume that may
    trade (none: any size), ``latency_us`` what an order needs to arrive, in microseconds.
    """

    policy: str
    symbols: tuple[str, ...]
    timeframe: str = "5m"
    start: int | None = None
    end: int | None = None
    venue: str | None = None
    cash: float = 10_000.0
    costs: Costs = field(default_factory=Costs)
    limits: Limits = field(default_factory=limits_of)
    seed: int = 0
    band: float = 0.0
    rules: FillRules = field(default_factory=FillRules)
    participation: float | None = None
    latency_us: int = 0
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything a session needs but its venue."""

    options: Options
    market: Market
    instruments: tuple[Instrument, ...]
    policy: Policy
    observer: MarketView
    risk: Chain
    header: Header
    data_kind: DataKind
    liquidation: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> dict[str, str]:
        """What trading was assumed to cost and to be, for people."""
        options, found = self.options, self.options.costs.words()
        found["volume"] = "any size" if options.participation is None else f"{options.participation:.4g} of each bar's"
        found["latency"] = f"{options.latency_us / 1000:g} ms"
        chosen, default = options.rules.as_dict(), FillRules().as_dict()
        other = [f"{name} {value}" for name, value in chosen.items() if value != default[name]]
        found["fill rules"] = ", ".join(other) or "default"
        by: dict[str, list[str]] = {}
        for symbol, said in self.liquidation.items():
            by.setdefault(said, []).append(symbol)
        split = by if len(by) == 1 else [f"{said} ({', '.join(some)})" for said, some in by.items()]
        found["liquidation by"] = "; ".join(split) or "traded prices"
        return found


def make_policy(name: str, params: Mapping[str, str] | None = None) -> Policy:
    """A policy by its name on the command line, with some of its parameters set.

    Raises
    ------
    UnknownName
        If there is no such policy or parameter.
    InvalidOption
        If a value is not of the parameter's type.
    """
    if name not in POLICIES:
        raise UnknownName(f"policy '{name}'", f"one of {', '.join(POLICIES)}", "see: alphaloop backtest --help")
    kind = POLICIES[name]
    known = {one.name: one.default for one in fields(kind) if one.init}
    given: dict[str, object] = {}
    for key, text in (params or {}).items():
        if key not in known:
            raise UnknownName(f"parameter '{key}' of {name}", f"one of {', '.join(known) or 'none'}", "")
        given[key] = typed(key, text, known[key])
    policy: Policy = kind(**given)  # type: ignore[arg-type]  # checked by name and type above
    return policy


def typed(key: str, text: str, default: object) -> object:
    """``text`` as the type of its default; a default of none stands for a number.

    Raises
    ------
    InvalidOption
        If it is not of that type.
    """
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise InvalidOption(f"{key}={text}", "true or false", "")
        return text.lower() == "true"
    try:
        return int(text) if isinstance(default, int) else float(text)
    except ValueError as error:
        raise InvalidOption(f"{key}={text}", "a number", "") from error


def instrument_of(symbol: str, venue: str, costs: Costs) -> Instrument:
    """An instrument with the run's costs; its kind follows from the venue's name."""
    kind: Literal["perp", "spot", "stock"] = "perp"
    if venue.endswith("spot"):
        kind = "spot"
    elif venue.startswith("stocks"):
        kind = "stock"
    return Instrument(symbol, kind=kind, taker_fee=costs.taker, maker_fee=costs.maker, slippage=costs.slippage)


def prepare(lake: Lake, options: Options, policy: Policy | None = None) -> Setup:
    """Load the market and make the parts.

    Parameters
    ----------
    lake : Lake
    options : Options
    policy : Policy, optional
        Made already, for one that the options name but do not describe; by its name otherwise.

    Raises
    ------
    NoData, UnknownName, InvalidOption
        If the lake lacks the bars, or an option names nothing.
    LookaheadError
        If the policy has learnt from bars of the window.
    """
    policy = make_policy(options.policy, options.params) if policy is None else policy
    timeframe = Timeframe.parse(options.timeframe)
    if len(set(options.symbols)) != len(options.symbols) or not options.symbols:
        raise InvalidOption(f"symbols {options.symbols}", "one or more, each once", "pass --symbols BTCUSDT,ETHUSDT")
    if not 0 <= options.band < 1:
        raise InvalidOption(f"a band of {options.band}", "a fraction of equity, 0 or more and below 1", "use 0.01")
    market = load_market(lake, options.symbols, timeframe, start=options.start, end=options.end, venue=options.venue)
    empty = [name for asset, name in enumerate(market.symbols) if np.isnan(market.values[:, asset, CLOSE]).all()]
    if empty:
        raise NoData(f"no bar of {', '.join(empty)} in the window", "bars of every symbol", "widen --start and --end")
    marks = load_marks(lake, market)
    if marks.timeframes:
        market = replace(market, mark=marks.values)
    _require_unseen(policy, market)
    schema = Schema(policy.features)
    read = {"market_bars", "funding_rates", *tables_of(schema.sources), *(["prices"] if marks.timeframes else [])}
    header = Header(
        policy=" ".join([options.policy, *(f"{key}={value}" for key, value in sorted(options.params.items()))]),
        symbols=market.symbols,
        timeframe=str(timeframe),
        seed=options.seed,
        schema_hash=schema.hash,
        rules_hash=rules_hash(options.rules),
        market_digest=market.digest,
        code_version=__version__,
        table_versions=tuple((name, version) for name, version in lake.versions().items() if name in read),
        start_cash=options.cash,
        options=(
            ("costs", repr(options.costs)),
            ("limits", repr(options.limits)),
            ("band", repr(options.band)),
            ("rules", json.dumps(options.rules.as_dict())),
            ("participation", repr(options.participation)),
            ("latency_us", repr(options.latency_us)),
        ),
    )
    instruments = tuple(instrument_of(one, market.sources.get(one, ""), options.costs) for one in market.symbols)
    return Setup(
        options,
        market,
        instruments,
        policy,
        view_of(
            lake,
            _history(lake, market, options),
            schema,
            words=getattr(policy, "words", False),
            lookback=getattr(policy, "lookback", 1),
        ),
        chain_of(options.limits),
        header,
        data_kind(lake, market, schema),
        {symbol: marks.words(symbol) for symbol in market.symbols},
    )


def _require_unseen(policy: Policy, market: Market) -> None:
    """What a model has learnt from it must not be tested on."""
    learnt, first = getattr(policy, "learnt_until", 0), int(market.ts[0]) + market.timeframe.us
    if first < learnt:
        raise LookaheadError(
            f"decisions from {iso(first)} on by a model that has learnt from bars until {iso(learnt)}",
            "bars it has not seen",
            f"pass --start {iso(learnt)} or later, train with an earlier --end, or say --set in_sample=true",
        )


def _history(lake: Lake, market: Market, options: Options) -> Market:
    """The market with all bars before its window, which averages and windows look back on."""
    if options.start is None:
        return market
    whole = load_market(lake, options.symbols, market.timeframe, end=options.end, venue=options.venue)
    return whole if whole.sources == market.sources else market  # another venue's past is no past of these bars


def play(setup: Setup, make_venue: MakeVenue, progress: Callable[[int], None] | None = None) -> Trace:
    """Run the session through a venue, made as the simulated one is."""
    session = Session(
        feed=ReplayFeed(setup.market, progress),
        venue=make_venue(
            setup.instruments,
            setup.options.cash,
            setup.options.rules,
            participation=setup.options.participation,
            latency_us=setup.options.latency_us,
        ),
        observer=setup.observer,
        policy=setup.policy,
        risk=setup.risk,
        instruments={one.symbol: one for one in setup.instruments},
        trace=Trace(setup.header),
        band=setup.options.band,
    )
    return run(session)


def data_kind(lake: Lake, market: Market, schema: Schema) -> DataKind:
    """Whether what the run stands on, its bars and the facts its features read, is real, simulated, or both."""
    found: set[bool] = set()
    for symbol, venue in market.sources.items():
        scans = [lake.scan("market_bars", symbols=[symbol], venue=venue, timeframe=str(market.timeframe))]
        own = [name for name in tables_of(schema.sources) if name != "market_bars" and "symbol" in TABLES[name].names]
        scans += [lake.scan(name, symbols=list(names_of(symbol))) for name in own]
        for rows in scans:
            found |= set(rows.select("is_synthetic").unique().collect()["is_synthetic"].to_list())
    if found == {True}:
        return "simulated"
    return "mixed" if True in found else "real"
