"""The judge: every gate that applies, and one verdict.

In this order:

1. a final gate that was measured and failed: refused, however thin the rest is;
2. anything not measured, or a sample gate that failed: insufficient evidence;
3. a gate of merit that failed: refused;
4. otherwise: passed.
"""

from alphaloop.registry.evidence import Check, Evidence, Outcome, Verdict
from alphaloop.registry.gates import final, luck, merit, sample
from alphaloop.registry.gates.gate import Gate, forecasting, selected
from alphaloop.registry.gates.thresholds import Thresholds

GATES = (
    Gate(final.leaks, "final"),
    Gate(final.overlaps, "final"),
    Gate(final.provenance, "final"),
    Gate(final.degraded, "final"),
    Gate(final.backbones, "final", forecasting),
    Gate(final.drawdown, "final"),
    Gate(sample.measured, "sample"),
    Gate(sample.coverage, "sample"),
    Gate(sample.trades, "sample"),
    Gate(sample.track_record, "sample"),
    Gate(sample.number_of_windows, "sample"),
    Gate(sample.verifiable_sharpe, "sample"),
    Gate(sample.verifiable_ic, "sample", forecasting),
    Gate(merit.net_pnl, "merit"),
    Gate(merit.sharpe, "merit"),
    Gate(merit.ic, "merit", forecasting),
    Gate(luck.dsr, "merit"),
    Gate(luck.spa, "merit"),
    Gate(luck.pbo, "merit", selected),
    Gate(merit.windows, "merit"),
    Gate(merit.improvement, "merit"),
)
"""In the order of the report."""

WEIGHTS = {gate.name: gate.weight for gate in GATES}


def judge(evidence: Evidence, thresholds: Thresholds | None = None, enforce: bool = True) -> Verdict:
    """Put every gate that applies to the evidence.

    Parameters
    ----------
    evidence : Evidence
    thresholds : Thresholds, optional
        The defaults otherwise.
    enforce : bool
        Recorded on the verdict, and never changes it: a refusal that is not enforced is a
        refusal that somebody chose to ignore.

    Examples
    --------
    >>> from alphaloop.registry.evidence import Protocol
    >>> how = Protocol(question="?", claim="real", method="", timeframe="1d", start=0, end=1, costs="")
    >>> thin = Evidence(candidate="c1", symbol="BTCUSDT", horizon="1d", kind="rule", protocol=how, trades=12)
    >>> judge(thin).verdict
    'insufficient'
    """
    limits = thresholds or Thresholds()
    checks = tuple(gate.ask(evidence, limits) for gate in GATES if gate.applies(evidence))
    return Verdict(outcome_of(checks), checks, enforce)


def outcome_of(checks: tuple[Check, ...]) -> Outcome:
    """One verdict from all answers; see the module for the order."""
    failed = [check for check in checks if not check.passed]
    if any(WEIGHTS[check.name] == "final" and check.measured is not None for check in failed):
        return "refused"
    if any(check.measured is None or WEIGHTS[check.name] == "sample" for check in failed):
        return "insufficient"
    return "refused" if failed else "passed"


def deciding(verdict: Verdict) -> tuple[Check, ...]:
    """The failed checks that made the verdict what it is; the other failed ones only add to it."""
    failed = [check for check in verdict.checks if not check.passed]
    finals = [check for check in failed if WEIGHTS[check.name] == "final" and check.measured is not None]
    thin = [check for check in failed if check.measured is None or WEIGHTS[check.name] == "sample"]
    return tuple(finals or thin or failed)
