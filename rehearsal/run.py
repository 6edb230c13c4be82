"""`policy rehearse`: the same cases and the same people under one policy, or under two beside each other."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from calendars.china import china_calendar
from desk.case_rows import CaseRow
from domain.calendar import WorkCalendar
from domain.case import Case, CaseStart
from domain.department import Directory
from domain.policy import Rules
from policies.files import DAYS_BEFORE, YEARS_AHEAD, China, PolicyFile, read, rules_of
from policies.lint import require_workable
from rehearsal.conduct import Profile, assumed, read_profile
from rehearsal.course import Course, course_of
from rehearsal.crowd import Crowd, gather, shipped_directory
from rehearsal.people import Dice, People
from rehearsal.result import Named, Pair, Rehearsal, Side, Timing, figures_of, pairs_of
from rehearsal.stage import AT_ONCE, HORIZON, Fell, Scene, Stage, open_stage

SIDES: Final = "ab"


@dataclass
class Play:
    """Everything that is to be rehearsed, and what has come of it so far."""

    crowd: Crowd
    directory: Directory
    profile: Profile
    rules: Sequence[Rules]
    seed: int
    courses: list[dict[int, Course]] = field(init=False)
    """Of each policy: what became of each case, by its number."""
    fallen: dict[str, str] = field(default_factory=dict[str, str])
    done: int = 0

    def __post_init__(self) -> None:
        self.courses = [{} for _ in self.rules]

    @property
    def total(self) -> int:
        return len(self.crowd.rows) * len(self.rules)

    def scenes(self) -> Iterator[tuple[int, int, Scene]]:
        """Case after case, each under all policies before the next: broken off, what is there can be compared."""
        for number, row in enumerate(self.crowd.rows):
            for side in range(len(self.rules)):
                yield number, side, self._scene(number, side, row)

    def _scene(self, number: int, side: int, row: CaseRow) -> Scene:
        case_id, rules = _case_id(number, side), self.rules[side]
        found = self.directory.choose(row.matter, row.district, row.street)
        case = Case(case_id=case_id, **row.model_dump(include=set(Case.model_fields)))
        lead = row.department or (found.code if found else None)

        def fell(why: str) -> None:
            self.fallen.setdefault(case_id, why)

        people = People(self.profile, self.directory, Dice(self.seed, row.reference), fell)
        start = CaseStart(case=case, policy=rules.policy, calendar=rules.calendar, lead=lead)
        return Scene(start=start, begins=row.opened_at + self.crowd.moved, actors=people)

    def comparable(self) -> list[dict[int, Course]]:
        """Of each policy the cases that have ended, and not fallen, under every one."""
        numbers = [
            number
            for number in range(len(self.crowd.rows))
            if all(number in ended for ended in self.courses)
            and not any(_case_id(number, side) in self.fallen for side in range(len(self.rules)))
        ]
        return [{number: ended[number] for number in numbers} for ended in self.courses]


def _case_id(number: int, side: int) -> str:
    return f"{SIDES[side]}-{number:06d}"


async def rehearse(
    policy_a: str,
    policy_b: str | None,
    cases: Path,
    mapping: str,
    departments: Path | Profile | None,
    seed: int,
    limit: int | None,
    progress: Callable[[int, int], None],
    *,
    today: date | None = None,
    at_once: int = AT_ONCE,
) -> Rehearsal:
    """Rehearse the cases of a file under a policy, and under a second one beside it.

    ``mapping`` is a shipped one's name or a file. Without ``departments`` everybody behaves as
    ``rehearsal/assumed.toml`` says. The first case begins in the week from ``today`` on. ``progress`` is told how
    many cases are done, of how many; each counts once for each policy. Cancelled while cases run (Ctrl-C), it stops
    everything and gives back what it has, marked partial.

    Raises what reading the files does (NotFound, Invalid, each naming the file and the key or line), Invalid
    ``policy-refused`` for a policy that lint refuses, and Unavailable: ``embedded-missing`` without that extra,
    ``part-crashed`` where the engine ends by itself.
    """
    today = today or datetime.now(UTC).date()
    directory = shipped_directory()
    files = [read(name) for name in (policy_a, policy_b) if name is not None]
    for file in files:
        await asyncio.to_thread(require_workable, file)
    profile = read_profile(departments, directory) if isinstance(departments, Path) else departments or assumed()
    crowd = await asyncio.to_thread(gather, cases, mapping, directory, limit, today)
    play = Play(crowd, directory, profile, [rules_of(file, today) for file in files], seed)
    progress(0, play.total)
    began = time.monotonic()
    finished = await _perform(play, at_once, progress)
    seconds = time.monotonic() - began
    office = _office(files, today)
    comparable = play.comparable()
    return Rehearsal(
        seed=seed,
        source=crowd.source,
        departments=departments.name if isinstance(departments, Path) else profile.source,
        office=office.source,
        horizon_days=HORIZON.days,
        partial=not finished,
        fallen=tuple(f"{case_id}: {why}" for case_id, why in sorted(play.fallen.items())),
        sides=tuple(
            Side(policy=_named(file), figures=figures_of(list(ended.values()), office))
            for file, ended in zip(files, comparable, strict=True)
        ),
        beside=_beside(comparable),
        timing=Timing(seconds=round(seconds, 3), cases_per_second=round(play.done / seconds, 2)),
    )


async def _perform(play: Play, at_once: int, progress: Callable[[int, int], None]) -> bool:
    """Let every case run; False when it was broken off."""
    async with open_stage(play.directory) as stage:
        crowd = asyncio.create_task(_play_all(play, stage, at_once, progress))
        engine = asyncio.create_task(stage.temporal.part.ended())
        try:
            await asyncio.wait((crowd, engine), return_when=asyncio.FIRST_COMPLETED)
            if crowd.done() and crowd.exception():  # most likely because the engine is going down
                await asyncio.wait((engine,), timeout=2)
            if engine.done():
                raise engine.result()
            crowd.result()
        except asyncio.CancelledError:
            if (this := asyncio.current_task()) is not None:
                this.uncancel()
            return False
        finally:
            await _cancel(crowd, engine)
    return True


async def _play_all(play: Play, stage: Stage, at_once: int, progress: Callable[[int, int], None]) -> None:
    waiting = play.scenes()

    async def play_next() -> None:
        for number, side, scene in waiting:
            try:
                play.courses[side][number] = course_of(await stage.play(scene))
            except Fell as fell:
                play.fallen.setdefault(scene.case_id, str(fell))
            play.done += 1
            progress(play.done, play.total)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(play_next())


async def _cancel(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _office(files: Sequence[PolicyFile], today: date) -> WorkCalendar:
    """The calendar of China's offices, with the office hours of the first policy that has any."""
    first, last = date.fromordinal(today.toordinal() - DAYS_BEFORE), date(today.year + YEARS_AHEAD, 12, 31)
    hours = next((file.calendar.shifts for file in files if isinstance(file.calendar, China)), None)
    return china_calendar(first, last, shifts=hours) if hours else china_calendar(first, last)


def _named(file: PolicyFile) -> Named:
    return Named(policy_id=file.policy_id, version=file.version, title=file.title, title_en=file.title_en)


def _beside(sides: Sequence[dict[int, Course]]) -> tuple[Pair, ...]:
    return pairs_of(sides[0], sides[1]) if len(sides) > 1 else ()
