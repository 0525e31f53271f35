"""``evaluate ablation``, wired: variants walked, counted and compared, as ``multimodal_eval.json`` and a page."""

from collections.abc import Callable
from typing import Any

from alphaloop.app.evaluating.again import RUNS, Again, again
from alphaloop.app.evaluating.kept import as_bytes, keep, write_copy
from alphaloop.app.evaluating.oos import Desk, named
from alphaloop.app.evaluating.pages import write_ablation
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.training.ablation.report import NAME, Count, Order, ablate, summary
from alphaloop.training.chain.counting import Counter, counted
from alphaloop.training.chain.run import study_of
from alphaloop.training.chain.score import Bench, outcome
from alphaloop.training.chain.walk import Predicted
from alphaloop.training.validation.rule import Rule

Json = dict[str, Any]


def evaluate_ablation(desk: Desk, name: str, *, strength: float = 0.0) -> Json:
    """What a candidate owes to each group of its features.

    Parameters
    ----------
    desk : Desk
    name : str
        Id of the candidate, or the beginning of it.
    strength : float
        Threshold of the event window.

    Returns
    -------
    dict
        ``candidate symbol horizon kind chosen``, ``protocols``, ``results`` of its horizon
        (``walk_forward`` and ``purged_kfold``, each ``full zeroed retrained``), ``taken``, ``summary``, ``meaning``,
        ``artifact`` (hash of ``multimodal_eval.json``), ``report_file``.

    Raises
    ------
    UnknownName, InvalidOption, NoData, UnreadableFile
        As :func:`alphaloop.app.evaluating.again.again`.
    """
    made = again(desk.home, desk.ledger, name)
    fitting = made.fitting(desk.home / RUNS, f"ablation-{strength:g}")
    order = Order(
        examples=made.examples, make=made.make, asked=made.asked, fitting=fitting, strength=strength,
        how=Blocks(draws=desk.draws, seed=made.asked.seed), executor=desk.executor, count=_counting(desk, made),
    )  # fmt: skip
    found = ablate(order)
    kept = {one: found[one] for one in ("meaning", "event_threshold", "protocols", "taken")}
    said = {**named(made, desk), **kept, "results": found["horizons"][made.horizon]}
    said["summary"] = summary(found, made.horizon)
    content, place = as_bytes(said), desk.home / "reports" / "ablation" / made.candidate
    artifact = keep(desk.ledger, made.candidate, NAME, content, author=desk.author)
    write_copy(place / NAME, content)
    return {**said, "artifact": artifact, "report_file": str(write_ablation(said, place))}


def _counting(desk: Desk, made: Again) -> Count:
    """Each variant that is trained anew is a trial of the candidate's studies: it saw the rows that are scored."""
    counters = {
        name: Counter(desk.ledger, study_of(made.kind, made.examples, name), desk.author, made.asked.seed)
        for name in made.examples.horizons
    }

    def count(variant: str, work: Callable[[], dict[str, Predicted]]) -> dict[str, Predicted]:
        config = {
            "chain": made.kind, "variant": made.chain.chosen, "recipe": dict(made.chain.recipe),
            "data": made.examples.digest, "without": variant,
        }  # fmt: skip
        found: dict[str, Predicted] = {}

        def counted_work() -> dict[str, Any]:
            found.update(work())
            made_by = found[variant]
            rule = Rule(cost=made.examples.cost)
            benches = {name: Bench(made.examples, made_by.cuts, k) for k, name in enumerate(made.examples.horizons)}
            return {name: outcome(one, one.tried(made_by, config, rule)) for name, one in benches.items()}

        counted(counters, config, counted_work)
        return found

    return count
