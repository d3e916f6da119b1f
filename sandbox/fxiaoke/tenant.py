"""One tenant: its objects, its people, its switches, and the records behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from sandbox.clock import Clock
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.describe import FieldSpec, ObjectSpec, custom_object, tenant_objects
from sandbox.fxiaoke.people import People
from sandbox.fxiaoke.settings import Settings
from sandbox.fxiaoke.tables import TenantTable, add_table
from sandbox.world import World

MESSAGES: Final = "__messages"
"""Name under which the sent messages are kept; no object of a real tenant can be called so."""

FLOWS: Final = "__flows"
"""Name under which writes are kept that would have started an approval or a workflow."""

Notify = Callable[[str, str, str], None]


class Tenant:
    """What every endpoint works on. Take ``world.lock`` around a read or write of several steps.

    Args:
        plain: no custom field and no custom object.
        notify: told (event type, object, record id) of every change.
    """

    def __init__(self, clock: Clock, seed: int, people: People, plain: bool, notify: Notify) -> None:
        self.world = World(clock, seed)
        self.people = people
        self.plain = plain
        self.notify = notify
        self.settings = Settings(any_custom=not plain)
        self.objects: dict[str, ObjectSpec] = {}
        self.empty()

    def empty(self) -> None:
        """Forget all records and every object that came later."""
        self.world.clear()
        self.objects = tenant_objects(self.plain)
        for name in (*self.objects, MESSAGES, FLOWS):
            add_table(self.world, name)

    def define(self, name: str, label: str, fields: Mapping[str, Any]) -> None:
        """Add a custom object, as an admin does.

        Args:
            fields: api name -> type.
        Raises:
            ValueError: the name is not one of a custom object.
        """
        if not name.endswith("__c"):
            raise ValueError(f"a custom object's name ends in __c, not {name!r}")
        with self.world.lock:
            self.objects[name] = custom_object(name, label, fields)
            if name not in self.world.objects:
                add_table(self.world, name)

    def define_field(self, object: str, field: FieldSpec) -> None:
        """Add a field to an object, or put another in its place; values that a select offers no more become its first.

        Raises:
            KeyError: no such object.
        """
        with self.world.lock:
            spec = self.objects[object]
            self.objects[object] = ObjectSpec(spec.name, spec.label, {**spec.fields, field.name: field})
            known = {value for value, _ in field.options}
            if field.type != "select_one" or not known:
                return
            for row in self.world.objects[object].rows.values():
                if row.values.get(field.name) not in (None, *known):
                    row.set_values({**row.values, field.name: field.options[0][0]})

    def spec(self, name: str) -> ObjectSpec:
        """Give an object's description.

        Raises:
            Refusal: the tenant has no such object.
        """
        spec = self.objects.get(name)
        if spec is None:
            raise Refusal("unknown_object", f"object [{name}] is not exists", "对象不存在")
        return spec

    def spec_or_blank(self, name: str) -> ObjectSpec:
        """Give an object's description; where the settings allow it, an unknown custom one is an empty one."""
        if name not in self.objects and name.endswith("__c") and self.settings.any_custom:
            return custom_object(name, name, {})
        return self.spec(name)

    def make_sure_of(self, spec: ObjectSpec) -> None:
        """Define an object that so far was only taken for an empty one."""
        if spec.name not in self.objects:
            self.define(spec.name, spec.label, {})

    def table(self, name: str) -> TenantTable:
        """Give the records of an object; of an unknown one, none."""
        table = self.world.objects.get(name)
        return TenantTable(self.world, name) if table is None else cast(TenantTable, table)

    def is_unique(self, object: str, spec: FieldSpec) -> bool:
        return spec.unique or f"{object}.{spec.name}" in self.settings.unique

    def display_name(self, object: str | None, id: Any) -> str | None:
        """Give the name a reference shows; None when its record is unknown."""
        if object not in self.world.objects or not isinstance(id, str):
            return None
        row = self.world.objects[object].rows.get(id)
        return None if row is None else row.values.get("name")
