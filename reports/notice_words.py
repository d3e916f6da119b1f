"""The words of notices in Chinese and English: to our own people plain, to the client's neutral, to nobody a blame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NOTICE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "notice.digest": ("督办日报: {count} 项逾期", "Supervision digest: {count} overdue"),
    "notice.urgent": ("督办升级: {count} 项", "Escalation: {count} overdue"),
    "notice.draft": ("请协助确认: {count} 项待办", "For your attention: {count} open items"),
    "notice.letter": ("关于“{title}”的书面函", "Formal notice concerning “{title}”"),
    "notice.operator": ("duban 运行提醒: {count} 项", "duban: {count} to look at"),
    "notice.line": ("[{level}] {title}", "[{level}] {title}"),
    "notice.due": ("到期 {due} ({zone})", "due {due} ({zone})"),
    "notice.late": ("逾期 {days} 个工作日", "{days} working days late"),
    "notice.late_today": ("刚刚到期", "just past due"),
    "notice.late_one": ("逾期 1 个工作日", "1 working day late"),
    "notice.waits": ("等待 {days} 个工作日", "waiting for {days} working days"),
    "notice.waits_today": ("今日起等待", "waiting since today"),
    "notice.waits_one": ("等待 1 个工作日", "waiting for 1 working day"),
    "notice.ball": ("球在: {ball}", "with: {ball}"),
    "notice.blocks": ("阻塞下一里程碑", "the next milestone waits for it"),
    "notice.blocks_client": ("下一里程碑等待此项", "the next milestone waits for it"),
    "notice.promise": ("承诺的 {by} 已过", "the promised {by} has passed"),
    "notice.last": ("客户最近一次动作 {at}", "the client last moved {at}"),
    "notice.step": ("建议: {step}", "next: {step}"),
    "notice.repeat": ("第 {turn} 次提醒", "reminder {turn}"),
    "notice.ours_step": ("请推动我方完成", "please see to it on our side"),
    "notice.third_step": ("请跟进第三方", "please follow up with the third party"),
    "notice.footer": ("暂缓 {held} 项，静默 {suppressed} 项", "{held} held, {suppressed} kept quiet"),
    "notice.drafts": (
        "有 {count} 封给客户的草稿待您发送: duban notices list --state draft",
        "{count} drafts for clients wait for you: duban notices list --state draft",
    ),
    "notice.hello": ("{name}，您好:", "Dear {name},"),
    "notice.hello_none": ("您好:", "Hello,"),
    "notice.ask": (
        "以下事项正等待贵方确认或提供资料，烦请协助安排，或告知预计时间:",
        "the following items wait for your confirmation or input. Please let us know when we may expect them:",
    ),
    "notice.thanks": ("如已处理，请忽略本提醒。谢谢！", "If this is done already, please ignore this note. Thank you."),
    "notice.letter_ask": (
        "根据双方约定的计划，下列事项应于所列日期完成，现仍待贵方处理。为不影响后续里程碑，请于收到本函后书面确认完成日期。",
        "according to the agreed plan the item below was due on the date given and still awaits your side. So that "
        "the milestones after it are not affected, please confirm in writing the day on which it will be completed.",
    ),
    "notice.letter_check": (
        "(草稿，由负责人核对事实与措辞后签发；duban 不会发送。)",
        "(A draft: to be checked for facts and wording and signed by the person in charge; duban never sends it.)",
    ),
    "alert.connection_stopped": ("连接 {subject} 已停止: {why}", "connection {subject} has stopped: {why}"),
    "alert.connection_rests": ("连接 {subject} 暂停至 {until}", "connection {subject} rests until {until}"),
    "alert.quota_low": ("连接 {subject} 的调用额度仅剩 {left}", "connection {subject} has {left} calls left"),
    "alert.reviews_wait": ("{count} 项待人工裁定: duban review list", "{count} questions wait: duban review list"),
    "alert.notice_unknown": (
        "{count} 条消息是否送达不明，请核实: duban notices list --state unknown",
        "{count} messages may or may not have arrived: duban notices list --state unknown",
    ),
}
