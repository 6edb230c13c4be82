"""In whose hands a case was, and for how long."""

from datetime import UTC, datetime

from desk.cases import folder
from desk.rules import china_calendar_in_force, stored_policy
from desk.window import Desk
from domain.custody import Booking, bookings
from domain.values import Instant, Value
from policies.files import China, rules_with
from storage import cases
from storage.database import reaching_database


class Custody(Value):
    """A case's life, booked without a rest."""

    case_id: str
    start: Instant
    end: Instant
    """Its closing; now, while it is open."""
    bookings: tuple[Booking, ...]


async def custody_of(desk: Desk, case_id: str) -> Custody:
    """The time of each custodian, by the case's own policy and today's calendar. Raises as ``folder`` does."""
    found = await folder(desk, case_id)
    facts = [entry.fact for entry in found.entries]
    with reaching_database():
        label = await cases.policy_of(desk.pool, case_id)
    policy_id, _, version = label.rpartition("@")
    policy_file = await stored_policy(desk.pool, policy_id, int(version))
    china = await china_calendar_in_force(desk.pool) if isinstance(policy_file.calendar, China) else None
    calendar = rules_with(policy_file, china.calendar if china else None).calendar
    end = facts[-1].at if found.view.closing else datetime.now(UTC)
    booked = tuple(bookings(facts, calendar, end))
    return Custody(case_id=case_id, start=facts[0].at, end=end, bookings=booked)
