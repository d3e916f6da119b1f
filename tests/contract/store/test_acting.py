"""People act, duban follows, and the dossier tells of it, alike on every database."""

from __future__ import annotations

from datetime import date

from store.database import Database
from supervise import acting, agreeing, meeting
from supervise.agreeing import Accepting, Deciding, Signing
from supervise.cases import read_setting
from supervise.dossier import portfolio, read_dossier
from supervise.following import follow_up
from supervise.knobs import Knobs
from supervise.meeting import RiskReview
from tests.support.clocks import ms
from tests.support.project_desk import ProjectDesk


def test_acts_rules_and_dossiers_work_on_every_database(db: Database) -> None:
    desk = ProjectDesk(db)
    desk.task("so", "sign_off", title="章程", stage="issued", status="waiting_client", doc_version="v1", mandatory=True)
    desk.task("ac", "acceptance", stage="testing", status="waiting_client", criteria="一\n二")
    desk.task("uat", "milestone", due="2026-06-18", status="not_started")
    desk.task("cr", "change_request", stage="quoted", status="waiting_client", affected="uat")
    desk.task("r", "risk", stage="monitoring", status="in_progress", probability="4", impact="4")
    agreeing.sign(desk.hand(), "so", Signing(signer="wang"))
    given = Accepting(outcome="conditionally_accepted", signer="wang", conditions="补手册")
    (punch,) = agreeing.accept(desk.hand(), "ac", given).made
    decided = Deciding(approve=True, approver="wang", impact="接口", cost="10.50", days="1")
    agreeing.decide(desk.hand(), "cr", decided)
    meeting.review_risk(desk.hand(), "r", RiskReview(joint=True))
    acting.pause(desk.hand(), punch, None, date(2026, 6, 10), "停工")
    desk.edit("task", "so", doc_version="v2")
    done = follow_up(db, now_ms=ms("2026-06-09T09:00"), knobs=Knobs(), random_bytes=lambda n: b"f" * n)
    assert (done.looked_at, done.made) == (1, {"re_sign": 1})
    with db.read() as tx:
        setting = read_setting(tx, now_ms=ms("2026-06-09T10:00"), knobs=Knobs(), looking_back=True)
        dossier = read_dossier(tx, "p", setting)
        assert dossier is not None
        assert (dossier.signed, dossier.health.level) == ((0, 1), "red")
        assert [line.approved for line in dossier.milestones] == [date(2026, 6, 22)]
        assert {item.uid for item in dossier.our_items} >= {punch, "uat"}
        earlier = read_setting(tx, now_ms=ms("2026-06-08T09:00"), knobs=Knobs(), looking_back=True)
        before = read_dossier(tx, "p", earlier, past=True)
        assert before is not None
        assert (before.signed, before.baselines, {item.uid for item in before.our_items}) == ((0, 1), (), {"uat", "r"})
        assert [one.project.uid for one in portfolio(tx, setting)] == ["p"]
    assert [kind for kind, _, _ in desk.acts("task", "so")] == ["signature", "superseded"]
