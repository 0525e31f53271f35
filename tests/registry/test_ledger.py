"""What the ledger's door lets in, and what it says of where a model comes from."""

import threading
from dataclasses import replace

import pytest

import alphaloop
from alphaloop.core.errors import InvalidOption, LedgerBusy, LedgerTampered, UnknownName
from alphaloop.registry.catalogue import dossier
from alphaloop.registry.ledger import Candidate
from alphaloop.registry.lineage import code_hash, environment, lineage_here
from alphaloop.registry.promotion import Slot
from alphaloop.registry.verification import verify
from tests.registry.builders import SLOT, activate, evidence, lineage, open_ledger, register, verdict

OTHER = Slot("ETHUSDT", "1h", "gbm")


def test_a_candidate_needs_its_file(ledger) -> None:
    made = Candidate(**SLOT._asdict(), model="gbm", artifact="0" * 64, lineage=lineage())

    with pytest.raises(UnknownName, match="no artifact"):
        ledger.register(made, author="ann")


def test_a_candidate_whose_file_was_changed_is_not_registered(ledger) -> None:
    file = ledger.artifacts.put(b"trees")
    ledger.artifacts.path(file).write_bytes(b"other")

    with pytest.raises(LedgerTampered):
        ledger.register(Candidate(**SLOT._asdict(), model="gbm", artifact=file, lineage=lineage()), author="ann")


def test_other_content_is_another_candidate(ledger) -> None:
    file = ledger.artifacts.put(b"trees")
    made = Candidate(**SLOT._asdict(), model="gbm", artifact=file, lineage=lineage())
    names = {
        ledger.register(one, author="ann")
        for one in (
            made,
            replace(made, lineage=lineage(seed=1)),
            replace(made, symbol="ETHUSDT"),
            replace(made, notes="x"),
        )
    }

    assert len(names) == 4


def test_evidence_of_another_slot_is_refused(ledger) -> None:
    name = register(ledger)

    with pytest.raises(InvalidOption, match="evidence of ETHUSDT"):
        ledger.add_evidence(evidence(name, slot=OTHER), author="ann")


@pytest.mark.parametrize("act", ["add_evidence", "add_verdict", "promote"])
def test_nobody_knows_this_candidate(ledger, act) -> None:
    given = {
        "add_evidence": lambda: ledger.add_evidence(evidence("nobody"), author="ann"),
        "add_verdict": lambda: ledger.add_verdict("nobody", verdict(), author="ann"),
        "promote": lambda: ledger.promote("nobody", reason="x", author="ann"),
    }

    with pytest.raises(UnknownName, match="0 candidates 'nobody'"):
        given[act]()


def test_a_beginning_that_fits_two_is_refused(ledger, monkeypatch) -> None:
    class Digest:
        def __init__(self, content: bytes) -> None:
            self.content = content

        def hexdigest(self) -> str:
            return "abcd1" if b'"gbm-1"' in self.content else "abcd2"

    monkeypatch.setattr("alphaloop.registry.ledger.sha256", Digest)
    names = [register(ledger, 1), register(ledger, 2)]

    with ledger.journal.reading() as page:
        assert [dossier(page, name)["id"] for name in names] == ["abcd1", "abcd2"]
        with pytest.raises(UnknownName, match="2 candidates 'abcd'"):
            dossier(page, "abcd")


@pytest.mark.parametrize("author", ["", "  "])
def test_everybody_has_a_name(ledger, author) -> None:
    with pytest.raises(InvalidOption, match="without an author"):
        ledger.study("s", author=author).start({})


def test_text_that_cannot_be_stored(ledger) -> None:
    with pytest.raises(InvalidOption, match="half a character"):
        ledger.study("s", author="ann").start({"note": "\ud800"})


def test_text_of_any_language_comes_back(ledger) -> None:
    name = activate(ledger, 1)
    second = register(ledger, 2)
    ledger.promote(
        second, reason="漂移 «drift» \u0000 \n '; DROP TABLE entries", author="安", to="active", enforce=False
    )
    ledger.rollback(SLOT, reason="назад", author="Ö")
    with ledger.journal.reading() as page:
        moves = dossier(page, second)["moves"]

    assert [(one["author"], one["reason"]) for one in moves] == [
        ("安", "漂移 «drift» \u0000 \n '; DROP TABLE entries"),
        ("Ö", "назад"),
    ]
    assert (verify(ledger.journal, ledger.artifacts).ok, ledger.active(*SLOT)) == (True, name)


def test_a_writer_that_waits_too_long_is_told(ledger, tmp_path) -> None:
    url = str(ledger.journal.database.url) if ledger.journal.database.is_postgres else None
    other = open_ledger(tmp_path / "home", url=url, wait=0.2)
    with ledger.journal.writing(), pytest.raises(LedgerBusy):
        other.study("s", author="ann").start({})
    other.study("s", author="ann").start({})

    assert ledger.trials().count == 1
    other.close()


def test_many_threads_write_one_chain(ledger) -> None:
    study = ledger.study("s", author="ann")
    threads = [threading.Thread(target=lambda: [study.start({}) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (ledger.trials().count, verify(ledger.journal, ledger.artifacts).faults) == (20, ())


def test_lineage_of_what_runs_here() -> None:
    made = lineage_here(tables=(("market_bars", 3),), schema_hash="5c4e", seed=7, study="s", recipe="alphaloop train")

    assert (made.code_version, made.code_hash) == (alphaloop.__version__, code_hash())
    assert dict(environment())["numpy"] == __import__("numpy").__version__
    assert made.environment[0][0] == "python"


def test_the_hash_of_the_code_is_that_of_names_and_contents(tmp_path, monkeypatch) -> None:
    def hashed(files: dict[str, str]) -> str:
        for old in tmp_path.rglob("*.py"):
            old.unlink()
        for name, content in {"__init__.py": "", **files}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content)
        return code_hash.__wrapped__()

    monkeypatch.setattr(alphaloop, "__file__", str(tmp_path / "__init__.py"))
    hashes = [hashed(files) for files in ({"a.py": "x"}, {"a.py": "y"}, {"b.py": "x"}, {"c/a.py": "x"}, {"a.py": "x"})]

    assert len(set(hashes)) == 4
    assert hashes[0] == hashes[4]
