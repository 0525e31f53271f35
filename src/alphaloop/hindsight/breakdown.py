"""Breakdown: the same few figures of trades, for each group of them.

Groups are words: why a trade was left, what the market was like when it was entered. A
small group proves nothing, so each says how many trades it has.
"""

import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "group": pl.String(),
    "trades": pl.UInt32(),
    "win_rate": pl.Float64(),  # fraction with a net result above zero
    "gross_pnl": pl.Float64(),  # quote currency, before any cost
    "costs": pl.Float64(),  # fees, slippage and funding
    "net_pnl": pl.Float64(),
    "mean_return": pl.Float64(),  # of a trade, net, on its notional
    "mean_hours": pl.Float64(),
    "mean_mae": pl.Float64(),  # fractions of the entry price
    "mean_mfe": pl.Float64(),
}


def breakdown(trades: pl.DataFrame, by: str | pl.Series) -> pl.DataFrame:
    """Figures of each group of trades, the largest group first.

    Parameters
    ----------
    trades : polars.DataFrame
        With excursions: as :func:`alphaloop.hindsight.excursions.excursions` makes it. Rows of costs
        without a position are left out.
    by : str or polars.Series
        A column of ``trades``, or one word for each of its rows.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`SCHEMA`.

    Examples
    --------
    >>> money = {"gross_pnl": 3.0, "fees": 0.5, "slippage": 0.25, "funding": 0.25, "net_pnl": 2.0, "return": 0.2}
    >>> frame = pl.DataFrame([money | {"side": 1, "holding_hours": 1.0, "mae": 0.1, "mfe": 0.3, "exit_reason": "stop"}])
    >>> breakdown(frame, "exit_reason").row(0)[:6]
    ('stop', 1, 1.0, 3.0, 1.0, 2.0)
    """
    words = trades[by] if isinstance(by, str) else by
    own = trades.with_columns(words.cast(pl.String).alias("group")).filter(pl.col("side") != 0)
    costs = pl.col("fees") + pl.col("slippage") + pl.col("funding")
    figures = own.group_by("group").agg(
        pl.len().alias("trades"),
        (pl.col("net_pnl") > 0).mean().alias("win_rate"),
        pl.col("gross_pnl").sum(),
        costs.sum().alias("costs"),
        pl.col("net_pnl").sum(),
        pl.col("return").mean().alias("mean_return"),
        pl.col("holding_hours").mean().alias("mean_hours"),
        pl.col("mae").mean().alias("mean_mae"),
        pl.col("mfe").mean().alias("mean_mfe"),
    )
    return figures.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()).sort(
        ["trades", "group"], descending=[True, False]
    )
