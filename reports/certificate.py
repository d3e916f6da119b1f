"""The acceptance certificate with the sign-off log: who accepted and signed what, which version, when and how."""

from __future__ import annotations

from typing import Final

from reports.document import Block, Document, Facts, Heading, Listing, Paragraph, table
from reports.parts import acceptance_table, paper, people_of, signatures_table
from reports.voice import Voice
from supervise.closing import AcceptanceView
from supervise.dossier import Dossier

_RULE: Final = "_" * 18


def certificate(dossier: Dossier, voice: Voice, period: str) -> Document:
    """Give the certificate; what time alone accepted stands apart from what somebody signed."""
    people = people_of(dossier)
    by_hand = [each for each in dossier.acceptance if each.state != "deemed_accepted"]
    deemed = [each for each in dossier.acceptance if each.state == "deemed_accepted"]
    blocks: list[Block] = [
        Heading(voice.say("section.parties")), Facts(_parties(dossier, voice)),
        Paragraph(_statement(dossier, voice), "strong"),
        Heading(voice.say("section.acceptance")), acceptance_table(by_hand, people, voice),
    ]  # fmt: skip
    if deemed:
        blocks += [
            Heading(voice.say("section.deemed")), Paragraph(voice.say("deemed_note"), "muted"),
            acceptance_table(deemed, people, voice),
        ]  # fmt: skip
    blocks += [Heading(voice.say("section.criteria")), *_criteria(dossier.acceptance, voice)]
    blocks += [Heading(voice.say("section.punch")), _punch(dossier.acceptance, voice)]
    blocks += [Heading(voice.say("section.sign_log")), signatures_table(dossier.sign_offs, people, voice)]
    blocks += _hashes(dossier, voice)
    blocks += [Heading(voice.say("section.signatures")), Facts(_signature_lines(voice))]
    return paper("certificate", dossier, voice, period, blocks, foot="certificate")


def _parties(dossier: Dossier, voice: Voice) -> tuple[tuple[str, str], ...]:
    contract, code = dossier.values.get("contract_no"), dossier.project.code
    return (
        (voice.say("party.client"), dossier.account_name or "—"),
        (voice.say("project"), dossier.project.name),
        (voice.say("code"), code or "—"),
        (voice.say("contract_no"), str(contract or "—")),
        (voice.say("pm"), dossier.project.pm or "—"),
        (voice.say("lifecycle"), voice.word("lifecycle", dossier.project.lifecycle)),
    )


def _signature_lines(voice: Voice) -> tuple[tuple[str, str], ...]:
    line = voice.say("signature_line", name=_RULE, day=_RULE)
    return ((voice.say("party.client"), line), (voice.say("party.vendor"), line))


def _statement(dossier: Dossier, voice: Voice) -> str:
    mandatory = [each for each in dossier.acceptance if each.mandatory]
    done = sum(each.in_force for each in mandatory)
    if not mandatory:
        return voice.say("certificate.none")
    code = "certificate.all" if done == len(mandatory) else "certificate.some"
    return voice.say(code, done=done, all=len(mandatory))


def _criteria(views: tuple[AcceptanceView, ...], voice: Voice) -> list[Block]:
    blocks: list[Block] = []
    for view in views:
        if view.criteria:
            blocks += [Heading(f"{view.title} ({voice.word('acceptance', view.state)})", 3), Listing(view.criteria)]
    return blocks or [Paragraph(voice.say("none.criteria"), "muted")]


def _punch(views: tuple[AcceptanceView, ...], voice: Voice) -> Block:
    rows = [
        (view.title, what, voice.word("punch", kind))
        for view in views
        for kind, what in (
            *(("condition", text) for text in view.open_conditions),
            *(("item", item.title) for item in view.open_punch),
        )
    ]
    columns = [(voice.say("acceptance"), 3), (voice.say("punch"), 5), (voice.say("kind"), 2)]
    return table(columns, rows, voice.say("none.punch"))


def _hashes(dossier: Dossier, voice: Voice) -> list[Block]:
    hashed = [view for view in dossier.sign_offs if view.doc_hash]
    if not hashed:
        return []
    facts = tuple((f"{view.title} {view.doc_version}".strip(), view.doc_hash) for view in hashed)
    return [Heading(voice.say("section.hashes"), 3), Facts(facts)]
