"""The demo: the whole loop of this slice on a simulated market, offline.

Each line returns the sentence it prints, so that the command, its ``--json`` form and
the tests show the same figures. Nothing here is a claim about real markets, and it says so.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.app.featuring import Order, build
from alphaloop.app.gating.backtests import Desk, counted_backtest
from alphaloop.app.gating.counting import SHARE
from alphaloop.app.gating.judging import judge_candidate
from alphaloop.app.report.index import IndexCard, write_index
from alphaloop.app.runs import Run, backtest, replay
from alphaloop.app.simulating import simulate_into
from alphaloop.app.wiring import Options
from alphaloop.features.contract import Schema
from alphaloop.lake.audit import audit, readiness
from alphaloop.lake.sources.simulated import SimulatedMarket
from alphaloop.lake.table import Lake
from alphaloop.registry.gates import Thresholds, deciding
from alphaloop.registry.ledger import Ledger
from alphaloop.risk.chain import Limits

BANNER = "Simulated market with planted effects: nothing here is a claim about real markets."
FEATURES = (
    *("ret_1", "ret_12", "ret_48", "vol_12", "vol_48"),
    *("volume_impact", "rsi_14", "macd_hist", "bb_pct_20", "atr_14"),
)
POLICIES = ("buy-and-hold", "flat", "random", "ma-cross", "rsi-reversal", "donchian")
LIMITS = Limits(max_weight=0.08, max_gross=0.6, max_leverage=1.0, max_drawdown=0.10)
# Chosen with hindsight: faster pairs lose to costs on markets of this simulator, this one mostly earns.
SLOW = {"fast": "96", "slow": "384"}
PAPER = "ma-cross"
AUTHOR = "demo"
FEWEST_DAYS = 4  # two days in the half that is judged


@dataclass(slots=True)
class Demo:
    """The demo's steps over one home folder; ``steps`` yields a title and its result, in order."""

    home: Path
    now: int
    market: SimulatedMarket = field(default_factory=SimulatedMarket)
    runs: list[Run] = field(default_factory=list)

    @property
    def lake(self) -> Lake:
        """A lake of its own, so that simulated bars never stand beside real ones."""
        return Lake(self.home / "demo" / "lake")

    @property
    def ledger(self) -> Ledger:
        """Trials, candidates and verdicts of the demo; its clock counts on from ``now``."""
        return Ledger.open(self.home / "demo", clock=count(self.now).__next__)

    @property
    def reports(self) -> Path:
        """Where the pages go."""
        return self.home / "reports" / "demo"

    def steps(self) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
        """Each line of the demo: its name and what to call."""
        yield "market", self.make_market
        yield "audit", self.audit
        yield "features", self.features
        yield "policies", self.policies
        yield "risk", self.risk
        yield "verdict", self.verdict
        yield "paper", self.paper
        yield "report", self.report

    def make_market(self) -> dict[str, Any]:
        """Simulate the market and store it."""
        result = simulate_into(self.lake, self.market, now=self.now)
        rows = sum(table["read"] for table in result["tables"])
        planted = result["truth"]
        text = (
            f"{len(self.market.symbols)} symbols x {self.market.days} days of {self.market.timeframe} bars, simulated: "
            f"truth known (planted momentum explains {planted['momentum_r2']:.2%} of a bar's variance), {rows:,} rows"
        )
        return {"text": text, **result}

    def audit(self) -> dict[str, Any]:
        """Judge what is stored."""
        rows = audit(self.lake)
        bars = [row for row in rows if row.table == "market_bars"]
        present = sum(row.present for row in bars)
        verdict = readiness(rows, ["market_bars", "funding_rates"], synthetic_counts=True)
        text = (
            f"market_bars {present:,} present of {sum(row.expected or 0 for row in bars):,}, "
            f"{sum(row.real for row in bars):,} real, {sum(row.gap_buckets or 0 for row in bars):,} missing; "
            f"{len({row.table for row in rows})} tables, {'ready' if verdict['ready'] else 'not ready'}. {BANNER}"
        )
        return {"text": text, **verdict}

    def features(self) -> dict[str, Any]:
        """Compute the first features of every bar."""
        order = Order(self.market.symbols, self.market.timeframe, Schema(FEATURES))
        result = build(self.lake, self.home / "demo" / "features", order, now=self.now)
        text = f"{result['rows']:,} rows x {result['features']} columns, schema {result['schema_hash'][:12]}"
        return {"text": text, **result}

    def policies(self) -> dict[str, Any]:
        """Backtest every baseline bar by bar, after costs; each is a trial of the ledger."""
        options = Options("flat", self.market.symbols, self.market.timeframe)
        with closing(self.ledger) as ledger:
            for name in POLICIES:
                desk = Desk(self.lake, ledger, self.reports, AUTHOR, _again(name))
                chosen = replace(options, policy=name, params=SLOW if name == PAPER else {})
                self.runs.append(
                    counted_backtest(desk, chosen, SHARE, register=name == PAPER and self.market.days >= FEWEST_DAYS)
                )
        rows = [{"policy": run.summary["policy"], **_figures(run)} for run in self.runs]
        return {"text": f"{len(rows)} baselines on {self.runs[0].summary['bars']:,} bars, after costs", "figures": rows}

    def risk(self) -> dict[str, Any]:
        """The same policy under limits that bite."""
        options = Options(PAPER, self.market.symbols, self.market.timeframe, limits=LIMITS, params=SLOW)
        run = backtest(self.lake, options, self.reports / "limited", _again(PAPER))
        rules = pl.Series([cut.rule for event in run.trace.events for cut in event.allowed.cuts], dtype=pl.String)
        counts = {row["rule"]: row["count"] for row in rules.alias("rule").value_counts(sort=True).to_dicts()}
        self.runs.append(run)
        text = f"{PAPER} under limits: {', '.join(f'{n:,} cuts by {rule}' for rule, n in counts.items()) or 'no cuts'}"
        return {"text": text, "cuts": counts, **_figures(run)}

    def verdict(self) -> dict[str, Any]:
        """Put the one that is registered through the gates."""
        candidate = next((run.summary["candidate"] for run in self.runs if run.summary.get("candidate")), None)
        if candidate is None:
            return {
                "text": f"none: the later half of {self.market.days} days is less than two to judge",
                "verdict": None,
            }
        with closing(self.ledger) as ledger:
            judged = judge_candidate(ledger, candidate, Thresholds(), self.reports, author=AUTHOR)
        why = ", ".join(check.name for check in deciding(judged.verdict)) or "every gate"
        text = (
            f"{PAPER}, one of {judged.evidence.trials} trials: {judged.verdict.verdict} ({why}); "
            f"no annual Sharpe ratio below {judged.evidence.smallest_sharpe:.1f} can be verified on so few days"
        )
        return {"text": text, **judged.as_dict()}

    def paper(self) -> dict[str, Any]:
        """Replay one session through the paper venue and hold it against the backtest."""
        options = Options(PAPER, self.market.symbols, self.market.timeframe, params=SLOW)
        run = replay(self.lake, options, self.reports / "paper", _again(PAPER, "paper replay"))
        found = {key: run.summary[key] for key in ("max_equity_difference", "order_differences", "orders", "equal")}
        text = (
            f"replay of {found['orders']:,} orders: largest difference {found['max_equity_difference']:.1e} of equity, "
            f"{found['order_differences']} orders differ: {'equal' if found['equal'] else 'NOT EQUAL'}"
        )
        return {"text": text, **found}

    def report(self) -> dict[str, Any]:
        """One page that links to every run's report."""
        cards = [self._card(run) for run in self.runs]
        page = write_index(cards, self.reports / "index.html", "Alphaloop demo", "Baselines after costs", BANNER)
        return {"text": str(page), "report_file": str(page)}

    def _card(self, run: Run) -> IndexCard:
        curve = pl.read_parquet(run.summary["equity_file"])
        limited = "limited" in run.folder.parts
        return IndexCard(
            name=f"{run.summary['policy']} under limits" if limited else str(run.summary["policy"]),
            href=(run.folder / "index.html").relative_to(self.reports).as_posix(),
            metrics=run.summary["metrics"],
            equity=curve["equity"].to_numpy(),
            benchmark=curve["buy_and_hold"].to_numpy(),
            verdict=f"{run.summary['cuts']:,} risk cuts" if run.summary["cuts"] else "no risk cut",
        )


def _again(policy: str, act: str = "backtest") -> str:
    """The command that a reader can type, over the demo's own home."""
    chosen = "".join(f" --set {key}={value}" for key, value in SLOW.items()) if policy == PAPER else ""
    return f"alphaloop --home .alphaloop/demo {act} --policy {policy} --symbols ...{chosen}"


def _figures(run: Run) -> dict[str, Any]:
    keys = ("total_return", "excess_return", "sharpe", "max_drawdown", "trades", "fees", "slippage", "funding")
    return {key: run.summary["metrics"].get(key) for key in keys}
