"""``liandong stuck``: what holds cases up, cause by cause, who is to act, and what to type about each."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import CHECK_FAILED, OK, Console
from cli.verbs import RUNGS, LimitOption, verb

if TYPE_CHECKING:
    from datetime import datetime

    from cli.stuck_pages import Shown
    from domain.stuck import Search

app = typer.Typer()

CLASSES = "city_management|social_governance|public_service"
"""Written out, because loading the enum would make ``--help`` slow."""


class Form(StrEnum):
    """In which form the list is given."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


FormOption = Annotated[Form, typer.Option("--output", "-o", help="option-form", metavar="text|json|csv|xlsx")]
FileOption = Annotated[Path | None, typer.Option("--file", help="option-stuck-file", metavar="FILE")]


@verb(app, "stuck")
async def stuck(
    console: Console,
    district: Annotated[str | None, typer.Option("--district", help="option-stuck-district", metavar="CODE")] = None,
    department: Annotated[
        str | None, typer.Option("--department", help="option-stuck-department", metavar="CODE")
    ] = None,
    matter: Annotated[str | None, typer.Option("--matter", help="option-stuck-matter", metavar="CODE")] = None,
    matter_class: Annotated[str | None, typer.Option("--class", help="option-stuck-class", metavar=CLASSES)] = None,
    rung: Annotated[str | None, typer.Option("--rung", help="option-rung", metavar=RUNGS)] = None,
    age: Annotated[float | None, typer.Option("--age", min=0, help="option-age", metavar="DAYS")] = None,
    soon: Annotated[float, typer.Option("--soon", min=0, max=8_760, help="option-soon", metavar="HOURS")] = 8,
    everything: Annotated[bool, typer.Option("--all", help="option-all")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="option-watch")] = False,
    every: Annotated[float, typer.Option("--every", min=1, help="option-every", metavar="SECONDS")] = 5,
    limit: LimitOption = 50,
    file: FileOption = None,
    output: FormOption = Form.TEXT,
) -> int:
    import asyncio
    from datetime import UTC, datetime, timedelta

    from cli.session import at_desk, require_departments
    from cli.situation import Names
    from cli.stuck_pages import Shown
    from desk.stuck import stuck_view
    from domain.errors import Unavailable

    _check_form(output, file, watch=watch)
    search = _search(district, department, matter, matter_class, rung)
    async with at_desk(console, engine=False) as desk:
        directory = await require_departments(desk, [department] if department else [])
        directory.locate(district, None)
        names = Names(directory, console.text)
        while True:
            now = datetime.now(UTC)
            asked = search.model_copy(update={"opened_before": _before(age, now)})
            try:
                view = await stuck_view(desk, asked, now, timedelta(hours=soon), limit, everything=everything)
            except Unavailable as error:
                if not watch:
                    raise
                console.fail(error)  # whoever watches wants to see it come back
            else:
                view = view.model_copy(update={"within": tuple(console.first(list(view.within), limit))})
                _show(Shown(console, view, names, watched=watch), output, file)
                if not watch:
                    return CHECK_FAILED if view.number else OK
            await asyncio.sleep(every)


def _check_form(output: Form, file: Path | None, *, watch: bool) -> None:
    """A workbook is a file; what is watched is read as it comes. Raises Invalid."""
    from domain.errors import Invalid

    if watch and output not in (Form.TEXT, Form.JSON):
        raise Invalid("stuck-not-watched", asked=output.value)
    if (file is None) == (output is Form.XLSX) or (file and output is Form.TEXT):
        raise Invalid("stuck-file", asked=output.value)


def _before(age: float | None, now: "datetime") -> "datetime | None":
    from datetime import timedelta

    return None if age is None else now - timedelta(days=min(age, 36_500))


def _search(
    district: str | None, department: str | None, matter: str | None, matter_class: str | None, rung: str | None
) -> "Search":
    """What is looked for. Raises NotFound for a matter, class or rung that there is not."""
    from cli.entries import chosen
    from desk.directory_rows import shipped_matters
    from domain.department import MatterClass
    from domain.ladder import Rung
    from domain.stuck import Search

    wanted = chosen(MatterClass, matter_class, "class")
    matters = None
    if matter is not None or wanted is not None:
        known = [shipped_matters().get(matter)] if matter else shipped_matters().matters
        matters = tuple(one.code for one in known if wanted in (None, one.matter_class))
    return Search(district=district, department=department, matters=matters, rung=Rung.named(rung) if rung else None)


def _show(shown: "Shown", output: Form, file: Path | None) -> None:
    match output:
        case Form.TEXT:
            shown.page()
        case Form.JSON:
            shown.json(file)
        case Form.CSV:
            shown.csv(file)
        case Form.XLSX if file is not None:
            shown.workbook(file)
        case _:
            pass
