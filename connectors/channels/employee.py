"""Messages to our own people through a CRM that can send them (an optional ability of a connector)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from connectors.base import Connector, Messenger, Ports
from connectors.channels.base import ChannelSettings, Message, Pacer, Sent, fit
from mapping.errors import ConfigError, RecordRefused

LIMIT_BYTES: Final = 4000
"""No limit is documented; a longer one is nobody's message. [assumed]"""


class EmployeeSettings(ChannelSettings):
    """``kind = "employee"``.

    Args:
        connection: through which its people are reached.
    """

    kind: Literal["employee"]
    connection: str


class Employee(Pacer):
    """See ``connectors.channels.base.Channel``.

    Args:
        names: canonical e-mail -> that person's e-mail or id over there, where they differ.
    """

    personal: ClassVar[bool] = True

    def __init__(
        self, settings: EmployeeSettings, ports: Ports, connector: Connector, names: Mapping[str, str]
    ) -> None:
        super().__init__(ports, settings.per_minute)
        if not isinstance(connector, Messenger):
            raise ConfigError(
                f"[notices.channels.{ports.name}]: this connection cannot send messages to people",
                zh=f"[notices.channels.{ports.name}]：该连接不能向员工发送消息",
            )
        self.name = ports.name
        self._connector = connector
        self._messenger: Messenger = connector
        self._names = {email.casefold(): there for email, there in names.items()}
        self._ids: dict[str, str] | None = None
        self._lock = threading.Lock()

    def send(self, message: Message) -> Sent:
        person = self._id(message.to.user)
        if person is None:
            raise RecordRefused(
                f"{message.to.user or 'this person'} is not known over there", zh=f"对方系统中没有 {message.to.user}",
                connection=self.name, next_step="name them in [users]", next_step_zh="请在 [users] 中指定",
            )  # fmt: skip
        self._messenger.send_message([person], fit(f"{message.subject}\n\n{message.text}", LIMIT_BYTES))
        return Sent()

    def close(self) -> None:
        """The connection is closed by whoever opened it."""

    def _id(self, user: str) -> str | None:
        if not user:
            return None
        there = self._names.get(user.casefold(), user)
        with self._lock:
            if self._ids is None:
                people = [person for person in self._connector.users() if person.active]
                self._ids = {person.id: person.id for person in people}
                self._ids |= {person.email.casefold(): person.id for person in people if person.email}
            return self._ids.get(there) or self._ids.get(there.casefold())
