"""What the report commands say, in English and Chinese. One line a key; the catalogue takes them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REPORTING: Final[Mapping[str, tuple[str, str]]] = {
    "help.report": (
        "Reports as Markdown, HTML, PDF or CSV; every revision is kept",
        "生成报告（Markdown、HTML、PDF、CSV），各修订版均保留",
    ),
    "help.report.weekly": ("The weekly report of a project", "项目周报"),
    "help.report.digest": ("What is past its day, loudest first", "超期事项日报,最紧急的在前"),
    "help.report.certificate": ("The acceptance certificate with the sign-off log", "验收证书与签字记录"),
    "help.report.closure": ("The closure summary of a project", "项目收尾总结"),
    "help.report.ledger": ("The delay ledger: whose days, with evidence and hashes", "责任台账:每日归属、依据与链值"),
    "help.report.brief": ("One page on a client before a call", "通话前的一页客户简报"),
    "help.report.raid": ("Risks, assumptions, issues, dependencies, changes", "RAID 清单:风险、假设、问题、依赖与变更"),
    "help.report.list": ("The reports that were issued", "已出具的报告"),
    "help.report.show": (
        "An issued report as it was, in any format and language",
        "原样查看已出具的报告,格式与语言任选",
    ),
    "opt.edition": (
        "For the client (neutral, nothing internal) or for our own people",
        "给客户(中立、无内部信息)或内部使用",
    ),
    "opt.format": ("What to write; ledger and raid also have csv", "输出格式;ledger 与 raid 另有 csv"),
    "opt.report_file": ("Write to this file instead of the screen", "写入文件而非屏幕"),
    "opt.preview": ("Only look: no revision is kept", "仅预览,不保存修订版"),
    "opt.week": ("A week such as 2026-W24, looked at from its end", "指定周,如 2026-W24,以周末为截止时刻"),
    "column.report": ("report", "报告"),
    "column.edition": ("edition", "版本对象"),
    "column.period": ("period", "期间"),
    "column.revision": ("revision", "修订"),
    "column.digest": ("digest", "摘要"),
    "none.reports": ("No report was issued yet.", "尚未出具任何报告。"),
    "none.late": ("Nothing is past its day: there is no digest to send.", "没有超期事项,无需发送日报。"),
    "report.kept": ("{file}: revision {number} (report {id})", "{file}:修订 {number}(报告 {id})"),
    "report.same": (
        "{file}: nothing changed since revision {number} (report {id})",
        "{file}:与修订 {number} 相同(报告 {id})",
    ),
    "report.previewed": ("{file}: a preview, not kept", "{file}:预览,未保存"),
    "error.pdf_needs_file": ("a PDF goes to a file: add -o FILE", "PDF 需写入文件:请加 -o 文件"),
    "error.week_and_as_of": ("--week and --as-of both name the moment; use one", "--week 与 --as-of 只能使用其一"),
}
