"""Counting: every backtest is a trial of its study, whether anybody likes its result or not.

A study is everything ever tried on the same symbols and timeframe. The same configuration on
the same bars is one trial however often it runs: nothing new is learnt from it. With its
result a trial keeps the returns of its judged part, which others are compared with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from alphaloop.app.report.inputs import Provenance, ReportInput
from alphaloop.app.runs import Run
from alphaloop.app.wiring import Setup
from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import Market
from alphaloop.core.time import DAY_US
from alphaloop.core.trace import Trace
from alphaloop.features.contract import Schema
from alphaloop.features.sources.symbols import names_of
from alphaloop.lake.audit import AuditRow, audit
from alphaloop.lake.table import Lake
from alphaloop.registry.evidence import Coverage
from alphaloop.registry.journal import Page
from alphaloop.registry.ledger import Candidate, Ledger
from alphaloop.registry.lineage import lineage_here
from alphaloop.registry.records import canonical, plain
from alphaloop.registry.series import Series
from alphaloop.registry.trials import DONE, STARTED, plain_mapping
from alphaloop.training.rules import Track, track_of

KIND, BARS, FUNDING = "rule", "market_bars", "funding_rates"
VIEWS = {"market_latent": BARS, "social_text_latent": "social_posts"}
"""Tables that are computed from facts, and those facts."""

SHARE = 0.5
"""The part of a window, its end, that verdicts are made of."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setup's trial stands in the ledger before it ran: study, configuration, and when judging begins."""

    study: str
    config: Json
    since: int


def place_of(setup: Setup, share: float = SHARE) -> Place:
    """The study and configuration of a setup.

    Parameters
    ----------
    setup : Setup
    share : float, above 0, at most 1
        Of the window, from its end.

    Raises
    ------
    InvalidOption
        If the share is out of range.
    """
    if not 0 < share <= 1:
        raise InvalidOption(f"an out-of-sample share of {share}", "above 0, at most 1", "use e.g. --oos 0.5")
    header, market = setup.header, setup.market
    since = judged_since(market, share)
    study = f"rules {','.join(header.symbols)} {header.timeframe}"
    left_out = ("code_version", "table_versions")
    config = {name: value for name, value in asdict(header).items() if name not in left_out}
    return Place(study, plain_mapping({**config, "since": since}), since)


def judged_since(market: Market, share: float) -> int:
    """The first midnight (UTC) of the judged part, microseconds; the first bar for a share of 1."""
    first, last = int(market.ts[0]), int(market.ts[-1]) + market.timeframe.us
    if share == 1:
        return first
    return -(-int(last - (last - first) * share) // DAY_US) * DAY_US


def earlier(ledger: Ledger, place: Place) -> str | None:
    """The trial that did exactly this before, if one did."""
    with ledger.journal.reading() as page:
        done = {one.subject for one in page.find(DONE, scope=place.study)}
        started = page.find(STARTED, scope=place.study)
    return next((one.subject for one in started if one.subject in done and one.data["config"] == place.config), None)


def figures_of(lake: Lake, ledger: Ledger, setup: Setup, trace: Trace, since: int) -> tuple[float | None, Json]:
    """Sharpe per period of a run's judged part, and all that a verdict will ask of it, as JSON.

    Its returns become an artifact. A run too short to be judged has neither.
    """
    run = ReportInput.of_trace(trace, setup.market, Provenance()).metrics_input()
    track = track_of(run, since)
    if track is None:
        return None, {}
    rows = coverage_of(lake, setup, since)
    figures = {
        "series": ledger.artifacts.put(track.series.to_bytes()),
        "since": since,
        "until": int(trace.now[-1]),
        "period": track.period,
        "net_pnl": track.net_pnl,
        "max_drawdown": track.max_drawdown,
        "turnover": track.turnover,
        "trades": track.trades,
        "claim": "simulated" if setup.data_kind == "simulated" else "real",  # a mixture speaks of real markets
        "coverage": plain(rows),
        "degraded": abstentions(trace),
        "features": list(setup.policy.features),
        "costs": ", ".join(f"{name} {value}" for name, value in setup.options.costs.words().items()),
        "tables": plain(setup.header.table_versions),
        "schema_hash": setup.header.schema_hash,
        "timeframe": setup.header.timeframe,
        "seed": setup.header.seed,
    }
    return None if track.record is None else track.record.sharpe, figures


def track_from(ledger: Ledger, figures: Mapping[str, Any]) -> Track:
    """The judged part of an earlier run, from what its trial kept."""
    series = Series.of_bytes(ledger.artifacts.get(figures["series"]))
    names = ("period", "net_pnl", "max_drawdown", "turnover", "trades")
    return Track(series, **{name: figures[name] for name in names})


def coverage_of(lake: Lake, setup: Setup, since: int) -> tuple[Coverage, ...]:
    """Rows of every series the run read in its judged part, as the audit counts them.

    Bars, and funding of perpetuals, are due for every symbol. Of other tables it is what was
    there for its features to read: some have a choice (order flow comes from bars, trades or
    a book), and a feature for which nothing is there stops the run.
    """
    market = setup.market
    window = {"start": since, "end": int(market.ts[-1]) + market.timeframe.us}
    due = [BARS, *([FUNDING] if any(one.kind == "perp" for one in setup.instruments) else [])]
    rows = [row for row in audit(lake, symbols=market.symbols, tables=due, **window) if _own(row, market)]
    names = sorted({name for symbol in market.symbols for name in names_of(symbol)})
    rows += read_besides(lake, setup.policy.features, names, due, window)
    return tuple(counted(row) for row in rows)


def read_besides(
    lake: Lake, features: Sequence[str], symbols: Sequence[str], due: Sequence[str], window: Mapping[str, int]
) -> list[AuditRow]:
    """Every series with rows that these features read outside of the tables in ``due``."""
    rows: list[AuditRow] = []
    for table, columns in inputs_of(features).items():
        if table not in due:
            found = audit(lake, symbols=list(symbols), tables=[table], **window)
            rows += [row for row in found if row.rows and (row.series is None or not columns or row.series in columns)]
    return rows


def inputs_of(features: Sequence[str]) -> dict[str, set[str]]:
    """Columns of each table of facts that features read beside bars; no column stands for all of them.

    Tables that ``features build`` makes are views: what counts is the facts they were made of.

    Examples
    --------
    >>> inputs_of(["ret_1"]), inputs_of(["market_latent_0"])
    ({}, {'market_bars': set()})
    >>> "funding_rates" in inputs_of(["funding_rate_8h"])
    True
    """
    wanted: dict[str, set[str]] = {}
    for name in (name for feature in Schema(tuple(features)).features for name in feature.inputs):
        table, dot, column = name.rpartition(".")
        if table in VIEWS:
            wanted.setdefault(VIEWS[table], set())
        elif dot:
            wanted.setdefault(table, set()).add(column)
    return wanted


def _own(row: AuditRow, market: Market) -> bool:
    """Whether it is of the run's own venues and timeframe."""
    return row.timeframe in (None, str(market.timeframe)) and row.venue in (None, *market.sources.values())


def counted(row: AuditRow) -> Coverage:
    """What the audit counted, as evidence holds it."""
    name = row.symbol or row.series or "all"
    return Coverage(row.table, name, row.expected, row.present, row.real, row.derived, row.synthetic)


def abstentions(trace: Trace) -> list[str]:
    """Who did not answer, and how often."""
    silent = [vote for event in trace.events for vote in event.proposed.votes if vote.abstained]
    names = sorted({vote.source for vote in silent})
    return [f"{name} abstained {sum(vote.source == name for vote in silent):,} times" for name in names]


def enter(ledger: Ledger, run: Run, place: Place, trial: str, *, author: str, command: str) -> str:
    """Register the rule of a counted run as a candidate; returns its id.

    Raises
    ------
    NoData
        If the run was too short to be judged.
    """
    with ledger.journal.reading() as page:
        if trial not in tried(page, place.study):
            raise NoData("less than two periods to judge", "a longer run", "widen --start and --end, or raise --oos")
    header = run.setup.header
    candidate = Candidate(
        symbol=",".join(header.symbols),
        horizon=header.timeframe,
        kind=KIND,
        model=header.policy,
        artifact=ledger.artifacts.put(_content(place.config)),
        lineage=lineage_here(
            tables=header.table_versions,
            schema_hash=header.schema_hash,
            seed=header.seed,
            study=place.study,
            recipe=command,
        ),
        notes=trial,
    )
    return ledger.register(candidate, author)


def artifact_of(config: Mapping[str, Any]) -> str:
    """The hash under which the rule of a trial's configuration is stored: the same over any days."""
    return sha256(_content(config)).hexdigest()


def _content(config: Mapping[str, Any]) -> bytes:
    return canonical({name: value for name, value in config.items() if name not in ("market_digest", "since")}).encode()


def tried(page: Page, study: str) -> dict[str, Json]:
    """Figures of every finished trial of a study that kept its returns, by trial."""
    kept = {one.subject: one.data["figures"] for one in page.find(DONE, scope=study)}
    return {trial: figures for trial, figures in kept.items() if "series" in figures}
