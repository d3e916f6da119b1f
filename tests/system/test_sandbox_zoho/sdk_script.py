"""Drives Zoho's official Python SDK, unchanged, against an address; prints what it saw as one JSON object.

Run in a process of its own: the SDK keeps global state and writes files into the working directory.
Usage: sdk_script.py READY_JSON NOTIFY_URL
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap, coql, fields, notes, notifications
from zohocrmsdk.src.com.zoho.crm.api import modules as sdk_modules
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.record import (
    ActionWrapper,
    BodyWrapper,
    DeletedRecordsWrapper,
    DeleteRecordsParam,
    Field,
    GetDeletedRecordsParam,
    GetRecordsParam,
    Record,
    RecordOperations,
    ResponseWrapper,
)
from zohocrmsdk.src.com.zoho.crm.api.util import Choice

READY = json.loads(sys.argv[1])
NOTIFY_URL = sys.argv[2]


def main() -> None:
    """Do every step and print the findings."""
    environment = DataCenter.Environment(READY["api"], f"{READY['accounts']}/oauth/v2/token", READY["api"])
    token = OAuthToken(
        client_id=READY["client_id"], client_secret=READY["client_secret"], refresh_token=READY["refresh_token"]
    )
    Initializer.initialize(environment, token, store=FileStore("tokens.txt"), resource_path=str(Path.cwd()))
    tasks = RecordOperations("Tasks")
    seen: dict[str, Any] = {"token": bool(token.get_access_token()), "api_domain": token.get_api_domain()}
    seen["pages"] = all_pages(tasks)
    seen["created"], ids = written(tasks.create_records(body(task("SDK one"), task("SDK two"))))
    seen["updated"], _ = written(tasks.update_records(body(changed(ids[0], "SDK one, renamed"))))
    seen["read"] = read_one(tasks, ids[0])
    contacts = RecordOperations("Contacts")
    seen["upserted"] = [upserted(contacts, "Wang"), upserted(contacts, "Wang Li")]
    seen["deleted"] = deleted(tasks, ids[1])
    seen["deleted_list"] = deleted_list(tasks)
    seen["coql"] = queried("select Subject, Status from Tasks where Subject like 'SDK%' order by id asc limit 10")
    seen["bad_coql"] = queried("select Subject of Tasks")
    seen["fields"] = described("Tasks")
    seen["modules"] = module_names()
    seen["note"] = noted(ids[0])
    seen["watch"] = watched()
    written(tasks.update_records(body(changed(ids[0], "SDK one, watched"))))
    seen["ids"] = ids
    print(json.dumps(seen, ensure_ascii=False, default=lambda one: one.get_value()))  # options come as Choice


def all_pages(operations: RecordOperations) -> dict[str, int]:
    """Walk the whole module by page token, ten a page."""
    pages, records, token = 0, 0, None
    while True:
        params = ParameterMap()
        params.add(GetRecordsParam.fields, "Subject,Status,Due_Date,Who_Id,What_Id,Owner,Modified_Time")
        params.add(GetRecordsParam.per_page, 10)
        if token:
            params.add(GetRecordsParam.page_token, token)
        answer = operations.get_records(params, HeaderMap()).get_object()
        assert isinstance(answer, ResponseWrapper), answer
        pages, records = pages + 1, records + len(answer.get_data())
        token = answer.get_info().get_next_page_token()
        if not answer.get_info().get_more_records():
            return {"pages": pages, "records": records}


def task(subject: str) -> Record:
    record = Record()
    record.add_field_value(Field.Tasks.subject(), subject)
    record.add_field_value(Field.Tasks.due_date(), date(2026, 12, 31))
    record.add_field_value(Field.Tasks.status(), Choice("In Progress"))
    record.add_key_value("Duban_Kind", Choice("action"))
    return record


def changed(record_id: str, subject: str) -> Record:
    record = Record()
    record.set_id(int(record_id))
    record.add_field_value(Field.Tasks.subject(), subject)
    return record


def body(*records: Record) -> BodyWrapper:
    request = BodyWrapper()
    request.set_data(list(records))
    request.set_trigger([])
    return request


def written(response: Any) -> tuple[list[list[str]], list[str]]:
    """Give each row's status and message, and its id."""
    answer = response.get_object()
    assert isinstance(answer, ActionWrapper), answer
    rows = answer.get_data()
    shown = [[row.get_status().get_value(), row.get_code().get_value(), row.get_message()] for row in rows]
    return shown, [str(row.get_details()["id"]) for row in rows]


def read_one(operations: RecordOperations, record_id: str) -> dict[str, Any]:
    answer = operations.get_record(int(record_id), ParameterMap(), HeaderMap()).get_object()
    record = answer.get_data()[0]
    return {
        "Subject": record.get_key_value("Subject"),
        "Due_Date": record.get_key_value("Due_Date").isoformat(),
        "Status": record.get_key_value("Status").get_value(),
        "Modified_Time": record.get_modified_time().isoformat(),
        "Modified_By": record.get_modified_by().get_name(),
    }


def upserted(operations: RecordOperations, name: str) -> list[list[str]]:
    record = Record()
    record.add_field_value(Field.Contacts.last_name(), name)
    record.add_field_value(Field.Contacts.email(), "sdk@client.example")
    request = body(record)
    request.set_duplicate_check_fields(["Email"])
    rows, _ = written(operations.upsert_records(request))
    return rows


def deleted(operations: RecordOperations, record_id: str) -> list[list[str]]:
    params = ParameterMap()
    params.add(DeleteRecordsParam.ids, record_id)
    rows, _ = written(operations.delete_records(params, HeaderMap()))
    return rows


def deleted_list(operations: RecordOperations) -> list[list[str]]:
    params = ParameterMap()
    params.add(GetDeletedRecordsParam.type, "all")
    answer = operations.get_deleted_records(params, HeaderMap()).get_object()
    assert isinstance(answer, DeletedRecordsWrapper), answer
    return [[str(row.get_id()), row.get_display_name(), row.get_type()] for row in answer.get_data()]


def queried(text: str) -> Any:
    request = coql.BodyWrapper()
    request.set_select_query(text)
    answer = coql.CoqlOperations().get_records(request).get_object()
    if isinstance(answer, coql.APIException):
        return answer.get_code().get_value()
    return [record.get_key_value("Subject") for record in answer.get_data()]


def described(module: str) -> dict[str, Any]:
    params = ParameterMap()
    params.add(fields.GetFieldsParam.module, module)
    answer = fields.FieldsOperations().get_fields(params).get_object()
    return {one.get_api_name(): [one.get_data_type(), one.get_length()] for one in answer.get_fields()}


def module_names() -> list[str]:
    answer = sdk_modules.ModulesOperations().get_modules(ParameterMap(), HeaderMap()).get_object()
    return [one.get_api_name() for one in answer.get_modules()]


def noted(task_id: str) -> list[str]:
    note, parent, module = notes.Note(), notes.ParentId(), sdk_modules.MinifiedModule()
    module.set_api_name("Tasks")
    parent.set_id(int(task_id))
    parent.set_module(module)
    note.set_note_title("SDK")
    note.set_note_content("written by the official SDK")
    note.set_parent_id(parent)
    request = notes.BodyWrapper()
    request.set_data([note])
    answer = notes.NotesOperations().create_notes(request).get_object()
    assert isinstance(answer, notes.ActionWrapper), answer
    params = ParameterMap()
    params.add(notes.GetNotesParam.fields, "Note_Title,Note_Content,Parent_Id")
    listed = notes.NotesOperations().get_notes(params, HeaderMap()).get_object()
    return [one.get_note_content() for one in listed.get_data()]


def watched() -> list[str]:
    channel = notifications.Notification()
    channel.set_channel_id("1006800211")
    channel.set_events(["Tasks.all"])
    channel.set_token("sdk-token")
    channel.set_notify_url(NOTIFY_URL)
    request = notifications.BodyWrapper()
    request.set_watch([channel])
    answer = notifications.NotificationsOperations().enable_notifications(request).get_object()
    return [row.get_status().get_value() for row in answer.get_watch()]


if __name__ == "__main__":
    main()
