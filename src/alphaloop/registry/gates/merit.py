"""Gates of merit: that it earns, that it knows something, and that it is better than what is active."""

from alphaloop.registry.evidence import Check, Evidence
from alphaloop.registry.gates.gate import answer
from alphaloop.registry.gates.thresholds import Thresholds


def net_pnl(evidence: Evidence, limits: Thresholds) -> Check:
    """It earns more than it costs."""
    found = evidence.net_pnl
    passed = found is not None and found > limits.min_net_pnl
    source = f"out-of-sample returns after {evidence.protocol.costs}; {limits.where('min_net_pnl')}"
    return answer("net_pnl", found, f"> {limits.min_net_pnl:g}", passed, source)


def sharpe(evidence: Evidence, limits: Thresholds) -> Check:
    """The annual Sharpe ratio is above what its users ask for."""
    found = evidence.annual_sharpe
    passed = found is not None and found > limits.min_sharpe
    return answer("sharpe", found, f"> {limits.min_sharpe:g}", passed, limits.where("min_sharpe"))


def ic(evidence: Evidence, limits: Thresholds) -> Check:
    """What it predicts has to do with what happens: the lower end of the IC's interval."""
    found = evidence.ic
    low = None if found is None else found.low
    passed = low is not None and low > limits.min_ic
    source = f"lower end of the pooled IC's interval{'' if found is None else f' around {found.value:.4g}'}"
    return answer("ic", low, f"> {limits.min_ic:g}", passed, f"{source}; {limits.where('min_ic')}")


def windows(evidence: Evidence, limits: Thresholds) -> Check:
    """Walk-forward windows in which it did better than what is active."""
    known = evidence.windows is not None and evidence.active is not None
    found = sum(one.improved for one in evidence.windows or ()) if known else None
    passed = found is not None and found >= limits.min_improved_windows
    source = f"windows better than {evidence.active or 'what is active'}; {limits.where('min_improved_windows')}"
    return answer("windows", found, f">= {limits.min_improved_windows}", passed, source)


def improvement(evidence: Evidence, limits: Thresholds) -> Check:
    """Better than what is active by more than chance: the lower end of the paired bootstrap interval."""
    found = evidence.improvement
    low = None if found is None else found.low
    passed = low is not None and low > limits.min_improvement
    source = f"paired bootstrap against {evidence.active or 'what is active'}; {limits.where('min_improvement')}"
    return answer("improvement", low, f"> {limits.min_improvement:g}", passed, source)
