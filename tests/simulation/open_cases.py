"""Runs that break a promise today, and what breaks in each. They are played apart, so that the others stay green."""

from __future__ import annotations

from typing import Final

OPEN: Final = {
    ("tied", 10059): "a question about a reference is closed while the sides still differ",
    ("tied", 10441): "a reference stays blank at a side whose account was deleted, and is back",
    ("apart", 11059): "with the policy review a row restored in the hub is not brought back where we had deleted it",
    ("apart", 11723): "with the policy unlink our own delete ends a link that an edit then needs",
}
