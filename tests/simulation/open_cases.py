"""Runs that break a promise today, and what breaks in each. They are played apart, so that the others stay green."""

from __future__ import annotations

from typing import Final

OPEN: Final = {
    (
        "wide",
        13500,
    ): "a create is sent again while a person deletes what the first try made: a second one, nobody asked",
    ("wide", 18226): "a row deleted from its table while an edit of its record arrives is made twice, nobody asked",
    ("hot", 1045299): "a record we made and one that people made stand side by side, nobody asked",
    ("hot", 1048092): "a lost create is sent again after its record was deleted and brought back",
    ("wide", 1005667): "a record made at both sides gets two rows, nobody asked",
    ("wide", 1006919): "an edit is lost where its row was touched by plain SQL",
    ("tied", 10059): "a question about a reference is closed while the sides still differ",
    ("tied", 10441): "a reference stays blank at a side whose account was deleted, and is back",
    ("tied", 11267): "a row deleted from its table while its records meet is made twice",
    ("apart", 11059): "with the policy review a row restored in the hub is not brought back where we had deleted it",
    ("apart", 11723): "with the policy unlink our own delete ends a link that an edit then needs",
}
