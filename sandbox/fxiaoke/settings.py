"""What a test may change about the tenant while it runs (``POST /__sim__/settings``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from sandbox.fxiaoke.codes import REASONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The switches, at what the real service does.

    Args:
        token_life_s: life of new tokens; asked for in its last twelfth (at most 600 s), a new one is given.
        token_calls_per_minute: more answer ``token_limit``.
        token_one_at_a_time: a token call beside another is refused.
        table_codes: missing and wrong credentials answer the documented code table instead of what is seen live.
        app_state: "on", "disabled" (20021) or "unauthorised" (20022).
        window_calls, window_s: calls per path in a sliding window; 0 calls switches the limit off.
        daily_calls: calls a day; None switches the limit off.
        no_quota: the company bought no calls at all (30003).
        strict_paging: refuse a limit over 100 and a crooked offset; otherwise they are clamped.
        strict_fields: refuse fields that the describe does not have.
        strict_time: every change gets a millisecond of its own.
        freeze_ms: every change gets this very stamp; None follows the clock.
        default_total: count when a query names none of the total switches.
        any_custom: an object nobody defined, if its name ends in ``__c``, is taken for an empty one.
        list_invalid: plain queries also list what lies in the bin.
        owner_on_update: "ignore" or "refuse" an owner in an update.
        owner_required: custom objects refuse a create without an owner.
        check_references: refuse a reference to a record that does not exist.
        unique: fields nobody may share, as "Object.field".
        duplicate_rules: object -> fields that the duplicate search compares when a create asks for it.
        read_only: employee id -> objects that employee may not write ("*" for all).
        no_list_right: objects nobody may query or get, as the personnel object without its extra grant.
        loose_types: show values in the other forms tenants were seen with: numbers and versions as JSON numbers,
            times as digits, lists of one employee as that employee.
        normalise: "Object.field" -> what the server silently does to a written value.
        codes: reason -> other number (see ``codes.REASONS``).
        error_rules: {"path", "body_match", "nth", "times", "errorCode", "errorMessage", "applied"}: answer so, from
            the *nth* match on, *times* times (0: for ever); with "applied" the call is carried out all the same.
        string_code: ``errorCode`` as text; ``no_description``: no ``errorDescription``.
        event_url, event_key: where changes are pushed and the base64 AES key; both, or no events.
        event_bad_signature, event_duplicates, event_reverse, event_retries, event_retry_s: how badly.
    """

    token_life_s: float = 7200
    token_calls_per_minute: int = 10
    token_one_at_a_time: bool = True
    table_codes: bool = False
    app_state: str = "on"
    window_calls: int = 0
    window_s: float = 20
    daily_calls: int | None = None
    no_quota: bool = False
    strict_paging: bool = True
    strict_fields: bool = False
    strict_time: bool = False
    freeze_ms: int | None = None
    default_total: bool = True
    any_custom: bool = True
    list_invalid: bool = False
    owner_on_update: str = "ignore"
    owner_required: bool = False
    check_references: bool = True
    unique: tuple[str, ...] = ()
    duplicate_rules: Mapping[str, list[str]] = field(default_factory=dict)
    read_only: Mapping[str, list[str]] = field(default_factory=dict)
    no_list_right: tuple[str, ...] = ()
    loose_types: bool = False
    normalise: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    error_rules: tuple[Mapping[str, Any], ...] = ()
    string_code: bool = False
    no_description: bool = False
    event_url: str | None = None
    event_key: str | None = None
    event_bad_signature: bool = False
    event_duplicates: int = 0
    event_reverse: int = 0
    event_retries: int = 2
    event_retry_s: float = 1.0


NAMES: Final = frozenset(spec.name for spec in fields(Settings))
CORE: Final = frozenset({"search_lag_s", "list_lag_s", "clock_skew_s", "latency_ms"})
"""Settings of every sandbox server; not ours to read."""

_TUPLES: Final = frozenset({"unique", "error_rules", "no_list_right"})
_LIMITS: Final = ("window_calls", "window_s", "daily_calls", "no_quota")


def changed(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """Give the settings with those of *given* replaced; ``rate_limits`` is the common name of the limits.

    Raises:
        ValueError: a setting or a reason nobody knows.
    """
    wanted = {name: value for name, value in given.items() if name not in CORE}
    if "rate_limits" in wanted:
        wanted = {**_limits(wanted.pop("rate_limits")), **wanted}
    unknown = set(wanted) - NAMES
    if unknown:
        raise ValueError(f"unknown setting {min(unknown)!r}; known: {', '.join(sorted(NAMES | CORE))}")
    for reason in wanted.get("codes") or {}:
        if reason not in REASONS:
            raise ValueError(f"unknown reason {reason!r}; known: {', '.join(sorted(REASONS))}")
    return replace(settings, **{name: _settled(name, value) for name, value in wanted.items()})


def _settled(name: str, value: Any) -> Any:
    return tuple(value or ()) if name in _TUPLES else value


def _limits(given: Any) -> dict[str, Any]:
    if given is True:
        return {"window_calls": 100, "window_s": 20}
    if not given:
        return {"window_calls": 0, "daily_calls": None, "no_quota": False}
    renamed = {
        "calls": "window_calls",
        "per_path": "window_calls",
        "seconds": "window_s",
        "daily": "daily_calls",
    }
    limits: dict[str, Any] = {renamed.get(str(name), str(name)): value for name, value in dict(given).items()}
    unknown = set(limits) - set(_LIMITS)
    if unknown:
        raise ValueError(f"unknown limit {min(unknown)!r}; known: {', '.join(_LIMITS)}")
    return limits
