"""Judgement: trades by exit and by the market they were entered in, and the run against the oracle.

The page's answers to *why*: which exits paid, in which markets, and how much of what there
was to earn. Words come from outside or from the trades; figures from hindsight.
"""

import numpy as np
import polars as pl

from alphaloop.app.report.curves import lines
from alphaloop.app.report.inputs import MarketStates, ReportInput
from alphaloop.core.market import Ints
from alphaloop.hindsight.breakdown import breakdown
from alphaloop.hindsight.oracle.regret import Regret, largest_held, regret

Json = dict[str, object]
UNKNOWN = "unknown"
WORST = 10
_POINTS = 1500


def groups(report: ReportInput, trades: pl.DataFrame) -> list[Json]:
    """Trades by why they ended, by side, and by each kind of market state known at their entry's decision."""
    side = pl.Series(["long" if one > 0 else "short" for one in trades["side"].to_list()], dtype=pl.String)
    kinds = [("Exit", trades["exit_reason"]), ("Side", side)]
    kinds += [(one.title, _words(one, report, trades)) for one in report.states]
    return [{"title": title, **_table(breakdown(trades, words))} for title, words in kinds]


def _table(frame: pl.DataFrame) -> Json:
    rounded = frame.with_columns(pl.col(pl.Float64).round_sig_figs(8))
    return {"columns": frame.columns, "rows": [list(row) for row in rounded.rows()]}


def _words(states: MarketStates, report: ReportInput, trades: pl.DataFrame) -> pl.Series:
    """What was known of the market when each entry was decided: at the bar before the one it filled in."""
    market = report.market
    row = np.searchsorted(market.ts, trades["entry_time"].dt.epoch("us").to_numpy()) - 1
    place = {symbol: asset for asset, symbol in enumerate(market.symbols)}
    asset = np.array([place[symbol] for symbol in trades["symbol"].to_list()], dtype=np.int64)
    code: Ints = np.where(row >= 0, states.code[np.maximum(row, 0), asset], -1)
    return pl.Series([states.words[one] if one >= 0 else UNKNOWN for one in code.tolist()], dtype=pl.String)


def against_oracle(report: ReportInput, trades: pl.DataFrame) -> Json | None:
    """The run beside the best positions in hindsight.

    None where costs are not known or depend on size, and where the run began with a position.
    """
    sized = any(one.impact > 0 for one in report.instruments)
    if not report.instruments or sized or bool((report.quantity[0] != 0).any()):
        return None
    bars, largest = report.bars, largest_held(report.fills, report.market.symbols)
    found = regret(bars, report.instruments, report.equity, report.quantity, largest)
    start = float(report.equity[0])
    curves = {"oracle": found.oracle / start, "own": found.own / start}
    return {
        "profit": float(found.best.sum()),
        "own": float(found.own[-1]),
        "regret": found.total,
        "captured": found.captured,
        "lines": lines(found.now, curves, _POINTS),
        "symbols": _symbols(report, found, trades),
        "worst": _worst(found),
    }


def _symbols(report: ReportInput, found: Regret, trades: pl.DataFrame) -> list[list[object]]:
    """Symbol, largest position, the oracle's profit, the run's own, its share."""
    own = dict(trades.group_by("symbol").agg(pl.col("net_pnl").sum()).iter_rows())
    rows: list[list[object]] = []
    for symbol, size, best in zip(report.market.symbols, found.capacity.tolist(), found.best.tolist(), strict=True):
        earned = float(own.get(symbol, 0.0))
        rows.append([symbol, size, best, earned, earned / best if best > 0 else None])
    return rows


def _worst(found: Regret) -> list[list[object]]:
    """The bars whose decisions gave away most: when they closed, and how much."""
    order = np.argsort(-found.step, kind="stable")[:WORST]
    return [[int(found.now[row] // 1000), float(found.step[row])] for row in order.tolist() if found.step[row] > 0]
