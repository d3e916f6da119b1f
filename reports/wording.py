"""The words of reports and of the status page in Chinese and English, by code; an unknown code shows itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from reports.notice_words import NOTICE_WORDS
from reports.phrases import PHRASES
from reports.rule_words import RULE_WORDS
from supervise.report import ProjectItem, TaskItem

Language = Literal["zh", "en"]
_ONE: Final = re.compile(r"(?<![\d.,])1 ((?:working |key )?)(day|contact|answer|item|notice|change|difference)s\b")

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    # heads and columns
    "title.board": ("督办看板", "Supervision board"),
    "as_of": ("截至", "as of"),
    "overdue": ("逾期的客户待办", "Overdue client actions"),
    "ours": ("我方及第三方逾期", "Ours and third parties', overdue"),
    "due_soon": ("即将到期", "Due soon"),
    "client_open": ("需贵方支持", "Needs from the client"),
    "disagreements": ("状态不一致的项目", "Projects whose statuses disagree"),
    "runs": ("最近一轮", "Last round"),
    "connections": ("连接", "Connections"),
    "attention": ("待人工处理", "Waits for a person"),
    "task": ("事项", "Item"),
    "project": ("项目", "Project"),
    "no_project": ("未关联项目", "Without a project"),
    "account": ("客户", "Client"),
    "contact": ("联系人", "Contact"),
    "owner": ("我方负责人", "Our owner"),
    "due": ("到期日", "Due"),
    "days": ("逾期工作日", "Working days late"),
    "severity": ("级别", "Level"),
    "ball": ("责任方", "Ball with"),
    "lifecycle": ("阶段", "Lifecycle"),
    "health": ("申报健康度", "Declared health"),
    "claims": ("各方说法", "Claims"),
    "reason": ("原因", "Reason"),
    "result": ("结果", "Result"),
    "count": ("数量", "Count"),
    "time": ("时间", "Time"),
    "connection": ("连接", "Connection"),
    "source": ("来源", "Source"),
    "next_step": ("建议", "Next step"),
    "none": ("无", "none"),
    "more": ("另有 {count} 项", "{count} more"),
    "provisional": ("日期按周末规则推算，官方放假安排尚未公布", "reckoned by the weekend rule; no official list yet"),
    "knobs": ("与默认不同的设置", "Settings that differ from the defaults"),
    "never": ("尚未运行", "not run yet"),
    "ok": ("正常", "ok"),
    # ball holders
    "ball.client": ("客户", "client"),
    "ball.vendor": ("我方", "us"),
    "ball.third_party": ("第三方", "third party"),
    "ball.none": ("无", "nobody"),
    # lifecycle
    "lifecycle.draft": ("草稿", "draft"),
    "lifecycle.planned": ("已立项", "planned"),
    "lifecycle.active": ("进行中", "active"),
    "lifecycle.on_hold": ("暂停", "on hold"),
    "lifecycle.delivered": ("已交付待验收", "delivered"),
    "lifecycle.accepted": ("已验收", "accepted"),
    "lifecycle.closed": ("已关闭", "closed"),
    "lifecycle.cancelled": ("终止", "cancelled"),
    # status of a task
    "status.not_started": ("未开始", "not started"),
    "status.in_progress": ("进行中", "in progress"),
    "status.waiting_client": ("等待客户", "waiting for the client"),
    "status.waiting_vendor": ("等待我方", "waiting for us"),
    "status.waiting_third_party": ("等待第三方", "waiting for a third party"),
    "status.submitted": ("已提交", "submitted"),
    "status.on_hold": ("暂停", "on hold"),
    "status.done": ("完成", "done"),
    "status.cancelled": ("取消", "cancelled"),
    "health.unknown": ("未知", "unknown"),
    "health.green": ("正常", "on track"),
    "health.yellow": ("有风险", "at risk"),
    "health.red": ("已偏离", "off track"),
    **RULE_WORDS,
    **NOTICE_WORDS,
    # outcomes
    "outcome.agreed": ("一致", "agreed"),
    "outcome.taken": ("已采纳新值", "new value taken"),
    "outcome.overridden": ("人工指定", "set by an override"),
    "outcome.settled": ("人工裁定", "settled by a person"),
    "outcome.diverged": ("按权威来源取值", "taken from the authority"),
    "outcome.ask": ("各方不一致，请裁定", "sources differ; please decide"),
    "outcome.terminal_conflict": ("涉及终结状态的分歧，已冻结", "conflict about an ending; held"),
    "outcome.irregular_transition": ("不合规的状态跳转，已冻结", "not a step a project takes; held"),
    "outcome.acceptance_evidence_missing": ("验收项未完成", "acceptance items are still open"),
    "outcome.closure_gate_open": ("关闭条件未满足，已冻结", "what closing needs is still open; held"),
    "outcome.cancel_needs_person": ("仅一方称终止，请确认", "one source alone says cancelled; please confirm"),
    "outcome.all_stale": ("所有来源均已过期", "no source was heard lately"),
    # next steps
    "step.S1": ("提醒联系人", "remind the contact"),
    "step.S2": ("请客户负责人跟进", "bring in our account owner"),
    "step.S3": ("升级至客户发起人与交付经理", "raise to the sponsor and the delivery manager"),
    "step.S4": ("提交指导委员会，准备书面函", "take to the steering committee and draft a formal letter"),
    # pictures
    "chart.lanes": ("球在谁手里", "Whose move it was"),
    "chart.ageing": ("超出约定日期的事项（按工作日）", "Items past their agreed date, by working days"),
    "chart.ageing_line": ("{days} 个工作日: 客户 {client}，我方 {ours}", "{days} days: client {client}, us {ours}"),
    "chart.days_late": ("{days} 个工作日", "{days} working days"),
    "chart.trend": ("里程碑预测的变化", "How the forecasts of milestones moved"),
    "chart.waterfall": ("延误构成（工作日）", "What the delay is made of (working days)"),
    "chart.beyond": ("超出计划天数的构成（工作日）", "What the days beyond plan are made of (working days)"),
    "chart.burn_up": ("客户待办: 到期与完成", "Client actions: due and done"),
    "chart.burn_up_line": ("共 {all} 项，至今到期 {due} 项，完成 {done} 项", "of {all}, {due} due by now, {done} done"),
    "chart.due": ("到期", "due"),
    "chart.done": ("完成", "done"),
    "part.client": ("客户", "client"),
    "part.concurrent": ("共同", "concurrent"),
    "part.vendor": ("我方", "ours"),
    "part.third_party": ("第三方", "third party"),
    "part.neutral": ("暂停", "on hold"),
    "part.unexplained": ("未解释", "unexplained"),
    "part.recovered": ("已追回", "recovered"),
    "part.delay": ("延误", "delay"),
    "part.beyond": ("超出计划", "beyond plan"),
    "score.few": ("{n} 份答卷，样本不足", "{n} answers: too few"),
    "pdf.missing": ("字体缺少 {count} 个字符，以 {sign} 代替", "{count} characters are missing, shown as {sign}"),
    # reasons of a due day
    "why.due_rolled": ("到期日遇休息日顺延至 {to}", "due date rolled over days off to {to}"),
    "why.handed_over_late": ("{on} 移交，此前的天数不计", "handed over on {on}; the days before do not count"),
    "why.paused": ("暂停 {days} 个工作日", "{days} working days paused"),
    "why.reopened": ("{on} 重新打开，新到期日 {due}", "reopened on {on}, now due {due}"),
    "why.calendar_provisional": ("日历未公布", "calendar not published"),
}  # fmt: skip
WORDS: Final[Mapping[str, tuple[str, str]]] = {**_WORDS, **PHRASES}


def say(language: Language, code: str, **data: object) -> str:
    """Give the words for *code*, with *data* filled in; the code itself when nobody worded it."""
    both = WORDS.get(code)
    if both is None:
        return code
    text = both[0] if language == "zh" else both[1]
    filled = text.format(**data) if data else text
    return _ONE.sub(r"1 \1\2", filled) if language == "en" else filled


def lifecycle_word(language: Language, value: str | None) -> str:
    """Give the word for a lifecycle; an unknown one shows itself."""
    code = f"lifecycle.{value}"
    return say(language, code) if code in WORDS else (value or say(language, "none"))


def claims_line(language: Language, project: ProjectItem) -> str:
    """Give what each source says about a project on one line."""
    return " · ".join(f"{claim.connection}: {lifecycle_word(language, claim.value)}" for claim in project.statements)


def why_line(language: Language, item: TaskItem) -> str:
    """Give in words what moved the due day of an item or makes it uncertain; blank when nothing did."""
    said = ((f"why.{reason.code}", reason.data) for reason in item.evidence)
    return "; ".join(say(language, code, **data) for code, data in said if code in WORDS)
