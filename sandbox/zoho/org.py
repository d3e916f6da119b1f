"""One Zoho organisation: its people, its modules, and how its records look from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.story import Person
from sandbox.world import Row, Table, Values, World
from sandbox.zoho.modules import Field, Module, organisation
from sandbox.zoho.values import Checker, normalised, wire_time

ID_BASE: Final = 5_725_767_000_000_000_000
USER_NUMBERS: Final = 411_001
Cell = Callable[[Row, Values], Any]
"""Reads one field of a row; its values are handed along because a recipe works them out anew each time."""
Noted = Callable[[str, Row, str, Iterable[str], str], None]
"""Told of every change: (module, row, operation, fields, who)."""


def wire_id(number: int) -> str:
    """Give the id a running number has on the wire."""
    return str(ID_BASE + number)


@dataclass(frozen=True, slots=True)
class User:
    """One user of the organisation."""

    id: str
    ref: str
    first_name: str
    last_name: str
    email: str
    bot: bool

    @property
    def full_name(self) -> str:
        return f"{self.last_name}{self.first_name}"

    @property
    def brief(self) -> dict[str, str]:
        return {"name": self.full_name, "id": self.id}

    @property
    def contact(self) -> dict[str, str]:
        return {"name": self.full_name, "id": self.id, "email": self.email}


def user_for(number: int, person: Person) -> User:
    """Give the user account of one of the vendor's people."""
    return User(
        wire_id(USER_NUMBERS + number), person.ref, person.given, person.family, person.email.lower(), person.bot
    )


class Org:
    """State and looks of the organisation. Callers hold ``world.lock``.

    Attributes:
        normalise: "Module.Field" -> habit (see ``values.normalised``).
    """

    def __init__(self, world: World, people: Iterable[Person], plain: bool) -> None:
        self.world = world
        self.modules = organisation(plain)
        self.users = {user.id: user for user in (user_for(at, person) for at, person in enumerate(people))}
        self.normalise: dict[str, Mapping[str, Any]] = {}
        self.noted: Noted = lambda *_: None
        self._checkers = {
            name: Checker(module, self.module_of, self.users.__contains__) for name, module in self.modules.items()
        }
        self.tags: dict[tuple[str, str], str] = {}
        self._cells: dict[tuple[str, str], Cell] = {}
        self.make_tables()

    def make_tables(self) -> None:
        """Give the world one empty table per module."""
        for name in self.modules:
            self.world.add_object(name, wire_id).recipe_blank = frozenset({"Duban_Key"})
        self.world.number_at_least(600_000)
        self.tags.clear()

    @property
    def bot(self) -> User:
        """Give the dedicated integration user: the one the tokens belong to."""
        return next(user for user in self.users.values() if user.bot)

    @property
    def human(self) -> User:
        """Give the person who makes the edits under ``/__sim__/``."""
        return next(user for user in self.users.values() if not user.bot)

    def user(self, ref: str | None) -> User:
        """Give the user of a story person; the human when there is none."""
        return next((user for user in self.users.values() if user.ref == ref), self.human)

    def table(self, module: str) -> Table:
        return self.world.objects[module]

    def module(self, name: str) -> Module | None:
        """Give a module by its API name, letter case as given."""
        return self.modules.get(name)

    def define(self, module: str, field: Field) -> None:
        """Add a field to a module, or put another in its place, as an admin does.

        Values that a picklist offers no more become its first option.

        Raises:
            KeyError: no such module.
        """
        known = self.modules[module]
        self.modules[module] = changed = Module(module, {**known.fields, field.api_name: field})
        self._checkers[module] = Checker(changed, self.module_of, self.users.__contains__)
        self._cells.pop((module, field.api_name), None)
        if field.type == "picklist" and field.options:
            for row in self.table(module).rows.values():
                if row.values.get(field.api_name) not in (None, *field.options):
                    row.set_values({**row.values, field.api_name: field.options[0]})

    def module_of(self, module: str | None, record_id: str) -> str | None:
        """Give the module that holds a live record, looking in one module or in all."""
        for name in [module] if module else self.modules:
            table = self.world.objects.get(name or "")
            row = table.rows.get(record_id) if table else None
            if row is not None and not row.deleted:
                return name
        return None

    # --- writing -------------------------------------------------------------------------------------------------

    def checked(
        self, module: str, row: Mapping[str, Any], at: str, current: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Give the values to store for a row as sent. Raises RowRefusedError."""
        return self._checkers[module].stored(row, at, current)

    def insert(self, module: str, values: Mapping[str, Any], who: str, now_ms: int | None = None) -> Row:
        """Store a new record (already checked) with what the service adds by itself."""
        stored = self._completed(module, {**_defaults(module, who), **self._habitual(module, values)}, {}, now_ms)
        row = self.table(module).insert(stored, who, now_ms)
        if now_ms is None:
            self.noted(module, row, "insert", stored, who)
        return row

    def update(self, module: str, record_id: str, values: Mapping[str, Any], who: str) -> Row:
        """Store a change (already checked)."""
        table = self.table(module)
        before = table.live(record_id).values
        change = self._completed(module, self._habitual(module, values), before)
        row = table.update(record_id, change, who)
        self.noted(module, row, "update", change, who)
        return row

    def remove(self, module: str, record_id: str, who: str, permanent: bool = False) -> Row:
        row = self.table(module).remove(record_id, who, permanent)
        self.noted(module, row, "delete", (), who)
        return row

    def _habitual(self, module: str, values: Mapping[str, Any]) -> dict[str, Any]:
        if not self.normalise:
            return dict(values)
        rules = {name: self.normalise.get(f"{module}.{name}") for name in values}
        return {name: normalised(value, rules[name] or {}) for name, value in values.items()}

    def _completed(
        self, module: str, values: dict[str, Any], before: Mapping[str, Any], now_ms: int | None = None
    ) -> dict[str, Any]:
        """Work out the fields the service sets by itself."""
        if module == "Contacts" and ({"Last_Name", "First_Name"} & set(values)):
            merged = {**before, **values}
            names = (merged.get("First_Name"), merged.get("Last_Name"))
            values["Full_Name"] = " ".join(name for name in names if name)
        if module == "Tasks" and "Status" in values and values["Status"] != before.get("Status"):
            done = values["Status"] == "Completed"
            values["Closed_Time"] = wire_time(self.world.stamp() if now_ms is None else now_ms) if done else None
        if "What_Id" in values:
            pointer = values["What_Id"]
            values["$se_module"] = (pointer.get("module") or values.get("$se_module")) if pointer else None
        return values

    # --- looks ---------------------------------------------------------------------------------------------------

    def shown(self, module: str, row: Row, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """Give a record as records answers show it: all fields with the system's own, or just *fields*."""
        return self.painter(module, fields)(row)

    def painter(self, module: str, fields: Iterable[str] | None = None) -> Callable[[Row], dict[str, Any]]:
        """Give the function that shows rows of a module; worth keeping for a page of them."""
        whole = fields is None
        wanted = list(self.modules[module].fields) if fields is None else [n for n in fields if self.has(module, n)]
        cells = [(name, self.cell(module, name)) for name in wanted]
        points = "What_Id" in wanted

        def paint(row: Row) -> dict[str, Any]:
            values = row.values
            out = {name: cell(row, values) for name, cell in cells}
            out["id"] = row.id
            if points:
                out["$se_module"] = values.get("$se_module")
            return {**out, **_system_shown(row)} if whole else out

        return paint

    def has(self, module: str, name: str) -> bool:
        return name in self.modules[module].fields or name in ("Locked__s", "Record_Status__s")

    def cell(self, module: str, name: str) -> Cell:
        """Give the function that reads one field of a row as answers show it."""
        cell = self._cells.get((module, name))
        if cell is None:
            cell = self._cells[module, name] = self._make_cell(module, name)
        return cell

    def _make_cell(self, module: str, name: str) -> Cell:
        system: dict[str, Cell] = {
            "id": lambda row, _: row.id,
            "Owner": lambda _, values: self.person((values.get("Owner") or {}).get("id")),
            "Created_By": lambda row, _: self.person(row.created_by),
            "Modified_By": lambda row, _: self.person(row.modified_by),
            "Created_Time": lambda row, _: wire_time(row.created_ms),
            "Modified_Time": lambda row, _: wire_time(row.modified_ms),
            "Locked__s": lambda row, _: row.locked,
            "Record_Status__s": lambda row, _: "Trash" if row.deleted else "Available",
        }
        if name in system:
            return system[name]
        field = self.modules[module].fields[name]
        if field.type == "lookup":
            return lambda _, values: self._named(field.target, values.get(name))
        if field.type == "multi_module_lookup" and module == "Notes":
            return lambda _, values: self._parent(values.get(name))
        if field.type == "multi_module_lookup":
            return lambda _, values: self._named(values.get("$se_module"), values.get(name))
        if field.type == "tags":
            return lambda _, values: self.tags_shown(module, values.get(name) or ())
        return lambda _, values: values.get(name)

    def tags_shown(self, module: str, names: Iterable[str]) -> list[dict[str, Any]]:
        """Give tags as records show them."""
        return [{"name": name, "id": self.tag_id(module, name), "color_code": None} for name in names]

    def person(self, user_id: str | None) -> dict[str, str] | None:
        user = self.users.get(user_id or "")
        return user.contact if user else None

    def name_of(self, module: str, row: Row) -> str | None:
        """Give what a person knows the record by."""
        name: str | None = row.values.get(self.modules[module].name_field)
        return name

    def _named(self, module: str | None, value: Mapping[str, str] | None) -> dict[str, Any] | None:
        if not value:
            return None
        row = self.world.objects[module].rows.get(value["id"]) if module in self.modules else None
        # A reference to a deleted record is shown no more.
        if row is None or row.deleted:
            return None
        return {"name": self.name_of(str(module), row), "id": value["id"]}

    def _parent(self, value: Mapping[str, str] | None) -> dict[str, Any] | None:
        if not value:
            return None
        module = value.get("module", "")
        named = self._named(module, value)
        return {**named, "module": {"api_name": module, "id": module_id(module)}} if named else None

    def tag_id(self, module: str, name: str) -> str:
        """Give the id of a tag, making the tag when it is new."""
        key = (module, name)
        if key not in self.tags:
            self.tags[key] = wire_id(self.world.next_number())
        return self.tags[key]


def _system_shown(row: Row) -> dict[str, Any]:
    return {
        "$editable": not row.locked,
        "$approval_state": "approved",
        "$in_merge": False,
        "Record_Status__s": "Trash" if row.deleted else "Available",
        "Locked__s": row.locked,
    }


def module_id(name: str) -> str:
    """Give the fixed id of a module."""
    return wire_id(2_000 + sum(ord(char) * (at + 1) for at, char in enumerate(name)))


def field_id(module: str, at: int) -> str:
    """Give the fixed id of a field."""
    return str(int(module_id(module)) * 1000 + at)[-19:]


def _defaults(module: str, who: str) -> dict[str, Any]:
    """Give what a new record has when its maker does not say: himself as owner; a task not begun [assumed]."""
    first: dict[str, Any] = {} if module == "Notes" else {"Owner": {"id": who}}
    if module == "Tasks":
        first["Status"] = "Not Started"
    return first
