"""All that is said of one signal, as one flat dictionary.

Every figure is a number or ``None``: what the rows cannot say is none, never NaN. ``ic`` and ``rank_ic`` are pooled
over all rows, so one symbol has them. ``time_ic`` and ``time_rank_ic`` are across the symbols of an instant, which one
symbol cannot have: ``time_ic_reason`` then says so. Definitions and what each figure cannot tell are in
``docs/signals.md``.
"""

from alphaloop.hindsight.signals.buckets import deciles, hit_rate
from alphaloop.hindsight.signals.errors import Measured
from alphaloop.hindsight.signals.ic import by_time, information_coefficient
from alphaloop.hindsight.signals.rows import Signal

Figures = dict[str, float | int | str | None]


def signal_figures(signal: Signal, *, lag: int | None = None, confidence: float = 0.95) -> Figures:
    """Coefficients, hit rate and the spread of the outer tenths of a signal, JSON-safe.

    Parameters
    ----------
    signal : Signal
    lag, confidence
        As :func:`alphaloop.hindsight.signals.ic.information_coefficient` takes them.

    Returns
    -------
    dict of str to float, int or None
        ``rows``, ``instants``, ``symbols``, ``overlap``, ``coverage``; ``ic``, ``rank_ic``, ``time_ic``,
        ``time_rank_ic`` and ``hit_rate``, each with ``_error``, ``_low``, ``_high`` and ``_effective_n``; ``icir``,
        ``rank_icir``; ``time_ic_reason``: why there is no figure across symbols, else none; ``top_less_bottom``:
        mean outcome of the highest tenth of predictions less that of the lowest.
    """
    pairs = signal.pairs
    plain, ranked = (by_time(signal, rank=rank, lag=lag, confidence=confidence) for rank in (False, True))
    measured = {
        "ic": information_coefficient(signal, lag=lag, confidence=confidence),
        "rank_ic": information_coefficient(signal, rank=True, lag=lag, confidence=confidence),
        "time_ic": plain.mean,
        "time_rank_ic": ranked.mean,
        "hit_rate": hit_rate(signal, lag=lag, confidence=confidence),
    }
    table = deciles(signal)
    outer = table["outcome"].to_list() if set(table["bucket"].to_list()) >= {1, 10} else None
    figures: Figures = {
        "rows": len(pairs),
        "instants": len(pairs.first),
        "symbols": len(set(pairs.codes.tolist())),
        "overlap": pairs.overlap,
        "coverage": signal.coverage,
    }
    for name, found in measured.items():
        figures |= _spelled(name, found)
    top_less_bottom = outer[-1] - outer[0] if outer else None
    across = {"icir": plain.icir, "rank_icir": ranked.icir, "time_ic_reason": plain.reason or None}
    return figures | across | {"top_less_bottom": top_less_bottom}


def _spelled(name: str, found: Measured | None) -> Figures:
    parts = {"": "value", **{f"_{part}": part for part in ("error", "low", "high", "effective_n")}}
    return {f"{name}{end}": getattr(found, part) if found else None for end, part in parts.items()}
