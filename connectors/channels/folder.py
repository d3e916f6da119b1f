"""A folder of drafts: one text file per message, for a person to read and send."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, Literal

from connectors.base import Ports
from connectors.channels.base import ChannelSettings, Message, Sent
from mapping.errors import NeedsOperator


class FolderSettings(ChannelSettings):
    """``kind = "file"``.

    Args:
        folder: where the files go, beside the configuration file when relative; made when it is not there.
    """

    kind: Literal["file"]
    folder: str = "notices"


class Folder:
    """See ``connectors.channels.base.Channel``; a message that lies there already is not written again."""

    personal: ClassVar[bool] = True

    def __init__(self, settings: FolderSettings, ports: Ports, base: Path) -> None:
        self.name = ports.name
        self._before_send = ports.before_send
        self._folder = base / settings.folder

    def send(self, message: Message) -> Sent:
        path = self._folder / f"{message.id}.txt"
        self._before_send()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(".part")
            part.write_text(shown(message), encoding="utf-8")
            part.chmod(0o600)
            os.replace(part, path)
        except OSError as exc:
            raise NeedsOperator(
                f"the folder of drafts cannot be written: {exc.strerror}", zh=f"无法写入草稿目录：{exc.strerror}",
                connection=self.name,
            ) from exc  # fmt: skip
        return Sent(path.name)

    def close(self) -> None:
        """Nothing is open."""


def shown(message: Message) -> str:
    """Give a message as a person reads it."""
    to = " ".join(part for part in (message.to.name, f"<{message.to.email}>" if message.to.email else "") if part)
    return f"To: {to}\nSubject: {message.subject}\n\n{message.text}\n"
