"""``liandong callback``: whom to call back, what was said, and what somebody else was told a second time."""

from typing import Annotated

import typer

from cli.console import Console, Output
from cli.verbs import CALLBACK_RESULTS, RATINGS, ByOption, CaseArgument, LimitOption, OutputOption, noun, verb

app = noun("callback")

MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", help="argument-month")]
CommentOption = Annotated[str | None, typer.Option("--comment", help="option-comment", metavar="TEXT")]


@verb(app, "queue")
async def queue(
    console: Console,
    head: Annotated[str | None, typer.Option("--head", help="option-head", metavar="NAME")] = None,
    department: Annotated[
        str | None, typer.Option("--department", help="option-queue-department", metavar="CODE")
    ] = None,
    limit: LimitOption = 50,
    output: OutputOption = Output.TEXT,
) -> None:
    from datetime import UTC, datetime

    from cli.callback_pages import queue_page
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.calls import queue as waiting

    now = datetime.now(UTC)
    async with at_desk(console, engine=False) as desk:
        directory = await directory_of(desk)
        if department:
            directory.get(department)
        found = await waiting(desk, head, [department] if department else None, limit + 1, now)
        await queue_page(console, desk, found, head, limit, now, Names(directory, console.text), output)


@verb(app, "record")
async def record(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    result: Annotated[
        str | None, typer.Option("--result", help="option-callback-result", metavar=CALLBACK_RESULTS)
    ] = None,
    rating: Annotated[str | None, typer.Option("--rating", help="option-rating", metavar=RATINGS)] = None,
    comment: CommentOption = None,
    remark: Annotated[str | None, typer.Option("--remark", help="option-remark", metavar="TEXT")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from datetime import UTC, datetime

    from cli.asking import Said, done
    from cli.entries import chosen, made
    from cli.session import at_desk, settled
    from desk.calls import one_more_call
    from desk.commands import ask
    from domain.commands import CallbackResult, Command, Rating, RecordCallback
    from domain.errors import Invalid

    rated = chosen(Rating, rating, "rating")
    told = chosen(CallbackResult, result, "result") or (rated and rated.result)
    if told is None:
        raise Invalid("input-missing", field="result")
    given = {"result": told, "by": by, "remark": remark, "rating": rated, "comment": comment}
    command = made(RecordCallback, given)
    async with at_desk(console) as desk, one_more_call(desk, by, datetime.now(UTC)):
        view = await settled(desk, await ask(desk, case, Command.RECORD_CALLBACK, command))
    done(console, view, Said("callback-recorded", {"result": rated or told}), output)


@verb(app, "sample")
async def sample(
    console: Console,
    month: Annotated[str, typer.Option("--month", help="option-sample-month", metavar="MONTH")],
    share: Annotated[int, typer.Option("--share", min=1, max=100, help="option-sample-share", metavar="PERCENT")],
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="option-sample-seed")],
    by: ByOption,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.callback_pages import sample_page
    from cli.entries import made
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.calls import draw
    from domain.staff import Act, Asking

    async with at_desk(console, engine=False, asking=made(Asking, {"by": by, "act": Act.DRAW_SAMPLE})) as desk:
        found = await draw(desk, month, share, seed, by)
        names = Names(await directory_of(desk), console.text)
    sample_page(console, found, names, output)


@verb(app, "again")
async def again(
    console: Console,
    case: CaseArgument,
    by: ByOption,
    rating: Annotated[str | None, typer.Option("--rating", help="option-rating", metavar=RATINGS)] = None,
    unreached: Annotated[bool, typer.Option("--unreached", help="option-again-unreached")] = False,
    comment: CommentOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import chosen, either, made
    from cli.session import at_desk
    from desk.calls import call_again
    from domain.calls import NewSecondCall
    from domain.commands import Rating
    from domain.staff import Act, Asking

    rated = chosen(Rating, rating, "rating")
    reached = either(rated is not None, unreached, "--rating, --unreached")
    new = made(NewSecondCall, {"case_id": case, "by": by, "rating": rated, "reached": reached, "comment": comment})
    async with at_desk(console, engine=False, asking=made(Asking, {"by": by, "act": Act.CALL_AGAIN})) as desk:
        entered = await call_again(desk, new)
    if output is Output.JSON:
        console.json(entered)
    elif entered.rating is None:
        console.say("called-again-in-vain", case=case)
    else:
        console.say("called-again", case=case, rating=entered.rating, by=entered.first_by)


@verb(app, "flattery")
async def flattery(console: Console, month: MonthArgument, output: OutputOption = Output.TEXT) -> None:
    from cli.callback_pages import flattery_page
    from cli.session import at_desk, directory_of
    from cli.situation import Names
    from desk.calls import drawn

    async with at_desk(console, engine=False) as desk:
        found = await drawn(desk, month)
        names = Names(await directory_of(desk), console.text)
    flattery_page(console, found, names, output)
