"""The whole schema as SQL text: what the baseline migration is frozen from, and what a test holds it against."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy.schema import CreateIndex, CreateTable

from store import schema, triggers

SEPARATOR = "\n-- next\n"


def statements(dialect: str) -> list[str]:
    """Give the statements that create every table, index and trigger, except the revision table, in order."""
    engine_dialect = import_module(f"sqlalchemy.dialects.{dialect}").dialect()
    made: list[str] = []
    for table in schema.metadata.sorted_tables:
        if table is schema.revision:
            continue
        made.append(str(CreateTable(table).compile(dialect=engine_dialect)).strip())
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if dialect != "mysql" or not schema.is_partial(index):
                made.append(str(CreateIndex(index).compile(dialect=engine_dialect)).strip())
    return [line.replace(" \n", "\n") for line in [*made, *triggers.statements(dialect)]]


def text(dialect: str) -> str:
    """Give the statements as the text of a baseline file."""
    return SEPARATOR.join(statements(dialect)) + "\n"
