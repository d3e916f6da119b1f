"""All codecs by name: how a field map says what stands on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from mapping import choice_codecs, ref_codecs, text_codecs, time_codecs
from mapping.codec_base import CodecSpec, Factory, ReadOnlyCodec
from mapping.fields import Codec, FieldMap
from mapping.records import EntityKind, FieldType, HubField


@dataclass(frozen=True, slots=True)
class CodecKind:
    """One codec as a map may name it.

    Args:
        make: gives the codec.
        carries: hub field types it can carry.
        fields: how many remote fields it uses.
        described: how many of them (the first ones) must be in the remote's metadata; system fields are not.
        writes: False when the remote alone sets the value.
    """

    make: Factory
    carries: frozenset[FieldType]
    fields: int = 1
    described: int = 1
    writes: bool = True


def _kind(make: Factory, *carries: FieldType, fields: int = 1, described: int = 1, writes: bool = True) -> CodecKind:
    return CodecKind(make, frozenset(carries), fields, described, writes)


_WORDS: Final[tuple[FieldType, ...]] = ("text", "long_text", "email", "phone", "url", "key")

KINDS: Final[Mapping[str, CodecKind]] = {
    **{name: _kind(text_codecs.text_factory(name), *_WORDS) for name in text_codecs.FORMS},
    "person_name": _kind(text_codecs.person_name, "text", fields=2, described=2),
    "number_text": _kind(text_codecs.number(True), "number", "money"),
    "number": _kind(text_codecs.number(False), "number", "money"),
    "money_text": _kind(text_codecs.number(True), "money", "number"),
    "money": _kind(text_codecs.number(False), "money", "number"),
    "boolean": _kind(text_codecs.boolean, "bool"),
    "date_iso": _kind(time_codecs.date_iso, "date"),
    "date_ms": _kind(time_codecs.date_ms, "date"),
    "instant_iso": _kind(time_codecs.instant_iso, "instant"),
    "instant_ms": _kind(time_codecs.instant_ms, "instant"),
    "option": _kind(choice_codecs.option, "option", "text"),
    "options": _kind(choice_codecs.options, "options"),
    "options_joined": _kind(choice_codecs.options_joined, "options"),
    "flag_tag": _kind(choice_codecs.flag_tag, "date", "instant", "bool", "option", "text", described=0),
    "ref_object": _kind(ref_codecs.ref_object, "ref"),
    "ref_id": _kind(ref_codecs.ref_id, "ref"),
    "ref_with_module": _kind(ref_codecs.ref_with_module, "ref", fields=2),
    "user_object": _kind(ref_codecs.user_object, "user"),
    "user_list": _kind(ref_codecs.user_list, "user"),
    "created_user": _kind(ref_codecs.created_user, "text", "user", writes=False),
    "parent_object": _kind(ref_codecs.parent, "parent"),
    "parent_pair": _kind(ref_codecs.parent, "parent", fields=2, described=2),
}
"""Codec name -> what it is. Names say what stands on the wire, never whose wire."""

CODECS: Final[Mapping[str, Factory]] = {name: kind.make for name, kind in KINDS.items()}


def make_codec(
    name: str,
    *,
    entity: EntityKind,
    field: HubField,
    map: FieldMap,
    zone: ZoneInfo,
    length: int | None = None,
    decimals: int | None = None,
    options: tuple[str, ...] = (),
    read_only: bool = False,
    lengths: tuple[int | None, ...] = (),
) -> Codec:
    """Give the codec of one mapped field.

    Args:
        zone: time zone of the remote organisation.
        length, decimals: limits of the first remote field; ``lengths`` of all of them.
        options: live options; empty when unknown.
        read_only: the remote sets it: it is read as usual and writes report ``no_home``.
    Raises:
        KeyError: no codec has that name; maps are checked before (mapping.loading).
    """
    spec = CodecSpec(
        entity=entity,
        field=field,
        map=map,
        zone=zone,
        length=length,
        decimals=decimals,
        lengths=lengths,
        live_options=options,
    )
    codec = CODECS[name](spec)
    return ReadOnlyCodec(codec) if read_only else codec
