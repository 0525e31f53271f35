"""The same 28 columns by TA-Lib, polars and pandas, each written as its users would for speed."""

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


def with_pandas(tapes: list[Columns]) -> list[Columns]:
    """By pandas, a symbol at a time."""

    def average(values: pd.Series, alpha: float) -> pd.Series:
        return values.ewm(alpha=alpha, adjust=False).mean()

    made = []
    for tape in tapes:
        close, high, low, volume = (pd.Series(tape[name]) for name in ("close", "high", "low", "volume"))
        last, change, returns = close.shift(1), close.diff(), close.pct_change()
        gain, loss = average(change.clip(lower=0), 1 / 14), average(-change.clip(upper=0), 1 / 14)
        line = average(close, 2 / 13) - average(close, 2 / 27)
        signal = average(line, 2 / 10)
        window = close.rolling(20)
        middle, reach = window.mean(), 2 * window.std(ddof=0)
        columns = {f"ret_{n}": close.pct_change(n) for n in LAGS}
        columns |= {f"vol_{n}": returns.rolling(n).std() for n in DEVIATIONS}
        columns |= {"rsi_14": 100 * gain / (gain + loss), "macd": line, "macd_signal": signal}
        columns |= {"macd_hist": line - signal, "bb_upper": middle + reach, "bb_lower": middle - reach}
        columns["bb_pct"] = (close - middle + reach) / (2 * reach)
        columns["atr_14"] = average(np.maximum(high, last) - np.minimum(low, last), 1 / 14)
        columns |= {f"ema_{n}": average(close, 2 / (n + 1)) for n in AVERAGES}
        for n in SCORES:
            window = volume.rolling(n)
            columns[f"vol_z_{n}"] = (volume - window.mean()) / window.std()
        columns["donchian_high_20"], columns["donchian_low_20"] = high.rolling(20).max(), low.rolling(20).min()
        made.append({name: columns[name].to_numpy() for name in NAMES})
    return made
