"""What a FxiaoKe connection needs to know; everything a tenant may differ in is here, with a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from zoneinfo import ZoneInfo

import pydantic

from connectors.base import ConnectorSettings
from connectors.fxiaoke.answers import CodeClass
from mapping.errors import WrongValue


class FxiaokeSettings(ConnectorSettings):
    """``[connections.NAME] kind = "fxiaoke"``.

    Args:
        credentials: ``header`` for the current generation (needs ``user_id``), ``body`` for the older one (needs
            ``open_user_id``). The two are never mixed in one request.
        user_id, open_user_id: the employee who acts; its rights are ours.
        trigger_approval, trigger_workflow: start the tenant's own automation on our writes.
        duplicate_check: let the tenant's duplicate rules judge our creates.
        window_limit, window_s: our ceiling per path; the vendor's is 100 per 20 s.
        daily_quota: calls a day at most, counted until midnight in *zone*; None for no own ceiling.
        zone: the tenant's time zone; days of ``date`` fields are days there.
        delete_probe: ask once a round for records that went to the bin.
        fetch_by: read records by one ``get`` each, or by one ``query`` for up to 100 ids. Queries may be answered by
            an index that lags [assumed]; a tenant whose queries do not lag saves calls with ``query``.
        version_look: ask after each batch of changes which versions they led to, one query a batch: that tells of an
            edit inside our request although somebody edits the record again. That a query shows a change at once, and
            that every write counts the version up by one, is assumed [assumed]; False saves the query.
        codes: further answer codes and what they mean, for what the vendor does not document.
    """

    kind: Literal["fxiaoke"] = "fxiaoke"
    base_url: str = "https://open.fxiaoke.com"
    app_id: str = pydantic.Field(min_length=1)
    app_secret: pydantic.SecretStr
    permanent_code: pydantic.SecretStr
    credentials: Literal["header", "body"] = "header"
    user_id: str | None = None
    open_user_id: str | None = None
    page_size: int = pydantic.Field(default=100, ge=1, le=100)
    batch_size: int = pydantic.Field(default=20, ge=1, le=100)
    write_pool: int = pydantic.Field(default=4, ge=1, le=16)
    pool: int = pydantic.Field(default=10, ge=1, le=32)
    trigger_approval: bool = False
    trigger_workflow: bool = False
    duplicate_check: bool = True
    window_limit: int = pydantic.Field(default=90, ge=1, le=10_000)
    window_s: float = pydantic.Field(default=20.0, gt=0, le=3600)
    daily_quota: int | None = pydantic.Field(default=None, ge=1)
    zone: str = "Asia/Shanghai"
    delete_probe: bool = True
    fetch_by: Literal["get", "query"] = "get"
    version_look: bool = True
    codes: Mapping[int, CodeClass] = pydantic.Field(default_factory=dict)

    @property
    def starts(self) -> list[str]:
        """Give the automations our writes ask for."""
        asked = {"workflow": self.trigger_workflow, "approval": self.trigger_approval}
        return [name for name, wanted in asked.items() if wanted]

    @property
    def actor(self) -> str:
        """Give the employee id that the chosen generation uses."""
        return (self.user_id if self.credentials == "header" else self.open_user_id) or ""

    @pydantic.field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError) as exc:
            raise WrongValue(
                f'unknown time zone "{value}", such as "Asia/Shanghai"', f'未知的时区 "{value}",例如 "Asia/Shanghai"'
            ) from exc
        return value

    @pydantic.model_validator(mode="after")
    def _actor_given(self) -> FxiaokeSettings:
        if not self.actor:
            name = "user_id" if self.credentials == "header" else "open_user_id"
            raise WrongValue(
                f'credentials = "{self.credentials}" needs {name}, the employee who acts',
                f'credentials = "{self.credentials}" 需要 {name}(以其身份操作的员工)',
            )
        return self
