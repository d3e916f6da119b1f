"""The contract of a channel, and what all of them share.

A channel sends one message once and says what became of it by returning or by the class of the error it raises:
``Transient`` when certainly nothing was said, ``OutcomeUnknown`` when something may have been, ``RecordRefused`` when
this message cannot be said here, ``NeedsOperator`` when nothing can be until a person acts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, Protocol, runtime_checkable

import pydantic

from connectors.base import Ports
from connectors.exchange import Answer, Call
from connectors.hosts import host_of
from connectors.http import Classify, Http
from connectors.pacing import Pace, Window
from mapping.errors import DubanError, NeedsOperator, OutcomeUnknown, RecordRefused, Transient

MINUTE_S: Final = 60.0
TOO_FAST_WAIT_S: Final = 61.0
"""Longer than what is slept inside a call: whoever is too fast comes back in another round."""
Fate = Literal["ok", "busy", "operator", "refused", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a person can be reached; a channel takes what it needs.

    Args:
        user: a person of ours, as the hub names people (their e-mail).
    """

    name: str = ""
    email: str = ""
    user: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, ready to be sent.

    Args:
        id: the same for every attempt at this message.
        at_ms: when it was made.
        facts: what it is about, for machines.
    """

    id: str
    kind: str
    to: Address
    subject: str
    text: str
    language: str = "zh"
    at_ms: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side took it.

    Args:
        receipt: what it said about it; "" when nothing.
    """

    receipt: str = ""


class Channel(Protocol):
    """One configured way to tell people something."""

    name: str
    personal: ClassVar[bool]
    """Whether only the recipient sees what is sent; a group sees everything."""

    def send(self, message: Message) -> Sent:
        """Send it, once.

        Raises:
            Transient, OutcomeUnknown, RecordRefused, NeedsOperator: as the module says. LeaseLost: nothing was sent.
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class Paced(Protocol):
    """A channel that may be used so often only."""

    def ready(self) -> None:
        """Take a place in its pace, sleeping until there is one; to be asked before a message is written down.

        A stop during the wait then leaves nothing behind that could be taken for sent.
        """
        ...


class Pacer:
    """Gives a channel its ``ready``."""

    def __init__(self, ports: Ports, per_minute: int) -> None:
        self._pace = Pace(ports, {"send": Window(per_minute, MINUTE_S)})

    def ready(self) -> None:
        """See ``Paced``."""
        self._pace.wait_window("send")


class ChannelSettings(pydantic.BaseModel):
    """What every channel may be told; a channel's own settings derive from this."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    kind: str
    per_minute: int = pydantic.Field(default=20, ge=1, le=1000)
    deadline_s: float = pydantic.Field(default=20.0, gt=0, le=120)


def open_http(settings: ChannelSettings, ports: Ports, url: str, secrets: list[str], classify: Classify) -> Http:
    """Give the way out to the one host of a channel."""
    return Http(
        ports,
        base_url=url,
        allowed_hosts=frozenset({host_of(url)}),
        secrets=lambda: [secret for secret in secrets if secret],
        pool=1,
        deadline_s=settings.deadline_s,
        classify=classify,
    )


class Robot(Pacer):
    """What the robots of a group share: one host, a pace, secrets that stay hidden, and a group that sees everything.

    Args:
        url: of the one host; *secrets*: what no message may show.
    """

    personal: ClassVar[bool] = False

    def __init__(
        self, settings: ChannelSettings, ports: Ports, url: str, secrets: list[str], classify: Classify
    ) -> None:
        super().__init__(ports, settings.per_minute)
        self.name = ports.name
        self._http = open_http(settings, ports, url, secrets, classify)

    def close(self) -> None:
        """Give back the sockets."""
        self._http.close()


def judge_code(
    answer: Answer, code: object, text: object, fates: Mapping[int, Fate], *, wait_s: float = TOO_FAST_WAIT_S
) -> DubanError | None:
    """Give the error a robot's own code stands for, whatever the HTTP status says; None when it is none.

    Args:
        fates: what the codes mean; one that is not there refuses this message.
        wait_s: how long to stay away after a code that says too fast.
    """
    number = _number(code)
    if number is None:
        if 400 <= answer.status < 500 and answer.status not in (401, 407, 429):
            return RecordRefused(f"the channel answered {answer.status}", zh=f"渠道答复 {answer.status}")
        # 5xx and the rest have their meaning everywhere; an answer without a code tells nothing.
        return None if answer.status >= 400 else OutcomeUnknown("the answer has no code", zh="答复中没有结果码")
    fate = fates.get(number, "refused")
    said = f"the channel refused it: {str(text or '')[:80]!r}"
    where = {"code": str(number), "zh": f"渠道拒绝：{str(text or '')[:80]!r}"}
    match fate:
        case "ok":
            return None
        case "busy":
            return Transient("too many messages a minute", retry_after_s=wait_s, code=str(number), zh="发送过于频繁")
        case "operator":
            return NeedsOperator(
                said, **where, next_step="check the channel's address, secret and security settings",
                next_step_zh="请检查该渠道的地址、密钥与安全设置",
            )  # fmt: skip
        case "unknown":
            return OutcomeUnknown(said, **where)
    return RecordRefused(said, **where)


def fields_of(answer: Answer) -> Mapping[str, Any]:
    """Give the answer's JSON object; empty when it is none."""
    return answer.body if isinstance(answer.body, dict) else {}


def fit(text: str, limit: int, more: str = "…") -> str:
    """Give *text* in at most *limit* bytes of UTF-8, cut after a whole line where one fits."""
    if len(text.encode()) <= limit:
        return text
    room = limit - len(more.encode()) - 1
    kept = text.encode()[: max(0, room)].decode(errors="ignore")
    whole = kept.rpartition("\n")[0]
    return f"{whole or kept}\n{more}"


def greeting(message: Message, keyword: str = "") -> str:
    """Give the text as a group sees it: for whom it is, then the message; the security keyword first, when set."""
    parts = (keyword, f"@{message.to.name}" if message.to.name else "", message.subject, "", message.text)
    return "\n".join(part for at, part in enumerate(parts) if part or at == 3)


def _number(code: object) -> int | None:
    if isinstance(code, bool):
        return None
    if isinstance(code, int):
        return code
    return int(code) if isinstance(code, str) and code.lstrip("-").isdigit() else None


__all__ = [
    "Address", "Call", "Channel", "ChannelSettings", "Message", "Paced", "Pacer", "Robot", "Sent", "fields_of", "fit",
    "greeting", "judge_code", "open_http",
]  # fmt: skip
