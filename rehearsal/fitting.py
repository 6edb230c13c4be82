"""A departments file out of past cases and the verdict on each: closed in time, or too late."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Final, NamedTuple

from desk.case_rows import CaseRow, read_cases
from desk.directory_rows import shipped_matters
from desk.tables import read_table
from domain.demand import Nature, Urgency
from domain.department import Directory
from domain.errors import Invalid
from domain.policy import Limit, Policy
from domain.values import Token, Value
from rehearsal.conduct import Answering, DepartmentLayer, Profile, assumed
from rehearsal.crowd import mapping_of
from rehearsal.delays import Delay, Lognormal

WIDTH: Final = 1.0
"""The sigma of every fitted delay; nothing in the verdicts tells it."""

NEVER: Final = 0.1
"""Of the late ones so many are taken to have never been answered; nothing in the verdicts tells it."""

ENOUGH: Final = 30
"""A department with fewer verdicts behaves as all together do."""


class Verdicts(Value):
    """The columns that say how each past case ended; both are blank or anything else where nobody knows."""

    in_time: str = "closed_in_time"
    late: str = "closed_overtime"
    yes: str = "1"


class _Count(NamedTuple):
    late: int
    all: int

    @property
    def share(self) -> float:
        """The share of late ones; half a case of each kind is added, so that none and all stay possible."""
        return (self.late + 0.5) / (self.all + 1)


def fit(
    cases: Path,
    mapping: str,
    policy: Policy,
    directory: Directory,
    *,
    verdicts: Verdicts | None = None,
    base: Profile | None = None,
    enough: int = ENOUGH,
) -> Profile:
    """The behaviour of departments, so that as many of their answers are late as were in the past.

    Fitted, from the verdicts and nothing else:

    - the share of cases that were late, over all, of each nature, and of each department that has ``enough``
      verdicts. A file's own names of its units mean nothing here: a case counts for the department that our
      directory chooses for its matter and place.

    Assumed, because verdicts do not tell it:

    - the limit that each verdict was given under: ``policy``'s for the nature and urgency of the case;
    - how long answers take inside and beyond that limit: a lognormal delay of width ``WIDTH``, its median such that
      the fitted share is beyond the limit (a department's share holds for all natures alike);
    - that ``NEVER`` of the late ones were never answered;
    - acknowledging, returning, "cannot be solved", citizens, supervisors, meetings, the commission, and all that
      happens above the first rung: as in ``base``, which is ``assumed()`` where none is given.

    Raises what reading the file and the mapping does, and Invalid ``verdicts-missing`` where no row has a verdict.
    """
    verdicts, base = verdicts or Verdicts(), base or assumed()
    columns = mapping_of(mapping)
    rows, _ = read_cases(cases, columns, shipped_matters(), directory)
    late = _verdicts(cases, [*columns.columns(), verdicts.in_time, verdicts.late], verdicts)
    judged = [(row, late[row.line]) for row in rows if row.line in late]
    if not judged:
        raise Invalid("verdicts-missing", file=str(cases), columns=f"{verdicts.in_time}, {verdicts.late}")
    return base.model_copy(
        update={
            "source": f"late shares fitted to {len(judged)} verdicts of {cases.name}, taken to be given under "
            f"{policy.policy_id}@{policy.version}; everything else: {base.source}",
            "default": base.default.model_copy(update=_fitted(base, policy, _by_nature(judged))),
            "departments": {**base.departments, **_departments(base, policy, directory, judged, enough)},
        }
    )


def _verdicts(cases: Path, columns: Sequence[str], verdicts: Verdicts) -> dict[int, bool]:
    """Whether the case of each line was late, where one of the two columns says yes."""
    found: dict[int, bool] = {}
    for line, cells in read_table(cases, columns).rows:
        late, in_time = cells[verdicts.late] == verdicts.yes, cells[verdicts.in_time] == verdicts.yes
        if late != in_time:
            found[line] = late
    return found


def _count(verdicts: Sequence[bool]) -> _Count:
    return _Count(sum(verdicts), len(verdicts))


def _by_nature(judged: Sequence[tuple[CaseRow, bool]]) -> dict[Nature, _Count]:
    everything = _count([late for _, late in judged])
    found = {nature: _count([late for row, late in judged if row.nature is nature]) for nature in Nature}
    return {nature: count if count.all else everything for nature, count in found.items()}


def _departments(
    base: Profile,
    policy: Policy,
    directory: Directory,
    judged: Sequence[tuple[CaseRow, bool]],
    enough: int,
) -> dict[Token, DepartmentLayer]:
    by_department: dict[str, list[bool]] = defaultdict(list)
    for row, late in judged:
        found = directory.choose(row.matter, row.district, row.street)
        if found is not None:
            by_department[found.code].append(late)
    return {
        code: base.departments.get(code, DepartmentLayer()).model_copy(
            update=_fitted(base, policy, dict.fromkeys(Nature, _count(late)))
        )
        for code, late in sorted(by_department.items())
        if len(late) >= enough
    }


def _fitted(base: Profile, policy: Policy, counts: Mapping[Nature, _Count]) -> dict[str, object]:
    """What of a layer is fitted: the answers and the silence."""
    overall = _Count(sum(count.late for count in counts.values()), sum(count.all for count in counts.values()))
    by_nature = {nature: _delay(policy.handle_limit(nature, Urgency.NORMAL), counts[nature]) for nature in Nature}
    by_urgency = {urgency: _delay(limit, overall) for urgency, limit in _urgent_limits(policy)}
    answers = Answering(
        delay=by_nature[Nature.REQUEST],
        by_nature=by_nature,
        by_urgency=by_urgency,
        explained=base.default.answers.explained,
        limit_days=base.default.answers.limit_days,
    )
    return {"answers": answers, "silent": round(overall.share * NEVER, 4)}


def _urgent_limits(policy: Policy) -> Iterator[tuple[Urgency, Limit]]:
    """The urgencies that have a limit of their own, whatever the nature."""
    for urgency in (Urgency.DANGER, Urgency.UTILITY):
        limit = policy.handle_limit(Nature.REQUEST, urgency)
        if limit != policy.handle_limit(Nature.REQUEST, Urgency.NORMAL):
            yield urgency, limit


def _delay(limit: Limit, count: _Count) -> Delay:
    """The delay that is beyond the limit in so many cases, those left aside that are never answered."""
    beyond = count.share * (1 - NEVER) / (1 - count.share * NEVER)
    factor = NormalDist(sigma=WIDTH).inv_cdf(1 - beyond)
    return Lognormal(kind="lognormal", median=round(limit.value / math.exp(factor), 4), sigma=WIDTH, unit=limit.unit)
