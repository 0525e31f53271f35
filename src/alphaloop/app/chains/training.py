"""``alphaloop train``, wired: a chain over examples of the lake, its verdicts and their pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from alphaloop.app.chains.background import background_of
from alphaloop.app.chains.source import Source, Tell
from alphaloop.app.gating.judging import judge_candidate
from alphaloop.core.errors import MissingExtra
from alphaloop.engine.executor import Executor
from alphaloop.registry.gates import load
from alphaloop.registry.ledger import Ledger
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.learner import Chain, Progress
from alphaloop.training.chain.run import Around, More, run_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a training command has opened.

    Parameters
    ----------
    source : Source
    ledger : Ledger
    author, command : str
    now : int, microseconds UTC
    executor : Executor
    progress : Progress
        Of fits.
    tell : callable
        Of features: a symbol and its rows so far.
    """

    source: Source
    ledger: Ledger
    author: str
    command: str
    now: int
    executor: Executor
    progress: Progress
    tell: Tell


def train(session: Session, chain_of: Callable[[Asked], Chain], more: More | None = None) -> dict[str, Any]:
    """Features, examples, the chain, its candidates and their verdicts: what the command prints.

    Parameters
    ----------
    session : Session
    chain_of : callable
        The chain for what was asked.
    more : callable, optional
        As :func:`alphaloop.training.chain.run.run_chain`.

    Raises
    ------
    MissingExtra
        If torch is not installed.
    DataError
        If no symbol has what it takes.
    """
    source = session.source
    chain = chain_of(source.asked)
    built = source.prepare(session.now, session.tell)
    around = Around(
        home=source.home,
        ledger=session.ledger,
        author=session.author,
        command=session.command,
        background=partial(background_of, source.lake, session.ledger),
        judge=partial(_judge, session.ledger, source.home, session.author),
        clock=perf_counter,
        executor=session.executor,
        progress=session.progress,
    )
    found = run_chain(source.asked, chain, source.load, around, more)
    features = {name: built[name] for name in ("rows", "written", "features", "schema_hash")}
    return {**found, "features": features, "data_set": source.store.folder.name}


def need_torch() -> None:
    """Check that networks can be trained here.

    Raises
    ------
    MissingExtra
        If torch is not installed.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtra("torch", "torch") from error


def _judge(ledger: Ledger, home: Path, author: str, candidate: str) -> dict[str, Any]:
    return judge_candidate(ledger, candidate, load(home), home / "reports", author=author).as_dict()
