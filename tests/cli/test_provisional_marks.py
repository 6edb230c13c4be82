"""A limit that rests on days which are not published yet is marked wherever a person reads it; so is a hold."""

from datetime import UTC, datetime

import pytest

from cli.case_pages import case_page, cases_page
from cli.console import Console
from cli.situation import Names, tell
from desk.cases import CaseFolder
from domain.case import Awaited, CaseView, Hold, Party, Status, Waiting
from domain.demand import Nature, Urgency
from domain.department import Directory
from domain.ladder import Rung
from domain.order import Order, Role
from storage.cases import CaseRow
from texts.catalogue import Catalogue

OPENED, DUE = datetime(2026, 12, 28, 1, tzinfo=UTC), datetime(2027, 1, 19, 1, tzinfo=UTC)
LEAD = "hk-housing"
MARKS = {"en": "(provisional)", "zh": "（暂定）"}
DIRECTORY = Directory(departments=())


def view(*, provisional: bool, hold: Hold | None = None) -> CaseView:
    order = Order(
        order_id="c-1.1",
        department=LEAD,
        role=Role.LEAD,
        rung=Rung.DISPATCH,
        returnable=True,
        sent_at=OPENED,
        acknowledge_by=None,
        limit="handle",
        due_at=DUE,
        provisional=provisional,
    )
    waiting = Waiting(
        party=Party.DEPARTMENT,
        department=LEAD,
        awaited=Awaited.REPLY,
        order_id=order.order_id,
        since=OPENED,
        until=DUE,
        provisional=provisional,
    )
    return CaseView(
        case_id="c-1",
        seq=3,
        status=Status.HANDLING,
        step=Rung.DISPATCH,
        rung=Rung.DISPATCH,
        closing=None,
        opened_at=OPENED,
        lead=LEAD,
        assisting=(),
        waiting=(waiting,),
        orders=(order,),
        allowed=(),
        hold=hold,
    )


def row(*, provisional: bool) -> CaseRow:
    return CaseRow(
        case_id="c-1",
        status=Status.HANDLING,
        rung=Rung.DISPATCH,
        closing=None,
        nature=Nature.COMPLAINT,
        urgency=Urgency.NORMAL,
        matter=None,
        lead=LEAD,
        waiting_party=Party.DEPARTMENT,
        waiting_department=LEAD,
        waiting_for=Awaited.REPLY,
        waiting_order="c-1.1",
        waiting_since=OPENED,
        waiting_until=DUE,
        waiting_provisional=provisional,
        opened_at=OPENED,
        closed_at=None,
    )


def folder(shown: CaseView) -> CaseFolder:
    return CaseFolder(view=shown, description="噪声", place=None, entries=(), callbacks=())


@pytest.mark.parametrize("provisional", [True, False])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_marks_a_provisional_limit(
    capsys: pytest.CaptureFixture[str], language: str, provisional: bool
) -> None:
    console = Console(Catalogue(language))
    names = Names(DIRECTORY, console.text)
    marked = {
        "case": (lambda: case_page(console, folder(view(provisional=provisional)), names), MARKS[language]),
        "list": (lambda: cases_page(console, [row(provisional=provisional)], names), MARKS[language]),
        "answer": (
            lambda: tell(console, view(provisional=provisional)),
            console.text.say("now-provisional"),
        ),
    }
    for page, (show, mark) in marked.items():
        show()
        assert (mark in capsys.readouterr().out) is provisional, page


def test_a_case_on_hold_says_so_with_who_approved_it(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(Catalogue("en"))
    hold = Hold(reason="appraisal", approved_by="zhao", until=DUE, limits=("handle",))
    case_page(console, folder(view(provisional=False, hold=hold)), Names(DIRECTORY, console.text))
    assert "On hold       appraisal, approved by zhao, until 2027-01-19" in capsys.readouterr().out
