"""The entries as tables that other programs may know: models, candidates with their verdicts, runs."""

from collections.abc import Callable

from alembic import op

revision = "registry_2"
down_revision = "registry_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the views; they hold nothing themselves."""
    field = _postgres if op.get_bind().dialect.name == "postgresql" else _sqlite
    for name, question in views(field).items():
        op.execute(f"CREATE VIEW {name} AS {question}")


def downgrade() -> None:
    """Views hold nothing, so they may go."""
    for name in ("backtest_runs", "candidate_models", "model_registry"):
        op.execute(f"DROP VIEW {name}")


def _sqlite(alias: str, *path: str) -> str:
    """SQL that takes one value out of the body of an entry."""
    return f"json_extract({alias}.body, '$.{'.'.join(path)}')"


def _postgres(alias: str, *path: str) -> str:
    return f"({alias}.body::json #>> '{{{','.join(path)}}}')"


def views(field: Callable[..., str]) -> dict[str, str]:
    """Questions by the name of their view."""
    return {"model_registry": _models(field), "candidate_models": _candidates(field), "backtest_runs": _runs(field)}


def _models(field: Callable[..., str]) -> str:
    """Every registered model, with its stage now."""
    last, top = field("m", "to"), f"max(CASE WHEN {field('entries', 'to')} = 'active' THEN seq END)"
    stage = (
        f"CASE WHEN top.subject = c.subject THEN 'active' WHEN {last} = 'active' THEN 'retired' "
        f"ELSE coalesce({last}, 'candidate') END"
    )
    columns = {
        "model_id": "c.subject",
        "stage": stage,
        **{name: field("c", name) for name in ("model", "symbol", "horizon", "kind", "artifact")},
        **{name: field("c", "lineage", name) for name in ("code_version", "schema_hash", "study")},
        "seed": _whole(field("c", "lineage", "seed")),
        "registered_at": "c.at",
        "author": "c.author",
    }
    active = f"SELECT {top} FROM entries WHERE kind = 'move' AND scope = c.scope"  # noqa: S608
    source = (
        f"FROM entries c LEFT JOIN entries m ON m.seq = ({_newest('move', 'c.subject')}) "
        f"LEFT JOIN entries top ON top.seq = ({active}) WHERE c.kind = 'candidate'"
    )
    return _select(columns, source)


def _candidates(field: Callable[..., str]) -> str:
    """The same with the newest verdict and the newest evidence."""
    columns = {
        **{name: f"r.{name}" for name in ("model_id", "stage", "model", "symbol", "horizon", "kind", "artifact")},
        "verdict": field("v", "verdict"),
        "enforced": _truth(field("v", "enforced")),
        "judged_at": "v.at",
        **{
            name: _number(field("e", name)) for name in ("sharpe", "dsr", "net_pnl", "max_drawdown", "trades", "trials")
        },
        "registered_at": "r.registered_at",
        "author": "r.author",
    }
    source = (
        f"FROM model_registry r LEFT JOIN entries v ON v.seq = ({_newest('verdict', 'r.model_id')}) "
        f"LEFT JOIN entries e ON e.seq = ({_newest('evidence', 'r.model_id')})"
    )
    return _select(columns, source)


def _runs(field: Callable[..., str]) -> str:
    """Every run that was recorded."""
    columns = {
        "trace": "r.subject",
        **{name: field("r", name) for name in ("world", "policy", "symbols", "timeframe", "candidate")},
        **{name: _whole(field("r", key)) for name, key in (("seed", "seed"), ("start_at", "start"), ("end_at", "end"))},
        **{name: _number(field("r", "figures", name)) for name in ("total_return", "sharpe", "max_drawdown")},
        "recorded_at": "r.at",
        "author": "r.author",
    }
    newest = _newest("run", "r.subject AND scope = r.scope")
    return _select(columns, f"FROM entries r WHERE r.kind = 'run' AND r.seq = ({newest})")


def _number(value: str) -> str:
    return f"CAST({value} AS DOUBLE PRECISION)"


def _whole(value: str) -> str:
    return f"CAST({value} AS BIGINT)"


def _truth(value: str) -> str:
    """1, 0 or null: SQLite's JSON has numbers where PostgreSQL's has words."""
    return f"CASE CAST({value} AS TEXT) WHEN 'true' THEN 1 WHEN '1' THEN 1 WHEN 'false' THEN 0 WHEN '0' THEN 0 END"


def _newest(kind: str, subject: str) -> str:
    return f"SELECT max(seq) FROM entries WHERE kind = '{kind}' AND subject = {subject}"  # noqa: S608


def _select(columns: dict[str, str], source: str) -> str:
    return f"SELECT {', '.join(f'{value} AS {name}' for name, value in columns.items())} {source}"
