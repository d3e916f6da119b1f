"""The shipped maps, field by field. A change here is a change of what every tenant's admin has set up."""

import tomllib
from pathlib import Path

import pytest

from mapping.loading import load_maps
from mapping.records import FIELDS, hub_field
from mapping.status import write_options

ROOT = Path(__file__).parents[3]
KINDS = ("zoho", "fxiaoke")


def shipped(kind):
    raw = tomllib.loads((ROOT / "connectors" / kind / "defaults.toml").read_text("utf-8"))
    return load_maps(raw, {}, kind)


def remotes(map):
    out = {}
    for one in map.fields:
        out.setdefault(one.field, []).append("+".join(one.remote))
    return {name: homes if len(homes) > 1 else homes[0] for name, homes in out.items()}


ZOHO = {
    "account": ("Accounts", {
        "key": "Duban_Key", "name": "Account_Name", "phone": "Phone", "website": "Website",
        "description": "Description", "country": "Billing_Country", "owner": "Owner",
    }),
    "contact": ("Contacts", {
        "key": "Duban_Key", "name": "Last_Name+First_Name", "title": "Title", "email": "Email", "mobile": "Mobile",
        "phone": "Phone", "description": "Description", "account": "Account_Name", "opt_out": "Email_Opt_Out",
        "roles": "Duban_Roles",
    }),
    "project": ("Deals", {
        "key": "Duban_Key", "code": "Duban_Code", "name": "Deal_Name", "contract_no": "Duban_Contract_No",
        "description": "Description", "account": "Account_Name", "pm": "Owner", "start": "Duban_Start",
        "baseline_end": "Closing_Date", "budget": "Amount", "lifecycle": "Duban_Lifecycle",
        "declared_health": "Duban_Health",
    }),
    "task": ("Tasks", {
        "key": "Duban_Key", "title": "Subject", "description": "Description", "status": "Status",
        "priority": "Priority", "due": "Due_Date", "kind": "Duban_Kind", "stage": "Duban_Stage",
        "owner_side": "Duban_Side", "start": "Duban_Start", "project": "What_Id+$se_module", "contact": "Who_Id",
        "owner": "Owner", "done_at": "Closed_Time", "overdue_since": ["Duban_Overdue_Since", "Tag"],
        "severity": "Duban_Severity",
    }),
    "feedback": ("Cases", {
        "key": "Duban_Key", "subject": "Subject", "body": "Description", "status": "Status", "severity": "Priority",
        "kind": "Duban_Feedback_Kind", "score": "Duban_Score", "scale": "Duban_Scale", "wave": "Duban_Wave",
        "submitted_at": ["Duban_Submitted_At", "Created_Time"], "contact": "Related_To", "account": "Account_Name",
        "project": "Deal_Name",
    }),
    "comment": ("Notes", {
        "title": "Note_Title", "body": "Note_Content", "parent": "Parent_Id", "author": "Created_By",
        "occurred_at": "Created_Time",
    }),
}  # fmt: skip

FXIAOKE = {
    "account": ("AccountObj", {
        "key": "duban_key__c", "name": "name", "phone": "tel", "website": "website", "description": "remark",
        "owner": "owner",
    }),
    "contact": ("ContactObj", {
        "key": "duban_key__c", "name": "name", "title": "job_title", "email": "email", "mobile": "mobile",
        "phone": "tel", "description": "remark", "account": "account_id", "opt_out": "email_opt_out__c",
        "roles": "roles__c",
    }),
    "project": ("duban_project__c", {
        "key": "duban_key__c", "code": "code__c", "name": "name", "contract_no": "contract_no__c",
        "description": "body__c", "account": "account__c", "pm": "owner", "start": "start__c",
        "baseline_end": "due__c", "budget": "budget__c", "lifecycle": "status__c", "declared_health": "health__c",
    }),
    "task": ("duban_task__c", {
        "key": "duban_key__c", "title": "name", "description": "body__c", "status": "status__c",
        "priority": "priority__c", "due": "due__c", "kind": "kind__c", "stage": "stage__c", "owner_side": "side__c",
        "start": "start__c", "project": "project__c", "contact": "contact__c", "owner": "owner",
        "done_at": "done_at__c", "overdue_since": "overdue_since__c", "severity": "severity__c",
    }),
    "feedback": ("duban_feedback__c", {
        "key": "duban_key__c", "subject": "name", "body": "body__c", "status": "status__c", "severity": "severity__c",
        "kind": "kind__c", "score": "score__c", "scale": "scale__c", "wave": "wave__c",
        "submitted_at": "submitted_at__c", "contact": "contact__c", "account": "account__c", "project": "project__c",
    }),
    "comment": ("duban_comment__c", {
        "title": "name", "body": "body__c", "parent": "parent_id__c+parent_kind__c", "author": "created_by",
        "occurred_at": "create_time",
    }),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "expected"), [("zoho", ZOHO), ("fxiaoke", FXIAOKE)])
def test_every_field_has_the_home_that_the_decisions_name(kind, expected):
    found = {entity: (map.object, remotes(map)) for entity, map in shipped(kind).items()}
    assert found == expected


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_both_ways_but_for_the_named_ones(kind):
    special = {
        (entity, one.field, "+".join(one.remote)): one.direction
        for entity, map in shipped(kind).items()
        for one in map.fields
        if one.direction != "both"
    }
    lifecycle, health, since, severity, author, at = {
        "zoho": (
            "Duban_Lifecycle",
            "Duban_Health",
            "Duban_Overdue_Since",
            "Duban_Severity",
            "Created_By",
            "Created_Time",
        ),
        "fxiaoke": ("status__c", "health__c", "overdue_since__c", "severity__c", "created_by", "create_time"),
    }[kind]
    expected = {
        ("project", "lifecycle", lifecycle): "claim",
        ("project", "declared_health", health): "claim",
        ("task", "overdue_since", since): "to_remote",
        ("task", "severity", severity): "to_remote",
        ("comment", "author", author): "fill_blank",
        ("comment", "occurred_at", at): "fill_blank",
    }
    if kind == "zoho":
        expected |= {
            ("task", "done_at", "Closed_Time"): "to_hub",
            ("task", "overdue_since", "Tag"): "to_remote",
            ("feedback", "submitted_at", "Created_Time"): "fill_blank",
        }
    assert special == expected


@pytest.mark.parametrize(("kind", "mark"), [("zoho", "Duban_"), ("fxiaoke", "__c")])
def test_custom_fields_and_objects_are_optional(kind, mark):
    for map in shipped(kind).values():
        assert map.optional == (mark in map.object)
        for one in map.fields:
            if any(mark in name for name in one.remote):
                assert one.optional, (map.entity, one.field)


def test_mandatory_fields_that_duban_has_no_value_for_are_written_on_create():
    zoho = shipped("zoho")
    assert zoho["feedback"].constants == {"Case_Origin": "Web"}
    assert zoho["project"].constants == {"Stage": "Qualification"}
    assert all(not map.constants for map in shipped("fxiaoke").values())


def test_standard_picklists_stand_for_classes():
    zoho = shipped("zoho")
    options = {(entity, one.field): one.options for entity, map in zoho.items() for one in map.fields}
    assert options["task", "status"] == {
        "Not Started": ("not_started",),
        "In Progress": ("in_progress", "submitted", "waiting_vendor"),
        "Waiting for input": ("waiting_client", "waiting_third_party"),
        "Deferred": ("on_hold", "cancelled"),
        "Completed": ("done",),
    }
    written = write_options(options["task", "priority"])
    assert written == {"low": "Low", "normal": "Normal", "high": "High", "critical": "Highest"}
    assert options["task", "priority"]["Lowest"] == ("low",)
    assert options["feedback", "status"] == {
        "New": ("new", "acknowledged", "reopened"),
        "On Hold": ("acting",),
        "Escalated": ("acting",),
        "Closed": ("resolved", "closed"),
    }
    written = write_options(options["feedback", "severity"])
    assert written == {"low": "Low", "normal": "Medium", "high": "High", "critical": "High"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_of_a_mapped_option_field_can_be_written(kind):
    for entity, map in shipped(kind).items():
        for one in map.fields:
            codes = hub_field(entity, one.field).codes
            if one.options and codes:
                assert set(write_options(one.options)) == set(codes), (entity, one.field)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_internal_stays_local(kind):
    for entity, map in shipped(kind).items():
        assert {one.field for one in map.fields} <= set(FIELDS[entity])
    assert "internal" not in {one.field for one in shipped(kind)["comment"].fields}
