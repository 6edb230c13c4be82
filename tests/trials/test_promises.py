"""Each promise of the chaos trial can be found broken: what is missing, doubled or told otherwise is seen."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from records import fact, facts, order, record, sent, waiting

from domain.callbacks import Callback, CallbackKind, CallbackOutcome, NewReply, content_of, fingerprint
from domain.case import Closing, Status
from domain.ladder import Rung
from domain.ledger import Fact, FactKind, chain
from domain.order import OrderStatus, Result
from simulator.caller import Answer
from simulator.conduct import Twist
from simulator.departments import Said
from simulator.wire import Word
from storage import callbacks, ledger
from storage.database import Pool
from trials.chaos import promises
from trials.chaos.load import Witness
from trials.chaos.promises import Evidence, against_facts
from trials.chaos.report import BEGIN, END, write_into

BUREAU = "hk-urban-mgmt"
NOW = datetime.now(UTC)


def evidence(pool: Pool, *said: Said, opened: tuple[str, ...] = ()) -> Evidence:
    desk = cast("Any", SimpleNamespace(pool=pool))
    return Evidence(desk, Witness(opened=list(opened), said=list(said)), {})


def said(status: int = 200, twist: Twist | None = None, outcome: str = "accepted") -> Said:
    return Said(BUREAU, Word.REPLY, "c-1.1", "r-1", twist, b"{}", Answer(status, outcome))


async def keep(pool: Pool) -> Callback:
    reply = NewReply(order_id="c-1.1", department=BUREAU, result=Result.RESOLVED, statement="done", by="0712")
    callback = Callback(
        callback_id="r-1",
        kind=CallbackKind.REPLY,
        order_id="c-1.1",
        case_id="c-1",
        department=BUREAU,
        content=content_of(reply, "r-1", NOW).model_dump(mode="json"),
        fingerprint=fingerprint(reply),
        received_at=NOW,
    )
    return (await callbacks.keep(pool, callback)).callback


async def test_a_confirmed_callback_must_be_kept_handed_over_and_on_record(pool: Pool) -> None:
    assert (await promises.callbacks_kept(evidence(pool, said()))).broken == ["r-1: kept 0 times"]
    callback = await keep(pool)
    waits = (await promises.callbacks_kept(evidence(pool, said()))).broken
    assert waits == ["r-1 has not reached its case", "1 callbacks have not reached their cases"]
    await callbacks.settle(pool, callback, CallbackOutcome.ACCEPTED)
    lost = (await promises.callbacks_kept(evidence(pool, said()))).broken
    assert lost == ["r-1 was accepted and is not in the ledger"]
    replied = fact(2, kind=FactKind.ORDER_REPLIED, order_id="c-1.1")
    await ledger.write(pool, record("c-1", [fact(1), replied]))
    assert (await promises.callbacks_kept(evidence(pool, said()))).broken == []
    assert (await promises.callbacks_kept(evidence(pool, said(status=409)))).looked_at == 1  # it was promised nothing


async def test_a_case_must_be_there_once_and_wait_for_somebody(pool: Pool) -> None:
    assert len((await promises.cases_opened(evidence(pool, opened=("c-1",)))).broken) == 2
    await ledger.write(pool, record("c-1", facts(2)))
    assert (await promises.cases_opened(evidence(pool, opened=("c-1",)))).broken == []
    assert len((await promises.cases_opened(evidence(pool, opened=()))).broken) == 1
    assert len((await promises.nobody_forgotten(evidence(pool))).broken) == 1
    await ledger.write(pool, record("c-1", facts(3), waits=[waiting(until=NOW.replace(year=2100))]))
    assert (await promises.nobody_forgotten(evidence(pool))).broken == []


@pytest.mark.parametrize(
    ("answered", "kept"),
    [
        (said(200), True),
        (said(409, outcome="order-ended"), True),
        (said(409, outcome="callback-id-used"), False),
        (said(422, outcome="input-invalid"), False),
        (said(503, outcome="out-of-order"), False),
        (said(401, Twist.STALE), True),
        (said(200, Twist.STALE), False),
        (said(200, Twist.TWICE), True),
    ],
)
async def test_an_answer_must_fit_what_was_said(answered: Said, kept: bool) -> None:
    found = await promises.wrong_words_refused(evidence(cast("Any", None), answered))
    assert (not found.broken) is kept


SENT = (fact(1), fact(2), sent(3, "c-1.1"))
REPLIED = fact(4, kind=FactKind.ORDER_REPLIED, order_id="c-1.1")
CLOSED = fact(5, kind=FactKind.CASE_CLOSED)
OPEN_ORDER = order("c-1")
REPLIED_ORDER = order("c-1", status=OrderStatus.REPLIED)


@pytest.mark.parametrize(
    ("written", "told", "differs"),
    [
        (SENT, record("c-1", SENT, orders=[OPEN_ORDER]), False),
        (SENT[:2], record("c-1", SENT, orders=[OPEN_ORDER]), True),
        ((*SENT, REPLIED), record("c-1", (*SENT, REPLIED), orders=[REPLIED_ORDER]), False),
        ((*SENT, REPLIED), record("c-1", (*SENT, REPLIED), orders=[OPEN_ORDER]), True),
        (SENT, record("c-1", SENT, orders=[REPLIED_ORDER]), True),
        (SENT, record("c-1", SENT, rung=Rung.SUPERVISED), True),
        (SENT, record("c-1", SENT, status=Status.CLOSED, closing=Closing.RESOLVED), True),
        ((*SENT, REPLIED, CLOSED), record("c-1", (*SENT, REPLIED, CLOSED), orders=[REPLIED_ORDER]), True),
    ],
)
def test_the_projection_must_say_what_the_facts_say(written: tuple[Fact, ...], told: Any, differs: bool) -> None:
    assert (against_facts(told.view, chain("c-1", written, "0" * 64)) is not None) is differs


def test_figures_go_between_the_marks_and_nowhere_else(tmp_path: Any) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n", encoding="utf-8")
    write_into(page, "new\n")
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}new\n{END}after\n"
    page.write_text("no place\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        write_into(page, "new\n")
