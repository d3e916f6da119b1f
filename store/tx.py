"""One open transaction, as every function of the store takes it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction.

    Args:
        conn: the SQLAlchemy connection it runs on; for look-ups that the store has no function for.
        dialect: ``sqlite``, ``postgresql`` or ``mysql``.
        raw: the driver's own connection on SQLite, where a statement costs less than SQLAlchemy's way to it.
    """

    conn: sa.Connection
    dialect: str
    raw: sqlite3.Connection | None = None
