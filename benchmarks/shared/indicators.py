"""The same 28 columns by TA-Lib, polars and pandas, each written as its users would for speed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import polars as pl
import talib

LAGS, DEVIATIONS, AVERAGES, SCORES = (1, 3, 12, 48, 96, 288), (12, 24, 48, 96, 288), (9, 21, 55, 200), (24, 96, 288)
NAMES = (
    *(f"ret_{n}" for n in LAGS),
    *(f"vol_{n}" for n in DEVIATIONS),
    *("rsi_14", "macd", "macd_signal", "macd_hist", "bb_upper", "bb_lower", "bb_pct", "atr_14"),
    *(f"ema_{n}" for n in AVERAGES),
    *(f"vol_z_{n}" for n in SCORES),
    *("donchian_high_20", "donchian_low_20"),
)
Columns = dict[str, np.ndarray]


def with_talib(tapes: list[Columns]) -> list[Columns]:
    """By TA-Lib, and numpy where it has none."""
    made = []
    for tape in tapes:
        close, high, low, volume = tape["close"], tape["high"], tape["low"], tape["volume"]
        returns = talib.ROCP(close, 1)
        returns[0] = 0.0  # TA-Lib's rolling sums never recover from a leading NaN
        columns = {f"ret_{n}": talib.ROCP(close, n) for n in LAGS}
        columns |= {f"vol_{n}": talib.STDDEV(returns, n) * np.sqrt(n / (n - 1)) for n in DEVIATIONS}
        columns["rsi_14"], columns["atr_14"] = talib.RSI(close, 14), talib.ATR(high, low, close, 14)
        columns["macd"], columns["macd_signal"], columns["macd_hist"] = talib.MACD(close)
        upper, _, lower = talib.BBANDS(close, 20, 2, 2)
        columns |= {"bb_upper": upper, "bb_lower": lower, "bb_pct": (close - lower) / (upper - lower)}
        columns |= {f"ema_{n}": talib.EMA(close, n) for n in AVERAGES}
        for n in SCORES:
            deviation = talib.STDDEV(volume, n) * np.sqrt(n / (n - 1))
            columns[f"vol_z_{n}"] = (volume - talib.SMA(volume, n)) / deviation
        columns["donchian_high_20"], columns["donchian_low_20"] = talib.MAX(high, 20), talib.MIN(low, 20)
        made.append(columns)
    return made


def with_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """By polars expressions over each symbol, lazily."""
    close, volume = pl.col("close"), pl.col("volume")

    def by(expression: pl.Expr) -> pl.Expr:
        return expression.over("symbol")

    def average(expression: pl.Expr, alpha: float) -> pl.Expr:
        return by(expression.ewm_mean(alpha=alpha, adjust=False))

    lazy = frame.lazy().with_columns(
        ret=by(close / close.shift(1) - 1), change=by(close.diff()), last=by(close.shift(1))
    )
    lazy = lazy.with_columns(
        reach=pl.max_horizontal(pl.col("high"), "last") - pl.min_horizontal(pl.col("low"), "last"),
        gain=average(pl.col("change").clip(lower_bound=0), 1 / 14),
        loss=average((-pl.col("change")).clip(lower_bound=0), 1 / 14),
        macd=average(close, 2 / 13) - average(close, 2 / 27),
        middle=by(close.rolling_mean(20)),
        spread=by(close.rolling_std(20, ddof=0)),
        **{f"ret_{n}": by(close / close.shift(n) - 1) for n in LAGS},
        **{f"vol_{n}": by(pl.col("ret").rolling_std(n)) for n in DEVIATIONS},
        **{f"ema_{n}": average(close, 2 / (n + 1)) for n in AVERAGES},
        **{f"vol_z_{n}": by((volume - volume.rolling_mean(n)) / volume.rolling_std(n)) for n in SCORES},
        donchian_high_20=by(pl.col("high").rolling_max(20)),
        donchian_low_20=by(pl.col("low").rolling_min(20)),
    )
    lazy = lazy.with_columns(
        rsi_14=100 * pl.col("gain") / (pl.col("gain") + pl.col("loss")),
        atr_14=average(pl.col("reach"), 1 / 14),
        macd_signal=average(pl.col("macd"), 2 / 10),
        bb_upper=pl.col("middle") + 2 * pl.col("spread"),
        bb_lower=pl.col("middle") - 2 * pl.col("spread"),
        bb_pct=(close - pl.col("middle") + 2 * pl.col("spread")) / (4 * pl.col("spread")),
    )
    return lazy.with_columns(macd_hist=pl.col("macd") - pl.col("macd_signal")).select("symbol", *NAMES).collect()


def _averaged(values: pd.Series, alpha: float) -> pd.Series:
    return values.ewm(alpha=alpha, adjust=False).mean()


def _pandas_columns(tape: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """All columns of one symbol."""
    close, high, low, volume = (tape[name] for name in ("close", "high", "low", "volume"))
    last, change, returns = close.shift(1), close.diff(), close.pct_change()
    gain, loss = _averaged(change.clip(lower=0), 1 / 14), _averaged(-change.clip(upper=0), 1 / 14)
    line = _averaged(close, 2 / 13) - _averaged(close, 2 / 27)
    signal = _averaged(line, 2 / 10)
    window = close.rolling(20)
    middle, reach = window.mean(), 2 * window.std(ddof=0)
    columns = {f"ret_{n}": close.pct_change(n) for n in LAGS}
    columns |= {f"vol_{n}": returns.rolling(n).std() for n in DEVIATIONS}
    columns |= {"rsi_14": 100 * gain / (gain + loss), "macd": line, "macd_signal": signal}
    columns |= {"macd_hist": line - signal, "bb_upper": middle + reach, "bb_lower": middle - reach}
    columns["bb_pct"] = (close - middle + reach) / (2 * reach)
    columns["atr_14"] = _averaged(np.maximum(high, last) - np.minimum(low, last), 1 / 14)
    columns |= {f"ema_{n}": _averaged(close, 2 / (n + 1)) for n in AVERAGES}
    for n in SCORES:
        window = volume.rolling(n)
        columns[f"vol_z_{n}"] = (volume - window.mean()) / window.std()
    columns["donchian_high_20"], columns["donchian_low_20"] = high.rolling(20).max(), low.rolling(20).min()
    return {name: columns[name] for name in NAMES}


def with_pandas(tapes: list[Columns]) -> list[Columns]:
    """By pandas from loose columns, a symbol at a time in a loop: the least that pandas can cost."""
    made = []
    for tape in tapes:
        columns = _pandas_columns({name: pd.Series(tape[name]) for name in ("close", "high", "low", "volume")})
        made.append({name: column.to_numpy() for name, column in columns.items()})
    return made


def with_pandas_loop(panel: pd.DataFrame) -> pd.DataFrame:
    """By pandas from one frame of all symbols to one frame: a symbol at a time, put together again."""
    return pd.concat(pd.DataFrame(_pandas_columns(part)) for _, part in panel.groupby("symbol", sort=False))


def with_pandas_groups(panel: pd.DataFrame) -> pd.DataFrame:
    """By pandas from one frame of all symbols to one frame: grouped windows, no loop over symbols.

    The rows of each symbol lie together, so that what a grouped window gives is in the panel's order.
    """
    symbol, made = panel["symbol"], pd.DataFrame(index=panel.index)

    def by(values: pd.Series) -> "pd.api.typing.SeriesGroupBy":
        return values.groupby(symbol, sort=False)

    def rolled(values: pd.Series, n: int, how: str, **options: int) -> pd.Series:
        return pd.Series(getattr(by(values).rolling(n), how)(**options).to_numpy(), index=panel.index)

    def averaged(values: pd.Series, alpha: float) -> pd.Series:
        return pd.Series(by(values).ewm(alpha=alpha, adjust=False).mean().to_numpy(), index=panel.index)

    close, high, low, volume = (panel[name] for name in ("close", "high", "low", "volume"))
    last, change, returns = by(close).shift(1), by(close).diff(), by(close).pct_change()
    gain, loss = averaged(change.clip(lower=0), 1 / 14), averaged(-change.clip(upper=0), 1 / 14)
    line = averaged(close, 2 / 13) - averaged(close, 2 / 27)
    signal = averaged(line, 2 / 10)
    middle, reach = rolled(close, 20, "mean"), 2 * rolled(close, 20, "std", ddof=0)
    for n in LAGS:
        made[f"ret_{n}"] = by(close).pct_change(n)
    for n in DEVIATIONS:
        made[f"vol_{n}"] = rolled(returns, n, "std")
    made["rsi_14"] = 100 * gain / (gain + loss)
    made["macd"], made["macd_signal"], made["macd_hist"] = line, signal, line - signal
    made["bb_upper"], made["bb_lower"] = middle + reach, middle - reach
    made["bb_pct"] = (close - middle + reach) / (2 * reach)
    made["atr_14"] = averaged(np.maximum(high, last) - np.minimum(low, last), 1 / 14)
    for n in AVERAGES:
        made[f"ema_{n}"] = averaged(close, 2 / (n + 1))
    for n in SCORES:
        made[f"vol_z_{n}"] = (volume - rolled(volume, n, "mean")) / rolled(volume, n, "std")
    made["donchian_high_20"], made["donchian_low_20"] = rolled(high, 20, "max"), rolled(low, 20, "min")
    return made[list(NAMES)]
