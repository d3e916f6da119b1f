"""One exchange with a remote: the call, its answer, and which of our errors the answer stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from connectors.bodies import TextKind
from mapping.errors import AuthRefused, DubanError, NeedsOperator, OutcomeUnknown, PageMalformed, Transient

E = TypeVar("E", bound=DubanError)
Kind = Literal["read", "write", "auth"]
_PERMANENT_REDIRECTS: Final = (301, 308)
_PORTAL: Final[Mapping[str, str]] = {
    "next_step": "a portal or proxy may be in the way: sign in there, or set [http] proxy",
    "next_step_zh": "可能被网络登录页或代理拦截：请先登录，或设置 [http] proxy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Args:
        headers: case-insensitive.
        body: parsed JSON; None when the body is empty or not JSON (``text_kind`` says which).
        server_ms: the server's Date, milliseconds UTC.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    text_kind: TextKind
    server_ms: int | None
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, before it is sent; what a ``classify`` hook may look at.

    Args:
        content: the body as it stands, instead of *json* or *form*.
        opaque: any text is a good answer to it, not JSON alone.
    """

    method: str
    url: str
    kind: Kind
    params: Mapping[str, Any] | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    opaque: bool = False
    headers: Mapping[str, str] | None = None
    heavy: bool = False
    window: str | None = None
    deadline_s: float = 60.0
    credits: int = 0


Classify = Callable[[Call, Answer], DubanError | None]
"""Give the error that an answer stands for, or None when it is none. Never asked for ``auth`` calls."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Turns answers, and the lack of one, into errors.

    Args:
        name: of the connection.
        hide: takes secrets out of a text.
        classify: the vendor's hook, asked before the rules that hold for everybody.
    """

    name: str
    hide: Callable[[str], str]
    classify: Classify | None

    def verdict(self, call: Call, answer: Answer) -> DubanError | None:
        """Give the error that *answer* stands for; None for one that its caller must read."""
        status = answer.status
        if 300 <= status < 400 and status != 304:
            return self._redirected(call, answer)
        if call.kind == "auth":
            if status >= 500 or answer.text_kind in ("html", "empty"):
                return self.error(
                    Transient, f"the sign-in service answered {status} without JSON", zh="登录服务无有效答复"
                )
            return None
        if answer.text_kind == "html" or (answer.text_kind == "text" and not call.opaque):
            return self._not_json(call, answer)
        error = self.classify(call, answer) if self.classify else None
        if error is None:
            return self._by_status(call, status)
        error.connection = error.connection or self.name
        error.message = self.hide(error.message)
        error.args = (error.message,)
        return error

    def _by_status(self, call: Call, status: int) -> DubanError | None:
        if status >= 500:
            return self.lost(call, f"the remote answered {status}", f"对方答复 {status}")
        if status == 429:
            return self.error(Transient, "too many calls", zh="调用过于频繁")
        if status in (401, 407):
            return self.error(
                AuthRefused,
                f"the remote refuses our credentials ({status})",
                zh=f"对方拒绝我们的凭据（{status}）",
                next_step="check the credentials of this connection, then run: duban check --online",
                next_step_zh="请检查该连接的凭据，再执行 duban check --online",
            )
        return None

    def _redirected(self, call: Call, answer: Answer) -> DubanError:
        where = self.hide(str(answer.headers.get("location", "")))[:80].split("?", maxsplit=1)[0]
        text = f"the remote redirects to {where!r}; redirects are never followed"
        if call.kind == "write":
            return self.error(OutcomeUnknown, text, zh=f"对方要求跳转到 {where!r}，未跟随，写入结果未知", **_PORTAL)
        if answer.status in _PERMANENT_REDIRECTS:
            return self.error(
                NeedsOperator,
                text,
                zh=f"对方要求跳转到 {where!r}，地址可能已变更，未跟随",
                next_step="check the address of this connection in the configuration",
                next_step_zh="请检查配置中该连接的地址",
            )
        return self.error(Transient, text, zh=f"对方要求跳转到 {where!r}，未跟随", **_PORTAL)

    def _not_json(self, call: Call, answer: Answer) -> DubanError:
        if answer.status < 300:
            text, zh = "a page of HTML or text instead of JSON", "收到的是网页或文本，不是 JSON"
            return self.unreadable(call, text, zh, **_PORTAL)
        return self.lost(call, f"a gateway answered {answer.status} without JSON", f"网关答复 {answer.status}")

    def distrusted(self) -> DubanError:
        """Give the error for a certificate that nobody we trust has signed; nothing was sent."""
        return self.error(
            NeedsOperator,
            "the certificate of the remote is not trusted",
            zh="对方证书不受信任",
            next_step="behind a company gateway set [http] ca_file; else check the clock and the network",
            next_step_zh="若经公司网关，请设置 [http] ca_file；否则请检查系统时间与网络",
        )

    def unreached(self, why: str) -> Transient:
        """Give the error for a remote that could not be reached; nothing was sent."""
        return self.error(
            Transient,
            f"cannot connect ({why})",
            zh=f"无法连接（{why}）",
            next_step="check the network, [http] proxy and the address of this connection",
            next_step_zh="请检查网络、[http] proxy 和该连接的地址",
        )

    def unreadable(self, call: Call, why: str, why_zh: str, **more: str) -> DubanError:
        """Give the error for an answer that came and cannot be used."""
        kinds: dict[Kind, type[DubanError]] = {"read": PageMalformed, "write": OutcomeUnknown, "auth": Transient}
        zh = f"答复无法使用：{why_zh}" if why_zh else "答复无法使用"
        return self.error(kinds[call.kind], f"the answer cannot be used: {why}", zh=zh, **more)

    def lost(self, call: Call, text: str, zh: str) -> DubanError:
        """Give the error for an answer that never came whole: a write may have happened."""
        return self.error(OutcomeUnknown if call.kind == "write" else Transient, text, zh=zh)

    def error(self, kind: type[E], text: str, **more: Any) -> E:
        """Give an error that names the connection and shows no secret."""
        return kind(self.hide(text), connection=self.name, **more)
