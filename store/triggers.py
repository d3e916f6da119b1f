"""Edits by plain SQL: triggers that put a hub row on the dirty list when somebody else touched it, and triggers that
note for supervision whatever a verdict may rest on, whoever touched it (table ``moved``).

The program itself raises ``rev`` with every write and inserts with ``rev >= 1``; whoever does not know of ``rev``
leaves it alone, and that is how the two are told apart. A foreign edit gets its ``rev`` raised by the trigger, so
that a write planned on the older content is noticed as stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mapping.records import ENTITIES

_NOW_MS: Final = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgresql": "(extract(epoch from clock_timestamp()) * 1000)::bigint",
    "mysql": "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
}


def _mark(dialect: str, entity: str, uid: str, reason: str) -> str:
    return f"INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('{entity}', {uid}, '{reason}', {_NOW_MS[dialect]});"


def _sqlite(entity: str) -> list[str]:
    def mark(uid: str, reason: str) -> str:
        return _mark("sqlite", entity, uid, reason)

    def bump(rev: str) -> str:
        return f"UPDATE {entity} SET rev = {rev} WHERE uid = NEW.uid;"

    return [
        f"CREATE TRIGGER {entity}_inserted AFTER INSERT ON {entity} WHEN NEW.rev = 0 BEGIN "
        f"{mark('NEW.uid', 'sql_insert')} {bump('1')} END",
        f"CREATE TRIGGER {entity}_edited AFTER UPDATE ON {entity} WHEN NEW.rev = OLD.rev BEGIN "
        f"{mark('NEW.uid', 'sql_update')} {bump('NEW.rev + 1')} END",
        f"CREATE TRIGGER {entity}_renamed AFTER UPDATE OF uid ON {entity} WHEN NEW.uid <> OLD.uid BEGIN "
        f"{mark('OLD.uid', 'sql_delete')} END",
        f"CREATE TRIGGER {entity}_deleted AFTER DELETE ON {entity} WHEN OLD.rev >= 0 BEGIN "
        f"{mark('OLD.uid', 'sql_delete')} END",
    ]


def _postgresql(entity: str) -> list[str]:
    def mark(uid: str, reason: str) -> str:
        return _mark("postgresql", entity, uid, reason)

    return [
        f"CREATE FUNCTION {entity}_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'INSERT' THEN {mark('NEW.uid', 'sql_insert')} NEW.rev := 1; RETURN NEW; END IF; "
        f"IF TG_OP = 'DELETE' THEN {mark('OLD.uid', 'sql_delete')} RETURN OLD; END IF; "
        f"{mark('NEW.uid', 'sql_update')} NEW.rev := NEW.rev + 1; "
        f"IF NEW.uid <> OLD.uid THEN {mark('OLD.uid', 'sql_delete')} END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER {entity}_inserted BEFORE INSERT ON {entity} FOR EACH ROW WHEN (NEW.rev = 0) "
        f"EXECUTE FUNCTION {entity}_touched()",
        f"CREATE TRIGGER {entity}_edited BEFORE UPDATE ON {entity} FOR EACH ROW WHEN (NEW.rev = OLD.rev) "
        f"EXECUTE FUNCTION {entity}_touched()",
        f"CREATE TRIGGER {entity}_deleted BEFORE DELETE ON {entity} FOR EACH ROW WHEN (OLD.rev >= 0) "
        f"EXECUTE FUNCTION {entity}_touched()",
    ]


def _mysql(entity: str) -> list[str]:
    """MySQL has no WHEN: the condition stands inside. Untested."""

    def mark(uid: str, reason: str) -> str:
        return _mark("mysql", entity, uid, reason)

    # A generated uid is not known yet in BEFORE INSERT, so the rev of a foreign insert stays 0 there.
    return [
        f"CREATE TRIGGER {entity}_inserted AFTER INSERT ON {entity} FOR EACH ROW BEGIN "
        f"IF NEW.rev = 0 THEN {mark('NEW.uid', 'sql_insert')} END IF; END",
        f"CREATE TRIGGER {entity}_edited BEFORE UPDATE ON {entity} FOR EACH ROW BEGIN "
        f"IF NEW.rev = OLD.rev THEN {mark('NEW.uid', 'sql_update')} SET NEW.rev = OLD.rev + 1; END IF; END",
        f"CREATE TRIGGER {entity}_deleted AFTER DELETE ON {entity} FOR EACH ROW BEGIN "
        f"IF OLD.rev >= 0 THEN {mark('OLD.uid', 'sql_delete')} END IF; END",
    ]


def statements(dialect: str) -> Sequence[str]:
    """Give the statements that create all triggers, in order."""
    make = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}[dialect]
    return [*(statement for entity in ENTITIES for statement in make(entity)), *watching(dialect)]


@dataclass(frozen=True, slots=True)
class _Watch:
    """What of one table is noted.

    Args:
        word: what stands in ``moved.entity``: a word of our own, or the row's own column.
        fields: an update counts when one of these is written; none of them: every update of the row.
    """

    table: str
    name: str
    word: str
    fields: tuple[str, ...] = ()
    updates: bool = True


SITE: Final = "site"
"""The mark of a project whose place or name moved: its tasks are judged anew, by the knobs that are its own."""
_PLACE: Final = ("account", "zone", "calendar")
_WATCHED: Final = (
    _Watch("task", "moved", "'task'", ("rev",)),
    _Watch("project", "moved", "'project'", ("rev",)),
    _Watch("project", "site", f"'{SITE}'", (*_PLACE, "name", "key", "contract_no", "code")),
    _Watch("contact", "moved", "'contact'", _PLACE),
    _Watch("account", "moved", "'account'", ("country", "zone", "calendar", "name", "key")),
    _Watch("pause", "moved", "{row}.entity"),
    _Watch("claim", "moved", "{row}.entity"),
    _Watch("override", "moved", "{row}.entity"),
    _Watch("review", "moved", "{row}.entity"),
    _Watch("ball_event", "moved", "{row}.entity", updates=False),
    _Watch("act", "moved", "{row}.entity", updates=False),
)


def watching(dialect: str) -> Sequence[str]:
    """Give the triggers that note what moved for the next round of supervision."""
    make = {"sqlite": _sqlite_watch, "postgresql": _postgresql_watch, "mysql": _mysql_watch}[dialect]
    return [statement for watch in _WATCHED for statement in make(watch)]


def _note(watch: _Watch, row: str) -> str:
    return f"INSERT INTO moved (entity, uid) VALUES ({watch.word.format(row=row)}, {row}.uid);"


def _any_moved(watch: _Watch, differs: str) -> str:
    return " OR ".join(differs.format(f"NEW.{name}", f"OLD.{name}") for name in watch.fields)


def _sqlite_watch(watch: _Watch) -> list[str]:
    table = f'"{watch.table}"'
    stem = f"{watch.table}_{watch.name}"
    when = f" WHEN {_any_moved(watch, '{0} IS NOT {1}')}" if watch.fields else ""
    both = f"{_note(watch, 'NEW')} {_note(watch, 'OLD')}"
    made = [f"CREATE TRIGGER {stem}_in AFTER INSERT ON {table} BEGIN {_note(watch, 'NEW')} END"]
    if watch.updates:
        made.append(f"CREATE TRIGGER {stem}_on AFTER UPDATE ON {table}{when} BEGIN {_note(watch, 'NEW')} END")
        made.append(f"CREATE TRIGGER {stem}_as AFTER UPDATE OF uid ON {table} WHEN NEW.uid <> OLD.uid BEGIN {both} END")
    return [*made, f"CREATE TRIGGER {stem}_out AFTER DELETE ON {table} BEGIN {_note(watch, 'OLD')} END"]


def _postgresql_watch(watch: _Watch) -> list[str]:
    table = f'"{watch.table}"'
    stem = f"{watch.table}_{watch.name}"
    when = f"WHEN ({_any_moved(watch, '{0} IS DISTINCT FROM {1}')} OR NEW.uid <> OLD.uid) " if watch.fields else ""
    made = [
        f"CREATE FUNCTION {stem}_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'DELETE' THEN {_note(watch, 'NEW')} END IF; "
        f"IF TG_OP = 'DELETE' THEN {_note(watch, 'OLD')} "
        f"ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN {_note(watch, 'OLD')} END IF; RETURN NULL; END $$",
        f"CREATE TRIGGER {stem}_in AFTER INSERT OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {stem}_touched()",
    ]
    if watch.updates:
        made.append(
            f"CREATE TRIGGER {stem}_on AFTER UPDATE ON {table} FOR EACH ROW {when}EXECUTE FUNCTION {stem}_touched()"
        )
    return made


def _mysql_watch(watch: _Watch) -> list[str]:
    """Untested."""
    table = f"`{watch.table}`"
    stem = f"{watch.table}_{watch.name}"
    moved = _any_moved(watch, "NOT ({0} <=> {1})") if watch.fields else "TRUE"
    made = [f"CREATE TRIGGER {stem}_in AFTER INSERT ON {table} FOR EACH ROW BEGIN {_note(watch, 'NEW')} END"]
    if watch.updates:
        made.append(
            f"CREATE TRIGGER {stem}_on AFTER UPDATE ON {table} FOR EACH ROW BEGIN "
            f"IF {moved} OR NEW.uid <> OLD.uid THEN {_note(watch, 'NEW')} END IF; "
            f"IF NEW.uid <> OLD.uid THEN {_note(watch, 'OLD')} END IF; END"
        )
    return [
        *made,
        f"CREATE TRIGGER {stem}_out AFTER DELETE ON {table} FOR EACH ROW BEGIN {_note(watch, 'OLD')} END",
    ]
