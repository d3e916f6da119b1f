"""Renders the tables of docs/maps.md and docs/maps.zh-CN.md from the shipped maps.

Run ``python docs/render_maps.py`` after a change of a defaults.toml; a test holds the pages against it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mapping.fields import FieldMap, ObjectMap  # noqa: E402
from mapping.loading import load_maps  # noqa: E402
from mapping.records import SIDECAR, EntityKind, HubField, hub_field  # noqa: E402

Language = Literal["en", "zh"]
PAGES: Final[Mapping[Language, Path]] = {"en": ROOT / "docs/maps.md", "zh": ROOT / "docs/maps.zh-CN.md"}
SYSTEMS: Final = {"zoho": "Zoho CRM", "fxiaoke": "FxiaoKe 纷享销客"}
CUSTOM: Final = {"zoho": re.compile(r"Duban_\w+"), "fxiaoke": re.compile(r"\w+__c")}

ENTITY_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("Client", "客户"), "contact": ("Contact", "联系人"), "project": ("Project", "项目"),
    "task": ("Task", "任务"), "feedback": ("Feedback", "反馈"), "comment": ("Comment", "评论"),
}  # fmt: skip

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("Client", "客户"), "author": ("Author", "作者"), "baseline_end": ("Baseline end", "基准完成日期"),
    "body": ("Text", "内容"), "budget": ("Budget", "预算"), "code": ("Code", "编号"), "contact": ("Contact", "联系人"),
    "contract_no": ("Contract number", "合同号"), "country": ("Country", "国家"),
    "declared_health": ("Health", "健康度"), "description": ("Description", "说明"), "done_at": ("Done at", "完成时间"),
    "due": ("Due date", "截止日期"), "email": ("E-mail", "邮箱"), "key": ("Duban key", "督办编号"),
    "kind": ("Kind", "类型"), "lifecycle": ("Project status", "项目状态"), "mobile": ("Mobile", "手机"),
    "name": ("Name", "名称"), "occurred_at": ("Written at", "发生时间"), "opt_out": ("E-mail opt-out", "退订邮件"),
    "overdue_since": ("Overdue since", "逾期起始日"), "owner": ("Owner", "负责人"), "owner_side": ("Side", "责任方"),
    "parent": ("Belongs to", "所属记录"), "phone": ("Phone", "电话"), "pm": ("Project manager", "项目经理"),
    "priority": ("Priority", "优先级"), "project": ("Project", "项目"), "roles": ("Roles", "角色"),
    "scale": ("Scale", "量表"), "score": ("Score", "评分"), "severity": ("Severity", "等级"),
    "stage": ("Stage", "阶段"), "start": ("Start", "开始日期"),
    "status": ("Status", "状态"), "subject": ("Subject", "标题"),
    "submitted_at": ("Submitted at", "提交时间"), "title": ("Title", "主题"), "wave": ("Wave", "批次"),
    "website": ("Website", "网址"),
}  # fmt: skip

TYPES: Final[Mapping[str, Mapping[str, tuple[str, str, str]]]] = {
    "zoho": {
        "key": ("Single Line", "单行", "100"), "text": ("Single Line", "单行", "100"),
        "long_text": ("Multi-Line", "多行", "32000"), "option": ("Pick List", "选择列表", ""),
        "options": ("Multi-Select", "多选列表", ""), "date": ("Date", "日期", ""),
        "instant": ("Date/Time", "日期/时间", ""), "number": ("Decimal", "小数", "9"),
    },
    "fxiaoke": {
        "key": ("text", "单行文本", "100"), "text": ("text", "单行文本", "100"),
        "long_text": ("long_text", "多行文本", "10000"), "option": ("select_one", "单选", ""),
        "options": ("select_many", "多选", ""), "date": ("date", "日期", ""), "instant": ("date_time", "日期时间", ""),
        "number": ("number", "数字", "2 decimals / 2 位小数"), "money": ("currency", "金额", "2 decimals / 2 位小数"),
        "bool": ("true_or_false", "布尔值", ""), "ref": ("object_reference", "查找关联", ""),
        "parent": ("text", "单行文本", "64"),
    },
}  # fmt: skip
"""Hub type -> the vendor's field type in English and Chinese, and a length that is enough."""

HEADS: Final[Mapping[Language, Mapping[str, tuple[str, ...]]]] = {
    "en": {
        "map": ("hub field", *SYSTEMS.values(), "direction"),
        "create": ("object", "API name", "label", "type", "length", "unique", "options or target"),
        "options": ("option", "stands for"),
        "sidecar": ("entity", "hub field", "type", "what it is for"),
    },
    "zh": {
        "map": ("本地库字段", *SYSTEMS.values(), "方向"),
        "create": ("对象", "API 名称", "标签", "类型", "长度", "唯一", "选项或关联对象"),
        "options": ("选项", "代表"),
        "sidecar": ("实体", "本地库字段", "类型", "用途"),
    },
}
TITLES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "map": "What is mapped",
        "create": "Fields to create in {}",
        "options": "What standard options stand for",
        "sidecar": "What supervision understands besides",
    },
    "zh": {
        "map": "映射关系",
        "create": "需要在 {} 中新建的字段",
        "options": "标准选项的含义",
        "sidecar": "督办另外认得的字段",
    },
}
SIDECAR_INTRO: Final[Mapping[Language, str]] = {
    "en": "No CRM field is mapped to these: they stay in the hub (`duban set`), or get a home by a line under\n"
    '`[map.<entity>.<connection>.fields]`, such as `doc_version = "Doc_Version"`. Their type is known, as is the\n'
    "direction: `both` unless the line says otherwise.\n",
    "zh": "以下字段默认不映射：值保存在本地库(`duban set`)，"
    "也可在 `[map.<实体>.<连接>.fields]` 下用一行指定 CRM 字段，\n"
    '如 `doc_version = "Doc_Version"`。类型已知，方向默认为 `both`。\n',
}
SIDECAR_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "account.tier": ("importance of the client", "客户级别"),
    "account.vendor_owner": ("our account manager", "我方客户负责人"),
    "contact.send_window": ("hours in which they are written to, `09:00-18:00`", "可发送时段，如 `09:00-18:00`"),
    "contact.deputy": ("who stands in", "代理人"),
    "contact.im": ("instant messenger", "即时通讯"),
    "contact.inactive": ("has left; never written to", "已离职，不再发送"),
    "project.vendor_owner": ("our account manager", "我方客户负责人"),
    "project.sponsor": ("the client's sponsor", "客户发起人"),
    "project.approved_end": ("end as approved changes moved it", "变更批准后的完成日期"),
    "project.cadence": ("`weekly`, `biweekly`, `monthly` or working days", "`weekly`、`monthly` 等或工作日数"),
    "project.review_days": ("working days for a signature", "签字期限（工作日）"),
    "project.deemed_after_bd": ("term of deemed acceptance; none without it", "视为验收的期限（工作日），不填则不适用"),
    "project.notice_method": ("how formal notice is given", "正式通知方式"),
    "task.parent": ("the item it belongs to; a punch item's acceptance", "上级事项；遗留问题所属的验收"),
    "task.tags": ("tags; `client` / `客户` names the side", "标签；`client` / `客户` 表示客户侧"),
    "task.blocks": ("milestones that wait for it: uids, keys or titles", "受其影响的里程碑：uid、编号或标题"),
    "task.due_zone": ("time zone of its due date", "到期日所在时区"),
    "task.due_policy": ("whether a pause moves the date", "暂停时到期日顺延或不变"),
    "task.outcome": ("how it ended", "结果"),
    "task.internal": ("not for the client's eyes", "仅内部可见"),
    "task.baseline_due": ("day as first agreed", "基准日期"),
    "task.approved_due": ("day as approved changes moved it", "批准日期"),
    "task.after_bd": ("milestone: working days after its last blocker", "里程碑：最后一项之后的工作日"),
    "task.remaining_bd": ("working days still needed", "剩余工作日"),
    "task.doc_version": ("version of the document to sign", "待签文档版本"),
    "task.doc_hash": ("SHA-256 of that document", "文档 SHA-256"),
    "task.mandatory": ("false: closing does not wait for it", "填 false 表示非必需"),
    "task.criteria": ("acceptance criteria, one a line", "验收标准，每行一条"),
    "task.conditions": ("punch list in words", "遗留问题（文字）"),
    "task.round": ("how often it was handed over", "提交轮次"),
    "task.probability": ("risk: 1 to 5", "风险可能性 1–5"),
    "task.impact": ("risk: 1 to 5", "风险影响 1–5"),
    "task.response": ("risk: what is done about it", "风险应对"),
    "task.reviewed_on": ("risk: last looked at", "风险最近评审日"),
    "task.joint": ("risk: found together with the client", "与客户共同识别"),
    "task.change_impact": ("change: what it does", "变更影响"),
    "task.change_cost": ("change: what it costs; 0 is an answer", "变更费用，可为 0"),
    "task.change_days": ("change: working days; 0 is an answer", "变更工期（工作日），可为 0"),
    "task.affected": ("change: milestones it moves", "变更涉及的里程碑"),
    "task.cause": ("code of its root cause", "根本原因代码"),
    "task.improvement_of": ("the lesson it answers", "对应的经验教训"),
    "task.held_at": ("meeting: when", "会议时间"),
    "task.invited": ("meeting: contacts asked", "受邀联系人"),
    "task.attended": ("meeting: contacts who came", "出席联系人"),
    "task.wave": ("survey: its wave", "调查批次"),
    "feedback.task": ("the item it is about", "相关事项"),
    "feedback.question": ("short name of the question", "问题代号"),
    "feedback.channel": ("how it was asked", "渠道"),
    "feedback.lang": ("language of the words", "语言"),
    "feedback.follow_up": ("the action that follows it up", "跟进事项"),
    "feedback.loop_due": ("day by which it is followed up", "跟进期限"),
    "feedback.cause": ("lesson: code of its root cause", "经验教训：原因代码"),
    "feedback.internal": ("not for the client's eyes", "仅内部可见"),
    "feedback.verified_on": ("lesson: day the remedy was seen to work", "经验教训：验证日期"),
}  # fmt: skip
"""Entity and field -> what the field is for, in English and Chinese."""
Maps = Mapping[str, Mapping[EntityKind, ObjectMap]]


def shipped() -> Maps:
    """Give the default maps of both systems."""
    return {kind: load_maps(_raw(kind), {}, kind) for kind in SYSTEMS}


def _raw(kind: str) -> Mapping[str, object]:
    return tomllib.loads((ROOT / "connectors" / kind / "defaults.toml").read_text("utf-8"))


def render(language: Language) -> str:
    """Give the generated part of a page."""
    maps = shipped()
    parts = [_mapped(maps, language), *(_to_create(kind, maps[kind], language) for kind in SYSTEMS)]
    return "\n".join([*parts, _classes(maps["zoho"], language), _sidecar(language)])


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "---|" * (lines[0].count("|") - 1))
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _mapped(maps: Maps, language: Language) -> str:
    out = [f"## {TITLES[language]['map']}\n"]
    for entity in maps["zoho"]:
        both = [maps[kind][entity] for kind in SYSTEMS]
        objects = ", ".join(f"`{map.object}`" for map in both)
        out.append(f"### {ENTITY_NAMES[entity][language == 'zh']} · {entity} ({objects})\n")
        names = dict.fromkeys(one.field for map in both for one in map.fields)
        out.append(_table(HEADS[language]["map"], (_mapped_row(name, both) for name in names)))
        for map in both:
            out += [f"- `{map.object}.{name}` = `{value}` (create / 新建时)\n" for name, value in map.constants.items()]
    return "\n".join(out)


def _mapped_row(name: str, both: list[ObjectMap]) -> Iterator[str]:
    homes = [[one for one in map.fields if one.field == name] for map in both]
    yield name
    for found in homes:
        yield " / ".join(_home(one) for one in found) or "-"
    directions = dict.fromkeys(one.direction for found in homes for one in found)
    yield " / ".join(directions)


def _home(one: FieldMap) -> str:
    shown = " + ".join(f"`{remote}`" for remote in one.remote)
    return f"{shown} ({', '.join(one.options)})" if one.codec == "flag_tag" and one.options else shown


def _to_create(kind: str, maps: Mapping[EntityKind, ObjectMap], language: Language) -> str:
    rows = [
        row
        for map in maps.values()
        for one in map.fields
        for remote in one.remote
        if CUSTOM[kind].fullmatch(remote)
        for row in [_create_row(kind, maps, map, one, remote, language)]
    ]
    title = TITLES[language]["create"].format(SYSTEMS[kind])
    return f"## {title}\n\n" + _table(HEADS[language]["create"], rows)


def _create_row(
    kind: str, maps: Mapping[EntityKind, ObjectMap], map: ObjectMap, one: FieldMap, remote: str, language: Language
) -> tuple[str, ...]:
    field = hub_field(map.entity, one.field)
    english, chinese, length = TYPES[kind][field.type]
    label = remote.replace("_", " ") if kind == "zoho" else LABELS[one.field][language == "zh"]
    if remote != one.remote[0]:
        label += " (kind)" if language == "en" else "（对象）"
    more = ", ".join(f"`{code}`" for code in field.codes)
    if field.type == "ref" and field.target:
        more = f"`{maps[field.target].object}`"
    unique = "✓" if field.type == "key" else ""
    type_ = english if language == "en" else chinese
    return (f"`{map.object}`", f"`{remote}`", label, type_, length, unique, more)


def _classes(maps: Mapping[EntityKind, ObjectMap], language: Language) -> str:
    out = [f"## {TITLES[language]['options']}\n"]
    for entity, map in maps.items():
        for one in map.fields:
            if one.options and hub_field(entity, one.field).codes:
                out.append(f"### `{map.object}.{one.remote[0]}`\n")
                rows = ((option, ", ".join(codes)) for option, codes in one.options.items())
                out.append(_table(HEADS[language]["options"], rows))
    return "\n".join(out)


def _sidecar(language: Language) -> str:
    rows = (
        (entity, f"`{field.name}`", _type_word(field), SIDECAR_WORDS[f"{entity}.{field.name}"][language == "zh"])
        for entity, fields in SIDECAR.items()
        for field in fields.values()
    )
    head = f"## {TITLES[language]['sidecar']}\n\n{SIDECAR_INTRO[language]}\n"
    return head + _table(HEADS[language]["sidecar"], rows)


def _type_word(field: HubField) -> str:
    more = ", ".join(f"`{code}`" for code in field.codes) or (f"`{field.target}`" if field.target else "")
    return f"{field.type} ({more})" if more else field.type


def fill(page: str, tables: str) -> str:
    """Give a page with its generated part replaced."""
    head, start, rest = page.partition("<!-- generated: python docs/render_maps.py -->\n")
    _, end, tail = rest.partition("<!-- end -->\n")
    if not start or not end:
        raise ValueError("the page has lost its marks")
    return f"{head}{start}{tables}{end}{tail}"


def main() -> None:
    """Rewrite both pages."""
    for language, path in PAGES.items():
        path.write_text(fill(path.read_text("utf-8"), render(language)), "utf-8")


if __name__ == "__main__":
    main()
