"""Gates that ask whether the sample could answer at all."""

from alphaloop.hindsight.overfitting.sharpe import min_track_record_length
from alphaloop.registry.evidence import Check, Evidence
from alphaloop.registry.gates.gate import answer
from alphaloop.registry.gates.thresholds import Thresholds

_ALL = (
    "periods", "periods_per_year", "sharpe", "skew", "kurtosis", "net_pnl", "max_drawdown", "turnover", "trades",
    "trials", "trials_variance", "effective_trials", "dsr", "spa_p", "active", "windows", "improvement", "leaks_green",
    "overlaps", "coverage", "degraded", "smallest_sharpe", "returns",
)  # fmt: skip
_OF_FORECASTS = ("ic", "rank_ic", "effective_n", "smallest_ic", "backbones_ready")
_OF_CHOICES = ("pbo", "pbo_band")


_ROUNDING = 1e-9  # a Sharpe below this is zero


def due(evidence: Evidence) -> tuple[str, ...]:
    """Figures that a report on this candidate has to state."""
    more = (_OF_FORECASTS if evidence.forecasts else ()) + (_OF_CHOICES if evidence.trials != 1 else ())
    return _ALL + more


def measured(evidence: Evidence, limits: Thresholds) -> Check:  # noqa: ARG001 - gates share one signature
    """Every figure that is due was measured; measured is how many were not, the source names them."""
    missing = [name for name in due(evidence) if getattr(evidence, name) is None]
    why = f" ({'; '.join(evidence.reasons)})" if evidence.reasons else ""
    source = f"not measured: {', '.join(missing)}{why}" if missing else f"{len(due(evidence))} figures of the evidence"
    return answer("measured", len(missing), "0 missing", not missing, source)


def coverage(evidence: Evidence, limits: Thresholds) -> Check:
    """The data is there: the least covered series behind the claim; one without cadence counts by having rows."""
    rows = evidence.coverage
    shares = {
        f"{one.table} {one.symbol}": one.present / one.expected if one.expected else float(one.present > 0)
        for one in rows or ()
    }
    least = min(shares, key=lambda name: shares[name]) if shares else ""
    found = shares.get(least)
    passed = found is not None and found >= limits.min_coverage
    source = f"data audit{': ' + least if least else ''}; {limits.where('min_coverage')}"
    return answer("coverage", found, f">= {limits.min_coverage:g}", passed, source)


def trades(evidence: Evidence, limits: Thresholds) -> Check:
    """Decisions that were seen through."""
    found = evidence.trades
    passed = found is not None and found >= limits.min_trades
    return answer("trades", found, f">= {limits.min_trades}", passed, limits.where("min_trades"))


def track_record(evidence: Evidence, limits: Thresholds) -> Check:
    """Periods out of sample: as many as the measured Sharpe needs to be told from zero.

    A Sharpe of zero or below claims nothing that a longer record could confirm: there the least
    number of periods is enough to judge it by its merits.
    """
    sharpe, skew, kurtosis, found = evidence.sharpe, evidence.skew, evidence.kurtosis, evidence.periods
    if sharpe is None or skew is None or kurtosis is None or found is None:
        return answer("track_record", None, f">= {limits.min_periods}", False, limits.where("min_periods"))
    needed = float(limits.min_periods)
    if sharpe > _ROUNDING:
        needed = max(needed, min_track_record_length(sharpe, skew, kurtosis, 0.0, limits.track_confidence))
    source = f"minimum track record length of the measured Sharpe; {limits.where('track_confidence')}"
    return answer("track_record", found, f">= {needed:.0f}", found >= needed, source)


def number_of_windows(evidence: Evidence, limits: Thresholds) -> Check:
    """Walk-forward windows there were; fewer than must be improved cannot show it."""
    found = None if evidence.windows is None else len(evidence.windows)
    least = limits.min_improved_windows
    passed = found is not None and found >= least
    return answer("number_of_windows", found, f">= {least}", passed, limits.where("min_improved_windows"))


def verifiable_sharpe(evidence: Evidence, limits: Thresholds) -> Check:
    """The smallest annual Sharpe this sample could have verified, with nothing else ever tried."""
    found, most = evidence.smallest_sharpe, limits.max_verifiable_sharpe
    passed = found is not None and found <= most
    return answer("verifiable_sharpe", found, f"<= {most:g}", passed, limits.where("max_verifiable_sharpe"))


def verifiable_ic(evidence: Evidence, limits: Thresholds) -> Check:
    """The smallest IC this sample could have verified."""
    found, most = evidence.smallest_ic, limits.max_verifiable_ic
    passed = found is not None and found <= most
    return answer("verifiable_ic", found, f"<= {most:g}", passed, limits.where("max_verifiable_ic"))
