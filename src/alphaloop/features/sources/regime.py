"""Regime columns: labels and states of each bar, from bars, taker flow and open interest.

Without taker volume the labels are masked (a stop hunt excepted) and ``regime_reason``
says why; without open interest ``regime_evidence`` lacks its bit. The bucket of open
interest is the bar's own: the last row that became known during the bar, against the last
of the bar before; a source slower than the bars says nothing about one bar.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import DAY_US
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.family import compiled
from alphaloop.features.regime import BARS_KNOWN, FLOW_KNOWN, INTEREST_KNOWN, LABELS, REASONS, Thresholds, classify
from alphaloop.features.sources.rows import Reader, Rows, Whose, floats, own, rows
from alphaloop.features.sources.series import fresh, held, in_order, write
from alphaloop.features.sources.symbols import perpetual
from alphaloop.features.states import StateRules, states
from alphaloop.features.windows import REACH, beginnings, longest_hole_us, score

SCORED = 96  # bars of the trailing score of the flow
SCORED_LEAST = 48
OVERTAKEN_US = DAY_US  # how long a row of open interest is remembered as newer than a late one
LONGEST_BAR_US = 7 * DAY_US

_BARS = tuple(f"market_bars.{name}" for name in ("open", "high", "low", "close"))
_FLOW = ("market_bars.volume", "market_bars.taker_buy_volume")
_INTEREST = ("open_interest.oi_base",)
_ALL = (*_BARS, *_FLOW, *_INTEREST)
_NO_LABEL = "masked where no label can be told: see regime_reason"


def _declared() -> tuple[Declared, ...]:
    def one(name: str, unit: str, formula: str, inputs: tuple[str, ...], missing: str) -> Declared:
        return Declared(f"regime_{name}", "regime", unit, formula, inputs, missing)

    flags = [one(label, "0 or 1", f"1 where the label is {label}", _ALL, _NO_LABEL) for label in LABELS]
    reasons = "; ".join(f"{code} {text}" for code, text in enumerate(REASONS))
    bits = f"{BARS_KNOWN} ATR + {FLOW_KNOWN} taker flow + {INTEREST_KNOWN} change of open interest"
    warm = "masked until the window is full of bars"
    still = f"{warm}, and where the price did not move in it"
    return (
        *flags,
        one("code", "0 to 6", "place in " + " ".join(LABELS), _ALL, _NO_LABEL),
        one("direction", "-1, 0, 1", "side with two more of the signs of flow, taker and price", _ALL, _NO_LABEL),
        one("confidence", "0 to 1", "as in alphaloop.features.regime.classify", _ALL, _NO_LABEL),
        one("reason", "code", reasons, _ALL, "never"),
        one("evidence", "bits", bits, _ALL, "never"),
        one("flow", "-1 to 1", "(buy - sell) / (buy + sell), takers of the bar", _FLOW, "masked without taker volume"),
        one("flow_z", "deviations", f"score of regime_flow among the last {SCORED} bars", _FLOW, "as regime_flow"),
        one(
            "oi_change", "percent", "open interest over the bar before", _INTEREST, "masked without a row in both bars"
        ),
        one("vol_rank", "0 to 1", "rank of the volatility of 48 bars among the last 576", _BARS, warm),
        one("vol_state", "-1, 0, 1", "regime_vol_rank below 0.2, between, above 0.8", _BARS, warm),
        one("trend_score", "deviations", "sum(r) / sqrt(sum(r^2)) of 48 log returns", _BARS, still),
        one("trend_state", "-1, 0, 1", "regime_trend_score below -1.5, between, above 1.5", _BARS, still),
        one("range_width", "deviations", "log(highest / lowest) / sqrt(sum(r^2)) over 48 bars", _BARS, still),
        one("range_state", "0 or 1", "no trend, and regime_range_width below 1.25", _BARS, still),
    )


@dataclass(frozen=True)
class Regime:
    """The source family ``regime``.

    Examples
    --------
    >>> family = Regime()
    >>> [one.name for one in family.declared[6:10]], family.memory_bars
    (['regime_noise', 'regime_code', 'regime_direction', 'regime_confidence'], 624)
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    rules: StateRules = field(default_factory=StateRules)

    @property
    def name(self) -> str:
        """``regime``."""
        return "regime"

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """Seven labels as flags, the verdict, and the states."""
        return _declared()

    @property
    def tables(self) -> tuple[str, ...]:
        """Beside bars, open interest."""
        return ("open_interest",)

    @property
    def memory_us(self) -> int:
        """Two of the longest bars, and a day for late rows."""
        return 2 * LONGEST_BAR_US + OVERTAKEN_US

    @property
    def memory_bars(self) -> int:
        """What the longest window reads."""
        return max(self.rules.reach, REACH, SCORED)

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Taker volume of the symbol's own bars, and open interest of its perpetual."""
        return {"market_bars": TAKERS, "open_interest": INTEREST}

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n - first); NaN and false where not known."""
        hole = longest_hole_us(facts.timeframe)
        like = states(facts.bars, rules=self.rules, begin=beginnings(facts.now, hole), first=facts.first)
        near = facts.lately(max(REACH, SCORED) - 1)
        change, begin = interest_change(near), beginnings(near.now, hole)
        flows = *taker_volumes(near), change
        seen = classify(near.bars, *flows, thresholds=self.thresholds, begin=begin, first=near.first)
        known = seen.label >= 0
        label = np.where(known, seen.label, np.nan)
        columns = {
            "code": label,
            "direction": np.where(known, seen.direction, np.nan),
            "confidence": seen.confidence,
            "reason": seen.reason.astype(np.float64),
            "evidence": seen.evidence.astype(np.float64),
            "flow": seen.flow,
            "flow_z": _scores(seen.flow, begin, near.first),
            "oi_change": change,
            **{word: np.where(known, (label == code) * 1.0, np.nan) for code, word in enumerate(LABELS)},
        }
        columns = {name: column[near.first :] for name, column in columns.items()} | {
            "vol_rank": like.rank,
            "vol_state": like.volatility,
            "trend_score": like.score,
            "trend_state": like.trend,
            "range_width": like.width,
            "range_state": like.ranging,
        }
        write(self.declared, {f"regime_{name}": column for name, column in columns.items()}, values, mask)


@compiled
def _scores(values: Floats, begin: Ints, first: int) -> Floats:
    """The score of each value from ``first`` on among the last :data:`SCORED`; those before it are unknown."""
    made = np.full(len(values), np.nan)
    for i in range(first, len(values)):
        made[i] = score(values, max(begin[i], i - SCORED + 1), i, SCORED_LEAST)
    return made


@dataclass(frozen=True, slots=True)
class RegimeSummary:
    """What kind of bar just closed, and the state around it, as a policy or a prompt reads it.

    Parameters
    ----------
    label : str or None
        One of :data:`alphaloop.features.regime.LABELS`; None where it cannot be told, see ``reason``.
    direction : {"up", "down", "none"}
    confidence : float or None, 0 to 1
    reason : str
    volatility : {"low", "normal", "high"} or None
    trend : {"up", "down", "none"} or None
    ranging : bool or None
        None until the windows are full of bars.
    """

    label: str | None
    direction: str
    confidence: float | None
    reason: str
    volatility: str | None
    trend: str | None
    ranging: bool | None


def regime_at(facts: SymbolFacts) -> RegimeSummary:
    """The regime at the last bar, in words."""
    family = Regime()
    made = np.empty((len(family.declared), 1))
    family.compute(replace(facts, first=len(facts.now) - 1), made, np.empty(made.shape, dtype=np.bool_))
    return regime_of(family, made[:, 0])


def regime_of(family: Regime, values: Floats) -> RegimeSummary:
    """What the values of the family (columns,) at one bar mean."""
    column = {one.name.removeprefix("regime_"): value for one, value in zip(family.declared, values, strict=True)}
    known = {name: None if np.isnan(value) else int(value) for name, value in column.items()}
    return RegimeSummary(
        None if known["code"] is None else LABELS[known["code"]],
        _SIDES[known["direction"] or 0],
        None if known["code"] is None else float(column["confidence"]),
        REASONS[int(column["reason"])],
        None if known["vol_state"] is None else _SIZES[known["vol_state"]],
        None if known["trend_state"] is None else _SIDES[known["trend_state"]],
        None if known["range_state"] is None else bool(known["range_state"]),
    )


_SIDES, _SIZES = {1: "up", -1: "down", 0: "none"}, {1: "high", -1: "low", 0: "normal"}


def _read_takers(frame: pl.DataFrame, whose: Whose) -> Rows:
    kept = own(frame, venue=whose.venue, timeframe=str(whose.timeframe))
    return rows(frame, kept, buy=floats(frame, "taker_buy_volume"), volume=floats(frame, "volume"))


def _read_interest(frame: pl.DataFrame, whose: Whose) -> Rows:
    return rows(frame, own(frame, venue=perpetual(whose.venue)), base=floats(frame, "oi_base"))


TAKERS, INTEREST = Reader(_read_takers), Reader(_read_interest)


def taker_volumes(facts: SymbolFacts) -> tuple[Floats, Floats]:
    """Volume of each bar taken by buyers and by sellers, base, (n,) each; NaN where unknown."""
    bars = facts.read("market_bars", TAKERS)
    index = fresh(bars.available, facts.now, 0)
    buy, volume = held(bars["buy"], index), held(bars["volume"], index)
    sound = (buy >= 0) & (buy <= volume)
    return np.where(sound, buy, np.nan), np.where(sound, volume - buy, np.nan)


def interest_change(facts: SymbolFacts) -> Floats:
    """Change of open interest from the bar before to this one, percent, (n,); NaN without a row in each."""
    interest, step = in_order(facts.read("open_interest", INTEREST), OVERTAKEN_US), facts.timeframe.us
    this, before = (
        held(interest["base"], fresh(interest.available, now, step - 1)) for now in (facts.now, facts.now - step)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((this > 0) & (before > 0), 100.0 * (this / before - 1.0), np.nan)
