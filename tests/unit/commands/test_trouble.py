"""What a person reads when something went wrong: one line each, in their language, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.app import App
from commands.main import main
from commands.printing import show_report
from mapping.errors import NeedsOperator, PageMalformed
from sync.report import ConnectionReport, RunReport


def _report(*errors: PageMalformed, stopped: NeedsOperator | None = None) -> RunReport:
    report = RunReport(run_id="r", kind="sync", started_ms=0)
    for error in errors:
        report.note(error)
    if stopped is not None:
        report.connections["zoho"] = ConnectionReport(name="zoho", mode="live", error=str(stopped), error_exit=3)
    return report


def _cut(object: str) -> PageMalformed:
    return PageMalformed("cut short", zh="不完整", connection="zoho", record=object)


def test_the_same_trouble_is_one_line_with_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    app = App(language="zh")
    show_report(app, _report(_cut("Tasks"), _cut("Tasks"), _cut("Contacts")))
    said = capsys.readouterr().err.splitlines()
    assert said == ["! zoho Tasks: 不完整(2 次)", "! zoho Contacts: 不完整"]


def test_a_connection_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(App(language="en"), _report(stopped=NeedsOperator("boom", connection="zoho")))
    assert capsys.readouterr().err.splitlines() == ["! zoho: boom"]
    show_report(App(language="en"), _report(stopped=NeedsOperator("boom")))
    assert capsys.readouterr().err.splitlines() == ["! zoho: boom"]


def test_every_outcome_of_a_write_has_words_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    report = _report()
    for name in ("transient", "busy", "gone", "duplicate", "recovered"):
        report.tally(name)
    show_report(App(language="zh"), report)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "1 未写入,稍后重试, 1 对方已锁定, 1 对方已无此记录, 1 对方已有, 1 补查确认"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sync --wait soon", "--wait:应为带单位的时间,如 30s、5m,实际为 soon"),
        ("sync --allow foo=3", "应为 名称=数字,实际为 foo=3;名称可为 changes, clears, deletes, listing"),
        ("conflicts resolve x --take zoho", "id:应为整数,实际为 'x'"),
        ("drill --rounds 0", "--rounds:应为整数 (1<=x<=100000),实际为 0"),
        ("links import nowhere.csv", "file:文件不存在:nowhere.csv"),
        ("journal show", "请指定 --run 运行 或 --record 记录"),
        ("add task title", "应为 字段=值,实际为 title"),
    ],
)
def test_wrong_usage_is_told_in_the_language_of_the_configuration(
    typed: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DUBAN_LANG", "DUBAN_CONFIG", "LC_ALL", "LANG", "LANGUAGE", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    Path("duban.toml").write_text('[service]\nlanguage = "zh"\n')
    with pytest.raises(SystemExit) as ended:
        main(typed.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[0] == f"duban:{said}"
