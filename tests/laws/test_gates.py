"""The judge is monotone: worse evidence never passes where better did not."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alphaloop.registry.evidence import Band, Coverage, Evidence, Interval, Window
from alphaloop.registry.gates import deciding, judge
from tests.registry.evidence_builder import make_evidence

SIZE = st.floats(0.0, 2.0)

NEAR = st.fixed_dictionaries(
    {
        "net_pnl": st.floats(-0.1, 0.5),
        "max_drawdown": st.floats(0.0, 0.5),
        "trades": st.integers(20, 60),
        "periods": st.integers(50, 400),
        "sharpe": st.floats(-0.2, 0.4),
        "dsr": st.floats(0.9, 1.0),
        "spa_p": st.floats(0.0, 0.1),
        "pbo": st.floats(0.0, 0.4),
        "overlaps": st.sampled_from([0, 0, 0, 1]),
        "smallest_sharpe": st.floats(1.0, 4.0),
        "smallest_ic": st.floats(0.0, 0.2),
        "leaks_green": st.sampled_from([True, True, None, False]),
    }
)


def lower(interval: Interval | None, size: float) -> Interval | None:
    return None if interval is None else Interval(interval.value, interval.low - size, interval.high)


def fewer_rows(coverage: tuple[Coverage, ...] | None, size: float) -> tuple[Coverage, ...] | None:
    rest = 1 - size / 2
    return None if coverage is None else tuple(replace(one, present=int(one.present * rest)) for one in coverage)


def worse_windows(windows: tuple[Window, ...] | None, size: float) -> tuple[Window, ...] | None:
    return None if windows is None else tuple(replace(one, candidate=one.candidate - size) for one in windows)


WORSE: dict[str, Any] = {
    "net_pnl": lambda old, size: old - size,
    "max_drawdown": lambda old, size: old + size,
    "trades": lambda old, size: int(old * (1 - size / 2)),
    "periods": lambda old, size: int(old * (1 - size / 2)),
    "sharpe": lambda old, size: old - size,
    "dsr": lambda old, size: old * (1 - size / 2),
    "spa_p": lambda old, size: min(1.0, old + size),
    "pbo": lambda old, size: min(1.0, old + size),
    "overlaps": lambda old, size: old + int(size * 10),
    "smallest_sharpe": lambda old, size: old + size,
    "smallest_ic": lambda old, size: old + size,
    "leaks_green": lambda old, size: False,
    "degraded": lambda old, size: (*old, "worse"),
    "ic": lower,
    "improvement": lower,
    "coverage": fewer_rows,
    "windows": worse_windows,
    "pbo_band": lambda old, size: Band(old.low * (1 - size / 2), old.high),
}


def passed(evidence: Evidence) -> bool:
    return judge(evidence).verdict == "passed"


@given(NEAR, st.sampled_from(sorted(WORSE)), SIZE)
def test_worse_evidence_never_passes_where_better_did_not(near: dict[str, Any], key: str, size: float) -> None:
    better = make_evidence(**near)
    worse = replace(better, **{key: WORSE[key](getattr(better, key), size)})

    # a lower Sharpe needs a shorter record only where it claims nothing: then its deflated Sharpe cannot pass either
    if key == "sharpe" and worse.sharpe is not None and worse.sharpe <= 0:
        worse = replace(worse, dsr=0.5)

    assert passed(better) or not passed(worse)


@given(NEAR, st.sampled_from(sorted(WORSE)))
def test_forgetting_to_measure_never_passes(near: dict[str, Any], key: str) -> None:
    assert not passed(replace(make_evidence(**near), **{key: None}))


@given(NEAR)
def test_a_verdict_is_what_its_checks_say(near: dict[str, Any]) -> None:
    found = judge(make_evidence(**near))

    assert (found.verdict == "passed") == all(one.passed for one in found.checks)
    assert (found.verdict == "passed") == (deciding(found) == ())
