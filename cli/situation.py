"""What a case waits for, and what to type next: the end of every answer, and the stuck list."""

import shlex
from dataclasses import dataclass
from datetime import datetime

from cli.console import Console
from domain.case import Awaited, CaseView, Party, Status, Waiting
from domain.stuck import StuckCase
from storage.cases import CaseRow
from texts.catalogue import Catalogue
from texts.telling import Names as Names


@dataclass(frozen=True)
class Wait:
    """Who a case waits for, for what, since when and until when."""

    case_id: str
    party: Party
    awaited: Awaited
    department: str | None
    order_id: str | None
    since: datetime | None
    until: datetime | None
    provisional: bool = False
    """The limit rests on working days that are not published yet."""


def wait_of(view: CaseView) -> Wait | None:
    """The most pressing thing that a case waits for."""
    return wait_for(view.case_id, view.waiting[0]) if view.waiting else None


def wait_for(case_id: str, waiting: Waiting) -> Wait:
    """One of the things that a case waits for."""
    return Wait(
        case_id=case_id,
        party=waiting.party,
        awaited=waiting.awaited,
        department=waiting.department,
        order_id=waiting.order_id,
        since=waiting.since,
        until=waiting.until,
        provisional=waiting.provisional,
    )


def wait_of_row(row: CaseRow | StuckCase) -> Wait | None:
    """The same, from a line of a list."""
    if row.waiting_party is None or row.waiting_for is None:
        return None
    return Wait(
        case_id=row.case_id,
        party=row.waiting_party,
        awaited=row.waiting_for,
        department=row.waiting_department,
        order_id=row.waiting_order,
        since=row.waiting_since,
        until=row.waiting_until,
        provisional=row.waiting_provisional,
    )


def next_command(wait: Wait, text: Catalogue) -> str:
    """What to type to give the case what it waits for."""
    case, by = wait.case_id, f"--by {text.say('slot-name')}"
    words, department = text.say("slot-text"), wait.department or text.say("slot-department")
    match wait.awaited:
        case Awaited.ASSIGNMENT:
            typed = f"case assign {case} {department} {by}"
        case Awaited.ACKNOWLEDGEMENT:
            typed = f"order acknowledge {wait.order_id} --department {department} {by}"
        case Awaited.REPLY:
            answer = f"--result resolved --statement {words}"
            typed = f"order reply {wait.order_id} --department {department} {by} {answer}"
        case Awaited.CONFIRMATION:
            typed = f"case explain {case} --confirm {by} --reason {words}"
        case Awaited.MEETING:
            slot = text.say("slot-department")
            typed = f"meeting convene {case} --members {slot},{slot} {by}"
        case Awaited.CONCLUSION:
            slot = text.say("slot-department")
            typed = f"meeting conclude {case} --lead {slot} --task {slot}={words} --minutes {words} {by}"
        case Awaited.DECISION:
            typed = f"referral decide {case} --accept {by} --reason {words}"
        case Awaited.ANSWER:
            typed = f"referral answer {case} --accept {by} --reason {words}"
        case Awaited.PAPERS:
            typed = f"referral supply {case} --paper {text.say('slot-file')} {by}"
        case Awaited.VERIFICATION:
            typed = f"rectification verify {case} --passed {by} --remark {words}"
        case Awaited.CALLBACK:
            typed = f"callback record {case} --result satisfied {by}"
    return f"liandong {typed}"


def show_command(case_id: str) -> str:
    """What to type to look at a case."""
    return f"liandong case show {shlex.quote(case_id)}"


def who(wait: Wait, text: Catalogue, names: Names) -> str:
    """Who is waited for: a department by its name, else the party."""
    return names.of(wait.department) if wait.department else text.label(wait.party)


def until(wait: Wait, text: Catalogue) -> list[str]:
    """Until when it waits, as a part of a sentence, marked where that is provisional; nothing without a limit."""
    if wait.until is None:
        return []
    return [text.say("until", until=wait.until) + (text.say("shown-provisional") if wait.provisional else "")]


def tell(console: Console, view: CaseView) -> None:
    """Where the case is now and what to do next."""
    text, wait = console.text, wait_of(view)
    if view.status is Status.CLOSED:
        into = view.merged_into
        console.say("now-merged" if into else "now-closed", case=view.case_id, closing=view.closing, into=into or "-")
    elif wait is None:
        console.say("now-moving", case=view.case_id, rung=view.rung, status=view.status)
        console.say("next-step", command=show_command(view.case_id))
    else:
        party = f"{text.label(wait.party)} {wait.department}" if wait.department else text.label(wait.party)
        limited = "now-waiting-until" if wait.until else "now-waiting"
        place = {"case": view.case_id, "rung": view.rung, "status": view.status}
        console.say(limited, **place, who=party, awaited=wait.awaited, until=wait.until)
        if wait.provisional:
            console.say("now-provisional")
        console.say("next-step", command=next_command(wait, text))
