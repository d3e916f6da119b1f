"""The tables: six typed hub tables that any SQL client may edit, and what the sync keeps beside them.

Instants are integer milliseconds UTC, civil days are dates (ISO text in SQLite), money is decimal text,
documents are canonical JSON text. SQLite and PostgreSQL are tested; MySQL is kept in reach (no partial indexes
there, so "one open op per pair" and "one live link per pair" rest on the one writer alone) and untested.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from mapping.records import ENTITIES, FIELDS, EntityKind, HubField

HEAD: Final = "0005"
"""The newest revision this program knows; revisions are numbers, so that a newer store is told at a glance."""

STATES: Final = ("live", "archived", "deleted", "merged")
OPEN_OPS: Final = ("ready", "intent", "unknown", "waiting")

metadata = sa.MetaData()


class random_text(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it stands for
    """A fresh random text made by the database, so that a plain INSERT needs no uid."""

    inherit_cache = True
    name = "random_text"


@compiles(random_text, "sqlite")
def _random_sqlite(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "(lower(hex(randomblob(16))))"


@compiles(random_text, "postgresql")
def _random_postgresql(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "(gen_random_uuid()::text)"


@compiles(random_text, "mysql")
def _random_mysql(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "(uuid())"


def word(length: int = 64) -> sa.types.TypeEngine[str]:
    """Give the type of a text that is compared and sorted byte by byte in every database."""
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql")
    )


def _day() -> sa.types.TypeEngine[Any]:
    return sa.Date().with_variant(sa.String(10), "sqlite")


def _id() -> sa.Column[int]:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", big, primary_key=True, autoincrement=True)


def _word(name: str, length: int = 64, default: str | None = "", **options: Any) -> sa.Column[str]:
    return sa.Column(name, word(length), nullable=False, server_default=default, **options)


def _maybe(name: str, type: Any) -> sa.Column[Any]:
    return sa.Column(name, type, nullable=True)


def _ms(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable, server_default=None if nullable else "0")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _json(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text().with_variant(mysql.LONGTEXT(), "mysql"), nullable=False)


def _has_partial_indexes(*_ddl: Any, dialect: sa.Dialect, **_options: Any) -> bool:
    return dialect.name in {"sqlite", "postgresql"}


def is_partial(index: sa.Index) -> bool:
    """Say whether *index* covers open rows only."""
    return index.dialect_options["sqlite"]["where"] is not None


def _open_only(table: str, name: str, columns: tuple[str, ...], where: str, *, unique: bool = True) -> sa.Index:
    """Index only the rows that are still open (where the database can; MySQL goes without)."""
    clause = sa.text(where)
    index = sa.Index(
        name,
        *(metadata.tables[table].c[column] for column in columns),
        unique=unique,
        sqlite_where=clause,
        postgresql_where=clause,
    )
    return index.ddl_if(callable_=_has_partial_indexes)


_HUB_TYPES: Final[dict[str, Any]] = {
    "instant": sa.BigInteger,
    "money": sa.String(64),
    "number": sa.String(64),
    "key": word(),
    "ref": word(),
    "parent": word(80),
}


def _hub_column(entity: EntityKind, field: HubField) -> sa.Column[Any]:
    if field.type == "date":
        return sa.Column(field.name, _day())
    if field.type == "bool":
        return sa.Column(field.name, sa.Boolean(create_constraint=True, name=f"ck_{entity}_{field.name}"))
    return sa.Column(field.name, _HUB_TYPES.get(field.type, sa.Text))


def _day_checks(entity: EntityKind) -> list[sa.CheckConstraint]:
    """Refuse a civil day that is none where the column is only text (a typing slip in plain SQL)."""
    checks = []
    for field in FIELDS[entity].values():
        if field.type == "date":
            check = sa.CheckConstraint(
                f'"{field.name}" IS date("{field.name}", \'+0 days\')', name=f"ck_{entity}_{field.name}"
            )
            checks.append(check.ddl_if(dialect="sqlite"))
    return checks


def _hub_table(entity: EntityKind) -> sa.Table:
    """Make the hub table of *entity*; ``rev`` 0 marks a row that somebody else inserted (see triggers.py)."""
    states = " OR ".join(f"state = '{state}'" for state in STATES)  # never IN, see _OPEN_OPS_SQL
    table = sa.Table(
        entity,
        metadata,
        sa.Column("uid", word(), primary_key=True, server_default=random_text()),
        sa.Column("rev", sa.Integer, nullable=False, server_default="0"),
        _word("state", 16, "live"),
        *(_hub_column(entity, field) for field in FIELDS[entity].values()),
        sa.Column("extra", sa.Text, nullable=True),
        sa.Column("meta", sa.Text, nullable=True),
        _ms("created_ms"),
        _ms("updated_ms"),
        sa.CheckConstraint(states, name=f"ck_{entity}_state"),
        *_day_checks(entity),
    )
    for field in FIELDS[entity].values():
        if field.type in {"ref", "parent"}:
            sa.Index(f"ix_{entity}_{field.name}", table.c[field.name])
    return table


HUB: Final[dict[EntityKind, sa.Table]] = {entity: _hub_table(entity) for entity in ENTITIES}

sa.Table(
    "dirty", metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    _word("entity", 16), _word("uid"), _word("reason", 32), _ms("at_ms"),
    sa.Index("ix_dirty_uid", "entity", "uid", "seq"),
    sqlite_autoincrement=True,
)  # fmt: skip

sa.Table(
    "link", metadata, _id(),
    _word("entity", 16), _word("uid"), _word("connection"), _word("object", 128), _word("remote_id", 128),
    _word("state", 16, "live"), _word("version", 128), _maybe("expect_version", word(128)),
    _ms("modified_ms", nullable=True), _json("shadow_hub"), _json("shadow_remote"), _json("notes"), _ms("created_ms"),
    sa.Index("ux_link_remote", "connection", "remote_id", "object", unique=True),
    sa.Index("ix_link_uid", "uid"),
    sa.Index("ix_link_count", "connection", "object", "state"),
)  # fmt: skip
_open_only("link", "ux_link_live", ("uid", "connection"), "state = 'live'")

sa.Table(
    "link_alias", metadata, _id(),
    sa.Column("link_id", sa.BigInteger, nullable=False), _word("old_remote_id", 128), _word("reason", 32),
    sa.Index("ix_link_alias_old", "old_remote_id"),
    sa.Index("ix_link_alias_link", "link_id"),
)  # fmt: skip

sa.Table(
    "inbox", metadata, _id(),
    _word("connection"), _word("entity", 16), _word("object", 128), _word("remote_id", 128), _word("version", 128),
    _ms("modified_ms", nullable=True), _maybe("modified_by", word(128)),
    _ms("created_ms", nullable=True), _maybe("created_by", word(128)),
    _maybe("doc", sa.Text().with_variant(mysql.LONGTEXT(), "mysql")),
    sa.Column("gone", sa.Boolean, nullable=False), sa.Column("in_scope", sa.Boolean, nullable=False),
    _word("state", 16, "new"), sa.Column("reason", sa.Text, nullable=False), _ms("seen_ms"),
    sa.Index("ux_inbox_remote", "connection", "remote_id", "object", unique=True),
)  # fmt: skip

sa.Table(
    "identity", metadata,
    sa.Column("entity", word(16), primary_key=True), sa.Column("key", word(255), primary_key=True),
    sa.Column("side", word(64), primary_key=True), sa.Column("ref", word(128), primary_key=True),
    sa.Index("ix_identity_ref", "entity", "side", "ref"),
    sqlite_with_rowid=False,
)  # fmt: skip

sa.Table(
    "op", metadata,
    sa.Column("id", word(), primary_key=True),
    _word("run_id"), _word("digest", 128), _word("entity", 16), _word("uid"), _word("connection"),
    _word("object", 128), _word("action", 16), _maybe("remote_id", word(128)), _json("values"), _json("hub_values"),
    _json("base"), _maybe("key", word(255)), _word("state", 16, "ready"), _count("attempts"), _ms("not_before_ms"),
    _ms("first_intent_ms", nullable=True), _json("steps_done"), _maybe("code", word(128)), _maybe("message", sa.Text),
    _ms("created_ms"),
    sa.Index("ix_op_uid", "uid"), sa.Index("ix_op_run", "run_id"),
)  # fmt: skip
_OPEN_OPS_SQL = "(" + " OR ".join(f"state = '{state}'" for state in OPEN_OPS) + ")"
# Not IN: SQLite would build the list anew for every row it writes, which cost more than the two indexes themselves.
_open_only("op", "ux_op_open", ("uid", "connection"), _OPEN_OPS_SQL)
_open_only("op", "ix_op_ready", ("connection", "entity", "id"), _OPEN_OPS_SQL, unique=False)

sa.Table(
    "op_attempt", metadata, _id(),
    _word("op"), _count("n"), _ms("sent_ms"), _ms("answered_ms", nullable=True), _word("outcome", 32),
    _maybe("code", word(128)),
    sa.Index("ix_op_attempt_op", "op"),
)  # fmt: skip

sa.Table(
    "stream", metadata,
    sa.Column("connection", word(), primary_key=True), sa.Column("entity", word(16), primary_key=True),
    _word("object", 128), _maybe("watermark", sa.Text), _ms("backfilled_ms", nullable=True), _count("generation"),
    _count("listed"), _word("map_hash", 128), _ms("updated_ms"),
)  # fmt: skip

sa.Table(
    "connection", metadata,
    sa.Column("name", word(), primary_key=True),
    _word("kind", 32), _word("org_id", 128), sa.Column("org_name", sa.Text, nullable=False), _word("environment", 32),
    _word("zone", 64), _word("user_id", 128), _ms("approved_ms", nullable=True), _maybe("stopped", sa.Text),
    _word("map_hash", 128), _ms("retry_at_ms"),
)  # fmt: skip

sa.Table(
    "budget", metadata,
    sa.Column("connection", word(), primary_key=True), sa.Column("name", word(190), primary_key=True),
    _json("calls"), _ms("until_ms"),
)  # fmt: skip

sa.Table(
    "schema_snapshot", metadata,
    sa.Column("connection", word(), primary_key=True), sa.Column("object", word(128), primary_key=True),
    _word("hash", 128), _json("doc"), _ms("at_ms"),
)  # fmt: skip

sa.Table(
    "journal", metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _word("run_id"), _ms("at_ms"), _word("kind", 32), _word("entity", 16), _word("uid"), _word("connection"),
    _word("remote_id", 128), _word("op_id"), sa.Column("who", sa.Text, nullable=False), _json("changes"),
    sa.Column("cause", sa.Text, nullable=False), sa.Column("salt", sa.LargeBinary(32)),
    sa.Column("digest", sa.LargeBinary(32), nullable=False), sa.Column("chain", sa.LargeBinary(32), nullable=False),
    sa.Index("ix_journal_uid", "uid"), sa.Index("ix_journal_run", "run_id"),
)  # fmt: skip

sa.Table(
    "journal_head", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False), sa.Column("chain", sa.LargeBinary(32), nullable=False),
)  # fmt: skip

sa.Table(
    "review", metadata, _id(),
    _word("kind", 32), _word("entity", 16), _word("uid"), _word("connection"), _word("object", 128),
    _word("remote_id", 128), _word("field", 128), _json("data"), _word("state", 16, "open"),
    _maybe("resolution", sa.Text), _ms("opened_ms"), _ms("closed_ms", nullable=True), _word("run_id"),
    sa.Index("ix_review_uid", "uid"), sa.Index("ix_review_state", "state", "kind"),
)  # fmt: skip
_open_only(
    "review", "ux_review_open",
    ("entity", "uid", "connection", "object", "remote_id", "field", "kind"), "state = 'open'",
)  # fmt: skip

sa.Table(
    "quarantine", metadata, _id(),
    _word("connection"), _word("entity", 16), _word("object", 128), _word("subject", 128), _word("remote_id", 128),
    _word("uid"), _word("op_id"), _word("code", 128), sa.Column("message", sa.Text, nullable=False), _json("payload"),
    _count("attempts"), _ms("first_ms"), _ms("last_ms"), _ms("retry_ms"), _word("state", 16, "open"),
    sa.Index("ix_quarantine_state", "state"),
)  # fmt: skip
_open_only("quarantine", "ux_quarantine_open", ("subject", "connection", "object", "code"), "state <> 'closed'")

sa.Table(
    "run", metadata,
    sa.Column("id", word(), primary_key=True),
    _word("kind", 16), _ms("started_ms"), _ms("ended_ms"), _count("exit_code"), _json("summary"),
    sa.Index("ix_run_started", "started_ms"),
)  # fmt: skip

sa.Table(
    "plan_item", metadata,
    sa.Column("run_id", word(), primary_key=True), sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    _json("line"),
)  # fmt: skip

sa.Table(
    "claim", metadata,
    sa.Column("entity", word(16), primary_key=True), sa.Column("uid", word(), primary_key=True),
    sa.Column("field", word(128), primary_key=True), sa.Column("connection", word(), primary_key=True),
    _json("value"), _ms("remote_ms", nullable=True), _ms("seen_ms"),
)  # fmt: skip

sa.Table(
    "tombstone", metadata, _id(),
    _word("entity", 16), _word("uid"), _word("connection"), _word("remote_id", 128), _word("evidence", 32),
    _ms("at_ms"), _ms("expires_ms", nullable=True),
    sa.Index("ix_tombstone_uid", "uid"),
)  # fmt: skip

sa.Table(
    "sweep", metadata,
    sa.Column("connection", word(), primary_key=True), sa.Column("entity", word(16), primary_key=True),
    _word("object", 128), _count("generation"), _word("state", 16), _count("complete"), _word("scope", 128),
    _maybe("watermark", sa.Text), _maybe("feed_mark", sa.Text), _maybe("began_mark", sa.Text),
    _ms("high_ms", nullable=True), _count("listed"), _ms("started_ms"), _ms("ended_ms"), _word("reason", 32),
    _json("findings"),
)  # fmt: skip

sa.Table(
    "sweep_seen", metadata,
    sa.Column("connection", word(), primary_key=True), sa.Column("remote_id", word(128), primary_key=True),
    sa.Column("object", word(128), primary_key=True),
    _count("generation"), _count("misses"), _count("judged"), _word("outcome", 16), _word("version", 128),
    _ms("modified_ms", nullable=True), _word("digest", 64), _json("differs"),
    sa.Column("in_scope", sa.Boolean, nullable=False),
)  # fmt: skip

sa.Table("certificate", metadata, _id(), _word("run_id"), _ms("at_ms"), _json("doc"))

sa.Table(
    "lease", metadata,
    sa.Column("name", word(32), primary_key=True),
    sa.Column("fence", sa.BigInteger, nullable=False), sa.Column("owner", sa.Text, nullable=False), _ms("since_ms"),
)  # fmt: skip

sa.Table(
    "secret", metadata,
    sa.Column("name", word(190), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False), _word("source", 190), _ms("at_ms"),
)  # fmt: skip

sa.Table(
    "ball_event", metadata, _id(),
    _word("entity", 16), _word("uid"), _ms("at_ms"), _word("side", 16), _word("cause", 32), _json("data"),
    _word("run_id"), _word("chain"),
    sa.Index("ix_ball_event_uid", "uid"),
)  # fmt: skip

sa.Table(
    "act", metadata, _id(),
    _word("entity", 16), _word("uid"), _word("kind", 32), _ms("at_ms"), sa.Column("who", sa.Text, nullable=False),
    _json("doc"), _word("chain"),
    sa.Index("ix_act_kind", "kind"),
    sa.Index("ix_act_uid", "uid"),
)  # fmt: skip

sa.Table(
    "pause", metadata, _id(),
    _word("entity", 16), _word("uid"), sa.Column("start", _day(), nullable=False), _maybe("until", _day()),
    sa.Column("reason", sa.Text, nullable=False), sa.Column("who", sa.Text, nullable=False), _ms("created_ms"),
    sa.Index("ix_pause_uid", "uid"),
)  # fmt: skip

sa.Table(
    "override", metadata,
    sa.Column("entity", word(16), primary_key=True), sa.Column("uid", word(), primary_key=True),
    sa.Column("rule", word(64), primary_key=True),
    _json("value"), sa.Column("reason", sa.Text, nullable=False), sa.Column("who", sa.Text, nullable=False),
    _ms("at_ms"), _maybe("until", _day()),
)  # fmt: skip

sa.Table(
    "baseline", metadata, _id(),
    _word("entity", 16), _word("uid"), _word("kind", 32), _json("doc"), sa.Column("who", sa.Text, nullable=False),
    _ms("at_ms"),
    sa.Index("ix_baseline_uid", "uid"),
)  # fmt: skip

sa.Table(
    "flag", metadata, _id(),
    _word("entity", 16), _word("uid"), _word("rule", 32), _maybe("since", _day()), _word("severity", 8), _json("data"),
    _ms("raised_ms"), _ms("cleared_ms", nullable=True),
    sa.Index("ix_flag_uid", "uid"),
)  # fmt: skip
_open_only("flag", "ux_flag_up", ("entity", "uid", "rule"), "cleared_ms IS NULL")

sa.Table(
    "verdict", metadata,
    sa.Column("entity", word(16), primary_key=True), sa.Column("uid", word(), primary_key=True),
    _ms("next_ms", nullable=True), _word("project"), _word("kind", 32), _count("blocks"), _word("tally", 190),
    _word("listed", 16), _word("severity", 8), _count("obd"), _word("due_eff", 10),
    sa.Index("ix_verdict_next", "entity", "next_ms", "uid"),
    sa.Index("ix_verdict_project", "project"),
    sqlite_with_rowid=False,
)  # fmt: skip

sa.Table(
    "moved", metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    _word("entity", 16), _word("uid"),
)  # fmt: skip

sa.Table(
    "supervised", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    _word("ground"), _ms("now_ms"), _json("stale"),
)  # fmt: skip

sa.Table(
    "notice", metadata,
    sa.Column("id", word(), primary_key=True),
    _word("entity", 16), _word("uid"), _word("rule", 32), _count("level"), _word("channel", 32),
    sa.Column("recipient", sa.Text, nullable=False), _word("state", 16), _json("data"), _ms("at_ms"),
    sa.Index("ix_notice_uid", "uid"),
)  # fmt: skip

sa.Table(
    "report_revision", metadata, _id(),
    _word("report", 64), _word("subject", 128), _word("digest", 128), _json("doc"), _ms("at_ms"),
    sa.Index("ix_report_revision", "report", "subject"),
)  # fmt: skip

sa.Table(
    "calendar_day", metadata,
    sa.Column("calendar", word(32), primary_key=True), sa.Column("day", _day(), primary_key=True),
    _word("kind", 16), sa.Column("name", sa.Text, nullable=False), _word("source", 128),
)  # fmt: skip

revision = sa.Table("alembic_version", metadata, sa.Column("version_num", sa.String(32), primary_key=True))
