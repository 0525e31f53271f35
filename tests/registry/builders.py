"""Small ledgers for the tests of the registry; SQLite, or PostgreSQL where a URL is given."""

import os
from itertools import count
from pathlib import Path

import numpy as np
from sqlalchemy import text

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action, Decision, Intent, Vote
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Order, Reason
from alphaloop.core.trace import Header, Step, Trace
from alphaloop.lake.ledger.database import Database
from alphaloop.registry.evidence import Check, Evidence, Protocol, Verdict
from alphaloop.registry.ledger import Candidate, Ledger
from alphaloop.registry.lineage import Lineage
from alphaloop.registry.promotion import Slot

SLOT = Slot("BTCUSDT", "1h", "gbm")
POSTGRES = os.environ.get("ALPHALOOP_TEST_POSTGRES", "")
"""A PostgreSQL database the tests may fill and empty, e.g. ``postgresql://user@localhost/test``."""


def open_ledger(home: Path, start: int = 1, url: str | None = None, wait: float = 10.0) -> Ledger:
    """A ledger whose clock says 1, 2, 3, ... microseconds."""
    return Ledger.open(home, clock=count(start).__next__, url=url, wait=wait)


def lineage(seed: int = 0, study: str = "") -> Lineage:
    return Lineage(
        code_version="0.1.0",
        code_hash="c" * 64,
        tables=(("market_bars", 3),),
        schema_hash="5c4e",
        seed=seed,
        environment=(("python", "3.11.7"),),
        study=study,
    )


def register(ledger: Ledger, seed: int = 0, slot: Slot = SLOT, study: str = "") -> str:
    """A candidate whose file and lineage differ by ``seed``."""
    file = ledger.artifacts.put(f"model {slot} {seed}".encode())
    made = Candidate(**slot._asdict(), model=f"gbm-{seed}", artifact=file, lineage=lineage(seed, study))
    return ledger.register(made, author="ann")


def verdict(outcome: str = "passed", *, enforced: bool = True) -> Verdict:
    return Verdict(outcome, (Check("trades", 90, ">= 30", outcome == "passed", "ledger"),), enforced)


def evidence(candidate: str, active: str | None = None, slot: Slot = SLOT) -> Evidence:
    how = Protocol(question="?", claim="simulated", method="one fold", timeframe="1h", start=0, end=1, costs="none")
    return Evidence(candidate=candidate, **slot._asdict(), protocol=how, active=active, trades=90, sharpe=0.1)


def put_on_paper(ledger: Ledger, seed: int, slot: Slot = SLOT) -> str:
    """A candidate that passed and went to paper; judged against whoever is active."""
    name = register(ledger, seed, slot)
    ledger.add_verdict(name, verdict(), author="ann")
    ledger.promote(name, reason="passed", author="ann")
    return name


def activate(ledger: Ledger, seed: int, slot: Slot = SLOT) -> str:
    """A candidate that went all the way."""
    name = put_on_paper(ledger, seed, slot)
    ledger.promote(name, reason="good on paper", author="ann")
    return name


def make_trace(steps: int = 3, seed: int = 7, symbols: tuple[str, ...] = ("BTCUSDT",)) -> Trace:
    """A session that turns its position at every step, is cut to half of it, and filled one step later at 100."""
    header = Header("turner fast=3", symbols, "5m", seed, "5c4e", "ru1e5", "d19e57", "0.1.0", (("market_bars", 3),))
    trace, last = Trace(header), ()
    empty, flat = np.zeros((len(symbols), 0)), np.zeros(len(symbols))
    for step in range(steps):
        now, side = (step + 1) * 300_000_000, 1.0 if step % 2 == 0 else -1.0
        intent = Intent(Action.BUY if side > 0 else Action.SELL, side, reasoning="turn")
        intents = dict.fromkeys(symbols, intent)
        allowed = proposed = Decision(intents, votes=(Vote("clock", intents),))
        for symbol in symbols:
            allowed = allowed.cut_to(symbol, side / 2, "exposure", side, "half at most")
        orders = tuple(Order(f"{now}:{symbol}", symbol, now, side * 2.0) for symbol in symbols)
        fills = tuple(Fill(one.id, one.symbol, now, one.quantity, 100.0, Reason.MARKET, fee=0.1) for one in last)
        account = AccountView(symbols, 1000.0 + step, 1000.0, 1000.0, flat, flat, flat, flat)
        seen = Observation(now, symbols, (), empty, empty > 0, np.zeros((0, len(symbols), 0)), account, "5c4e")
        trace.record(Step(now, seen, proposed, allowed, orders, fills, account))
        last = orders
    return trace


def empty_postgres() -> None:
    """Drop everything in the database of the tests."""
    database = Database(POSTGRES)
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()


def tamper(ledger: Ledger, *statements: str) -> None:
    """Do what the database refuses: somebody who owns it takes the guards away and puts them back."""
    database = ledger.journal.database
    tables = ("entries", "runs", "decisions", "orders", "fills")
    with database.writing() as connection:
        if database.is_postgres:
            off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
            on = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables]
        else:
            held = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            off, on = [f"DROP TRIGGER {name}" for name, _ in held], [sql for _, sql in held]
        for statement in (*off, *statements, *on):
            connection.exec_driver_sql(statement)
