import numpy as np
import pytest

from alphaloop.core.errors import UnknownName
from alphaloop.core.observation import Observation
from tests.core.builders import NAN, make_view


def make_observation(**changes: object) -> Observation:
    values = np.array([[1.0, 2.0]])
    base = Observation(5, ("X",), ("a", "b"), values, np.array([[True, True]]), values[None], make_view(), "hash")
    return base._replace(**changes)


def test_columns_by_name():
    assert make_observation().column("b").tolist() == [2.0]


def test_an_unknown_column_names_those_there_are():
    with pytest.raises(UnknownName, match=r"\('a', 'b'\)"):
        make_observation().column("c")


@pytest.mark.parametrize(
    "changes",
    [
        {"now": 6},
        {"values": np.array([[1.0, 2.0000001]])},
        {"values": np.array([[1.0, NAN]])},
        {"mask": np.array([[True, False]])},
        {"frames": {"X": {"1h": "up"}}},
        {"regimes": {"X": "calm"}},
        {"texts": ("news",)},
    ],
)
def test_the_digest_sees_what_the_policy_could_read_of_the_market(changes):
    assert make_observation(**changes).digest() != make_observation().digest()


def test_the_digest_does_not_see_the_account():
    """Accounts are in the trace themselves; the digest stands for the market."""
    assert make_observation(account=make_view(5.0)).digest() == make_observation().digest()
    assert len(make_observation().digest()) == 16


def test_times_before_1970_have_a_digest_too():
    assert make_observation(now=-5).digest() != make_observation().digest()
