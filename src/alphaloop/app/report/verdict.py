"""A verdict as a lab report: question, data, protocol, result, and why; everything its page says, as JSON.

No number is made here: figures come from the evidence, answers from the gates. What is added
are words, and one duty: where rows behind the figures were derived or simulated, every line
that stands on them says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphaloop.app.report.curves import lines, short
from alphaloop.core.market import Floats
from alphaloop.core.time import iso
from alphaloop.hindsight.drawdowns import underwater
from alphaloop.registry.evidence import Check, Coverage, Evidence, Verdict, Window
from alphaloop.registry.gates import Thresholds, deciding
from alphaloop.registry.gates.judge import WEIGHTS
from alphaloop.registry.series import Series
from alphaloop.training.chain.logs import Curve

Json = dict[str, Any]
VERSION = 1
WORDS = {"passed": "Passed", "refused": "Refused", "insufficient": "Insufficient evidence"}
MEANING = {
    "passed": "Every check passed. That is a reason to try it on paper, not a promise.",
    "refused": "The evidence speaks against it.",
    "insufficient": "The evidence can tell neither way.",
}
GROUPS = (
    (
        "final",
        "Can the figures be trusted, and can the loss be borne?",
        "A failure here refuses, however thin the rest.",
    ),
    ("sample", "Could this sample tell?", "A failure here means that more evidence is needed."),
    ("merit", "Did it show more than luck?", "A failure here refuses what the sample was large enough to see."),
)
LABELS = {
    "leaks": "Leak audit",
    "overlaps": "Labels reaching from training into the test",
    "provenance": "Rows that nobody observed",
    "degraded": "Failures on the way",
    "backbones": "Models that took part",
    "drawdown": "Drawdown",
    "measured": "Figures that were not measured",
    "coverage": "Data coverage",
    "trades": "Trades",
    "track_record": "Length of the record, in periods",
    "number_of_windows": "Walk-forward windows",
    "verifiable_sharpe": "Smallest Sharpe the sample could verify",
    "verifiable_ic": "Smallest IC the sample could verify",
    "net_pnl": "Net profit after costs",
    "sharpe": "Sharpe, annual",
    "ic": "IC, lower end of its interval",
    "dsr": "Deflated Sharpe",
    "spa": "Superior predictive ability, p",
    "pbo": "Probability of overfitting",
    "windows": "Windows better than what is active",
    "improvement": "Improvement on what is active, lower end",
}


@dataclass(frozen=True, slots=True)
class VerdictInput:
    """What a verdict's page is made of.

    Parameters
    ----------
    model : str
        The candidate's name, for people.
    evidence : Evidence
    verdict : Verdict
    thresholds : Thresholds
    series : Series, optional
        The returns the evidence names; without them there is no curve to show.
    lineage : mapping
        Where the model comes from.
    fits : sequence of Curve
        How the fits behind it went; empty where none had epochs.
    """

    model: str
    evidence: Evidence
    verdict: Verdict
    thresholds: Thresholds
    series: Series | None
    lineage: Mapping[str, Any]
    fits: Sequence[Curve] = ()


def build(shown: VerdictInput) -> Json:
    """Everything the page says."""
    evidence, verdict = shown.evidence, shown.verdict
    made = made_rows(evidence)
    return {
        "version": VERSION,
        "title": f"{shown.model} on {_named(evidence.symbol)} {evidence.horizon}",
        "candidate": evidence.candidate,
        "kind": evidence.kind,
        "verdict": verdict.verdict,
        "enforced": verdict.enforced,
        "abstract": abstract(verdict),
        "banner": banner(evidence),
        "made": made,
        "question": evidence.protocol.question,
        "claim": evidence.protocol.claim,
        "coverage": [_covered(one) for one in evidence.coverage or ()],
        "protocol": _protocol(shown),
        "figures": _figures(evidence),
        "checks": [_checked(one) for one in verdict.checks],
        "reasons": [said(one) for one in _told(verdict)],
        "curves": None if shown.series is None else _curves(shown.series),
        "active": evidence.active,
        "windows": [_window(one) for one in evidence.windows or ()],
        "deciles": None if evidence.deciles is None else list(evidence.deciles),
        "overfitting": _overfitting(evidence),
        "sharpe": _sharpe(evidence),
        "power": power(evidence),
        "fits": [_fit(one) for one in shown.fits],
        "reproduce": _reproduce(shown),
    }


def made_rows(evidence: Evidence) -> list[str]:
    """One sentence for each series of which rows were derived or simulated."""
    return [sentence for one in evidence.coverage or () if (sentence := made_of(one))]


def made_of(one: Coverage) -> str:
    """What of a series nobody observed; empty where all of it is real.

    Examples
    --------
    >>> made_of(Coverage("orderbook_l2", "BTCUSDT", 100, 100, 0, 100, 0))
    'orderbook_l2 BTCUSDT: 100 rows derived from others'
    """
    kinds = ((one.derived, "derived from others"), (one.synthetic, "simulated"))
    said = [f"{count:,} rows {kind}" for count, kind in kinds if count]
    return f"{one.table} {one.symbol}: {', '.join(said)}" if said else ""


def banner(evidence: Evidence) -> str:
    """What a reader must know before any figure; empty for real rows."""
    made = "; ".join(made_rows(evidence))
    if evidence.protocol.claim == "simulated":
        return f"Simulated market: no claim about real markets.{f' {made}.' if made else ''}"
    return f"Not all rows behind this are real. {made}." if made else ""


def abstract(verdict: Verdict) -> str:
    """The verdict in one or two sentences."""
    failed = _told(verdict)
    more = sum(not one.passed for one in verdict.checks) - len(deciding(verdict))
    said = MEANING[verdict.verdict]
    if failed:
        names = ", ".join(_lower(LABELS[one.name]) for one in failed)
        said += f" Decided by: {names}{f'; {more} more failed' if more else ''}."
    if not verdict.enforced and verdict.verdict != "passed":
        said += " Its thresholds were not enforced: somebody chose to go on."
    return said


def _told(verdict: Verdict) -> list[Check]:
    """The checks that decided; the count of missing figures only where no check of its own names one."""
    failed = deciding(verdict)
    named = any(one.measured is None for one in failed)
    return [one for one in failed if not (named and one.name == "measured")]


def _lower(label: str) -> str:
    """A label within a sentence: its first word small unless it is an abbreviation."""
    return label if label[:2].isupper() else label[0].lower() + label[1:]


def said(check: Check) -> str:
    """A failed check in one sentence."""
    if check.measured is None:
        return f"{LABELS[check.name]}: not measured; required {check.required}. Source: {check.source}."
    return f"{LABELS[check.name]}: {number(check.measured)}, required {check.required}. Source: {check.source}."


def number(value: float | int | str | bool | None) -> str:
    """A measured value as people read it.

    Examples
    --------
    >>> number(0.123456), number(12345), number(None), number("green")
    ('0.1235', '12,345', 'not measured', 'green')
    """
    if value is None:
        return "not measured"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else value


def power(evidence: Evidence) -> str:
    """The smallest effects this sample could have verified."""
    sharpe, ic = evidence.smallest_sharpe, evidence.smallest_ic
    parts = [] if sharpe is None else [f"an annual Sharpe of {sharpe:.2f}"]
    parts += [] if ic is None else [f"an IC of {ic:.3f}"]
    if not parts:
        return "What this sample could have verified was not measured."
    tail = "with 95 % confidence and 80 % power, had nothing else ever been tried"
    return f"The smallest effect this sample could have verified is {' and '.join(parts)}, {tail}."


def _covered(one: Coverage) -> Json:
    share = one.present / one.expected if one.expected else None
    names = ("table", "symbol", "expected", "present", "real", "derived", "synthetic")
    return {**{name: getattr(one, name) for name in names}, "share": share, "made": made_of(one)}


def _checked(check: Check) -> Json:
    return {
        "name": check.name,
        "label": LABELS[check.name],
        "group": WEIGHTS[check.name],
        "measured": check.measured,
        "required": check.required,
        "passed": check.passed,
        "source": check.source,
    }


def _protocol(shown: VerdictInput) -> list[list[str]]:
    how, evidence = shown.evidence.protocol, shown.evidence
    tried = "not counted" if evidence.trials is None else f"{evidence.trials:,} configurations"
    if evidence.effective_trials is not None:
        tried += f", worth {evidence.effective_trials:.1f} independent ones"
    periods = "not measured" if evidence.periods is None else f"{evidence.periods:,} periods"
    return [
        ["Method", how.method],
        ["Out of sample", f"{iso(how.start)} to {iso(how.end)}, {periods}"],
        ["Costs", how.costs],
        ["Held against", f"{evidence.active or 'nothing'}; benchmark: {how.benchmark}"],
        ["Tried so far", tried],
        ["Thresholds", f"{shown.thresholds.origin}, {'enforced' if shown.verdict.enforced else 'not enforced'}"],
    ]


def _figures(evidence: Evidence) -> Json:
    """The figures on top of the page."""
    names = ("net_pnl", "max_drawdown", "trades", "turnover", "dsr", "spa_p", "pbo", "smallest_sharpe", "smallest_ic")
    ics = {name: _interval(getattr(evidence, name)) for name in ("ic", "rank_ic", "improvement")}
    return {**{name: getattr(evidence, name) for name in names}, "sharpe": evidence.annual_sharpe, **ics}


def _interval(one: Any) -> list[float] | None:
    return None if one is None else [one.value, one.low, one.high]


def _curves(series: Series) -> Json:
    """One unit of money through the sample, at its start and at the end of every period."""
    first = int(series.now[0]) - int(series.now[1] - series.now[0]) if len(series.now) > 1 else int(series.now[0]) - 1
    now = np.append([first], series.now)
    equity = _grown(series.net)
    named = {"equity": equity, "benchmark": _grown(series.benchmark), "drawdown": -underwater(equity)}
    if series.active is not None and bool(series.active.any()):
        named["active"] = _grown(series.active)
    return dict(lines(now, named))


def _grown(returns: Floats) -> Floats:
    return np.append([1.0], np.cumprod(1.0 + returns))


def _window(one: Window) -> Json:
    values = short(np.array([one.candidate, one.active]))
    return {"start": one.start // 1000, "end": one.end // 1000, "candidate": values[0], "active": values[1]}


def _fit(one: Curve) -> Json:
    values = {name: [x if np.isfinite(x) else None for x in row] for name, row in one.values.items()}
    return {"name": one.name, "steps": list(one.steps), "values": values}


def _overfitting(evidence: Evidence) -> Json | None:
    if evidence.pbo is None or evidence.pbo_band is None:
        return None
    return {"measured": evidence.pbo, "low": evidence.pbo_band.low, "high": evidence.pbo_band.high}


def _sharpe(evidence: Evidence) -> Json | None:
    if evidence.annual_sharpe is None or evidence.smallest_sharpe is None:
        return None
    return {"measured": evidence.annual_sharpe, "smallest": evidence.smallest_sharpe}


def _reproduce(shown: VerdictInput) -> list[list[str]]:
    how, lineage = shown.evidence.protocol, shown.lineage
    tables = ", ".join(f"{name} {version}" for name, version in how.data_versions)
    facts = [
        ("Command", how.command or str(lineage.get("recipe", ""))),
        ("Candidate", shown.evidence.candidate),
        ("Study", str(lineage.get("study", ""))),
        (
            "Code",
            f"{how.code_version or lineage.get('code_version', '')} {str(lineage.get('code_hash', ''))[:12]}".strip(),
        ),
        ("Data versions", tables),
        ("Feature schema", how.schema_hash),
        ("Seed", str(how.seed)),
        ("Returns", shown.evidence.returns or ""),
    ]
    return [[name, text] for name, text in facts if text]


def _named(symbols: str) -> str:
    """Symbols as a title has room for them: three by name, of more the first and how many besides."""
    each = symbols.split(",")
    return symbols if len(each) <= 3 else f"{each[0]} and {len(each) - 1} more"
