"""Edits by plain SQL: triggers that put a hub row on the dirty list when somebody else touched it.

The program itself raises ``rev`` with every write and inserts with ``rev >= 1``; whoever does not know of ``rev``
leaves it alone, and that is how the two are told apart. A foreign edit gets its ``rev`` raised by the trigger, so
that a write planned on the older content is noticed as stale.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    return [statement for entity in ENTITIES for statement in make(entity)]
