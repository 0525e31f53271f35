"""A verdict's arithmetic, predictions given: folds, paths, profit, deflated Sharpe, overfitting, superiority.

Two years of hourly bars of three symbols, labels of twelve bars, fifty candidates. Every candidate has the predictions
of all 45 models of C(10, 2) combinatorial folds; what is timed begins there: folds with their purge
and a count of overlaps, nine backtest paths for each candidate, their profit after cost by day, then the numbers
of a verdict. Overfitting alone is timed beside ffn on 1000 x 50; the two must give the same logits,
else no time is reported.
"""

import ffn
import numpy as np
import pandas as pd
import purgedcv

from _rounds import interleaved, keep, peak_mib
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.hindsight import overfitting as judge
from alphaloop.hindsight.signals import Rule, delayed, from_panel, position_pnl, positions, signal_figures
from alphaloop.hindsight.splits import CombinatorialPurgedCV, overlaps

BARS, SYMBOLS, HORIZON, CANDIDATES = 17_520, 3, 12, 50
FOLDS = CombinatorialPurgedCV(10, 2, embargo=DAY_US)
COST = 4e-4


class Market:
    """Seeded noise in which nothing can be predicted; rows are (bar, symbol), bar by bar."""

    def __init__(self) -> None:
        rng = np.random.default_rng(11)
        together = np.sqrt(0.6) * rng.standard_normal((BARS, 1))
        self.returns = 0.006 * (together + np.sqrt(0.4) * rng.standard_normal((BARS, SYMBOLS)))
        self.bar = np.arange(BARS, dtype=np.int64) * HOUR_US
        self.times = np.repeat(self.bar, SYMBOLS)
        self.ends = self.times + HORIZON * HOUR_US
        self.tested = [test for _, test in FOLDS.split(self.times, times=self.times, ends=self.ends)]
        self.predictions = [self._by_model(seed) for seed in range(CANDIDATES)]

    def _by_model(self, seed: int) -> list[np.ndarray]:
        """What each model of one candidate says of its test rows: one opinion, and a little of its own."""
        rng = np.random.default_rng(seed)
        opinion = rng.standard_normal(BARS * SYMBOLS)
        return [opinion[rows] + 0.3 * rng.standard_normal(len(rows)) for rows in self.tested]


def fold(market: Market) -> int:
    """All folds, and how many training labels overlap test labels: none."""
    given = {"times": market.times, "ends": market.ends}
    return sum(overlaps(market.times, market.ends, *each) for each in FOLDS.split(market.times, **given))


def daily(market: Market, prediction: np.ndarray) -> np.ndarray:
    """Net returns by day of one path."""
    held = delayed(positions(prediction.reshape(BARS, SYMBOLS), Rule("sign", hold=HORIZON)))
    return position_pnl(held, market.returns, COST).net.reshape(-1, 24).sum(axis=1)


def paths(market: Market) -> np.ndarray:
    """Net returns by day, (candidates, paths, days)."""
    given = {"times": market.times, "ends": market.ends}
    return np.array([[daily(market, path) for path in FOLDS.assemble(each, **given)] for each in market.predictions])


def verdict(returns: np.ndarray) -> dict[str, float]:
    """The numbers of a verdict on the first path, and the spread of the best candidate over all paths."""
    table = returns[:, 0].T
    sharpes = table.mean(axis=0) / table.std(axis=0, ddof=1)
    best = int(sharpes.argmax())
    record = judge.track_record(table[:, best])
    overfit = judge.pbo(table)
    spread = returns[best].mean(axis=1) / returns[best].std(axis=1, ddof=1)
    return {
        "deflated_sharpe": judge.deflated_sharpe(
            record.sharpe, record.n, record.skew, record.kurtosis, CANDIDATES, judge.sharpe_variance(sharpes)
        ),
        "pbo": overfit.pbo,
        "pbo_band_low": overfit.null_band[0],
        "pbo_band_high": overfit.null_band[1],
        "spa_p": judge.spa(table).p_value,
        "effective_trials": judge.effective_trials(table),
        "sharpe_over_paths_low": float(spread.min()),
        "sharpe_over_paths_high": float(spread.max()),
    }


def agree(table: np.ndarray) -> None:
    """Logits of ffn and purgedcv; refuses a report if one differs."""
    found = judge.pbo(table)
    one = ffn.core.calc_prob_backtest_overfitting(pd.DataFrame(table), full_output=True)
    other = purgedcv.probability_of_backtest_overfitting(table[:, ::5].T, n_splits=8)
    own = judge.pbo(table[:, ::5], 8)
    if found.logits.tolist() != one["logits"].tolist() or np.abs(own.logits[::-1] - other.logits).max() > 1e-12:
        raise SystemExit("logits of ffn or purgedcv differ; no time is reported")


def main() -> None:
    """Compare, then time."""
    table = np.random.default_rng(0).normal(0.0, 0.01, (1008, CANDIDATES))  # 16 blocks of one length
    agree(table)
    market = Market()
    returns = paths(market)
    close = np.vstack([np.zeros((1, SYMBOLS)), np.cumsum(market.returns, axis=0)])
    ahead = np.full((BARS, SYMBOLS), np.nan)
    ahead[:-HORIZON] = close[HORIZON + 1 :] - close[1:-HORIZON]
    opinion = FOLDS.assemble(market.predictions[0], times=market.times, ends=market.ends)[0].reshape(BARS, SYMBOLS)
    signal = from_panel(opinion, ahead, market.bar, market.bar + HORIZON * HOUR_US, ("A", "B", "C"))
    times = interleaved(
        {
            "folds and overlaps": lambda: fold(market),
            "paths and profit": lambda: paths(market),
            "numbers": lambda: verdict(returns),
            "all": lambda: (fold(market), verdict(paths(market))),
            "figures of one signal": lambda: signal_figures(signal),
            "pbo": lambda: judge.pbo(table),
            "pbo and its band": lambda: judge.pbo(table).null_band,
        },
        rounds=3,
    )
    peer = interleaved(
        {
            "pbo": lambda: judge.pbo(table),
            "ffn": lambda: ffn.core.calc_prob_backtest_overfitting(pd.DataFrame(table)),
        },
        rounds=1,
    )
    keep(
        "verdict",
        {
            "rows": BARS * SYMBOLS,
            "candidates": CANDIDATES,
            "folds": FOLDS.get_n_splits(),
            "paths": FOLDS.n_paths,
            "overlaps": fold(market),
            "verdict": verdict(returns),
            "seconds": times,
            "beside_ffn": peer,
            "ratio_cpu": peer["ffn"]["cpu_s"] / peer["pbo"]["cpu_s"],
            "peak_mib": peak_mib(),
            "versions": {"ffn": ffn.__version__, "purgedcv": purgedcv.__version__},
        },
    )


if __name__ == "__main__":
    main()
