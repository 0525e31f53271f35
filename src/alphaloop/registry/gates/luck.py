"""Gates against luck: what the best of many would have shown without any skill."""

from alphaloop.registry.evidence import Check, Evidence
from alphaloop.registry.gates.gate import answer
from alphaloop.registry.gates.thresholds import Thresholds


def dsr(evidence: Evidence, limits: Thresholds) -> Check:
    """Deflated Sharpe: the probability that it is more than the best of all trials shows by luck."""
    found = evidence.dsr
    passed = found is not None and found >= limits.min_dsr
    source = f"deflated Sharpe over {_trials(evidence)}; {limits.where('min_dsr')}"
    return answer("dsr", found, f">= {limits.min_dsr:g}", passed, source)


def spa(evidence: Evidence, limits: Thresholds) -> Check:
    """Superior predictive ability: the probability that none of the candidates beats the benchmark."""
    found = evidence.spa_p
    passed = found is not None and found < limits.max_spa_p
    source = f"SPA test against {evidence.protocol.benchmark}; {limits.where('max_spa_p')}"
    return answer("spa", found, f"< {limits.max_spa_p:g}", passed, source)


def pbo(evidence: Evidence, limits: Thresholds) -> Check:  # noqa: ARG001 - gates share one signature
    """Probability of overfitting, below where it lies when nobody has skill."""
    found, band = evidence.pbo, evidence.pbo_band
    if found is None or band is None:
        return answer("pbo", None, "below its null band", False, "CSCV")
    source = f"CSCV; null band {band.low:.2g} to {band.high:.2g}"
    return answer("pbo", found, f"< {band.low:.4g}", found < band.low, source)


def _trials(evidence: Evidence) -> str:
    if evidence.trials is None:
        return "an unknown number of trials"
    return f"{evidence.trials:,} trial{'' if evidence.trials == 1 else 's'}"
