# ruff: noqa: E501 - tables of fields read better with one object a block
"""What the tenant's objects look like: the preset ones, the custom ones of a full tenant, and their describe answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Wire = dict[str, Any]

NUMBER_TYPES: Final = frozenset({"number", "currency", "percentile"})
TIME_TYPES: Final = frozenset({"date", "date_time", "time"})
EMPLOYEE_TYPES: Final = frozenset({"employee", "employee_many"})
LIST_TYPES: Final = EMPLOYEE_TYPES | {
    "department", "department_many", "select_many", "object_reference_many", "tag", "array",
}  # fmt: skip
TEXT_TYPES: Final = frozenset({"text", "long_text", "html_rich_text", "url", "email", "phone_number"})
REFERENCE_TYPES: Final = frozenset({"object_reference", "master_detail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of an object as the describe shows it.

    Args:
        options: (value, label) pairs of a select field.
        target: api name of the object a reference points to.
        length: characters a text field takes [assumed: describes carry ``max_length``].
        system: kept by the server: never taken from a request.
    """

    name: str
    label: str
    type: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    target: str | None = None
    required: bool = False
    custom: bool = False
    length: int | None = None
    decimals: int | None = None
    system: bool = False
    unique: bool = False

    def to_wire(self, unique: bool) -> Wire:
        """Give the field's part of a describe answer."""
        wire: Wire = {
            "api_name": self.name,
            "label": self.label,
            "type": self.type,
            "is_required": self.required,
            "is_readonly": self.system,
            "is_unique": self.unique or unique,
            "define_type": "custom" if self.custom else "package",
            "is_active": True,
        }
        if self.options:
            wire["options"] = [{"label": label, "value": value} for value, label in self.options]
        if self.target:
            wire["target_api_name"] = self.target
        if self.length:
            wire["max_length"] = self.length
        if self.type in NUMBER_TYPES:
            wire["decimal_places"] = self.decimals or 0
        if self.type == "date_time":
            wire["date_format"] = "yyyy-MM-dd HH:mm"
        if self.type in ("date", "date_time"):
            wire["time_zone"] = "GMT+8"
        return wire


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """One object of the tenant: its api name, its label and its fields by name."""

    name: str
    label: str
    fields: Mapping[str, FieldSpec] = field(default_factory=dict)

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def to_wire(self, unique: Iterable[str]) -> Wire:
        """Give ``data.describe``; *unique* names the fields a setting made unique."""
        marked = set(unique)
        return {
            "api_name": self.name,
            "label": self.label,
            "display_name": self.label,
            "define_type": "custom" if self.custom else "package",
            "is_active": True,
            "fields": {name: spec.to_wire(f"{self.name}.{name}" in marked) for name, spec in self.fields.items()},
        }

    def to_list_row(self) -> Wire:
        """Give the object's row in the answer of object/list."""
        return {
            "describeApiName": self.name,
            "describeDisplayName": self.label,
            "defineType": "custom" if self.custom else "package",
            "isActive": True,
            "iconPath": "",
            "iconIndex": 0,
            "hideButton": False,
            "publicObject": False,
        }


F = FieldSpec

LIFE_STATUSES: Final = (
    ("ineffective", "未生效"), ("under_review", "审核中"), ("normal", "正常"), ("in_change", "变更中"), ("invalid", "作废"),
)  # fmt: skip

SYSTEM_FIELDS: Final = (
    F(name="_id", label="ID", system=True),
    F(name="object_describe_api_name", label="对象", system=True),
    F(name="record_type", label="业务类型", type="record_type", options=(("default__c", "预设业务类型"),)),
    F(name="owner", label="负责人", type="employee"),
    F(name="owner_department", label="负责人主属部门", system=True),
    F(name="data_own_department", label="归属部门", type="department"),
    F(name="created_by", label="创建人", type="employee", system=True),
    F(name="last_modified_by", label="最后修改人", type="employee", system=True),
    F(name="create_time", label="创建时间", type="date_time", system=True),
    F(name="last_modified_time", label="最后修改时间", type="date_time", system=True),
    F(name="life_status", label="生命状态", type="select_one", options=LIFE_STATUSES, system=True),
    F(name="lock_status", label="锁定状态", type="select_one", options=(("0", "未锁定"), ("1", "锁定")), system=True),
    F(name="is_deleted", label="是否删除", type="true_or_false", system=True),
    F(name="version", label="版本", system=True),
)


def _object(name: str, label: str, *fields: FieldSpec) -> ObjectSpec:
    return ObjectSpec(name, label, {spec.name: spec for spec in (*fields, *SYSTEM_FIELDS)})


def text(name: str, label: str, length: int = 500, required: bool = False) -> FieldSpec:
    """Give a text field, marked custom by its name."""
    return F(name=name, label=label, length=length, required=required, custom=name.endswith("__c"))


def body(name: str, label: str) -> FieldSpec:
    custom = name.endswith("__c")
    return F(name=name, label=label, type="long_text", length=10_000 if custom else 100_000, custom=custom)


def typed(name: str, label: str, type: str, decimals: int | None = None) -> FieldSpec:
    return F(name=name, label=label, type=type, decimals=decimals, custom=name.endswith("__c"))


def ref(name: str, label: str, target: str) -> FieldSpec:
    return F(name=name, label=label, type="object_reference", target=target, custom=name.endswith("__c"))


def select(name: str, label: str, options: Mapping[str, str], many: bool = False) -> FieldSpec:
    kind = "select_many" if many else "select_one"
    return F(name=name, label=label, type=kind, options=tuple(options.items()), custom=name.endswith("__c"))


KEY: Final = F(name="duban_key__c", label="督办编号", length=100, custom=True, unique=True)
"""Where another system keeps its own id; the admin marked it unique."""
NAME: Final = text("name", "名称", required=True)

ROLES: Final = {
    "sponsor": "发起人", "decision_maker": "决策人", "approver": "签字人", "coordinator": "对接人", "key_user": "关键用户",
    "it": "信息技术", "finance": "财务", "procurement": "采购", "observer": "观察员",
}  # fmt: skip
TASK_STATUSES: Final = {
    "not_started": "未开始", "in_progress": "进行中", "waiting_client": "待客户", "waiting_vendor": "待我方",
    "waiting_third_party": "待第三方", "submitted": "已提交待确认", "on_hold": "暂停", "done": "完成", "cancelled": "取消",
}  # fmt: skip
TASK_KINDS: Final = {
    "action": "行动项", "milestone": "里程碑", "sign_off": "签字确认", "deliverable_review": "交付物评审", "meeting": "会议",
    "risk": "风险", "change_request": "变更请求", "acceptance": "验收", "survey": "满意度调查", "issue": "问题",
}  # fmt: skip
PRIORITIES: Final = {"low": "低", "normal": "中", "high": "高", "critical": "紧急"}
SIDES: Final = {"client": "客户方", "vendor": "我方", "third_party": "第三方"}
SEVERITIES: Final = {"S1": "S1", "S2": "S2", "S3": "S3", "S4": "S4"}
LIFECYCLES: Final = {
    "draft": "草稿", "planned": "已立项", "active": "进行中", "on_hold": "暂停", "delivered": "已交付待验收",
    "accepted": "已验收", "closed": "已关闭", "cancelled": "终止",
}  # fmt: skip
HEALTHS: Final = {"unknown": "未知", "green": "正常", "yellow": "有风险", "red": "已偏离"}
FEEDBACK_KINDS: Final = {
    "csat": "满意度", "nps": "净推荐值", "ces": "费力度", "comment": "意见", "complaint": "投诉", "praise": "表扬",
    "suggestion": "建议", "lesson": "经验教训",
}  # fmt: skip
FEEDBACK_STATUSES: Final = {
    "new": "新建", "acknowledged": "已受理", "acting": "处理中", "resolved": "已解决", "closed": "已关闭", "reopened": "重新打开",
}  # fmt: skip

ACCOUNT: Final = (
    text("name", "客户名称", required=True), typed("tel", "电话", "phone_number"), typed("website", "网址", "url"),
    body("remark", "备注"), typed("email", "邮件", "email"), text("address", "详细地址"),
    select("account_type", "客户类型", {"1": "直接客户", "2": "渠道"}),
    select("industry", "行业", {"1": "制造", "2": "信息技术", "3": "能源", "other": "其他"}),
    select("deal_status", "成交状态", {"1": "未成交", "2": "已成交"}), text("account_source", "来源"),
    typed("last_followed_time", "最后跟进时间", "date_time"),
)  # fmt: skip
CONTACT: Final = (
    text("name", "姓名", required=True), text("job_title", "职务"), typed("mobile", "手机", "phone_number"),
    typed("tel", "电话", "phone_number"), typed("email", "邮件", "email"), ref("account_id", "客户名称", "AccountObj"),
    body("remark", "备注"), typed("primary_contact", "关键联系人", "true_or_false"),
)  # fmt: skip
CONTACT_CUSTOM: Final = (
    KEY, typed("email_opt_out__c", "退订邮件", "true_or_false"), select("roles__c", "角色", ROLES, many=True),
)  # fmt: skip

PRESET: Final = (
    (
        "LeadsObj", "销售线索", NAME, text("company", "公司"), typed("email", "邮件", "email"), text("job_title", "职务"),
        typed("mobile", "手机", "phone_number"), typed("tel", "电话", "phone_number"), body("remark", "备注"),
        text("leads_pool_id", "线索池"), select("biz_status", "状态", {"un_assigned": "未分配", "un_processed": "待处理"}),
    ),
    (
        "NewOpportunityObj", "商机2.0", NAME, ref("account_id", "客户名称", "AccountObj"),
        typed("amount", "商机金额", "currency", 2), typed("close_date", "预计成交日期", "date"), text("sales_stage", "阶段"),
        text("sales_status", "状态"), text("sales_process_id", "销售流程"), typed("probability", "赢率", "percentile"),
        typed("last_followed_time", "最后跟进时间", "date_time"), typed("stg_changed_time", "阶段变更时间", "date_time"),
        body("remark", "备注"),
    ),
    (
        "ActiveRecordObj", "销售记录", text("name", "编号"), body("active_record_content", "内容"),
        text("interactive_types", "互动类型"), text("interactive_scenario", "互动场景"),
        typed("related_object_data", "相关对象", "array"), typed("related_api_names", "相关对象名", "array"),
    ),
    ("CasesObj", "工单", NAME, body("description", "描述"), ref("account_id", "客户名称", "AccountObj"),
     ref("contact_id", "联系人", "ContactObj"), text("case_status", "状态")),
    ("OpportunityObj", "商机", NAME, ref("account_id", "客户名称", "AccountObj"), body("remark", "备注")),
    (
        "PersonnelObj", "人员", NAME, text("user_id", "员工ID"), typed("email", "邮箱", "email"),
        typed("phone", "手机", "phone_number"), select("status", "状态", {"0": "正常", "1": "停用"}),
    ),
    ("DepartmentObj", "部门", NAME, text("dept_id", "部门ID"), text("parent_id", "上级部门")),
)  # fmt: skip
"""Preset objects beside accounts and contacts; field names seen in public clients, the rest [assumed]."""

MORE_PRESET: Final = {
    "ProductObj": "产品", "PartnerObj": "合作伙伴", "ContractObj": "合同", "SalesOrderObj": "销售订单", "PaymentObj": "回款",
    "PriceBookObj": "价目表", "MarketingEventObj": "市场活动", "CheckinsObj": "高级外勤", "ServiceRecordObj": "通话记录",
    "ScheduleObj": "日程", "FeedReplyObj": "工作圈回复", "ApprovalInstanceObj": "审批流实例", "ApprovalTaskObj": "审批流任务",
}  # fmt: skip
"""Preset objects of which public clients show the name only; they are there, and empty."""

PROJECT: Final = (
    text("name", "项目名称", required=True), KEY, text("code__c", "项目编码", 100), text("contract_no__c", "合同号", 100),
    body("body__c", "说明"), ref("account__c", "客户", "AccountObj"), typed("start__c", "开始日期", "date"),
    typed("due__c", "基准完成日期", "date"), typed("budget__c", "预算", "currency", 2),
    select("status__c", "项目状态", LIFECYCLES), select("health__c", "健康度", HEALTHS),
)  # fmt: skip
TASK: Final = (
    text("name", "主题", required=True), KEY, body("body__c", "说明"), select("status__c", "状态", TASK_STATUSES),
    select("priority__c", "优先级", PRIORITIES), typed("due__c", "截止日期", "date"), select("kind__c", "类型", TASK_KINDS),
    text("stage__c", "阶段", 100), select("side__c", "责任方", SIDES), typed("start__c", "开始日期", "date"),
    ref("project__c", "项目", "duban_project__c"), ref("contact__c", "联系人", "ContactObj"),
    typed("done_at__c", "完成时间", "date_time"), typed("overdue_since__c", "逾期起始日", "date"),
    select("severity__c", "逾期等级", SEVERITIES),
)  # fmt: skip
FEEDBACK: Final = (
    text("name", "标题", required=True), KEY, body("body__c", "内容"), select("status__c", "状态", FEEDBACK_STATUSES),
    select("severity__c", "严重程度", PRIORITIES), select("kind__c", "类型", FEEDBACK_KINDS),
    typed("score__c", "评分", "number", 2), text("scale__c", "量表", 100), text("wave__c", "批次", 100),
    typed("submitted_at__c", "提交时间", "date_time"), ref("contact__c", "联系人", "ContactObj"),
    ref("account__c", "客户", "AccountObj"), ref("project__c", "项目", "duban_project__c"),
)  # fmt: skip
COMMENT: Final = (
    text("name", "标题"), body("body__c", "内容"), text("parent_id__c", "所属记录", 64), text("parent_kind__c", "所属对象", 64),
)  # fmt: skip


def tenant_objects(plain: bool) -> dict[str, ObjectSpec]:
    """Give every object of the tenant by api name.

    Args:
        plain: a tenant whose admin made no custom field and no custom object.
    """
    extra_account = () if plain else (KEY,)
    extra_contact = () if plain else CONTACT_CUSTOM
    specs = [_object("AccountObj", "客户", *ACCOUNT, *extra_account)]
    specs.append(_object("ContactObj", "联系人", *CONTACT, *extra_contact))
    specs.extend(_object(row[0], row[1], *row[2:]) for row in PRESET)
    specs.extend(_object(name, label, NAME, body("remark", "备注")) for name, label in MORE_PRESET.items())
    if not plain:
        specs.append(_object("duban_project__c", "督办项目", *PROJECT))
        specs.append(_object("duban_task__c", "督办任务", *TASK))
        specs.append(_object("duban_feedback__c", "督办反馈", *FEEDBACK))
        specs.append(_object("duban_comment__c", "督办跟进", *COMMENT))
    return {spec.name: spec for spec in specs}


def custom_object(name: str, label: str, fields: Mapping[str, Any]) -> ObjectSpec:
    """Give a custom object of which only names and types are known."""
    return _object(name, label, text("name", "主属性", required=True), *(typed(*_pair(row)) for row in fields.items()))


def _pair(row: tuple[str, Any]) -> tuple[str, str, str]:
    return row[0], row[0], str(row[1])


def field_of(spec: ObjectSpec, name: str) -> FieldSpec:
    """Give the field's description; a field nobody described is taken for text."""
    return spec.fields.get(name) or FieldSpec(name=name, label=name, custom=name.endswith("__c"))


_KINDS: Final = {
    "text": "text", "long_text": "long_text", "email": "email", "phone": "phone_number", "url": "url", "key": "text",
    "date": "date", "instant": "date_time", "number": "number", "money": "currency", "bool": "true_or_false",
    "option": "select_one", "options": "select_many", "ref": "object_reference", "user": "employee", "parent": "text",
}  # fmt: skip
"""What a field is to carry -> the type an admin would choose."""


def custom_field(name: str, kind: str, options: Sequence[str] = (), target: str = "") -> FieldSpec:
    """Give a field that an admin made for values of that kind.

    Raises:
        ValueError: nobody knows that kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(sorted(_KINDS))}")
    type_ = _KINDS[kind]
    return F(
        name=name, label=name, type=type_, options=tuple((one, one) for one in options), target=target or None,
        custom=name.endswith("__c"), length=500 if type_ == "text" else None, unique=kind == "key",
        decimals=2 if type_ in NUMBER_TYPES else None,
    )  # fmt: skip
