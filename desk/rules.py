"""The rules in force: the policy that was activated, on the calendar that was published last.

What is stored here is looked at when a case opens; a case keeps what it was opened under. China's working
days are stored under the name ``china``, whatever office hours a policy has: the hours are the policy's.
"""

import asyncio
import hashlib
import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from calendars.override import Override
from calendars.revisions import (
    ChangedDay,
    changed_days,
    check_override,
    require_future,
    revision_of,
    says_the_same,
)
from domain.calendar import WorkCalendar
from domain.commands import Decision
from domain.errors import DoesNotFit, NotFound, Refused
from domain.policy import Rules
from domain.values import Value
from policies.files import China, PolicyFile, days_needed, read, rules_with
from policies.lint import require_workable
from storage import policies
from storage.database import Pool, reaching_database
from storage.policies import Activation, CalendarVersion, InForce, NewPolicy, StoredPolicy

CHINA = "china"
"""The name of China's working days."""

ZONE = ZoneInfo("Asia/Shanghai")
"""Where it is decided which day it is."""

MACHINE = "liandong"
"""Who decides on the shipped default, and publishes a calendar that reaches further."""


class Published(Value):
    """What publishing dates did."""

    before: WorkCalendar
    after: WorkCalendar
    """The same as before where the dates said nothing new."""
    changed: tuple[ChangedDay, ...]


# -- the rules -----------------------------------------------------------------------------------------


async def rules_in_force(pool: Pool, default_policy: str, *, today: date | None = None) -> Rules:
    """What a case opened now is pinned to.

    Before anything was activated that is ``default_policy``, which is stored and activated then, once.
    Raises Unavailable; the first time also as ``policies.files.read`` and ``activate`` do.
    """
    found = await _in_force(pool, default_policy)
    policy_file, known = _understood(found.policy), found.calendar
    if not isinstance(policy_file.calendar, China):
        return rules_with(policy_file, None)
    today = today or _today()
    if known is None or not _covers(known, today):
        known = await china_calendar_in_force(pool, today=today)
    return rules_with(policy_file, known.calendar)


async def policy_in_force(pool: Pool, default_policy: str) -> PolicyFile:
    """The policy of new cases; as ``rules_in_force``."""
    return _understood((await _in_force(pool, default_policy)).policy)


async def _in_force(pool: Pool, default_policy: str) -> InForce:
    with reaching_database():
        found = await policies.in_force(pool, CHINA)
    if found is not None:
        return found
    await _activate(pool, read(default_policy), Decision(by=MACHINE, reason="shipped default"), only_first=True)
    return await _in_force(pool, default_policy)


async def stored_policy(pool: Pool, policy_id: str, version: int) -> PolicyFile:
    """That version. Raises NotFound ``policy-version-unknown``; DoesNotFit where this code cannot read it."""
    with reaching_database():
        return _understood(await policies.get(pool, policy_id, version))


def _understood(stored: StoredPolicy) -> PolicyFile:
    try:
        return PolicyFile.model_validate(stored.content)
    except ValidationError as error:
        policy_id, version = stored.policy_id, stored.version
        raise DoesNotFit("policy-version-unreadable", policy=policy_id, version=version) from error


async def policy_named(pool: Pool, name: str) -> PolicyFile:
    """A stored version as ``haikou@2``, else what ``policies.files.read`` finds under that name."""
    policy_id, at, version = name.partition("@")
    if at and version.isdecimal() and len(version) < 8:
        return await stored_policy(pool, policy_id, int(version))
    return read(name)


async def rules_of_version(pool: Pool, name: str, by: str, *, dry_run: bool) -> Rules:
    """A policy by name, file or stored version, with its calendar, for cases that are to go on under it.

    It is stored first, so that the record's ``<policy>@<version>`` can always be looked up, but not by a
    ``dry_run``; raises as ``activate``.
    """
    policy_file = await policy_named(pool, name)
    await asyncio.to_thread(require_workable, policy_file)
    with reaching_database():
        version = await policies.store(pool, _new(policy_file), by, dry_run=dry_run)
    policy_file = policy_file.model_copy(update={"version": version})
    china = await china_calendar_in_force(pool) if isinstance(policy_file.calendar, China) else None
    return rules_with(policy_file, china.calendar if china else None)


async def activate(pool: Pool, policy_file: PolicyFile, decision: Decision) -> Activation | None:
    """From now on cases open under this policy; None where they do already, and nothing is written then.

    Raises Invalid ``policy-refused`` for a policy that cannot work (``policy``, ``findings``: how many, and of the
    first the ``key``, its code as ``reason`` and its params), Refused ``policy-version-taken`` where its version was
    another policy; stores nothing then.
    """
    return await _activate(pool, policy_file, decision, only_first=False)


async def activation_in_force(pool: Pool) -> Activation:
    """Which version counts for new cases, since when, who said so and why. Raises NotFound before the first."""
    with reaching_database():
        found = await policies.active(pool)
    if found is None:
        raise NotFound("policy-none-active")
    return found


async def _activate(pool: Pool, policy_file: PolicyFile, decision: Decision, *, only_first: bool) -> Activation | None:
    await asyncio.to_thread(require_workable, policy_file)
    with reaching_database():
        return await policies.activate(
            pool, _new(policy_file), by=decision.by, reason=decision.reason, only_first=only_first
        )


def _new(policy_file: PolicyFile) -> NewPolicy:
    return NewPolicy(
        policy_id=policy_file.policy_id,
        version=policy_file.version,
        content=policy_file.model_dump(mode="json"),
        fingerprint=fingerprint(policy_file),
    )


def fingerprint(policy_file: PolicyFile) -> str:
    """The same for policies that say the same: the number is left out, and so is whatever is as by default."""
    content = policy_file.model_dump(mode="json", exclude={"version"}, exclude_defaults=True)
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


# -- the calendar --------------------------------------------------------------------------------------


async def china_calendar_in_force(pool: Pool, *, today: date | None = None) -> CalendarVersion:
    """China's working days as published last; a revision that reaches further is stored where today needs one."""
    today = today or _today()
    first, last = days_needed(today)
    with reaching_database():
        known = await policies.latest_calendar(pool, CHINA)
        if known and _covers(known, today):
            return known
        if known:
            first, last = min(first, known.first_day), max(last, known.last_day)
        revision = known.calendar.revision + 1 if known else 0
        made = await asyncio.to_thread(revision_of, await _published(pool), first, last, revision)
        stored = await policies.publish_calendar(pool, made, covers=(first, last), by=MACHINE, source=made.source)
    return stored or await china_calendar_in_force(pool, today=today)


async def china_calendar_of(pool: Pool, year: int) -> WorkCalendar:
    """China's working days of a year: as published last, or by the same lists where that does not reach so far.

    Raises Invalid ``calendar-range-invalid`` for a year that no list can tell.
    """
    known = await china_calendar_in_force(pool)
    first, last = date(year, 1, 1), date(year, 12, 31)
    if known.first_day <= first and last <= known.last_day:
        return known.calendar
    with reaching_database():
        published = await _published(pool)
    first, last = min(first, known.first_day), max(last, known.last_day)
    return await asyncio.to_thread(revision_of, published, first, last, known.calendar.revision)


async def publish(
    pool: Pool, override: Override, decision: Decision, *, revise: bool = False, today: date | None = None
) -> Published:
    """Store the next revision of China's working days: the last one with these dates; open cases are not touched.

    Dates that say nothing new store nothing. Raises what ``check_override`` does, Refused ``calendar-moves-past``
    where a day before today changes and it is not to ``revise``, and Refused ``calendar-changed-meanwhile``.
    """
    today = today or _today()
    current = await china_calendar_in_force(pool, today=today)
    before, first, last = current.calendar, current.first_day, current.last_day
    with reaching_database():
        published = await _published(pool)
        await asyncio.to_thread(check_override, override, published, first, last)
        after = await asyncio.to_thread(revision_of, [*published, override], first, last, before.revision + 1)
        changed = changed_days(before, after, first, last)
        if says_the_same(before, after):
            return Published(before=before, after=before, changed=())
        if not revise:
            require_future(changed, today)
        content = override.model_dump(mode="json")
        stored = await policies.publish_calendar(
            pool, after, covers=(first, last), by=decision.by, source=override.source, override=content
        )
    if stored is None:
        raise Refused("calendar-changed-meanwhile", calendar=CHINA, revision=after.revision)
    return Published(before=before, after=after, changed=changed)


def _covers(known: CalendarVersion, today: date) -> bool:
    first, last = days_needed(today)
    return known.first_day <= first and last <= known.last_day


async def _published(pool: Pool) -> list[Override]:
    """All dates that were ever published on top of the libraries' lists, in order."""
    revisions = await policies.calendars(pool, CHINA)
    return [Override.model_validate(revision.override) for revision in revisions if revision.override]


def _today() -> date:
    return datetime.now(ZONE).date()
