"""Order states: lives told by hand, then laws over lives told in any order, twice, or with lies."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alphaloop.core.errors import ImpossibleTransition, InvalidOrder
from alphaloop.core.orders import Order
from alphaloop.execution.order_events import (
    Accepted,
    Cancelled,
    Denied,
    Event,
    Expired,
    Found,
    NotFound,
    OrderState,
    Rejected,
    Submitted,
    TimedOut,
    Traded,
)
from alphaloop.execution.states import ALLOWED, TERMINAL, OrderRecord, client_order_id, record_of

LATEST = 100
FILLED, CANCELLED, REJECTED = OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED
UNRESOLVED, PARTIAL, WORKING = OrderState.UNRESOLVED, OrderState.PARTIAL, OrderState.WORKING


def heard(*events: Event, quantity: int = -3) -> OrderRecord:
    """An order for 3, sent at 0 and refused by the venue after 100, and what was heard then."""
    record = OrderRecord("a", "X", Decimal(quantity)).after(Submitted(0, LATEST))
    for event in events:
        record = record.after(event)
    return record


def fill(name: str, quantity: int, price: int = 10, ts: int = 5) -> Traded:
    return Traded(ts, name, Decimal(quantity), Decimal(price), Decimal("0.1"))


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], OrderState.SUBMITTED),
        ([Accepted(1)], WORKING),
        ([Accepted(1), fill("a", 1)], PARTIAL),
        ([Accepted(1), fill("a", 1), fill("b", 2)], FILLED),
        ([fill("a", 1), Accepted(1)], PARTIAL),
        ([Accepted(1), fill("a", 1), Cancelled(9)], CANCELLED),
        ([Cancelled(9), fill("a", 1), Accepted(1)], CANCELLED),
        ([Accepted(1), Expired(9)], OrderState.EXPIRED),
        ([Rejected(1, "post only")], REJECTED),
        ([TimedOut(1)], UNRESOLVED),
        ([TimedOut(1), Rejected(2, "margin")], REJECTED),
        ([TimedOut(1), Accepted(2)], WORKING),
        ([TimedOut(1), fill("a", 3)], FILLED),
        ([TimedOut(1), NotFound(LATEST - 1)], UNRESOLVED),
        ([TimedOut(1), NotFound(LATEST)], REJECTED),
        ([TimedOut(1), Found(50, WORKING)], WORKING),
        ([TimedOut(1), Found(50, PARTIAL, Decimal(2))], PARTIAL),
        ([TimedOut(1), Found(50, FILLED, Decimal(3))], FILLED),
        ([Accepted(1), TimedOut(9, "cancel")], UNRESOLVED),
        ([Accepted(1), TimedOut(9, "cancel"), Found(8, WORKING)], UNRESOLVED),
        ([Accepted(1), TimedOut(9, "cancel"), Found(10, WORKING)], WORKING),
        ([Accepted(1), TimedOut(9, "cancel"), Cancelled(7)], CANCELLED),
    ],
)
def test_a_life(events, state):
    assert heard(*events).state is state


def test_before_it_is_sent():
    wanted = OrderRecord("a", "X", Decimal(1))

    assert wanted.state is OrderState.CREATED
    assert wanted.after(Denied(0, "halted")).state is OrderState.DENIED


def test_sums_over_fills():
    order = heard(fill("b", 1, price=20, ts=6), fill("a", 1, price=10, ts=5))

    assert [one.fill_id for one in order.fills] == ["a", "b"]
    assert (order.filled, order.average_price, order.fees) == (2, 15, Decimal("0.2"))
    assert heard().average_price is None


def test_the_same_fill_told_twice_counts_once():
    once = heard(fill("a", 1))

    assert once.after(fill("a", 1)) is once
    assert once.after(fill("a", 1, ts=99)) is once


def test_a_total_ahead_of_the_fills_says_what_to_fetch():
    order = heard(Found(50, CANCELLED, Decimal(2)), fill("a", 1))

    assert (order.state, order.filled, order.missing) == (CANCELLED, 1, 1)


@pytest.mark.parametrize(
    "events",
    [
        [fill("a", 4)],
        [fill("a", 2), fill("b", 2)],
        [fill("a", 1), fill("a", 2)],
        [fill("a", 3), Cancelled(9)],
        [Cancelled(9, Decimal(1)), fill("a", 2)],
        [Cancelled(9), Expired(9)],
        [Accepted(1), Rejected(2, "")],
        [Accepted(1, "7"), Accepted(1, "8")],
        [TimedOut(1), NotFound(LATEST), Accepted(LATEST + 1)],
        [Accepted(1), NotFound(LATEST)],
        [Found(1, FILLED, Decimal(2))],
        [Found(1, REJECTED, Decimal(2))],
        [Found(1, CANCELLED, Decimal(1)), Found(2, CANCELLED, Decimal(2))],
        [Denied(1, "")],
        [Submitted(1, LATEST)],
    ],
)
def test_what_cannot_be_true_raises_in_either_order(events):
    with pytest.raises(ImpossibleTransition, match="compare with the venue"):
        heard(*events)
    with pytest.raises(ImpossibleTransition):
        heard(*reversed(events))


def test_no_answer_to_what_was_never_sent():
    with pytest.raises(ImpossibleTransition):
        OrderRecord("a", "X", Decimal(1)).after(Accepted(1))
    with pytest.raises(ImpossibleTransition):
        OrderRecord("a", "X", Decimal(1)).after(Denied(0, "")).after(Submitted(1, 2))


@pytest.mark.parametrize(
    "make",
    [
        lambda: fill("a", 0),
        lambda: fill("a", 1, price=0),
        lambda: Submitted(5, 4),
        lambda: Found(1, UNRESOLVED),
        lambda: Found(1, WORKING, Decimal(-1)),
        lambda: OrderRecord("a", "X", Decimal(0)),
    ],
)
def test_bad_events_are_refused(make):
    with pytest.raises(InvalidOrder):
        make()


def test_client_ids_are_the_decision_and_nothing_else():
    again = client_order_id("run", "X", 1) == client_order_id("run", "X", 1)
    others = {
        client_order_id(*one) for one in [("run", "X", 1), ("ru", "nX", 1), ("run", "X", 2), ("run", "X", 1, "b")]
    }

    assert again
    assert len(others) == 4
    assert record_of(Order("1:X", "X", 1, 0.1), "run") == OrderRecord(
        client_order_id("run", "X", 1), "X", Decimal("0.1")
    )


# laws


@st.composite
def lives(draw):
    """Everything there is to hear of one order that a venue really took or really refused; nothing contradicts."""
    ordered = draw(st.integers(1, 6))
    events: list[Event] = [TimedOut(draw(st.integers(0, 9)))] if draw(st.booleans()) else []
    fate = draw(st.sampled_from(["works", "fills", "cancelled", "expired", "rejected", "lost"]))
    if fate in ("rejected", "lost"):
        early = [NotFound(t) for t in draw(st.lists(st.integers(0, LATEST - 1), max_size=2, unique=True))]
        return ordered, [*events, *early, Rejected(3, "") if fate == "rejected" else NotFound(LATEST + 5)]
    done = ordered if fate == "fills" else draw(st.integers(0, ordered - 1))
    cuts = sorted({min(cut, done) for cut in draw(st.sets(st.integers(0, 5), max_size=3))} | {0, done})
    sizes = [b - a for a, b in pairwise(cuts)]
    events += [fill(f"f{i}", size, price=10 + i, ts=20 + i) for i, size in enumerate(sizes)]
    if draw(st.booleans()):
        events.append(Accepted(10, "v"))
    if draw(st.booleans()):
        partial = draw(st.integers(0, done))
        state = FILLED if partial == ordered else PARTIAL if partial else WORKING
        events.append(Found(30, state, Decimal(partial)))
    if draw(st.booleans()):
        events.append(TimedOut(25, "cancel"))
    total = draw(st.sampled_from([None, Decimal(done)]))
    events += {"cancelled": [Cancelled(40, total)], "expired": [Expired(40, total)]}.get(fate, [])
    return ordered, events


def facts(record: OrderRecord) -> tuple[object, ...]:
    return record.state, record.filled, record.missing, record.average_price, record.fees, record.fills


@settings(deadline=None)
@given(lives(), st.data())
def test_any_order_and_any_repetition_end_in_the_same_state(life, data):
    ordered, events = life
    told = data.draw(
        st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=4) if events else st.just([]))])
    )
    record, seen = heard(quantity=ordered), [OrderState.SUBMITTED]
    for event in told:
        record = record.after(event)
        seen.append(record.state)

    assert facts(record) == facts(heard(*events, quantity=ordered))
    assert len(record.history) == 1 + len(events)
    for before, now in pairwise(seen):
        assert now is before or now in ALLOWED[before]


class AnOrder(RuleBasedStateMachine):
    """Anything at all is reported, lies included: what is impossible raises and leaves the record as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.record = OrderRecord("a", "X", Decimal(5))
        self.past: list[OrderRecord] = [self.record]

    def tell(self, event: Event) -> None:
        try:
            after = self.record.after(event)
        except ImpossibleTransition:
            return
        if UNRESOLVED is self.record.state and after.state is REJECTED:
            assert isinstance(event, Rejected | NotFound | Found)
        self.record = after
        self.past.append(after)

    @rule(until=st.integers(10, 20))
    def send(self, until: int) -> None:
        self.tell(Submitted(0, until))

    @rule(ts=st.integers(0, 30), request=st.sampled_from(["submit", "cancel"]))
    def wait_in_vain(self, ts: int, request) -> None:
        self.tell(TimedOut(ts, request))

    @rule(ts=st.integers(0, 30), size=st.integers(1, 4), name=st.sampled_from("abcdef"))
    def trade(self, ts: int, size: int, name: str) -> None:
        self.tell(fill(name, size, ts=ts))

    @rule(kind=st.sampled_from([Accepted, Cancelled, Expired, NotFound, Denied, Rejected]), ts=st.integers(0, 30))
    def answer(self, kind, ts: int) -> None:
        self.tell(kind(ts, "no") if kind in (Denied, Rejected) else kind(ts))

    @rule(ts=st.integers(0, 30), state=st.sampled_from([WORKING, PARTIAL, FILLED, CANCELLED]), done=st.integers(0, 5))
    def ask(self, ts: int, state: OrderState, done: int) -> None:
        self.tell(Found(ts, state, Decimal(done)))

    @precondition(lambda self: len(self.record.history) > 0)
    @rule(data=st.data())
    def repeat(self, data) -> None:
        assert self.record.after(data.draw(st.sampled_from(self.record.history))) is self.record

    @invariant()
    def never_more_than_ordered(self) -> None:
        assert self.record.filled + self.record.missing <= 5

    @invariant()
    def history_only_grows_and_ends_stay(self) -> None:
        for before, now in pairwise(self.past):
            assert now.history[: len(before.history)] == before.history
            assert before.state not in TERMINAL or now.state is before.state

    @invariant()
    def rejected_only_by_the_venue(self) -> None:
        if self.record.state is REJECTED:
            assert any(isinstance(one, Rejected | NotFound | Found) for one in self.record.history)


TestAnOrder = AnOrder.TestCase
TestAnOrder.settings = settings(deadline=None, max_examples=60, stateful_step_count=20)
