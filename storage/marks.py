"""What counts in an assessment, written with the facts that decide it; and all of it once more from the ledger."""

from collections.abc import Sequence
from datetime import timedelta

from domain.case import Case, CaseView
from domain.custody import Custodian, stretches
from domain.ledger import Fact, FactKind
from domain.marks import marks
from domain.order import Order
from storage.database import Connection

MARK = """
INSERT INTO mark (case_id, seq, figure, department, district, matter, at, good)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

BOOK = "INSERT INTO custody (case_id, hands, department, clock, closed_at) VALUES ($1, $2, $3, $4, $5)"

FORGET = "DELETE FROM mark WHERE case_id = $1"
FORGET_CUSTODY = "DELETE FROM custody WHERE case_id = $1"


async def note(connection: Connection, case: Case, orders: Sequence[Order], facts: Sequence[Fact]) -> None:
    """Write down what these new facts of a case count for; in the transaction that writes the facts."""
    found = marks(case, orders, facts)
    if found:
        await connection.executemany(
            MARK,
            [
                (
                    case.case_id,
                    mark.seq,
                    mark.figure.value,
                    mark.department,
                    case.district,
                    case.matter,
                    mark.at,
                    mark.good,
                )
                for mark in found
            ],
        )


def closes(facts: Sequence[Fact]) -> bool:
    """Whether the case ends with these facts, so that its custody can be booked."""
    return any(fact.kind is FactKind.CASE_CLOSED for fact in facts)


async def book(connection: Connection, case_id: str, facts: Sequence[Fact]) -> None:
    """Book how long whose hands had a closed case; ``facts`` are all of it."""
    closed_at = next(fact.at for fact in facts if fact.kind is FactKind.CASE_CLOSED)
    booked: dict[Custodian, timedelta] = {}
    for stretch in stretches(facts, closed_at):
        booked[stretch.custodian] = booked.get(stretch.custodian, timedelta(0)) + (stretch.end - stretch.start)
    await connection.executemany(
        BOOK,
        [
            (case_id, custodian.hands.value, custodian.department or "", clock, closed_at)
            for custodian, clock in booked.items()
        ],
    )


async def renew(connection: Connection, case: Case, view: CaseView, facts: Sequence[Fact]) -> None:
    """All of a case once more, from its whole ledger; in one transaction, with the case locked."""
    await connection.execute(FORGET, case.case_id)
    await connection.execute(FORGET_CUSTODY, case.case_id)
    await note(connection, case, view.orders, facts)
    if closes(facts):
        await book(connection, case.case_id, facts)
