"""freqtrade: the story's signals by a strategy, through its own backtest without a network (run by its own Python).

    python parity_freqtrade.py STORY.npz OUT.npz

The exchange is freqtrade's own class with one market given by hand in place of one asked for: a tick so fine that
no level is rounded, whole units, no leverage tiers, no funding. Stop and target are the strategy's ``stoploss`` and
its minimal return. Neither is a callback: a ``custom_stoploss`` would be taken for a trailing stop, and a
``custom_roi`` for one that begins with each candle, and freqtrade fills those by other rules. OUT holds the end
balance and, per trade, the bars and prices of entry and exit and the profit.
"""
# ruff: noqa: ARG002, D102 - the methods and their arguments are freqtrade's

import importlib.metadata
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from freqtrade.enums import CandleType, MarginMode, RunMode, TradingMode
from freqtrade.exchange.binance import Binance
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

START, PAIR, STEP = pd.Timestamp("2020-01-01", tz="UTC"), "X/USDT:USDT", pd.Timedelta(minutes=5)
TICK = 1e-9
MARKET = {
    "id": "XUSDT",
    "symbol": PAIR,
    "base": "X",
    "quote": "USDT",
    "settle": "USDT",
    "type": "swap",
    "swap": True,
    "spot": False,
    "future": False,
    "linear": True,
    "inverse": False,
    "contract": True,
    "active": True,
    "contractSize": 1.0,
    "taker": 0.0,
    "maker": 0.0,
    "info": {},
    "precision": {"amount": 1.0, "price": TICK},
    "limits": {"amount": {"min": 1.0, "max": None}, "cost": {"min": None, "max": None}, "price": {"min": None}},
}


class Alone(Binance):
    """Binance without a network: one market, known beforehand."""

    def reload_markets(self, force=False, *, load_leverage_tiers=True):
        self._markets = {PAIR: MARKET}
        for api in (self._api, self._api_async):
            api.set_markets({PAIR: MARKET})

    def get_max_leverage(self, pair, stake_amount):
        return 1.0

    def calculate_funding_fees(self, *_args, **_named):
        return 0.0

    def get_liquidation_price(self, *_args, **_named):
        return None

    def get_maintenance_ratio_and_amt(self, pair, notional_value):
        return 0.0, 0.0


def strategy_of(story):
    """A strategy that does on each candle what the story says; a trade's tag is its number."""
    number = np.full(len(story["close"]), -1)
    number[story["enter"]] = np.arange(len(story["enter"]))
    fee, target = float(story["fee"]), float(story["target"])

    class Story(IStrategy):
        INTERFACE_VERSION, timeframe, can_short, startup_candle_count = 3, "5m", True, 0
        stoploss = -float(story["stop"])
        minimal_roi: ClassVar = {"0": 100.0}
        use_exit_signal, exit_profit_only, ignore_roi_if_entry_signal = True, False, False

        def populate_indicators(self, dataframe, metadata):
            return dataframe

        def ft_set_special_params_from_file(self):
            pass

        def populate_entry_trend(self, dataframe, metadata):
            side = np.zeros(len(dataframe))
            side[story["enter"]] = story["side"]
            dataframe["enter_long"], dataframe["enter_short"] = (side > 0).astype(int), (side < 0).astype(int)
            dataframe["enter_tag"] = [str(one) for one in number]
            return dataframe

        def populate_exit_trend(self, dataframe, metadata):
            out = np.zeros(len(dataframe), dtype=int)
            out[story["leave"]] = 1
            dataframe["exit_long"] = dataframe["exit_short"] = out
            return dataframe

        def custom_stake_amount(self, pair, current_time, current_rate, *_args, entry_tag=None, **_named):
            return float(story["quantity"][int(entry_tag)]) * current_rate * (1 + 1e-9)  # cut to whole units again

        def min_roi_reached_entry(self, trade, trade_dur, current_time):
            """A ``minimal_roi`` from the first minute on, by side: net of fees the same price is another return."""
            if trade.is_short:
                return 0, 1 - (1 - target) * (1 + fee) / (1 - fee)
            return 0, (1 + target) * (1 - fee) / (1 + fee) - 1

    return Story


def config_of(story, folder):
    """What freqtrade wants to know before it starts."""
    return {
        "runmode": RunMode.BACKTEST,
        "dry_run": True,
        "dry_run_wallet": float(story["cash"]),
        "fee": float(story["fee"]),
        "stake_currency": "USDT",
        "stake_amount": 100.0,
        "max_open_trades": 1,
        "timeframe": "5m",
        "trading_mode": TradingMode.FUTURES,
        "margin_mode": MarginMode.ISOLATED,
        "candle_type_def": CandleType.FUTURES,
        "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": [], "enable_ws": False},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {},
        "exit_pricing": {},
        "strategy": "Story",
        "user_data_dir": folder,
        "datadir": folder,
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "export": "none",
        "internals": {},
        "unfilledtimeout": {"entry": 10, "exit": 10},
        "tradable_balance_ratio": 1.0,
    }


def main(path, out):
    """One run, not timed."""
    logging.disable(logging.CRITICAL)
    story = dict(np.load(path))
    bars = len(story["close"])
    frame = pd.DataFrame({name: story[name] for name in ("open", "high", "low", "close")})
    frame["volume"], frame["date"] = 1.0, pd.date_range(START, periods=bars, freq=STEP)
    with tempfile.TemporaryDirectory() as folder:
        config = config_of(story, Path(folder))
        kind = strategy_of(story)
        StrategyResolver._load_strategy = staticmethod(lambda _name, config, **_named: kind(config))
        exchange = Alone(config, validate=False, load_leverage_tiers=False)
        exchange.reload_markets(True)
        engine = Backtesting(config, exchange)
        engine._set_strategy(engine.strategylist[0])
        engine.futures_data, engine.funding_fee_timeframe_secs = {PAIR: pd.DataFrame()}, 8 * 3600
        processed = engine.strategy.advise_all_indicators({PAIR: frame})
        found = engine.backtest(processed, START, START + (bars - 1) * STEP)
    trades = found["results"]
    closed = trades[trades["exit_reason"] != "force_exit"]
    columns = {
        "entry_bar": ((closed["open_date"] - START) / STEP).to_numpy(),
        "exit_bar": ((closed["close_date"] - START) / STEP).to_numpy(),
        "entry_price": closed["open_rate"].to_numpy(),
        "exit_price": closed["close_rate"].to_numpy(),
        "profit": closed["profit_abs"].to_numpy(),
    }
    end = float(story["cash"]) + float(trades["profit_abs"].sum())
    np.savez(out, equity=np.zeros(0), **columns)
    print(json.dumps({"end": end, "version": importlib.metadata.version("freqtrade")}))


if __name__ == "__main__":
    main(*sys.argv[1:])
