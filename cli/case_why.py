"""One case in sentences: where it is, how it got there, what it waits for, and what happens if nobody acts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cli.console import Console
from cli.situation import Names, next_command, until, wait_for, wait_of, who
from desk.why import Why
from domain.callbacks import CallbackOutcome
from domain.case import Waiting
from domain.foresight import Foreseen
from domain.ladder import End, Outcome, Rung, Step
from domain.ledger import Fact, FactKind
from domain.reckoning import Firing
from domain.stuck import StuckCause
from texts.catalogue import Catalogue
from texts.moments import length


def why_page(console: Console, why: Why, names: Names, now: datetime) -> None:
    """The four parts, a sentence a line, and what to type."""
    told = _Told(why, console.text, names, now)
    console.write(told.where())
    for key, lines in told.parts():
        console.write(f"\n{console.text.say(key)}")
        for line in lines:
            console.write(f"  {line}")
    if wait := wait_of(why.folder.view):
        console.write("")
        console.say("next-step", command=next_command(wait, console.text))


def why_as_data(why: Why, text: Catalogue, names: Names, now: datetime) -> dict[str, Any]:
    """The same for programs, with the sentences."""
    told, view, wait = _Told(why, text, names, now), why.folder.view, wait_of(why.folder.view)
    return {
        "case_id": view.case_id,
        "step": view.step,
        "waiting": list(view.waiting),
        "hold": view.hold,
        "engine_asked": why.engine_asked,
        "trouble": why.trouble,
        "foreseen": list(why.foreseen),
        "next": next_command(wait, text) if wait else None,
        "told": {"where": told.where(), **{key.removeprefix("why-"): lines for key, lines in told.parts()}},
    }


class _Told:
    def __init__(self, why: Why, text: Catalogue, names: Names, now: datetime) -> None:
        self._why, self._text, self._names, self._now = why, text, names, now
        self._view = why.folder.view

    def where(self) -> str:
        view, text = self._view, self._text
        lead = self._names.of(view.lead) or text.say("nothing")
        place = {"case": view.case_id, "step": view.step, "opened": view.opened_at, "lead": lead}
        told = text.say("why-where", **place, ago=length(self._now - view.opened_at))
        return f"{told} {text.say('why-closed', closing=view.closing)}" if view.closing else told

    def parts(self) -> Iterator[tuple[str, list[str]]]:
        """Headings by their keys, and the sentences below."""
        yield "why-path", list(self._path())
        if self._view.step is not End.CLOSED:
            yield "why-waits", list(self._waits())
            yield "why-if-nothing", [self._happens(one) for one in self._why.foreseen] or [self._nothing()]

    def _path(self) -> Iterator[str]:
        text, left = self._text, None
        for fact in (entry.fact for entry in self._why.folder.entries):
            if fact.kind is FactKind.RUNG_LEFT:
                left = fact
            if fact.kind is FactKind.RUNG_ENTERED:
                yield self._entered(fact)
        if left is not None and self._view.step in (End.CALLBACK, End.CLOSED):
            reason = text.label(Outcome(str(left.payload["outcome"])))
            step = {"rung": self._view.step, "from": text.label(_step(left.payload["station"])), "reason": reason}
            yield text.say("why-entered", at=left.at, **step)

    def _entered(self, fact: Fact) -> str:
        text, came_from = self._text, fact.payload.get("came_from")
        if came_from is None:
            return text.say("why-opened", at=fact.at)
        reason = text.label(Outcome(str(fact.payload["reason"])))
        step = {"rung": fact.rung, "from": text.label(_step(came_from)), "reason": reason}
        told = text.say("why-entered", at=fact.at, **step)
        return f"{told} {text.say('why-limit', due=fact.due_at)}" if fact.due_at else told

    def _waits(self) -> Iterator[str]:
        text, view, names = self._text, self._view, self._names
        if not view.waiting:
            yield text.say("why-waits-nobody")
        for waiting in view.waiting:
            yield self._wait(waiting)
        if hold := view.hold:
            yield text.say("why-held", until=hold.until, reason=hold.reason, by=hold.approved_by)
        if (meeting := view.meeting) and meeting.present < meeting.needed and meeting.held_at <= self._now:
            come = {"present": meeting.present, "needed": meeting.needed}
            yield text.say("why-no-quorum", meeting=meeting.meeting_id, **come)
        for order in view.orders:
            about = {"order": order.order_id, "department": names.of(order.department)}
            if order.is_open and order.undelivered and order.acknowledged_at is None:
                yield text.say("why-undelivered", **about)
            if order.silent:
                yield text.say("why-lapsed", **about)
        for kept in self._why.folder.callbacks:
            if kept.outcome is CallbackOutcome.KEPT:
                yield text.say("why-kept", order=kept.order_id, department=names.of(kept.department))
        yield from self._engine()

    def _wait(self, waiting: Waiting) -> str:
        text = self._text
        wait = wait_for(self._view.case_id, waiting)
        told = [text.label(wait.awaited), who(wait, text, self._names), *([wait.order_id] if wait.order_id else [])]
        told += [text.say("since", since=waiting.since), *until(wait, text)]
        if waiting.until and waiting.until < self._now:
            told.append(text.say("overdue-by", length=length(self._now - waiting.until)))
        return text.parts(told)

    def _engine(self) -> Iterator[str]:
        text, trouble = self._text, self._why.trouble
        if not self._why.engine_asked:
            yield text.say("why-engine-away")
        elif trouble is not None and trouble.cause is StuckCause.TASK_FAILS:
            yield text.say("why-task-fails", attempts=trouble.attempts)
        elif trouble is not None:
            what = {"activity": trouble.activity, "order": trouble.activity_id, "error": trouble.error}
            yield text.say("why-activity-fails", attempts=trouble.attempts, **what)

    def _happens(self, one: Foreseen) -> str:
        text = self._text
        about = {"order": one.order_id, "department": self._names.of(one.department)}
        if one.firing is None:
            told = text.say("why-accepted", at=one.at, **about)
        elif one.firing is Firing.CLIMB:
            key = "why-again" if one.to is self._view.rung else "why-climb"
            told = text.say(key, at=one.at, to=one.to, reason=one.outcome)
        elif one.firing is Firing.OPINION:
            told = text.say("why-opinion", at=one.at, department=about["department"])
        elif one.firing in _OF_ORDERS:
            told = text.say(_OF_ORDERS[one.firing], at=one.at, **about)
        else:
            told = text.say(_OF_CASES[one.firing], at=one.at)
        late = self._now - one.at
        return text.say("why-overdue", late=length(late), told=told) if one.at < self._now else told

    def _nothing(self) -> str:
        return self._text.say("why-rests" if self._view.hold else "why-nothing-due")


_OF_ORDERS = {Firing.SILENCE: "why-silence", Firing.YELLOW: "why-yellow", Firing.RED: "why-red"}
_OF_CASES = {Firing.WAIT: "why-wait", Firing.INFORMED: "why-informed", Firing.HOLD_END: "why-hold-end"}


def _step(token: object) -> Step:
    return Rung(str(token)) if str(token) in set(Rung) else End(str(token))
