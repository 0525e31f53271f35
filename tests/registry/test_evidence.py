import json
import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import SchemaViolation
from alphaloop.registry.evidence import Band, Check, Coverage, Evidence, Interval, Protocol, Verdict, Window
from tests.registry.evidence_builder import DAY, make_evidence, make_protocol

FLOATS = [one.name for one in fields(Evidence) if "float" in str(one.type) and "tuple" not in str(one.type)]


def test_evidence_survives_json() -> None:
    found = make_evidence()

    assert Evidence.from_json(found.to_json()) == found


def test_evidence_of_nothing_survives_json() -> None:
    found = Evidence(candidate="c", symbol="X", horizon="1h", kind="rule", protocol=make_protocol())

    assert Evidence.from_json(found.to_json()) == found


def test_equal_evidence_gives_equal_bytes() -> None:
    found = make_evidence(sharpe=np.float64(0.15), trades=np.int64(400))

    assert found.to_json() == make_evidence().to_json()


@given(st.floats(-5, 5), st.integers(0, 10**12), st.text(max_size=8))
def test_any_figure_survives_json(sharpe: float, trades: int, reason: str) -> None:
    found = make_evidence(sharpe=sharpe, trades=trades, degraded=(reason,))

    assert Evidence.from_json(found.to_json()) == found


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_is_refused(name: str, value: float) -> None:
    with pytest.raises(SchemaViolation, match=name):
        make_evidence(**{name: value})


@pytest.mark.parametrize("kind", [Interval, Band])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_bound_that_is_not_finite_is_refused(kind: Any, value: float) -> None:
    bounds = (0.0, value) if kind is Band else (0.0, 0.0, value)

    with pytest.raises(SchemaViolation, match="finite"):
        kind(*bounds)


@pytest.mark.parametrize(
    "changed",
    [{"dsr": 1.1}, {"pbo": -0.1}, {"spa_p": 2.0}, {"trades": -1}, {"max_drawdown": -0.1}, {"overlaps": -3}],
)
def test_a_figure_outside_of_what_it_can_be_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(SchemaViolation, match=next(iter(changed))):
        make_evidence(**changed)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Interval, (0.0, 2.0, 1.0)),
        (Band, (2.0, 1.0)),
        (Window, (5, 5, 0.0, 0.0)),
        (Window, (0, 5, math.nan, 0.0)),
        (Coverage, ("t", "X", 1, 1, -1, 0, 0)),
    ],
)
def test_records_that_contradict_themselves_are_refused(kind: Any, values: tuple[Any, ...]) -> None:
    with pytest.raises(SchemaViolation):
        kind(*values)


@pytest.mark.parametrize("changed", [{"claim": "hoped for"}, {"end": 0}])
def test_a_protocol_that_contradicts_itself_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(SchemaViolation):
        make_protocol(**changed)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sharpe", "0.1"),
        ("trades", 1.5),
        ("trades", True),
        ("leaks_green", 1),
        ("ic", [0.1, 0.0, 0.2]),
        ("windows", {"start": 0}),
        ("degraded", [1]),
        ("protocol", None),
        ("luck", 1.0),
    ],
)
def test_json_of_another_shape_is_refused(key: str, value: object) -> None:
    document = {**json.loads(make_evidence().to_json()), key: value}

    with pytest.raises(SchemaViolation):
        Evidence.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"candidate": NaN}'])
def test_text_that_is_no_evidence_is_refused(text: str) -> None:
    with pytest.raises(SchemaViolation):
        Evidence.from_json(text)


def test_nan_in_json_is_refused() -> None:
    text = make_evidence().to_json().replace('"sharpe":0.15', '"sharpe":NaN')

    with pytest.raises(SchemaViolation):
        Evidence.from_json(text)


def test_the_annual_sharpe() -> None:
    found = make_evidence(sharpe=0.1, periods_per_year=400.0)

    assert found.annual_sharpe == pytest.approx(2.0)
    assert replace(found, sharpe=None).annual_sharpe is None


def test_a_window_improves_only_when_it_is_better() -> None:
    assert Window(0, DAY, 0.1, 0.0).improved
    assert not Window(0, DAY, 0.1, 0.1).improved


def test_versions_of_tables_survive_json() -> None:
    found = make_evidence(protocol=make_protocol(data_versions=(("market_bars", 3),)))

    assert Evidence.from_json(found.to_json()).protocol.data_versions == (("market_bars", 3),)


def test_a_verdict_survives_json() -> None:
    checks = (Check("pbo", None, "below 0.2", False, "x"), Check("trades", 40, ">= 30", True, "y"))
    verdict = Verdict("insufficient", checks, enforced=False)

    assert Verdict.from_json(verdict.to_json()) == verdict
    assert Protocol is type(make_protocol())
