"""The assessment put together: this period beside the one before, by department, district or class."""

from datetime import datetime

from desk.directory_rows import shipped_matters
from domain.assessment import Assessment, By, Period, Sum, figures_of, grouped
from domain.errors import NotFound
from storage import assessment
from storage.database import Pool, reaching_database


async def assess(pool: Pool, period: Period, before: Period, by: By, now: datetime) -> Assessment:
    """All figures. Raises Unavailable where the record cannot be reached."""
    with reaching_database():
        sums, left_out = await assessment.sums(pool, period, by)
        sums_before, _ = await assessment.sums(pool, before, by)
        return Assessment(
            period=period,
            before=before,
            by=by,
            whole=figures_of(None, sums),
            whole_before=figures_of(None, sums_before),
            groups=grouped(in_classes(sums) if by is By.CLASS else sums),
            exclusions=tuple(await assessment.exclusions(pool, left_out)),
            grid_workers=await assessment.grid_workers(pool, period),
            grid_workers_before=await assessment.grid_workers(pool, before),
            custody=tuple(await assessment.custody(pool, period)),
            computed_at=now,
        )


def in_classes(sums: list[Sum]) -> list[Sum]:
    """Sums by matter as sums by the matter's class; a matter that nobody knows belongs to none."""
    return [one.model_copy(update={"group": _class_of(one.group)}) for one in sums]


def _class_of(matter: str | None) -> str | None:
    try:
        return shipped_matters().get(matter).matter_class.value if matter else None
    except NotFound:
        return None
