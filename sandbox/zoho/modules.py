# ruff: noqa: E501 - a list of options reads better on one line
"""What the sandbox's Zoho organisation consists of: modules and their fields, as one table.

A line: ``Api_Name  type  [length]  [marks]  [->Module]  [= option | option]``; marks: ``*`` mandatory, ``ro``
read-only, ``unique``, ``key`` (the module's duplicate check field).

Source: names Zoho CRM v8 documentation and official SDK [seen]; types, lengths, mandatory marks and options are
the defaults of a new organisation [assumed]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

CUSTOM_PREFIX: Final = "Duban_"
SYSTEM_FIELDS: Final = """
id                  bigint      ro
Owner               ownerlookup
Created_By          ownerlookup ro
Modified_By         ownerlookup ro
Created_Time        datetime    ro
Modified_Time       datetime    ro
"""

_TEXT: Final[Mapping[str, str]] = {
    "Accounts": """
Account_Name        text 200 * key
Account_Number      text 100
Account_Site        text 80
Account_Type        picklist = Analyst | Competitor | Customer | Distributor | Integrator | Investor | Partner | Prospect | Supplier | Vendor
Industry            picklist = Government/Military | Large Enterprise | ManagementISV | Manufacturing | Service Provider | Small/Medium Enterprise | Technology
Parent_Account      lookup ->Accounts
Phone               phone 30
Fax                 phone 30
Website             website 450
Employees           integer 9
Annual_Revenue      currency 16
Billing_Street      text 250
Billing_City        text 100
Billing_State       text 100
Billing_Code        text 30
Billing_Country     text 100
Shipping_Country    text 100
Description         textarea 32000
Tag                 tags ro
Duban_Key           text 100 unique
""",
    "Contacts": """
Last_Name           text 80 *
First_Name          text 40
Full_Name           text 120 ro
Salutation          picklist = Mr. | Mrs. | Ms. | Dr. | Prof.
Email               email 100 key
Secondary_Email     email 100
Phone               phone 30
Mobile              phone 30
Home_Phone          phone 30
Other_Phone         phone 30
Fax                 phone 30
Account_Name        lookup ->Accounts
Reporting_To        lookup ->Contacts
Title               text 100
Department          text 100
Lead_Source         picklist = Advertisement | Cold Call | Employee Referral | External Referral | Web Research | Trade Show
Date_of_Birth       date
Mailing_Street      text 250
Mailing_City        text 100
Mailing_State       text 100
Mailing_Zip         text 30
Mailing_Country     text 100
Email_Opt_Out       boolean
Description         textarea 32000
Tag                 tags ro
Duban_Key           text 100 unique
Duban_Roles         multiselectpicklist = sponsor | decision_maker | approver | coordinator | key_user | it | finance | procurement | observer
""",
    "Deals": """
Deal_Name           text 120 *
Account_Name        lookup ->Accounts
Contact_Name        lookup ->Contacts
Stage               picklist * = Qualification | Needs Analysis | Value Proposition | Identify Decision Makers | Proposal/Price Quote | Negotiation/Review | Closed Won | Closed Lost | Closed Lost to Competition
Type                picklist = Existing Business | New Business
Amount              currency 16
Closing_Date        date
Probability         integer 3
Expected_Revenue    currency 16 ro
Next_Step           text 100
Lead_Source         picklist = Advertisement | Cold Call | Employee Referral | External Referral | Web Research | Trade Show
Description         textarea 32000
Tag                 tags ro
Duban_Key           text 100 unique
Duban_Code          text 50
Duban_Contract_No   text 100
Duban_Start         date
Duban_Lifecycle     picklist = draft | planned | active | on_hold | delivered | accepted | closed | cancelled
Duban_Health        picklist = unknown | green | yellow | red
""",
    "Tasks": """
Subject             text 255 *
Status              picklist = Not Started | Deferred | In Progress | Completed | Waiting for input
Priority            picklist = High | Highest | Low | Lowest | Normal
Due_Date            date
Closed_Time         datetime ro
Who_Id              lookup ->Contacts
What_Id             multi_module_lookup
Description         textarea 32000
Remind_At           event_reminder
Recurring_Activity  rrule
Send_Notification_Email boolean
Tag                 tags ro
Duban_Key           text 100 unique
Duban_Kind          picklist = action | milestone | sign_off | deliverable_review | meeting | risk | change_request | acceptance | survey | issue
Duban_Stage         text 50
Duban_Side          picklist = client | vendor | third_party
Duban_Start         date
Duban_Overdue_Since date
Duban_Severity      picklist = S1 | S2 | S3 | S4
""",
    "Cases": """
Subject             text 255 *
Status              picklist * = New | On Hold | Escalated | Closed
Case_Origin         picklist * = Email | Phone | Web | Twitter | Facebook
Priority            picklist = High | Medium | Low
Type                picklist = Problem | Feature Request | Question
Case_Reason         picklist = User did not attend any training | Complex functionality | Existing problem | Instructions not clear | New problem
Case_Number         autonumber ro
Email               email 100
Phone               phone 30
Reported_By         text 50
Related_To          lookup ->Contacts
Account_Name        lookup ->Accounts
Deal_Name           lookup ->Deals
Description         textarea 32000
Internal_Comments   textarea 32000
Solution            textarea 32000
Tag                 tags ro
Duban_Key           text 100 unique
Duban_Feedback_Kind picklist = csat | nps | ces | comment | complaint | praise | suggestion | lesson
Duban_Score         double 9
Duban_Scale         text 20
Duban_Wave          text 50
Duban_Submitted_At  datetime
""",
    "Events": """
Event_Title         text 255 *
Start_DateTime      datetime *
End_DateTime        datetime *
All_day             boolean
Venue               text 255
Who_Id              lookup ->Contacts
What_Id             multi_module_lookup
Description         textarea 32000
Tag                 tags ro
""",
    "Calls": """
Subject             text 255 *
Call_Type           picklist * = Outbound | Inbound | Missed
Call_Start_Time     datetime *
Call_Duration       text 20
Call_Purpose        picklist = Prospecting | Administrative | Negotiation | Demo | Project | Desk
Who_Id              lookup ->Contacts
What_Id             multi_module_lookup
Description         textarea 32000
Tag                 tags ro
""",
    "Notes": """
Note_Title          text 120
Note_Content        textarea 65535
Parent_Id           multi_module_lookup *
""",
}

MODULE_NAMES: Final = tuple(_TEXT)
SINGULAR: Final[Mapping[str, str]] = {
    "Accounts": "Account", "Contacts": "Contact", "Deals": "Deal", "Tasks": "Task", "Cases": "Case",
    "Events": "Event", "Calls": "Call", "Notes": "Note",
}  # fmt: skip
NAME_FIELDS: Final[Mapping[str, str]] = {
    "Accounts": "Account_Name", "Contacts": "Full_Name", "Deals": "Deal_Name", "Tasks": "Subject",
    "Cases": "Subject", "Events": "Event_Title", "Calls": "Subject", "Notes": "Note_Title",
}  # fmt: skip
"""The field that a lookup shows as ``name`` and the deleted list as ``display_name``."""

RELATED: Final[Mapping[tuple[str, str], str]] = {
    ("Accounts", "Contacts"): "Account_Name", ("Accounts", "Deals"): "Account_Name",
    ("Accounts", "Cases"): "Account_Name", ("Accounts", "Tasks"): "What_Id", ("Accounts", "Events"): "What_Id",
    ("Contacts", "Tasks"): "Who_Id", ("Contacts", "Events"): "Who_Id", ("Contacts", "Cases"): "Related_To",
    ("Contacts", "Deals"): "Contact_Name", ("Deals", "Tasks"): "What_Id", ("Deals", "Events"): "What_Id",
    ("Deals", "Cases"): "Deal_Name", ("Cases", "Tasks"): "What_Id",
    **{(module, "Notes"): "Parent_Id" for module in _TEXT if module != "Notes"},
}  # fmt: skip
"""(module, related list) -> the field of the listed module that points back."""

NUMBER_TYPES: Final = frozenset({"integer", "double", "currency", "percent"})
JSON_TYPES: Final[Mapping[str, str]] = {
    "boolean": "boolean", "integer": "integer", "currency": "double", "double": "double", "percent": "double",
    "lookup": "jsonobject", "ownerlookup": "jsonobject", "multi_module_lookup": "jsonobject",
    "multiselectpicklist": "jsonarray", "tags": "jsonarray", "event_reminder": "jsonobject", "rrule": "jsonobject",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as metadata describes it; ``options`` are the listed values of a picklist."""

    api_name: str
    type: str
    length: int
    mandatory: bool = False
    read_only: bool = False
    unique: bool = False
    duplicate_check: bool = False
    target: str | None = None
    options: tuple[str, ...] = ()

    @property
    def custom(self) -> bool:
        return self.api_name.startswith(CUSTOM_PREFIX)


@dataclass(frozen=True, slots=True)
class Module:
    """One module with its fields in order."""

    api_name: str
    fields: Mapping[str, Field]

    @property
    def name_field(self) -> str:
        return NAME_FIELDS[self.api_name]

    @property
    def unique_fields(self) -> list[str]:
        return [name for name, field in self.fields.items() if field.unique]

    @property
    def duplicate_fields(self) -> list[str]:
        """Give the fields an upsert matches by when it names none."""
        return [name for name, field in self.fields.items() if field.duplicate_check] + self.unique_fields


def organisation(plain: bool) -> dict[str, Module]:
    """Give all modules of an organisation.

    Args:
        plain: without the custom fields.
    """
    return {name: _module(name, plain) for name in MODULE_NAMES}


def _module(name: str, plain: bool) -> Module:
    lines = [line for line in (SYSTEM_FIELDS + _TEXT[name]).splitlines() if line.strip()]
    fields = [parse_field(line) for line in lines]
    return Module(name, {field.api_name: field for field in fields if not (plain and field.custom)})


def parse_field(line: str) -> Field:
    """Give the field one line of the table describes."""
    head, _, options = line.partition(" = ")
    api_name, type_, *marks = head.split()
    length = next((int(mark) for mark in marks if mark.isdigit()), 255)
    target = next((mark[2:] for mark in marks if mark.startswith("->")), None)
    return Field(
        api_name=api_name,
        type=type_,
        length=length,
        mandatory="*" in marks,
        read_only="ro" in marks,
        unique="unique" in marks,
        duplicate_check="key" in marks,
        target=target,
        options=tuple(option.strip() for option in options.split("|") if option.strip()),
    )


_KINDS: Final[Mapping[str, tuple[str, int]]] = {
    "text": ("text", 255), "long_text": ("textarea", 32_000), "email": ("email", 100), "phone": ("phone", 30),
    "url": ("website", 450), "key": ("text", 100), "date": ("date", 20), "instant": ("datetime", 30),
    "number": ("double", 16), "money": ("currency", 16), "bool": ("boolean", 5), "option": ("picklist", 120),
    "options": ("multiselectpicklist", 255), "ref": ("lookup", 20), "user": ("ownerlookup", 20),
    "parent": ("multi_module_lookup", 20),
}  # fmt: skip
"""What a field is to carry -> the data type and length an admin would choose."""


def custom_field(name: str, kind: str, options: Sequence[str] = (), target: str = "") -> Field:
    """Give a field that an admin made for values of that kind.

    Raises:
        ValueError: nobody knows that kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(sorted(_KINDS))}")
    type_, length = _KINDS[kind]
    return Field(
        api_name=name, type=type_, length=length, unique=kind == "key", target=target or None, options=tuple(options)
    )
