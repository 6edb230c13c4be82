"""How custody is shown: who had the case, how long by the clock and in working time, and the sum."""

from datetime import timedelta

from cli.console import Console
from cli.situation import Names
from desk.custody import Custody
from domain.department import Directory


def custody_page(console: Console, found: Custody, directory: Directory) -> None:
    """One line a custodian, in the order in which they first had the case."""
    names = Names(directory, console.text)
    rows = [
        (
            console.text.label(booking.custodian.hands),
            names.of(booking.custodian.department),
            _hours(booking.clock),
            _hours(booking.working),
        )
        for booking in found.bookings
    ]
    clock = sum((booking.clock for booking in found.bookings), timedelta(0))
    working = sum((booking.working for booking in found.bookings), timedelta(0))
    rows.append((console.text.say("custody-sum"), "", _hours(clock), _hours(working)))
    console.table(("column-hands", "column-department", "column-clock-time", "column-working-time"), rows)


def _hours(length: timedelta) -> str:
    minutes, rest = divmod(length, timedelta(minutes=1))
    return f"{minutes // 60}:{minutes % 60:02d}:{rest.seconds:02d}"
