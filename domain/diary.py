"""The duty diary 值班日志 of a department: sign-ins, entries, open points, and handing them over. Pure.

Everything in it is an entry of one chain: nothing is ever changed or taken out. A page is the shift of a day. A point
that is open when a shift ends must be confirmed by the next one before that one may write; it stays open, and is
handed over again, until somebody settles it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from domain.errors import NotFound, Refused
from domain.ledger import GENESIS, Misfit, canonical
from domain.roster import Duty
from domain.values import Instant, PersonName, Text, Token, Value

CHAIN = "diary"
"""``diary:<department>`` is what a misfit of such a chain names in place of a case."""


class DiaryKind(StrEnum):
    """What can become an entry."""

    SIGN_IN = "sign_in"
    NOTE = "note"
    POINT = "point"
    """Something that is not done yet; its number is the entry's own."""
    CONFIRM = "confirm"
    """The next shift has seen a point and takes it over."""
    SETTLE = "settle"
    """A point is done with."""
    CLOSE = "close"


class NewEntry(Value):
    """What somebody enters."""

    department: Token
    day: date
    """Of the shift."""
    kind: DiaryKind
    by: PersonName
    duty: Duty | None = None
    instead_of: PersonName | None = None
    point: int | None = None
    """The point that is confirmed or settled."""
    case_id: Token | None = None
    text: Text | None = None


class DiaryEntry(NewEntry):
    """It in its place in the department's chain."""

    seq: int
    at: Instant
    prev_hash: str
    hash: str


def diary_hash(new: NewEntry, seq: int, at: datetime, prev_hash: str) -> str:
    """SHA-256, in hex, of the entry's canonical JSON: all of its fields, the instant in UTC."""
    body = new.model_dump(mode="json", include=set(NewEntry.model_fields))
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical(body | {"seq": seq, "at": instant, "prev_hash": prev_hash}).encode()).hexdigest()


def chained(new: NewEntry, last: DiaryEntry | None, at: datetime) -> DiaryEntry:
    """The entry that follows the last one."""
    seq, prev_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
    digest = diary_hash(new, seq, at, prev_hash)
    return DiaryEntry.model_validate({**new.model_dump(), "seq": seq, "at": at, "prev_hash": prev_hash, "hash": digest})


def first_diary_misfit(entries: Iterable[DiaryEntry]) -> Misfit | None:
    """The first entry of a department's diary that does not follow from the one before."""
    seq, prev = 0, GENESIS
    for entry in entries:
        name = f"{CHAIN}:{entry.department}"
        if entry.seq != seq + 1:
            return Misfit(case_id=name, seq=seq + 1, reason="gap")
        if entry.prev_hash != prev:
            return Misfit(case_id=name, seq=entry.seq, reason="prev_hash")
        if entry.hash != diary_hash(entry, entry.seq, entry.at, prev):
            return Misfit(case_id=name, seq=entry.seq, reason="hash")
        seq, prev = entry.seq, entry.hash
    return None


class Diary:
    """A department's whole diary, read in order."""

    def __init__(self, entries: Sequence[DiaryEntry]) -> None:
        self.entries = entries

    @property
    def last(self) -> DiaryEntry | None:
        return self.entries[-1] if self.entries else None

    def signed_in(self, day: date, duty: Duty | None = None) -> list[DiaryEntry]:
        """Who signed in for the shift of a day."""
        ins = (one for one in self.entries if one.kind is DiaryKind.SIGN_IN and one.day == day)
        return [one for one in ins if duty in (None, one.duty)]

    def came(self) -> dict[tuple[date, Duty | None], DiaryEntry]:
        """Who signed in, by day and duty."""
        return {(one.day, one.duty): one for one in self.entries if one.kind is DiaryKind.SIGN_IN}

    def is_closed(self, day: date) -> bool:
        return any(one.kind is DiaryKind.CLOSE and one.day == day for one in self.entries)

    def shift_of(self, by: str) -> date | None:
        """The last shift that somebody signed in for and that is not closed."""
        days = [one.day for one in self.entries if one.kind is DiaryKind.SIGN_IN and one.by == by]
        return max((day for day in days if not self.is_closed(day)), default=None)

    def open_points(self, before: date | None = None) -> list[DiaryEntry]:
        """The points that nobody has settled; those of shifts before a day."""
        settled = {one.point for one in self.entries if one.kind is DiaryKind.SETTLE}
        points = (one for one in self.entries if one.kind is DiaryKind.POINT and one.seq not in settled)
        return [one for one in points if before is None or one.day < before]

    def unconfirmed(self, day: date) -> list[DiaryEntry]:
        """The points handed over to the shift of a day that it has not confirmed."""
        seen = {one.point for one in self.entries if one.kind is DiaryKind.CONFIRM and one.day == day}
        return [point for point in self.open_points(before=day) if point.seq not in seen]

    def to_confirm(self) -> list[DiaryEntry]:
        """What the shift on duty has not confirmed yet; what waits for the next one, where the last one is over."""
        day = max((one.day for one in self.entries if one.kind is DiaryKind.SIGN_IN), default=None)
        if day is None:
            return []
        return self.open_points() if self.is_closed(day) else self.unconfirmed(day)

    def left_open(self, before: date) -> list[date]:
        """The shifts before a day that were signed in for and never closed."""
        days = {one.day for one in self.entries if one.kind is DiaryKind.SIGN_IN and one.day < before}
        return sorted(day for day in days if not self.is_closed(day))

    # -- what may be entered -----------------------------------------------------------------------------

    def check(self, new: NewEntry) -> None:
        """Whether an entry may follow. Raises Refused, NotFound; each names what is in the way."""
        day = new.day.isoformat()
        if self.is_closed(new.day):
            raise Refused("diary-closed", department=new.department, day=day)
        if new.kind is DiaryKind.SIGN_IN:
            for before in self.signed_in(new.day, new.duty):
                raise Refused("signed-in-already", by=before.by, day=day, at=before.at.isoformat())
            return
        if new.by not in {one.by for one in self.signed_in(new.day)}:
            raise Refused("not-signed-in", by=new.by, department=new.department)
        if new.kind is DiaryKind.CONFIRM:
            self._check_confirm(new)
            return
        waiting = self.unconfirmed(new.day)
        if waiting:
            points = ", ".join(str(point.seq) for point in waiting)
            raise Refused("points-unconfirmed", points=points, department=new.department)
        if new.kind is DiaryKind.SETTLE:
            self._require(new, self.open_points())

    def _check_confirm(self, new: NewEntry) -> None:
        self._require(new, self.open_points(before=new.day))
        self._require(new, self.unconfirmed(new.day), code="point-confirmed")

    def _require(self, new: NewEntry, points: Iterable[DiaryEntry], *, code: str = "point-unknown") -> None:
        if new.point in {one.seq for one in points}:
            return
        if code == "point-confirmed":
            raise Refused("point-confirmed", point=new.point or 0, day=new.day.isoformat())
        raise NotFound("point-unknown", point=new.point or 0, department=new.department)


def lateness(entry: DiaryEntry, begins: datetime) -> timedelta:
    """How late somebody signed in; nothing where it was in time."""
    return max(entry.at - begins, timedelta(0))
