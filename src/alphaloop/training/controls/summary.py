"""Rates with their intervals: how often nothing was promoted, how often an edge was, and what stood in the way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from alphaloop.core.errors import InvalidOption
from alphaloop.training.controls.campaign import Campaign, Finding

FALSE_PROMOTIONS = 0.05
"""Share of markets without edge in which something may be promoted."""

POWER, AT = 0.8, ((3.5, 420), (1.3, 2920))
"""Share of markets with an edge in which something should be, and the strengths and days this is asked of."""


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a probability that was seen ``hits`` times in ``trials``; it never covers too rarely.

    Raises
    ------
    InvalidOption
        If there is no trial, or more hits than trials.

    Source
    ------
    Clopper and Pearson (1934), Biometrika 26(4).

    Examples
    --------
    >>> [round(one, 4) for one in clopper_pearson(0, 200)]
    [0.0, 0.0183]
    """
    from scipy.stats import beta  # type: ignore[import-untyped]

    if trials < 1 or not 0 <= hits <= trials:
        raise InvalidOption(f"{hits} of {trials}", "one trial or more, and no more hits than trials", "")
    tail = (1.0 - confidence) / 2.0
    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1.0 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def summarise(campaign: Campaign, findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything a reader of the controls needs.

    Parameters
    ----------
    campaign : Campaign
    findings : sequence of dict
        As :func:`alphaloop.training.controls.campaign.run` returns them.

    Returns
    -------
    dict
        ``null`` (markets, promoted, rate, interval, verdicts, by kind), ``planted`` (strength, days,
        markets, promoted, rate, interval, what the informed and the promoted earn, which gates
        failed, and which of them alone), ``shuffled_kfold_ic``, ``purged_kfold_ic``, ``targets``,
        ``passed``, ``seconds``, ``seed``, ``protocol``; plain JSON.
    """
    markets = [one for one in findings if "verdict" in one]
    null = [one for one in markets if one["strength"] == 0]
    shown = [one for one in findings if "shuffled" in one]
    strengths = sorted({(one["days"], one["strength"]) for one in markets if one["strength"] > 0})
    planted = [_planted([one for one in markets if (one["days"], one["strength"]) == at], *at) for at in strengths]
    found = {
        "null": {
            **_rate(null),
            "by_kind": {kind: _rate([one for one in null if one["kind"] == kind]) for kind in _kinds(null)},
        },
        "planted": planted,
        "shuffled_kfold_ic": _mean(one["shuffled"] for one in shown),
        "purged_kfold_ic": _mean(one["purged"] for one in shown),
        "demonstrations": len(shown),
        "shuffled_overlaps": sum(one["shuffled_overlaps"] for one in shown),
        "purged_overlaps": sum(one["purged_overlaps"] for one in shown),
    }
    targets = _targets(found)
    return {
        **found,
        "targets": targets,
        "passed": all(one["met"] for one in targets),
        "seconds": round(sum(one["seconds"] or 0.0 for one in findings), 1),
        "seed": campaign.seed,
        "setting": campaign.setting.as_dict(),
        "long_setting": campaign.long_setting.as_dict(),
        "protocol": asdict(campaign.protocol),
    }


def _rate(findings: Sequence[Finding]) -> dict[str, Any]:
    """How many were promoted, with the interval of the probability; how the others ended, and by what."""
    promoted = sum(one["verdict"] == "passed" for one in findings)
    ends = Counter(one["verdict"] for one in findings)
    return {
        "markets": len(findings),
        "promoted": promoted,
        "rate": promoted / len(findings) if findings else None,
        "interval": list(clopper_pearson(promoted, len(findings))) if findings else None,
        "refused": ends["refused"],
        "insufficient": ends["insufficient"],
        "failed_alone": _alone(findings),
    }


def _planted(findings: Sequence[Finding], days: int, strength: float) -> dict[str, Any]:
    every = [one.get("all_failed", ["degenerate"]) for one in findings]
    return {
        "strength": strength,
        "days": days,
        **_rate(findings),
        "informed": _mean(one["informed"] for one in findings),
        "achieved": _mean(one.get("sharpe") for one in findings),
        "failed_gates": dict(Counter(gate for failed in every for gate in failed).most_common()),
    }


def _alone(findings: Sequence[Finding]) -> dict[str, int]:
    """Gates that stood alone in the way, and how often: without them so many more were promoted."""
    single = [one["all_failed"][0] for one in findings if len(one.get("all_failed", ())) == 1]
    return dict(Counter(single).most_common())


def _targets(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What the project asks of itself, where it was measured."""
    rate = found["null"]["rate"]
    asked = [
        {
            "name": "false promotions",
            "measured": rate,
            "required": f"<= {FALSE_PROMOTIONS:g}",
            "met": rate <= FALSE_PROMOTIONS,
        }
    ]
    for one in found["planted"]:
        if (one["strength"], one["days"]) in AT:
            name = f"power at {one['strength']:g} on {one['days']} days"
            asked.append(
                {"name": name, "measured": one["rate"], "required": f">= {POWER:g}", "met": one["rate"] >= POWER}
            )
    return asked


def _kinds(findings: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(one["kind"] for one in findings))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known else None
