"""The audit over the record: page by page, by the rules that were pinned; never by the engine or a projection."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from pydantic import JsonValue

from desk.rules import CHINA, stored_policy
from domain.audit import Gap, Pinned, audited
from domain.audit_chain import AuditKind
from domain.audit_tally import Summary, Tally
from domain.calendar import WorkCalendar
from domain.errors import Invalid, LiandongError, NotFound
from domain.ledger import Entry, Fact, FactKind
from domain.policy import Rules
from domain.values import Value
from policies.files import China, PolicyFile, rules_with
from storage import audit_chain, audits, ledger, policies
from storage.database import Pool, reaching_database

OVERLAP: Final = timedelta(days=1)
"""So far an audit looks back before the last one: a fact can come to the ledger long after it happened."""

ON_RECORD: Final = 20
"""How many findings an entry of the chain names; it counts all."""

_log = logging.getLogger("liandong.audit")


class Audited(Value):
    """An audit that is on record."""

    seq: int
    """Its number in the audit's chain."""
    summary: Summary
    switch: str | None = None
    """What became of the dead man's switch: ``touched``, ``held`` for a finding, or why it failed; None without one."""


# -- reading -------------------------------------------------------------------------------------------


async def audit(
    pool: Pool,
    as_of: datetime,
    *,
    whole: bool = False,
    case_id: str | None = None,
    on_cases: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Audit the record as it was at ``as_of``; writes nothing.

    Of one case; with ``whole`` of all; else of those that are open or have been since the last audit on record.
    Raises NotFound ``case-unknown`` where the ledger has no entry of the case.
    """
    with reaching_database():
        gaps, rules, tally = await audit_chain.gaps(pool), PinnedRules(pool), Tally()
        if case_id is not None:
            entries = await ledger.entries_of(pool, case_id)
            if not entries:
                raise NotFound("case-unknown", case=case_id)
            await _add(tally, {case_id: entries}, rules, gaps, as_of)
            return tally.summary(as_of, whole=False)
        since = None if whole else await _open_since(pool)
        async for ids in audits.case_ids(pool, open_since=since):
            await _add(tally, await audits.entries_of(pool, ids), rules, gaps, as_of)
            on_cases(len(ids))
    return tally.summary(as_of, whole=since is None)


async def _open_since(pool: Pool) -> datetime | None:
    """From when on cases are of interest: from the last audit; None before the first."""
    last = await audit_chain.last(pool, AuditKind.AUDIT)
    return last[0].at - OVERLAP if last else None


async def _add(
    tally: Tally, cases: dict[str, list[Entry]], rules: "PinnedRules", gaps: Sequence[Gap], as_of: datetime
) -> None:
    facts = {case_id: [entry.fact for entry in entries] for case_id, entries in cases.items()}
    for of_case in facts.values():
        await rules.fetch(of_case)

    def reckon() -> None:
        for case_id, of_case in facts.items():
            tally.add(audited(case_id, of_case, rules.pinned, gaps, as_of))

    await asyncio.to_thread(reckon)  # whoever else works in this process need not wait


class PinnedRules:
    """The stored policies and calendars that facts name, each read once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._policies: dict[str, PolicyFile] = {}
        self._days: dict[str, WorkCalendar] = {}
        self._rules: dict[tuple[str, str], Rules] = {}

    async def fetch(self, facts: Iterable[Fact]) -> None:
        """Read what these facts name; what is not kept leaves its case unreadable, which the audit tells."""
        for fact in facts:
            if fact.kind in (FactKind.CASE_OPENED, FactKind.LIMITS_MOVED):
                policy, calendar = str(fact.payload.get("policy")), str(fact.payload.get("calendar"))
                if (policy, calendar) not in self._rules:
                    await self._fetch(policy, calendar)

    async def _fetch(self, policy: str, calendar: str) -> None:
        try:
            found = await self._policy(policy)
            days = await self._china(calendar) if isinstance(found.calendar, China) else None
        except (LiandongError, ValueError):
            _log.error("rules %s on %s are not on record", policy, calendar)
            return
        self._rules[policy, calendar] = rules_with(found, days)

    async def _policy(self, label: str) -> PolicyFile:
        if label not in self._policies:
            policy_id, _, version = label.rpartition("@")
            self._policies[label] = await stored_policy(self._pool, policy_id, int(version))
        return self._policies[label]

    async def _china(self, label: str) -> WorkCalendar:
        if label not in self._days:
            _, _, revision = label.rpartition("@")
            self._days[label] = (await policies.calendar(self._pool, CHINA, int(revision))).calendar
        return self._days[label]

    @property
    def pinned(self) -> Pinned:
        return lambda policy, calendar: self._rules[policy, calendar]


# -- on record -----------------------------------------------------------------------------------------


async def audit_on_record(pool: Pool, deadman: str | None, *, whole: bool = False) -> Audited:
    """Audit, touch the dead man's switch where nothing is wrong, and put both on record. What the schedule starts."""
    as_of = datetime.now(UTC)
    summary = await audit(pool, as_of, whole=whole)
    switch = await touch(deadman, clean=not summary.wrong) if deadman else None
    with reaching_database():
        seq = await audit_chain.append(pool, AuditKind.AUDIT, as_of, {**_content(summary), "switch": switch})
    if summary.wrong:
        _log.error("audit %s: %s findings", seq, summary.wrong)
    return Audited(seq=seq, summary=summary, switch=switch)


def _content(summary: Summary) -> dict[str, JsonValue]:
    content = summary.model_dump(mode="json")
    return {**content, "findings": content["findings"][:ON_RECORD], "version": 1}


async def touch(deadman: str, *, clean: bool) -> str:
    """Touch the dead man's switch, a file or a URL. What goes wrong is logged and told; the audit goes on.

    It is held where something is wrong: whoever watches it is to look when it falls silent, for either reason.
    """
    if not clean:
        return "held"
    try:
        if is_url(deadman):
            async with httpx.AsyncClient(timeout=10, follow_redirects=False) as http:
                (await http.post(deadman)).raise_for_status()
        else:
            await asyncio.to_thread(_touch_file, Path(deadman))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # Not the address: it may hold a key.
        _log.error("the dead man's switch could not be touched: %s", type(error).__name__)
        return f"failed:{type(error).__name__}"
    return "touched"


def is_url(deadman: str) -> bool:
    return deadman.startswith(("http://", "https://"))


def _touch_file(path: Path) -> None:
    path.touch(mode=0o644)
    os.utime(path)


def instant_of(as_of: datetime | None, now: datetime) -> datetime:
    """As of when; now, unless it is said. Raises Invalid ``time-impossible`` for a time that is still to come."""
    if as_of is not None and as_of > now:
        raise Invalid("time-impossible", field="until", value=as_of.isoformat(timespec="seconds"))
    return as_of or now
