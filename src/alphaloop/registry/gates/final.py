"""Gates whose failure more data cannot mend."""

from alphaloop.registry.evidence import Check, Coverage, Evidence
from alphaloop.registry.gates.gate import answer
from alphaloop.registry.gates.thresholds import Thresholds


def leaks(evidence: Evidence, limits: Thresholds) -> Check:  # noqa: ARG001 - gates share one signature
    """Nothing the candidate reads or was trained with depends on the future."""
    green = evidence.leaks_green
    found = None if green is None else "green" if green else "leaking"
    return answer("leaks", found, "green", green is True, "leak tribunal: evaluate leaks")


def overlaps(evidence: Evidence, limits: Thresholds) -> Check:  # noqa: ARG001
    """No label of a training row reaches into a test block."""
    found = evidence.overlaps
    return answer("overlaps", found, "0", found == 0, f"split audit: {evidence.protocol.method}")


def provenance(evidence: Evidence, limits: Thresholds) -> Check:  # noqa: ARG001
    """No row behind the claim was computed from others, and none was simulated unless the claim says so.

    Measured is the number of such rows; the source names their tables.
    """
    if not evidence.coverage:
        return answer("provenance", None, "0 rows", False, "data audit")
    made = [(one, _made(one, evidence)) for one in evidence.coverage]
    tables = sorted({f"{one.table} {_kind(one)}" for one, count in made if count})
    simulated = "; simulated rows stand behind a simulated claim" if evidence.protocol.claim == "simulated" else ""
    source = f"data audit{': ' + ', '.join(tables) if tables else ''}{simulated}"
    found = sum(count for _, count in made)
    return answer("provenance", found, "0 rows", found == 0, source)


def _made(one: Coverage, evidence: Evidence) -> int:
    return one.derived + (one.synthetic if evidence.protocol.claim == "real" else 0)


def _kind(one: Coverage) -> str:
    return " and ".join(name for name, count in (("derived", one.derived), ("synthetic", one.synthetic)) if count)


def degraded(evidence: Evidence, limits: Thresholds) -> Check:  # noqa: ARG001
    """Nothing went wrong on the way."""
    found = evidence.degraded
    said = None if found is None else "; ".join(found) or "no"
    return answer("degraded", said, "no", found == (), "status of the run")


def backbones(evidence: Evidence, limits: Thresholds) -> Check:
    """Every model that has to be there trained and predicted."""
    ready = evidence.backbones_ready
    found = None if ready is None else ", ".join(ready) or "none"
    required = ", ".join(limits.required_backbones) or "none required"
    passed = ready is not None and set(limits.required_backbones) <= set(ready)
    return answer("backbones", found, required, passed, limits.where("required_backbones"))


def drawdown(evidence: Evidence, limits: Thresholds) -> Check:
    """The deepest loss from a peak; a longer record can only deepen it."""
    found = evidence.max_drawdown
    passed = found is not None and found <= limits.max_drawdown
    return answer("drawdown", found, f"<= {limits.max_drawdown:g}", passed, limits.where("max_drawdown"))
