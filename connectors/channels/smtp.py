"""Mail over SMTP with the standard library: TLS always off this machine, every step with a deadline.

Whether a mail went out is decided by the answer to its last line: what fails before the text is sent certainly did
not happen; what is lost after that may have.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, formataddr, make_msgid, parseaddr
from typing import ClassVar, Final, Literal, NoReturn

import pydantic

from connectors.base import Ports
from connectors.channels.base import ChannelSettings, Message, Pacer, Sent
from connectors.hosts import is_loopback
from connectors.transport import trust
from mapping.errors import AuthRefused, ConfigError, NeedsOperator, OutcomeUnknown, RecordRefused, Transient

_ACCEPTED: Final = (250, 251)
_LONGEST_SUBJECT: Final = 200


class SmtpSettings(ChannelSettings):
    """``kind = "smtp"``.

    Args:
        security: ``tls`` from the first byte, ``starttls``, or ``none`` (this machine only).
        user, password: when the server asks for them.
        sender: ``Name <address>``.
    """

    kind: Literal["smtp"]
    host: str
    port: int = pydantic.Field(default=465, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password: pydantic.SecretStr | None = None
    sender: str
    per_minute: int = pydantic.Field(default=30, ge=1, le=1000)

    @pydantic.field_validator("sender")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1]:
            raise ValueError('expected "Name <address@domain>"')
        return value

    @pydantic.model_validator(mode="after")
    def _secret_lines(self) -> SmtpSettings:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError('security = "none" is for this machine only')
        return self


class Smtp(Pacer):
    """See ``connectors.channels.base.Channel``; one connection per mail, so that nothing idles."""

    personal: ClassVar[bool] = True

    def __init__(self, settings: SmtpSettings, ports: Ports) -> None:
        super().__init__(ports, settings.per_minute)
        self.name = ports.name
        self._settings = settings
        self._ports = ports
        self._lock = threading.Lock()

    def send(self, message: Message) -> Sent:
        letter = self._letter(message)
        with self._lock:
            server = self._connect()
            try:
                self._introduce(server)
                self._envelope(server, message.to.email)
                self._ports.before_send()
                return self._text(server, letter)
            finally:
                server.close()

    def close(self) -> None:
        """Nothing is kept open."""

    def _letter(self, message: Message) -> bytes:
        if "@" not in message.to.email or any(one in message.to.email for one in "\r\n<>, "):
            raise RecordRefused("no usable e-mail address", zh="没有可用的邮箱地址", connection=self.name)
        name, address = parseaddr(self._settings.sender)
        mail = EmailMessage(policy=POLICY)
        mail["From"] = formataddr((name, address))
        mail["To"] = formataddr((_line(message.to.name), message.to.email))
        mail["Subject"] = _line(message.subject)[:_LONGEST_SUBJECT]
        mail["Date"] = format_datetime(datetime.fromtimestamp(message.at_ms / 1000, UTC))
        mail["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2] or make_msgid()}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text, charset="utf-8", cte="base64")
        return mail.as_bytes()

    def _connect(self) -> smtplib.SMTP:
        one = self._settings
        try:
            if one.security == "tls":
                return smtplib.SMTP_SSL(one.host, one.port, timeout=one.deadline_s, context=self._context())
            server = smtplib.SMTP(one.host, one.port, timeout=one.deadline_s)
        except (OSError, smtplib.SMTPException) as exc:
            self._not_sent(exc)
        if one.security == "starttls":
            try:
                server.starttls(context=self._context())
            except (OSError, smtplib.SMTPException) as exc:
                server.close()
                self._not_sent(exc)
        return server

    def _context(self) -> ssl.SSLContext:
        return trust(self._ports.http.ca_file)

    def _introduce(self, server: smtplib.SMTP) -> None:
        password = self._settings.password
        try:
            server.ehlo_or_helo_if_needed()
            if self._settings.user and password is not None:
                server.login(self._settings.user, password.get_secret_value())
        except smtplib.SMTPAuthenticationError as exc:
            raise AuthRefused(
                "the mail server refuses our name or password", zh="邮件服务器拒绝登录", connection=self.name,
                code=str(exc.smtp_code),
            ) from None  # fmt: skip
        except (OSError, smtplib.SMTPException) as exc:
            self._not_sent(exc)

    def _envelope(self, server: smtplib.SMTP, to: str) -> None:
        try:
            self._expect(*server.mail(parseaddr(self._settings.sender)[1]), whose="sender")
            self._expect(*server.rcpt(to), whose="recipient")
        except (OSError, smtplib.SMTPException) as exc:
            self._not_sent(exc)

    def _text(self, server: smtplib.SMTP, letter: bytes) -> Sent:
        try:
            code, _ = server.data(letter)
        except smtplib.SMTPDataError as exc:  # it did not even want the text
            self._expect(exc.smtp_code, b"", whose="text")
        except (OSError, smtplib.SMTPException) as exc:
            raise OutcomeUnknown(
                f"the connection broke while the text was sent ({type(exc).__name__})", zh="发送正文时连接中断",
                connection=self.name,
            ) from None  # fmt: skip
        self._expect(code, b"", whose="text")
        return Sent(str(code))

    def _expect(self, code: int, _said: bytes, *, whose: str) -> None:
        """Raise what a refusing answer stands for; a text is never quoted, for it may hold addresses."""
        if code in _ACCEPTED:
            return
        if 400 <= code < 500:
            raise Transient(
                f"the mail server put it off ({whose})", zh="邮件服务器暂缓接收", connection=self.name, code=str(code)
            )
        kind = NeedsOperator if whose == "sender" else RecordRefused
        raise kind(f"the mail server refuses the {whose}", zh="邮件服务器拒收", connection=self.name, code=str(code))

    def _not_sent(self, exc: Exception) -> NoReturn:
        if isinstance(exc, ssl.SSLCertVerificationError):
            raise NeedsOperator(
                "the certificate of the mail server is not trusted", zh="邮件服务器证书不受信任", connection=self.name,
                next_step="set [http] ca_file", next_step_zh="请设置 [http] ca_file",
            ) from None  # fmt: skip
        if isinstance(exc, smtplib.SMTPNotSupportedError):
            raise ConfigError(
                f"[notices.channels.{self.name}]: the mail server cannot do what is asked (STARTTLS or login)",
                zh=f"[notices.channels.{self.name}]：邮件服务器不支持 STARTTLS 或登录",
            ) from None
        why = "no answer in time" if isinstance(exc, socket.timeout) else type(exc).__name__
        raise Transient(f"nothing was sent ({why})", zh="未发送", connection=self.name) from None


def _line(text: str) -> str:
    """Give *text* on one line: a header must not be broken out of."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
