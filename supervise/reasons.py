"""Why supervision says what it says: one small record per statement, so that "explain" is a lookup.

Codes are stable words; ``reports.wording`` turns them into Chinese and English.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from mapping.records import Value


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence.

    Args:
        rule: the rule that spoke, as the documentation numbers it (``R5``).
        code: what it said, a stable word.
        uid: the entity it read; "" for the organisation or the program itself.
        field: the hub field it read; "" when it was no field.
        value: what stood there.
        data: figures a reader needs to follow the sum.
    """

    rule: str
    code: str
    uid: str = ""
    field: str = ""
    value: Value = None
    data: Mapping[str, Value] = dataclasses.field(default_factory=dict)
