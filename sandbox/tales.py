# ruff: noqa: E501 - a table of records reads better with one record a line
"""The plot: the records of the story as plain rows.

Row: ``{"ref", "values", "where": "zf" | "z" | "f", "zoho": {...}, "fxiaoke": {...}}``. What it holds on purpose:

- matched pairs whose formatting differs (phones, e-mail case, spaces, full-width signs) and means the same;
- exactly one matched pair whose values truly differ in one field: the title of contact:chen-jie;
- pairs nobody can match for sure: a name on both sides with neither e-mail nor phone, and one shared mailbox;
- three projects whose status the two CRMs state differently;
- client actions past due, one of them due on a Saturday that China made a working day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

Record = dict[str, Any]

STAFF: Final = (
    ("li.wei", "李", "伟", "li.wei@vendor.example", "13800010001"),
    ("wang.fang", "王", "芳", "wang.fang@vendor.example", "13800010002"),
    ("zhao.min", "赵", "敏", "zhao.min@vendor.example", "13800010003"),
    ("sun.qiang", "孙", "强", "sun.qiang@vendor.example", "13800010004"),
    ("duban", "督办", "集成", "duban@vendor.example", "13800010009", True),
)
PEOPLE_REFS: Final = ("li.wei", "wang.fang", "zhao.min", "sun.qiang")
FAMILIES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN: Final = (
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "秀英",
    "霞",
    "平",
)
TITLES: Final = ("采购经理", "IT 主管", "财务经理", "项目协调员", "Key user", "CIO")
WORKS: Final = ("回访客户", "更新合同资料", "整理会议纪要", "Check data export", "准备演示", "确认发票")

MAKE_UP_DAYS: Final = (
    date(2025, 9, 28), date(2025, 10, 11), date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9),
    date(2026, 9, 20), date(2026, 10, 10),
)  # fmt: skip
"""Weekend days on which China works. Source: State Council notices on the holidays of 2025 and 2026 [doc]"""


def plot(today: date) -> dict[str, list[Record]]:
    """Give the records by kind, parents before children."""
    return {
        "account": _accounts(),
        "contact": _contacts(),
        "project": _projects(today),
        "task": _tasks(today),
        "feedback": _feedback(today),
        "comment": _comments(),
    }


def _row(ref: str, values: Record, where: str = "zf", **sides: Record) -> Record:
    return {"ref": ref, "values": values, "where": where, **sides}


# --- clients -------------------------------------------------------------------------------------------------------


def _accounts() -> list[Record]:
    def account(
        word: str, name: str, phone: str, site: str, country: str, where: str = "zf", **sides: Record
    ) -> Record:
        values = {"name": name, "phone": phone, "website": site, "country": country, "owner": "li.wei"}
        return _row(f"account:{word}", values, where, **sides)

    return [
        account("mingde", "上海明德软件有限公司", "+862158881000", "https://mingde.example", "中国",
                fxiaoke={"phone": "021-5888 1000"}),
        account("hengtong", "恒通(苏州)精密制造有限公司", "+8651266667777", "https://hengtong.example", "中国",
                fxiaoke={"name": "恒通（苏州）精密制造有限公司", "phone": "0512-66667777"}),
        account("beichen", "北辰城市运营集团", "+861084990000", "https://beichen.example", "中国",
                fxiaoke={"name": "北辰城市运营集团 "}),
        account("yuehai", "粤海港务股份有限公司", "+862037885566", "https://yuehai.example", "中国",
                zoho={"phone": "+86 20 3788 5566"}),
        account("lanxin", "蓝信医疗科技", "+8657187654321", "https://lanxin.example", "中国"),
        account("northwind", "Northwind Robotics GmbH", "+493012345670", "https://northwind.example", "Germany",
                fxiaoke={"phone": "+49 30 1234 5670"}),
        account("alder", "Alder & Finch Ltd", "+442079460123", "https://alderfinch.example", "United Kingdom"),
        account("sakura", "桜井システム株式会社", "+81355501234", "https://sakurai.example", "Japan"),
        account("qingyun", "青云物流有限公司", "+862886543210", "https://qingyun.example", "中国", "z"),
        account("pacific", "Pacific Tide Foods Inc.", "+12065550134", "https://pacifictide.example", "United States", "z"),
        account("hongda", "宏达电气设备厂", "+862584442222", "https://hongda.example", "中国", "f"),
        account("jiahe", "嘉禾农业科技有限公司", "+867318889999", "https://jiahe.example", "中国", "f"),
    ]  # fmt: skip


def _contacts() -> list[Record]:
    both = [
        ("zhang-lei", "张磊", "信息中心主任", "zhang.lei@mingde.example", "+8613900000001", "mingde", ["sponsor", "approver"]),
        ("chen-jie", "陈洁", "项目经理", "chen.jie@mingde.example", "+8613900000002", "mingde", ["coordinator"]),
        ("huang-tao", "黄涛", "财务经理", "huang.tao@mingde.example", "+8613900000003", "mingde", ["finance"]),
        ("xu-ning", "徐宁", "生产总监", "xu.ning@hengtong.example", "+8613900000004", "hengtong", ["decision_maker"]),
        ("gao-yuan", "高源", "关键用户", "gao.yuan@hengtong.example", "+8613900000005", "hengtong", ["key_user"]),
        ("ma-lin", "马琳", "采购经理", "ma.lin@hengtong.example", "+8613900000006", "hengtong", ["procurement"]),
        ("he-jun", "何军", "副总裁", "he.jun@beichen.example", "+8613900000007", "beichen", ["sponsor"]),
        ("luo-dan", "罗丹", "办公室主任", "luo.dan@beichen.example", "+8613900000008", "beichen", ["coordinator"]),
        ("lin-bo", "林波", "IT 主管", "lin.bo@yuehai.example", "+8613900000009", "yuehai", ["it", "key_user"]),
        ("zheng-wei", "郑伟", "总工程师", "zheng.wei@yuehai.example", "+8613900000010", "yuehai", ["approver"]),
        ("ouyang-xue", "欧阳雪", "质量经理", "ouyang.xue@lanxin.example", "+8613900000011", "lanxin", ["key_user"]),
        ("song-yi", "宋怡", "运营总监", "song.yi@lanxin.example", "+8613900000012", "lanxin", ["decision_maker"]),
        ("schmidt", "Anna Schmidt", "Head of IT", "a.schmidt@northwind.example", "+4915112345671", "northwind", ["it", "approver"]),
        ("weber", "Jonas Weber", "Project Lead", "j.weber@northwind.example", "+4915112345672", "northwind", ["coordinator"]),
        ("okafor", "Grace Okafor", "Operations Director", "grace.okafor@alderfinch.example", "+447700900101", "alder", ["sponsor"]),
        ("hughes", "Tom Hughes", "Finance Partner", "tom.hughes@alderfinch.example", "+447700900102", "alder", ["finance"]),
        ("tanaka", "田中健", "情報システム部長", "tanaka@sakurai.example", "+819012345671", "sakura", ["sponsor"]),
        ("mori", "森彩", "担当", "mori@sakurai.example", "+819012345672", "sakura", ["coordinator"]),
    ]  # fmt: skip
    sides: dict[str, Record] = {
        "zhang-lei": {"fxiaoke": {"mobile": "139 0000 0001", "email": "Zhang.Lei@Mingde.example"}},
        "chen-jie": {"fxiaoke": {"title": "数字化部副经理"}},
        "huang-tao": {"fxiaoke": {"name": "黄涛 "}},
        "xu-ning": {"fxiaoke": {"mobile": "１３９００００ ０００４"}},
        "gao-yuan": {"zoho": {"mobile": "+86 139-0000-0005"}},
        "he-jun": {"zoho": {"email": "HE.JUN@beichen.example"}},
        "lin-bo": {"fxiaoke": {"mobile": "13900000009", "title": "IT 主管 "}},
        "ouyang-xue": {"fxiaoke": {"mobile": "(+86) 13900000011"}},
        "schmidt": {"fxiaoke": {"mobile": "+49 151 12345671"}, "zoho": {"email": "A.Schmidt@northwind.example"}},
        "okafor": {"fxiaoke": {"mobile": "+44 7700 900101"}},
        "song-yi": {"fxiaoke": {"title": None}},
        "mori": {"zoho": {"title": None}},
    }
    out = [_contact(*row, "zf", **sides.get(row[0], {})) for row in both]
    out += [_contact(f"z{at}", *row, [], "z") for at, row in enumerate(_ONLY_ZOHO, 1)]
    out += [_contact(f"f{at}", *row, [], "f") for at, row in enumerate(_ONLY_FXIAOKE, 1)]
    return out + _ambiguous()


def _contact(
    word: str, name: str, title: str | None, email: str | None, mobile: str | None, account: str, roles: list[str],
    where: str = "zf", **sides: Record,
) -> Record:  # fmt: skip
    values = {
        "name": name, "title": title, "email": email, "mobile": mobile, "account": f"account:{account}",
        "roles": roles, "opt_out": word == "hughes",
    }  # fmt: skip
    return _row(f"contact:{word}", values, where, **sides)


_ONLY_ZOHO: Final = (
    ("冯晨", "物流主管", "feng.chen@qingyun.example", "+8613900000101", "qingyun"),
    ("许诺", "客服经理", "xu.nuo@qingyun.example", "+8613900000102", "qingyun"),
    ("曹颖", "总经理", "cao.ying@qingyun.example", "+8613900000103", "qingyun"),
    ("Maria Lopez", "COO", "maria.lopez@pacifictide.example", "+12065550141", "pacific"),
    ("Ben Carter", "IT Manager", "ben.carter@pacifictide.example", "+12065550142", "pacific"),
    ("Sofia Rossi", "Plant Manager", "s.rossi@northwind.example", "+393471234567", "northwind"),
    ("Liam O'Neil", "Key user", "liam.oneil@alderfinch.example", "+447700900110", "alder"),
    ("邓超群", "测试负责人", "deng.cq@mingde.example", "+8613900000104", "mingde"),
    ("袁媛", "行政", "yuan.yuan@beichen.example", "+8613900000105", "beichen"),
    ("蒋欣", "法务", "jiang.xin@yuehai.example", "+8613900000106", "yuehai"),
    ("佐藤翼", "開発", "sato@sakurai.example", "+819012345681", "sakura"),
)
_ONLY_FXIAOKE: Final = (
    ("范文", "厂长", "fan.wen@hongda.example", "+8613900000201", "hongda"),
    ("石磊", "设备科长", "shi.lei@hongda.example", "+8613900000202", "hongda"),
    ("姚瑶", "财务", "yao.yao@hongda.example", "+8613900000203", "hongda"),
    ("廖凡", "技术总监", "liao.fan@jiahe.example", "+8613900000204", "jiahe"),
    ("熊英", "农艺师", "xiong.ying@jiahe.example", "+8613900000205", "jiahe"),
    ("陆遥", "网络管理员", "lu.yao@mingde.example", "+8613900000206", "mingde"),
    ("贺兰", "仓储主管", "he.lan@hengtong.example", "+8613900000207", "hengtong"),
    ("Emma Klein", "Buyer", "e.klein@northwind.example", "+4915112345690", "northwind"),
    ("万芳", "培训负责人", "wan.fang@lanxin.example", "+8613900000208", "lanxin"),
    ("段誉", "安全员", "duan.yu@yuehai.example", "+8613900000209", "yuehai"),
    ("渡辺優", "品質保証", "watanabe@sakurai.example", "+819012345691", "sakura"),
)


def _ambiguous() -> list[Record]:
    """People nobody can match for sure: a name alone; one mailbox for several."""
    return [
        _contact("liu-yang-z", "刘洋", "工程师", None, None, "beichen", [], "z"),
        _contact("liu-yang-f", "刘洋", "班组长", None, None, "beichen", [], "f"),
        _contact("desk-z1", "前台一", "前台", "info@lanxin.example", None, "lanxin", [], "z"),
        _contact("desk-z2", "前台二", "前台", "info@lanxin.example", None, "lanxin", [], "z"),
        _contact("desk-f", "蓝信前台", "前台", "info@lanxin.example", None, "lanxin", [], "f"),
    ]


# --- projects ------------------------------------------------------------------------------------------------------


def _projects(today: date) -> list[Record]:
    def project(
        word: str, name: str, account: str, contract: str, budget: str, state: str, start: int, end: int,
        where: str = "zf", health: str = "green", **sides: Record,
    ) -> Record:  # fmt: skip
        values = {
            "code": f"P-{contract[-3:]}", "name": name, "contract_no": contract, "account": f"account:{account}",
            "start": _day(today, start), "baseline_end": _day(today, end), "budget": budget, "lifecycle": state,
            "declared_health": health, "owner": "wang.fang",
        }  # fmt: skip
        return _row(f"project:{word}", values, where, **sides)

    return [
        project("mes", "明德 MES 二期", "mingde", "HT-2026-001", "1200000", "active", -120, 45,
                health="yellow"),
        project("wms", "恒通智能仓储", "hengtong", "HT-2026-002", "860000.5", "active", -90, 20,
                fxiaoke={"lifecycle": "on_hold"}),
        project("portal", "北辰服务门户", "beichen", "HT-2026-003", "430000", "delivered", -200, -5,
                fxiaoke={"lifecycle": "accepted"}),
        project("robot", "Northwind cell controller", "northwind", "HT-2026-004", "310000", "active", -60, 80,
                zoho={"lifecycle": "closed"}, fxiaoke={"declared_health": "yellow"}),
        project("erp", "Alder & Finch ERP rollout", "alder", "HT-2026-005", "255000", "planned", 10, 200, "z"),
        project("farm", "嘉禾溯源平台", "jiahe", "HT-2026-006", "198000", "active", -30, 120, "f"),
    ]  # fmt: skip


def _tasks(today: date) -> list[Record]:
    make_up = max((day for day in MAKE_UP_DAYS if day <= today), default=MAKE_UP_DAYS[0]).isoformat()

    def task(
        word: str, title: str, project: str, contact: str | None, status: str, due: int | str | None,
        kind: str = "action", side: str = "vendor", priority: str = "normal", where: str = "zf", **sides: Record,
    ) -> Record:  # fmt: skip
        values = {
            "title": title, "status": status, "priority": priority, "kind": kind, "owner_side": side,
            "due": _day(today, due) if isinstance(due, int) else due,
            "project": f"project:{project}", "contact": f"contact:{contact}" if contact else None,
        }  # fmt: skip
        return _row(f"task:{word}", values, where, **sides)

    return [
        task("mes-blueprint", "【签字】蓝图方案签字", "mes", "zhang-lei", "waiting_client", -9, "sign_off", "client", "high"),
        task("mes-data", "【客户】提供物料主数据", "mes", "chen-jie", "waiting_client", -16, "action", "client", "critical"),
        task("mes-uat", "UAT 环境准备", "mes", "chen-jie", "in_progress", 6),
        task("mes-train", "关键用户培训", "mes", "huang-tao", "not_started", 14, "meeting"),
        task("mes-bug", "报工接口偶发超时", "mes", "zhang-lei", "in_progress", 2, "issue", "vendor", "high"),
        task("mes-makeup", "【客户】确认盘点差异", "mes", "huang-tao", "waiting_client", make_up, "action", "client"),
        task("wms-layout", "库位图确认", "wms", "xu-ning", "waiting_client", -4, "deliverable_review", "client"),
        task("wms-agv", "AGV 接口联调", "wms", "gao-yuan", "in_progress", 8),
        task("wms-accept", "【验收】一期验收", "wms", "xu-ning", "not_started", 18, "acceptance", "client"),
        task("wms-label", "标签打印模板", "wms", "ma-lin", "done", -12),
        task("portal-accept", "【验收】终验报告签署", "portal", "he-jun", "waiting_client", -6, "acceptance", "client", "high"),
        task("portal-content", "【客户】首页内容提供", "portal", "luo-dan", "waiting_client", -1, "action", "client"),
        task("portal-pen", "渗透测试整改", "portal", None, "submitted", 3),
        task("robot-spec", "[sign-off] Interface specification", "robot", "schmidt", "waiting_client", -11, "sign_off", "client"),
        task("robot-fat", "Factory acceptance test", "robot", "weber", "not_started", 30, "acceptance", "client"),
        task("robot-risk", "Late sensor delivery", "robot", "weber", "in_progress", 12, "risk", "vendor", "high"),
        task("erp-kickoff", "Kick-off workshop", "erp", "okafor", "not_started", 10, "meeting", where="z"),
        task("erp-charter", "[client] Sign project charter", "erp", "okafor", "waiting_client", 4, "sign_off", "client", where="z"),
        task("erp-budget", "Budget split by entity", "erp", "hughes", "waiting_client", -3, "action", "client", where="z"),
        task("erp-plan", "Draft rollout plan", "erp", None, "in_progress", 7, where="z"),
        task("erp-nodate", "Collect old price lists", "erp", "hughes", "not_started", None, where="z"),
        task("farm-survey", "现场勘查", "farm", "f4", "done", -20, where="f"),
        task("farm-sensor", "【客户】传感器点位确认", "farm", "f5", "waiting_client", -7, "action", "client", where="f"),
        task("farm-net", "田间网络方案", "farm", "f4", "waiting_third_party", 5, where="f"),
        task("farm-demo", "溯源演示", "farm", "f5", "not_started", 9, "meeting", where="f"),
        task("farm-pause", "二期报价", "farm", None, "on_hold", None, "change_request", where="f"),
    ]  # fmt: skip


# --- voices --------------------------------------------------------------------------------------------------------


def _feedback(today: date) -> list[Record]:
    def feedback(
        word: str, subject: str, contact: str, account: str, project: str, kind: str, score: str | None, scale: str,
        days: int, status: str = "new", severity: str = "normal", where: str = "zf",
    ) -> Record:  # fmt: skip
        values = {
            "subject": subject, "body": f"{subject}{'.' if subject.isascii() else '。'}", "kind": kind, "score": score, "scale": scale,
            "wave": f"{today.year}-H2", "status": status, "severity": severity,
            "contact": f"contact:{contact}", "account": f"account:{account}", "project": f"project:{project}",
            "submitted_day": _day(today, days),
        }  # fmt: skip
        return _row(f"feedback:{word}", values, where)

    return [
        feedback("1", "培训安排合理", "zhang-lei", "mingde", "mes", "csat", "4", "1-5", -20, "closed"),
        feedback("2", "接口问题响应慢", "chen-jie", "mingde", "mes", "csat", "2", "1-5", -18, "new", "high"),
        feedback("3", "报表口径说明不清", "huang-tao", "mingde", "mes", "csat", "3", "1-5", -18),
        feedback("4", "仓储项目总体满意", "xu-ning", "hengtong", "wms", "csat", "5", "1-5", -15, "closed"),
        feedback("5", "现场支持及时", "gao-yuan", "hengtong", "wms", "csat", "5", "1-5", -14),
        feedback("6", "验收材料反复修改", "he-jun", "beichen", "portal", "complaint", "2", "1-5", -8, "acting", "high"),
        feedback("7", "Would recommend", "schmidt", "northwind", "robot", "nps", "9", "0-10", -10),
        feedback("8", "Documentation is thin", "weber", "northwind", "robot", "nps", "6", "0-10", -10),
        feedback("9", "Easy to reach the team", "okafor", "alder", "erp", "ces", "6", "1-7", -6, where="z"),
        feedback("10", "Price list still missing", "hughes", "alder", "erp", "comment", None, "1-7", -5, where="z"),
        feedback("11", "农忙期请避开培训", "f5", "jiahe", "farm", "suggestion", None, "1-5", -9, where="f"),
        feedback("12", "勘查很专业", "f4", "jiahe", "farm", "praise", "5", "1-5", -7, "closed", "low", "f"),
    ]  # fmt: skip


def _comments() -> list[Record]:
    def comment(word: str, title: str, body: str, parent: str, where: str) -> Record:
        return _row(f"comment:{word}", {"title": title, "body": body, "parent": parent, "author": "zhao.min"}, where)

    return [
        comment("1", "电话", "客户说主数据下周三前给。", "task:mes-data", "z"),
        comment("2", "邮件", "已第二次提醒签字。", "task:mes-blueprint", "z"),
        comment("3", "Call", "Spec review moved to Thursday.", "task:robot-spec", "z"),
        comment("4", "周会", "一期范围不再变更。", "project:mes", "z"),
        comment("5", "Note", "Prefers e-mail in the morning.", "contact:schmidt", "z"),
        comment("6", "现场", "库位图第 3 版已交。", "task:wms-layout", "f"),
        comment("7", "微信", "终验报告在法务流转。", "task:portal-accept", "f"),
        comment("8", "跟进", "点位等农技站回复。", "task:farm-sensor", "f"),
        comment("9", "拜访", "对进度满意,关注安全。", "project:wms", "f"),
        comment("10", "回访", "投诉已电话致歉。", "feedback:6", "f"),
    ]


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()
