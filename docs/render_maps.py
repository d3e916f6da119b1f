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
from mapping.records import EntityKind, hub_field  # noqa: E402

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
    },
    "zh": {
        "map": ("中枢字段", *SYSTEMS.values(), "方向"),
        "create": ("对象", "API 名称", "标签", "类型", "长度", "唯一", "选项或关联对象"),
        "options": ("选项", "代表"),
    },
}
TITLES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {"map": "What is mapped", "create": "Fields to create in {}", "options": "What standard options stand for"},
    "zh": {"map": "映射关系", "create": "需要在 {} 中新建的字段", "options": "标准选项的含义"},
}
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
    return "\n".join([*parts, _classes(maps["zoho"], language)])


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
