"""The payload: all that a report says, as one JSON document.

The page draws it and ``report.json`` stores it, so the two cannot disagree. No number is
made here that :mod:`alphaloop.hindsight` could make; this file chooses and arranges.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import polars as pl

from alphaloop.app.report.curves import averages, histogram, lines, rolling_sharpe, short
from alphaloop.app.report.inputs import ReportInput
from alphaloop.app.report.judgement import against_oracle, groups
from alphaloop.app.report.prices import prices_of
from alphaloop.core.decision import Cut
from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import YEAR_US, Timeframe, iso
from alphaloop.hindsight.drawdowns import drawdowns, underwater
from alphaloop.hindsight.metrics import Metrics, MetricsInput, exposures
from alphaloop.hindsight.returns import periodic, simple_returns

Json = dict[str, object]
VERSION = 1
LAST_TRADES = 500
ROLLING = 30
BANNERS = {
    "real": "",
    "simulated": "Simulated market: no claim about real markets.",
    "mixed": "Partly simulated or derived data: no claim about real markets.",
}


def build(report: ReportInput, run: MetricsInput, metrics: Metrics, trades: pl.DataFrame) -> Json:
    """Everything the page shows.

    Parameters
    ----------
    report : ReportInput
    run : MetricsInput
        ``report.metrics_input()``.
    metrics : dict
        ``summary(run)``.
    trades : polars.DataFrame
        ``run.trades()``, with excursions.

    Returns
    -------
    dict
        JSON-safe: finite numbers, text, lists, nulls.
    """
    rows = report.rows
    start, end = int(report.market.ts[rows[0]]), int(report.now[-1])
    return {
        "version": VERSION,
        "title": report.title or report.header.policy,
        "policy": report.header.policy,
        "symbols": list(report.header.symbols),
        "timeframe": report.header.timeframe,
        "start": iso(start),
        "end": iso(end),
        "data_kind": report.provenance.data_kind,
        "banner": BANNERS[report.provenance.data_kind],
        "costs": dict(report.provenance.costs),
        "metrics": metrics,
        "period": str(Timeframe(run.period_us)),
        "series": _series(run),
        "months": monthly(run.now, run.equity),
        "drawdowns": _drawdowns(run),
        "prices": prices_of(report.market.between(start, end), trades),
        "trades": _trades(trades),
        "groups": groups(report, trades),
        "oracle": against_oracle(report, trades),
        "cuts": cut_table(report.cuts),
        "audit": [_plain_row(row) for row in report.provenance.audit],
        "reproduce": _reproduce(report),
    }


def _series(run: MetricsInput) -> Json:
    """The curves, each short enough to draw."""
    now, equity = run.now, run.equity
    weights = exposures(run.quantity, run.marks, equity)
    ends, values = periodic(now, equity, run.period_us)
    returns = simple_returns(values)
    sharpe = rolling_sharpe(returns, ROLLING, YEAR_US / run.period_us)
    curves = {"equity": equity, "drawdown": -underwater(equity)}
    if run.benchmark is not None:
        curves["benchmark"] = run.benchmark / run.benchmark[0] * equity[0]
    return {
        "lines": lines(now, curves),
        "gross": averages(now, np.abs(weights).sum(axis=1)),
        "net": averages(now, weights.sum(axis=1)),
        "rolling_sharpe": {
            "window": ROLLING,
            "times": (ends[1 : len(returns) + 1] // 1000).tolist(),
            "values": short(sharpe),
        },
        "returns": histogram(returns),
    }


def monthly(now: Ints, equity: Floats) -> list[Json]:
    """Return of each UTC calendar month and year, oldest year first; null where there was no run.

    Examples
    --------
    >>> day = 86_400_000_000
    >>> table = monthly(np.array([day, 31 * day, 59 * day]), np.array([100.0, 110.0, 99.0]))
    >>> table[0]["year"], [None if r is None else round(r, 3) for r in table[0]["months"][:3]]
    (1970, [0.1, -0.1, None])
    """
    stamps = (now - 1).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    last = np.append(np.flatnonzero(np.diff(stamps)), len(stamps) - 1)
    values = np.append(equity[0], equity[last])
    alive = values[:-1] > 0
    returns = np.where(alive, values[1:] / np.where(alive, values[:-1], 1.0) - 1.0, np.nan)
    years: dict[int, list[float | None]] = defaultdict(lambda: [None] * 12)
    for stamp, value in zip(stamps[last].tolist(), returns.tolist(), strict=True):
        years[1970 + stamp // 12][stamp % 12] = value if np.isfinite(value) else None
    return [{"year": year, "months": months, "total": _compound(months)} for year, months in sorted(years.items())]


def _compound(returns: Sequence[float | None]) -> float:
    return float(np.prod([1.0 + value for value in returns if value is not None]) - 1.0)


def _drawdowns(run: MetricsInput) -> list[Json]:
    worst = drawdowns(run.now, run.equity, worst=5)
    times = [pl.col(name).dt.epoch("ms") for name in ("start", "trough", "recovery")]
    return worst.with_columns(times).to_dicts()


def _trades(trades: pl.DataFrame) -> Json:
    """The last trades by entry, newest first, and how many there were."""
    costs = (pl.col("fees") + pl.col("slippage") + pl.col("funding")).alias("costs")
    times = [pl.col(name).dt.epoch("ms") for name in ("entry_time", "exit_time")]
    columns = ["symbol", "side", "entry_time", "exit_time", "quantity", "entry_price", "exit_price"]
    columns += ["costs", "net_pnl", "return", "mae", "mfe", "holding_hours", "exit_reason"]
    last = trades.tail(LAST_TRADES).reverse().with_columns(costs, *times).select(columns)
    rounded = last.with_columns(pl.col(pl.Float64).round_sig_figs(8))
    return {"total": len(trades), "columns": columns, "rows": [list(row) for row in rounded.rows()]}


def cut_table(cuts: Sequence[tuple[int, Cut]]) -> list[Json]:
    """What risk took away, by rule and symbol: how often, when, and the sharpest cut."""
    groups: dict[tuple[str, str, str], list[tuple[int, Cut]]] = defaultdict(list)
    for when, cut in cuts:
        groups[cut.rule, cut.symbol, cut.what].append((when, cut))
    return [
        {
            "rule": rule,
            "symbol": symbol,
            "what": what,
            "count": len(group),
            "first": group[0][0] // 1000,
            "last": group[-1][0] // 1000,
            **_sharpest([cut for _, cut in group]),
        }
        for (rule, symbol, what), group in sorted(groups.items())
    ]


def _sharpest(cuts: Sequence[Cut]) -> Json:
    worst = max(cuts, key=lambda cut: abs(cut.before - cut.after))
    return {"before": _number(worst.before), "after": _number(worst.after), "reason": worst.reason}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _plain_row(row: object) -> Json:
    """One audit row with values that JSON knows."""
    items = dict(row) if isinstance(row, dict) else dict(vars(row))
    return {str(key): _plain_value(value) for key, value in items.items()}


def _plain_value(value: object) -> object:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        return _number(float(value))
    return int(value) if isinstance(value, np.integer) else str(value)


def _reproduce(report: ReportInput) -> list[list[str]]:
    """What must be known to run the same session again."""
    header = report.header
    versions = ", ".join(f"{table} {version}" for table, version in header.table_versions)
    rows = [
        ("Command", report.provenance.command),
        ("Trace hash", report.provenance.trace_hash),
        ("Market digest", header.market_digest),
        ("Feature schema hash", header.schema_hash),
        ("Fill rules hash", header.rules_hash),
        ("Table versions", versions),
        ("Seed", str(header.seed)),
        ("Code version", header.code_version),
        *header.options,
    ]
    return [[name, value] for name, value in rows if value]
