"""Codecs of picklists, and of a flag kept as a tag.

The remote value of an option is its text as the remote spells it today; what stands on the wire is compared without
regard to case. An option that nobody mapped is refused: taking it for something else would be a guess.
"""

# ruff: noqa: ARG002 - one signature for all codecs; few of them need every argument
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mapping.codec_base import BLANK, MISSING, NOT_EXACT, CodecSpec, refusal
from mapping.fields import UNSEEN, Encoded, Refs, Unseen
from mapping.forms import line_form
from mapping.records import Value
from mapping.status import take_option, write_options


@dataclass(frozen=True, slots=True)
class Options:
    """What the options of one remote field stand for.

    Args:
        spelling: casefolded option -> the option as the remote spells it.
        classes: option as spelled -> codes it stands for, the first taken on a real change.
        writes: code -> option to write.
        free: True when any text is a code of its own.
    """

    spelling: Mapping[str, str]
    classes: Mapping[str, tuple[str, ...]]
    writes: Mapping[str, str]
    free: bool = False

    def spelled(self, field: str, raw: object) -> str | None:
        """Give the remote value of one option on the wire.

        Raises:
            RecordRefused: not an option, or one that no code is mapped to.
        """
        if type(raw) is int:
            raw = str(raw)
        if not isinstance(raw, str):
            raise refusal(field, "an option")
        text = line_form(raw)
        known = self.spelling.get(text.casefold())
        if known is None and text and not self.free:
            raise refusal(field, "an option of the field map")
        text = known or text
        return text if self.stands_for_something(text) else None

    def stands_for_something(self, option: str) -> bool:
        """Say whether *option* is more than a name for blank."""
        return bool(option) and (self.free or bool(self.classes[option]))

    def code(self, option: str, current: str | None) -> str | None:
        """Give the code a spelled option stands for; *current* when it is in the option's class."""
        if option in self.classes:
            return take_option(self.classes, option, current)
        return option

    def option(self, code: str) -> str | None:
        """Give the option to write for a code, or None when the remote has none."""
        if code in self.writes:
            return self.writes[code]
        text = line_form(code)
        return self.spelling.get(text.casefold(), text) if self.free else None


def read_options(spec: CodecSpec) -> Options:
    """Work out the options of a field from its map, the hub's codes and the options the remote has now."""
    live = {option.casefold(): option for option in spec.live_options}
    if spec.map.options is not None:
        mapped = dict(spec.map.options)
    else:
        mapped = {code: (code,) for code in spec.field.codes}
    classes = {live.get(option.casefold(), option): codes for option, codes in mapped.items()}
    known = {option.casefold(): option for option in classes}
    there = {option: codes for option, codes in classes.items() if not live or option.casefold() in live}
    free = not classes
    spelling = {**live, **known} if free else known
    return Options(spelling, classes, write_options(there), free)


@dataclass(frozen=True, slots=True)
class OptionCodec:
    """One option of a picklist."""

    remote: str
    options: Options

    @property
    def lossy(self) -> bool:
        return not self.options.free

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        if type(raw) is str and raw in self.options.classes:
            return raw if self.options.classes[raw] else None
        if isinstance(raw, list) and len(raw) <= 1:
            raw = raw[0] if raw else None
        if raw is None or raw == "":
            return None
        return self.options.spelled(self.remote, raw)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        if not isinstance(remote, str):
            return None
        return self.options.code(remote, current if isinstance(current, str) else None)

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None or value == "":
            return BLANK
        if not isinstance(value, str):
            return NOT_EXACT
        option = self.options.option(value)
        return Encoded(option or None) if option is not None else Encoded(UNSEEN, "no_option")

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.remote: remote}


@dataclass(frozen=True, slots=True)
class OptionsCodec:
    """Several options of a picklist, as a set; a list on the wire, or one text with a separator.

    Args:
        separator: between the options of one text; None for a list.
    """

    remote: str
    options: Options
    separator: str | None = None

    @property
    def lossy(self) -> bool:
        return not self.options.free

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        known = self.options.classes
        shown = {
            part if type(part) is str and known.get(part) else self.options.spelled(self.remote, part)
            for part in self._parts(raw)
        }
        return sorted(option for option in shown if option) or None

    def _parts(self, raw: object) -> Sequence[object]:
        if raw is None or raw == "":
            return ()
        if isinstance(raw, str) and self.separator:
            return raw.split(self.separator)
        return raw if isinstance(raw, list) else (raw,)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        if not isinstance(remote, list):
            return None
        held = current if isinstance(current, list) else []
        codes: set[str] = set()
        for option in remote:
            kept = [code for code in held if code in self.options.classes.get(option, (option,))]
            first = self.options.code(option, None)
            codes.update(kept or ([first] if first else []))
        return sorted(codes) or None

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None or value in ("", []):
            return BLANK
        if not isinstance(value, list):
            return NOT_EXACT
        options = [self.options.option(code) for code in value]
        if any(option is None for option in options):
            return Encoded(UNSEEN, "no_option")
        return Encoded(sorted({option for option in options if option}) or None)

    def write(self, remote: Value) -> dict[str, Any]:
        if self.separator is None:
            return {self.remote: remote or []}
        return {self.remote: self.separator.join(remote) if isinstance(remote, list) else None}


@dataclass(frozen=True, slots=True)
class FlagTagCodec:
    """A tag that stands for "this field is set", for remotes without a field for it.

    Only the presence of the tag crosses over; other tags of the record are never touched. The wire value to send is
    not the whole tag list but the change: ``{"add": [tag]}`` or ``{"remove": [tag]}``.
    """

    remote: str
    tag: str

    @property
    def lossy(self) -> bool:
        return True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        return True if self.tag.casefold() in {name.casefold() for name in self._names(raw)} else None

    def _names(self, raw: object) -> Sequence[str]:
        """Give the tag names of a payload (objects or plain names), or of our own change on its way out."""
        if isinstance(raw, dict):
            raw = raw.get("add") or []
        if raw is None or raw == "":
            return ()
        if not isinstance(raw, list):
            raise refusal(self.remote, "a list of tags")
        return [str(tag.get("name") or "") if isinstance(tag, dict) else str(tag) for tag in raw]

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        if not remote:
            return None
        return current if current else UNSEEN  # the tag does not say since when

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return Encoded(True) if value else BLANK

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.remote: {"add" if remote else "remove": [self.tag]}}


def option(spec: CodecSpec) -> OptionCodec:
    """Make the codec of one option."""
    return OptionCodec(spec.remote, read_options(spec))


def options(spec: CodecSpec) -> OptionsCodec:
    """Make the codec of a list of options."""
    return OptionsCodec(spec.remote, read_options(spec))


def options_joined(spec: CodecSpec) -> OptionsCodec:
    """Make the codec of options joined by semicolons in one text."""
    return OptionsCodec(spec.remote, read_options(spec), ";")


def flag_tag(spec: CodecSpec) -> FlagTagCodec:
    """Make the codec of a tag; the map's one option is the tag's name."""
    return FlagTagCodec(spec.remote, next(iter(spec.map.options or {"duban": ()})))
