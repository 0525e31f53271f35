"""Evidence that passes every gate at the defaults; a test changes what it is about."""

from typing import Any

from alphaloop.registry.evidence import Band, Coverage, Evidence, Interval, Protocol, Window

DAY = 86_400_000_000


def make_protocol(**changed: Any) -> Protocol:
    base: dict[str, Any] = {
        "question": "Does it earn more than it costs?",
        "claim": "real",
        "method": "walk-forward, 3 windows",
        "timeframe": "5m",
        "start": 0,
        "end": 900 * DAY,
        "costs": "taker 5 bp, slippage 1 bp",
    }
    return Protocol(**{**base, **changed})


def make_evidence(**changed: Any) -> Evidence:
    base: dict[str, Any] = {
        "candidate": "c-1",
        "symbol": "BTCUSDT",
        "horizon": "1h",
        "kind": "gbm",
        "protocol": make_protocol(),
        "periods": 900,
        "periods_per_year": 365.0,
        "sharpe": 0.15,
        "skew": 0.1,
        "kurtosis": 4.0,
        "net_pnl": 0.8,
        "max_drawdown": 0.1,
        "turnover": 40.0,
        "trades": 400,
        "ic": Interval(0.05, 0.02, 0.08),
        "rank_ic": Interval(0.05, 0.02, 0.08),
        "effective_n": 9000.0,
        "trials": 20,
        "trials_variance": 0.0004,
        "effective_trials": 9.0,
        "dsr": 0.99,
        "pbo": 0.05,
        "pbo_band": Band(0.2, 0.9),
        "spa_p": 0.01,
        "active": "cash",
        "windows": (
            Window(0, 300 * DAY, 0.2, 0.0),
            Window(300 * DAY, 600 * DAY, 0.3, 0.0),
            Window(600 * DAY, 900 * DAY, -0.1, 0.0),
        ),
        "improvement": Interval(0.001, 0.0004, 0.0016),
        "backbones_ready": ("gbm",),
        "leaks_green": True,
        "overlaps": 0,
        "coverage": (Coverage("market_bars", "BTCUSDT", 1000, 1000, 1000, 0, 0),),
        "degraded": (),
        "smallest_sharpe": 1.6,
        "smallest_ic": 0.026,
        "returns": "sha256:00",
    }
    return Evidence(**{**base, **changed})
