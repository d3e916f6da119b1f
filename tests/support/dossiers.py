"""A project with something of everything, as supervision hands it to the reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from supervise.change import ChangeTotals, ChangeView
from supervise.closing import Acceptance, AcceptanceView, ClosureGate, GateItem, PunchItem
from supervise.delay import Attribution, DayEntry, DayEvidence
from supervise.dossier import (
    ContactLine,
    DecisionLine,
    Dossier,
    FeedbackLine,
    Freshness,
    LedgerLine,
    MilestoneLine,
)
from supervise.engagement import Engagement, Part
from supervise.health import Health, Signal
from supervise.readiness import Flagged
from supervise.reasons import Reason
from supervise.report import ProjectItem, SourceRef, TaskItem
from supervise.risk import RiskView
from supervise.satisfaction import SatisfactionResult, Score
from supervise.signing import Signature, SignOffView

NOW_MS = 1_781_226_300_000
"""2026-06-12 09:05 in Shanghai."""
DAY_MS = 86_400_000
INTERNAL = "内部评论：此客户很难缠"
SECRET_TASK = "内部：准备索赔材料"


def item(uid: str, title: str, **values: Any) -> TaskItem:
    return TaskItem(
        uid=uid,
        title=title,
        project="ERP 二期",
        project_uid="p1",
        account="华星集团",
        zone="Asia/Shanghai",
        sources=(SourceRef("zoho", "Tasks", f"Z-{uid}", NOW_MS - 3 * DAY_MS),),
        evidence=(Reason("R5", "overdue", uid, "due"), Reason("R1", "status_names_holder", uid, "status")),
        **values,
    )


CLIENT_ITEMS = (
    item(
        "t1",
        "需求规格书 v2 签字",
        contact="王总",
        due="2026-06-04",
        due_eff="2026-06-04",
        obd=6,
        since="2026-06-05",
        severity="S4",
        ball="client",
        kind="sign_off",
        blocks=("UAT",),
    ),
    item(
        "t2",
        "提供测试数据",
        contact="李工",
        due="2026-06-11",
        due_eff="2026-06-11",
        obd=1,
        since="2026-06-12",
        severity="S1",
        ball="client",
    ),
    item("t3", "确认接口清单", contact="李工", due="2026-06-17", due_eff="2026-06-17", ball="client"),
)
OUR_ITEMS = (
    item(
        "t4",
        "修复导入缺陷",
        owner="pm@vendor.example",
        due="2026-06-09",
        due_eff="2026-06-09",
        obd=3,
        since="2026-06-10",
        severity="S2",
        ball="vendor",
        kind="issue",
    ),
    item("t5", SECRET_TASK, owner="pm@vendor.example", due_eff="2026-06-15", ball="vendor", internal=True),
)
SIGNATURE = Signature(
    signer="c1", roles=("approver",), method="email", at_ms=NOW_MS - 20 * DAY_MS, doc_version="v1", doc_hash="ab" * 32
)
LEDGER = tuple(
    LedgerLine(
        at_ms=NOW_MS - days * DAY_MS,
        uid=uid,
        title=title,
        holder=holder,
        cause="moved",
        source="zoho",
        record=f"Tasks/Z-{uid}",
        evidence="R1 status",
        chain=f"{number:064x}",
        disputed="不同意" if number == 3 else "",
    )
    for number, (days, uid, title, holder) in enumerate(
        [
            (30, "t1", "需求规格书 v2 签字", "vendor"),
            (20, "t1", "需求规格书 v2 签字", "client"),
            (25, "t2", "提供测试数据", "client"),
            (18, "t2", "提供测试数据", "vendor"),
            (12, "t2", "提供测试数据", "client"),
            (16, "t4", "修复导入缺陷", "vendor"),
        ],
        1,
    )
)


def score(kind: str, wave: str, n: int, value: str | None, low: str | None, high: str | None) -> Score:
    made = {name: Decimal(text) if text else None for name, text in (("value", value), ("low", low), ("high", high))}
    return Score(
        kind=kind,
        wave=wave,
        scale="0-10" if kind == "nps" else "1-5",
        n=n,
        **made,
        mean=None,
        margin=None,  # type: ignore[arg-type]
        indicative=5 <= n < 30,
        suppressed=n < 5,
        counts={},
        response_rate=None,
        invited=20,
    )


def dossier(**values: Any) -> Dossier:
    """Give the project; *values* replace parts of it."""
    made = Dossier(
        project=ProjectItem(
            uid="p1",
            name="ERP 二期",
            code="P-1",
            account="华星集团",
            pm="pm@vendor.example",
            lifecycle="active",
            health="green",
            client_overdue=2,
            ours_overdue=1,
        ),
        values={"contract_no": "HX-2026-7", "start": "2026-03-02", "baseline_end": "2026-05-29"},
        account={"name": "华星集团"},
        account_name="华星集团",
        freshness=(
            Freshness(connection="zoho", last_ok_ms=NOW_MS - 180_000),
            Freshness(connection="fxiaoke", last_ok_ms=NOW_MS - 26 * 3_600_000, stale=True, error="429"),
        ),
        calendar="CN",
        zone="Asia/Shanghai",
        now_ms=NOW_MS,
        today=date(2026, 6, 12),
        contacts=(
            ContactLine(
                uid="c1",
                name="王总",
                title="总经理",
                roles=("approver", "sponsor"),
                side="client",
                mobile="13800000000",
                last_two_way_ms=NOW_MS - 2 * DAY_MS,
            ),
            ContactLine(uid="c2", name="李工", roles=("it",), side="client", email="li@client.example", opt_out=True),
        ),
        client_items=CLIENT_ITEMS,
        our_items=OUR_ITEMS,
        undated=(item("t6", "整理培训名单", ball="client"),),
        milestones=(
            MilestoneLine(
                uid="m1",
                title="UAT",
                baseline=date(2026, 5, 29),
                approved=date(2026, 6, 5),
                forecast=date(2026, 6, 22),
                slip_bd=10,
                blockers=("t1", "t2"),
            ),
            MilestoneLine(
                uid="m2",
                title="蓝图确认",
                baseline=date(2026, 4, 10),
                approved=date(2026, 4, 10),
                slip_bd=0,
                achieved_on=date(2026, 4, 9),
            ),
        ),
        sign_offs=(
            SignOffView(
                uid="s1",
                title="项目章程",
                doc_version="v1",
                doc_hash="ab" * 32,
                mandatory=True,
                state="signed",
                in_force=True,
                signature=SIGNATURE,
            ),
            SignOffView(
                uid="t1",
                title="需求规格书",
                doc_version="v2",
                doc_hash="cd" * 32,
                mandatory=True,
                state="superseded",
                in_force=False,
                signature=SIGNATURE,
                wants="re_sign",
            ),
        ),
        acceptance=(
            AcceptanceView(
                uid="a1",
                title="一期交付",
                mandatory=True,
                state="conditionally_accepted",
                in_force=True,
                act=Acceptance(
                    outcome="conditionally_accepted",
                    signer="c1",
                    roles=("approver",),
                    method="paper",
                    at_ms=NOW_MS - 9 * DAY_MS,
                    conditions="补充操作手册",
                ),
                criteria=("100 并发响应 < 2 秒", "数据迁移差异为 0"),
                open_conditions=("补充操作手册",),
                open_punch=(PunchItem(uid="q1", title="报表页眉更正"),),
            ),
            AcceptanceView(
                uid="a2",
                title="培训",
                mandatory=False,
                state="deemed_accepted",
                in_force=True,
                deemed_on=date(2026, 6, 1),
            ),
            AcceptanceView(uid="a3", title="上线", mandatory=True, state="ready", in_force=False),
        ),
        gate=ClosureGate(
            open=(
                GateItem(code="acceptance", uid="a3", what="上线", next_step="obtain_acceptance"),
                GateItem(code="survey", uid="p1", what="", next_step="send_survey"),
            )
        ),
        risks=(
            RiskView(
                uid="r1",
                title="数据迁移窗口不足",
                score=16,
                level="red",
                review_overdue_bd=1,
                live=True,
                side="client",
                response="mitigate",
                joint=True,
                reviewed_on=date(2026, 5, 27),
            ),
            RiskView(uid="r2", title="旧风险", score=4, level="green", review_overdue_bd=0, live=False),
        ),
        changes=(
            ChangeView(
                uid="x1",
                title="增加移动审批",
                stage="negotiating",
                cost=Decimal("48000"),
                days=5,
                approved=False,
                undecided=True,
                age_bd=12,
                impact="UAT 顺延",
            ),
            ChangeView(
                uid="x2",
                title="报表字段",
                stage="approved",
                cost=Decimal(0),
                days=0,
                approved=True,
                undecided=False,
                age_bd=None,
                decided_on=date(2026, 5, 6),
            ),
        ),
        change_totals=ChangeTotals(
            count=2, approved=1, cost=Decimal(0), days=0, undecided=1, oldest_age_bd=12, unauthorised=1
        ),
        decisions=(DecisionLine(uid="x1", title="增加移动审批", due=date(2026, 6, 8), age_bd=12),),
        feedback=(
            FeedbackLine(uid="f1", title="导入太慢", kind="complaint", status="new", contact="李工", loop_open=True),
        ),
        satisfaction=SatisfactionResult(
            scores=(
                score("nps", "2026Q1", 16, "25", "-12", "62"),
                score("nps", "2026Q2", 4, None, None, None),
                score("csat", "2026Q2", 31, "80.6", "63.7", "90.8"),
            )
        ),
        engagement=Engagement(
            index=62,
            confidence="medium",
            parts=(
                Part(name="on_time", weight=Decimal("38.9"), value=Decimal("50.0"), n=8),
                Part(name="attendance", weight=Decimal("22.2"), value=Decimal("75.0"), n=4),
            ),
        ),
        health=Health(
            level="red",
            computed_today="red",
            confidence="low",
            declared="green",
            declared_gap=2,
            watermelon=True,
            signals=(
                Signal(code="H2", level="red", reason=Reason("R11", "late", "t1")),
                Signal(code="H1", level="red", reason=Reason("R11", "slip", "m1")),
                Signal(code="H7", level="yellow", reason=Reason("R11", "late", "t4")),
            ),
        ),
        flags=(Flagged(code="silence", since=date(2026, 6, 1), uid="p1"),),
        attribution={
            "m1": Attribution(
                delay=10,
                client=6,
                concurrent=2,
                vendor=2,
                relief=8,
                claimable=6,
                days=(
                    DayEntry(
                        day=date(2026, 6, 8),
                        holder="client",
                        items=("t1",),
                        evidence=(
                            DayEvidence(
                                uid="t1",
                                title="需求规格书 v2 签字",
                                holder="client",
                                ball_ms=NOW_MS - 9 * DAY_MS,
                                due_eff=date(2026, 6, 4),
                                notice_ms=NOW_MS - 7 * DAY_MS,
                            ),
                        ),
                    ),
                    DayEntry(
                        day=date(2026, 6, 10),
                        holder="both",
                        items=("t1", "t4"),
                        evidence=(
                            DayEvidence(
                                uid="t4",
                                title="修复导入缺陷",
                                holder="vendor",
                                ball_ms=NOW_MS - 9 * DAY_MS,
                                due_eff=date(2026, 6, 9),
                            ),
                        ),
                        disputed="我方已答复",
                    ),
                ),
            )
        },
        ledger=LEDGER,
        lessons=(FeedbackLine(uid="l1", title="测试数据到得晚", kind="lesson", cause="late_client_data"),),
        improvements=(
            item("i1", "启动会时约定数据清单", owner="pm@vendor.example", due_eff="2026-07-01", ball="vendor"),
        ),
        held_notices=("n1", "n2"),
        knobs={"grace_bd": 1},
    )
    return replace(made, **values)
