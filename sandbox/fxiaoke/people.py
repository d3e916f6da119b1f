"""The tenant's employees and departments, and how their ids look to each kind of caller."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.fxiaoke.cells import SYSTEM_USER
from sandbox.fxiaoke.codes import Refusal

Wire = dict[str, Any]

COMPANY: Final = 999999
"""Department that is the whole company. Source: FxiaoKe directory documentation [seen]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One person of the tenant.

    Args:
        user_id: id inside the CRM, such as "1000".
        open_user_id: the same person towards apps, "FSUID_" and 32 hex digits.
    """

    user_id: str
    open_user_id: str
    name: str
    mobile: str
    email: str
    department: int = 1000
    position: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Department:
    id: int
    name: str
    parent: int


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking.

    Args:
        user_id: the acting employee's id inside the CRM.
        open_ids: employees are shown and named by open id, not by CRM id.
    """

    user_id: str
    open_ids: bool = False


def open_id(seed: str) -> str:
    """Give the open id of a person, always the same for the same *seed*."""
    return "FSUID_" + hashlib.sha256(seed.encode()).hexdigest().upper()[:32]


class People:
    """The directory."""

    def __init__(self, employees: Iterable[Employee], departments: Iterable[Department]) -> None:
        self.employees = tuple(employees)
        self.departments = tuple(departments)
        self._by_id = {person.user_id: person for person in self.employees}
        self._by_open_id = {person.open_user_id: person for person in self.employees}

    def by_id(self, user_id: str) -> Employee | None:
        return self._by_id.get(user_id)

    def by_open_id(self, open_user_id: str) -> Employee | None:
        return self._by_open_id.get(open_user_id)

    def by_mobile(self, mobile: str) -> Employee | None:
        """Give the employee with that mobile number, a leading +86 aside."""
        wanted = mobile.removeprefix("+86").strip()
        return next((person for person in self.employees if person.mobile.removeprefix("+86") == wanted), None)

    def shown(self, user_id: str, viewer: Viewer) -> str:
        """Give an employee's id as that viewer sees it."""
        person = self._by_id.get(user_id)
        return person.open_user_id if person is not None and viewer.open_ids else user_id

    def meant(self, given: str, viewer: Viewer) -> str | None:
        """Give the CRM id that a viewer's id stands for; None when it stands for nobody."""
        if given == SYSTEM_USER:
            return given
        person = self._by_open_id.get(given) if viewer.open_ids else self._by_id.get(given)
        return person.user_id if person is not None else None

    def must_mean(self, given: str, viewer: Viewer) -> str:
        """Give the CRM id that a viewer's id stands for.

        Raises:
            Refusal: it stands for nobody (or belongs to the other generation of ids).
        """
        user_id = self.meant(given, viewer)
        if user_id is None:
            reason = "actor_unknown" if viewer.open_ids else "employee_unknown"
            raise Refusal(reason, f"employee [{given}] is not found", "员工不存在")
        return user_id

    def department(self, id: int) -> Department:
        """Give a department.

        Raises:
            Refusal: there is none with that id.
        """
        for department in self.departments:
            if department.id == id:
                return department
        raise Refusal("department_unknown", f"department [{id}] is not found", "部门不存在")

    def members(self, id: int, with_children: bool) -> list[Employee]:
        """Give the employees of a department, of those below it too when asked."""
        wanted = {self.department(id).id}
        if with_children:
            for department in self.departments:
                if department.parent in wanted:
                    wanted.add(department.id)
        return [person for person in self.employees if person.department in wanted]
