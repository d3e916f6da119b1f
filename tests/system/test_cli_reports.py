"""``duban report``: made from a store that people and the command line filled, kept in revisions, printed again."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commands.main import main
from config.keys import ensure_key
from mapping.records import EntityKind
from reports.issuing import period_of
from service import Service

SECRET = "内部评论：此客户很难缠"
CONFIG = '[service]\nlanguage = "zh"\n[connections.a]\nkind = "memory"\n'
MOMENT = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=1)
"""A little after everything was typed in; days hang on it, for what was typed later than a look does not count."""
AS_OF = MOMENT.isoformat(timespec="minutes")
WEEK = period_of("weekly", MOMENT.date())
SOON = (MOMENT + timedelta(days=3)).date().isoformat()
LONG_AGO = (MOMENT - timedelta(days=20)).date().isoformat()


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Duban = Callable[..., Answer]


@pytest.fixture
def duban(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Duban:
    for name in list(os.environ):
        if name.startswith("DUBAN_"):
            monkeypatch.delenv(name)
    (tmp_path / "duban.toml").write_text(CONFIG, encoding="utf-8")
    ensure_key({}, tmp_path, os.urandom)
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "duban.toml")

    def run(*words: str) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*words, "--no-color"])
        told = capsys.readouterr()
        return Answer(int(ended.value.code or 0), told.out, told.err)

    return run


def fill(config: Path) -> None:
    with Service.open(config) as service:

        def add(entity: EntityKind, **values: str) -> str:
            return service.desk.add(entity, values)

        account = add("account", name="华星集团")
        wang = add("contact", name="王总", account=account, roles="approver")
        project = add("project", name="ERP 二期", code="P-1", account=account, contract_no="HX-7")
        other = {"project": project, "contact": wang}
        add("task", title="UAT", kind="milestone", due=LONG_AGO, project=project)
        add(
            "task",
            title="需求规格书签字",
            kind="sign_off",
            status="waiting_client",
            stage="issued",
            due=LONG_AGO,
            doc_version="v1",
            blocks="UAT",
            **other,
        )
        add(
            "task",
            title="修复导入缺陷",
            kind="issue",
            owner_side="vendor",
            status="in_progress",
            due=LONG_AGO,
            project=project,
        )
        add(
            "task",
            title="内部：准备材料",
            owner_side="vendor",
            status="in_progress",
            due=LONG_AGO,
            internal="true",
            project=project,
        )
        task = add(
            "task",
            title="一期验收",
            kind="acceptance",
            status="waiting_client",
            stage="requested",
            criteria="并发 100\n差异为 0",
            **other,
        )
        add(
            "task",
            title="数据迁移窗口不足",
            kind="risk",
            stage="treating",
            probability="4",
            impact="4",
            project=project,
        )
        add("task", title="提供账号", owner_side="client", due=SOON, project=project)
        done = add("task", title="提供数据", owner_side="client", due=LONG_AGO, project=project)
        service.desk.set("task", done, {"status": "done", "done_at": LONG_AGO + "T10:00"})
        add("comment", title="", body=SECRET, parent=f"task:{task}", internal="true")


def issue(duban: Duban, *words: str) -> Answer:
    answer = duban("report", *words, "--as-of", AS_OF)
    assert answer.code == 0, answer.err
    return answer


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_clients_edition_tells_both_sides_and_nothing_internal(duban: Duban, language: str) -> None:
    text = issue(duban, "weekly", "ERP 二期", "--lang", language).out
    assert "需求规格书签字" in text
    assert "修复导入缺陷" in text
    assert SECRET not in text
    assert "内部：准备材料" not in text
    assert {"zh": "共 3 项，至今到期 2 项，完成 1 项", "en": "of 3, 2 due by now, 1 done"}[language] in text
    internal = issue(duban, "weekly", "ERP 二期", "--lang", language, "--edition", "internal").out
    assert "内部：准备材料" in internal


def test_the_same_week_twice_is_one_revision_and_a_change_is_the_next(duban: Duban, tmp_path: Path) -> None:
    for name in ("one", "two"):
        for format in ("md", "html", "pdf"):
            issue(duban, "weekly", "ERP 二期", "--format", format, "-o", f"{name}.{format}")
    for format in ("md", "html", "pdf"):
        assert (tmp_path / f"one.{format}").read_bytes() == (tmp_path / f"two.{format}").read_bytes()
    assert duban("set", "task", "修复导入缺陷", f"due={MOMENT.date() + timedelta(days=9)}").code == 0
    changed = issue(duban, "weekly", "ERP 二期", "--json").json["issued"]
    assert (changed["revision"], changed["new"]) == (2, True)
    listed = duban("report", "list", "ERP 二期", "--json").json["reports"]
    assert [(one["report"], one["revision"], one["name"]) for one in listed] == [
        ("weekly", 1, "ERP 二期"),
        ("weekly", 2, "ERP 二期"),
    ]
    first = str(listed[0]["id"])
    for format in ("md", "html", "pdf"):
        assert duban("report", "show", first, "--format", format, "-o", f"again.{format}").code == 0
        assert (tmp_path / f"again.{format}").read_bytes() == (tmp_path / f"one.{format}").read_bytes()
    assert "Weekly report" in duban("report", "show", first, "--lang", "en").out
    told = [
        one
        for one in duban("journal", "show", "--record", "ERP 二期", "--json").json["journal"]
        if one["kind"] == "report"
    ]
    assert [one["changes"]["report"][1] for one in told] == [f"weekly {WEEK} client r1", f"weekly {WEEK} client r2"]


def test_a_preview_keeps_nothing(duban: Duban) -> None:
    assert "项目周报" in issue(duban, "weekly", "ERP 二期", "--preview").out
    assert duban("report", "list", "--json").json["reports"] == []


def test_a_week_is_looked_at_from_its_end_or_from_now(duban: Duban) -> None:
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    answer = duban("report", "weekly", "ERP 二期", "--week", period_of("weekly", now.date()), "--json").json
    assert answer["issued"]["period"] == period_of("weekly", now.date())
    early = duban("report", "weekly", "ERP 二期", "--week", "2020-W24")
    assert (early.code, len(early.err.splitlines())) == (2, 1)
    assert "该时刻尚无此项目" in early.err


@pytest.mark.parametrize(
    ("kind", "ref", "words"),
    [
        ("digest", "", "督办日报"),
        ("digest", "华星集团", "华星集团"),
        ("certificate", "ERP 二期", "并发 100"),
        ("closure", "ERP 二期", "关闭条件"),
        ("ledger", "ERP 二期", "责任台账"),
        ("brief", "华星集团", "客户简报"),
        ("raid", "ERP 二期", "数据迁移窗口不足"),
    ],
)
def test_every_report_can_be_made_in_every_format(
    duban: Duban, tmp_path: Path, kind: str, ref: str, words: str
) -> None:
    given = [kind, *([ref] if ref else [])]
    assert words in issue(duban, *given).out
    issue(duban, *given, "--format", "html", "-o", "r.html")
    issue(duban, *given, "--format", "pdf", "-o", "r.pdf", "--lang", "en")
    assert words in (tmp_path / "r.html").read_text("utf-8")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")
    issue(duban, *given, "-o", "named.HTML")
    issue(duban, *given, "-o", "named.pdf")
    assert (tmp_path / "named.HTML").read_text("utf-8").startswith("<!")
    assert (tmp_path / "named.pdf").read_bytes().startswith(b"%PDF-")


def test_ledger_and_raid_are_spreadsheets_too(duban: Duban) -> None:
    assert duban("set", "task", "数据迁移窗口不足", "title==HYPERLINK(1)").code == 0
    text = issue(duban, "raid", "ERP 二期", "--format", "csv").out
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert rows[0][0] == "类别"
    assert any(row[2] == "'=HYPERLINK(1)" for row in rows)
    assert issue(duban, "ledger", "ERP 二期", "--format", "csv").out.startswith("\ufeff时间(UTC)")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("weekly", "nobody"), "nobody"),
        (("weekly", "ERP 二期", "--format", "csv"), "CSV"),
        (("weekly", "ERP 二期", "--format", "pdf"), "-o"),
        (("weekly", "ERP 二期", "-o", "weekly.docx"), ".docx"),
        (("weekly", "ERP 二期", "--week", "2026-60"), "2026-60"),
        (("weekly", "ERP 二期", "--week", "2026-W24", "--as-of", AS_OF), "--week"),
        (("weekly", "ERP 二期", "--edition", "board"), "board"),
        (("brief", "华星集团", "--edition", "client"), "internal"),
        (("show", "99"), "99"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_cannot_be_done_is_said_in_one_line_and_nothing_is_kept(
    duban: Duban, words: tuple[str, ...], said: str, language: str
) -> None:
    answer = duban("report", *words, "--lang", language)
    assert answer.code == 2
    assert said in answer.err.splitlines()[0]
    assert answer.out == ""
    assert duban("report", "list", "--json").json["reports"] == []


def test_an_empty_digest_is_not_made(duban: Duban) -> None:
    answer = duban("report", "digest", "--as-of", "2020-05-01T09:00", "--json").json
    assert (answer["empty"], answer["issued"]) == (True, None)
