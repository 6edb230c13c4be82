"""``liandong token``: what clerks, citizens' channels and grid workers come in with."""

from typing import Annotated

import typer

from cli.console import Console, Output
from cli.verbs import LimitOption, OutputOption, noun, verb

app = noun("token")

KINDS = "clerk|client|grid"

KindOption = Annotated[str | None, typer.Option("--kind", help="option-token-kind", metavar=KINDS)]
OfDepartmentOption = Annotated[str | None, typer.Option("--department", help="option-token-department", metavar="CODE")]


@verb(app, "issue")
async def issue(
    console: Console,
    kind: Annotated[str, typer.Option("--kind", help="option-token-kind", metavar=KINDS)],
    holder: Annotated[str, typer.Option("--holder", help="option-token-holder", metavar="NAME")],
    department: OfDepartmentOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    import secrets
    from datetime import UTC, datetime

    from cli.entries import chosen, made
    from cli.session import at_desk, require_departments
    from domain.tokens import AccessToken, TokenKind, token_hash, token_text
    from storage import access
    from storage.database import reaching_database

    entered = {
        "token_id": secrets.token_hex(5),
        "kind": chosen(TokenKind, kind, "kind"),
        "holder": holder,
        "department": department,
        "created_at": datetime.now(UTC),
    }
    token, secret = made(AccessToken, entered), secrets.token_urlsafe(32)
    async with at_desk(console, engine=False) as desk:
        if token.department is not None:
            await require_departments(desk, [token.department])
        with reaching_database():
            await access.issue(desk.pool, token, token_hash(secret))
    text = token_text(token.token_id, secret)
    if output is Output.JSON:
        console.json({**token.model_dump(), "token": text})
    else:
        console.say("token-issued", token=token.token_id, holder=token.holder)
        console.write(text)


@verb(app, "list")
async def list_(
    console: Console,
    kind: KindOption = None,
    department: OfDepartmentOption = None,
    limit: LimitOption = 50,
    output: OutputOption = Output.TEXT,
) -> None:
    from cli.entries import chosen
    from cli.session import at_desk
    from domain.tokens import TokenKind
    from storage import access
    from storage.database import reaching_database
    from texts.moments import local

    wanted = chosen(TokenKind, kind, "kind") if kind is not None else None
    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            found = console.first(await access.tokens(desk.pool, wanted, department, limit + 1), limit)
    if output is Output.JSON:
        console.json(found)
    elif not found:
        console.say("no-tokens")
    else:
        columns = (
            "column-token",
            "column-kind",
            "column-holder",
            "column-department",
            "column-issued",
            "column-revoked",
        )
        rows = [
            (
                one.token_id,
                console.text.label(one.kind),
                one.holder,
                one.department or "",
                local(one.created_at),
                local(one.revoked_at) if one.revoked_at else "",
            )
            for one in found
        ]
        console.table(columns, rows)


@verb(app, "revoke")
async def revoke(
    console: Console, token: Annotated[str, typer.Argument(metavar="TOKEN", help="argument-token")]
) -> None:
    from cli.entries import shown
    from cli.session import at_desk
    from domain.errors import NotFound, Refused
    from storage import access
    from storage.database import reaching_database
    from texts.moments import local

    async with at_desk(console, engine=False) as desk:
        with reaching_database():
            done = await access.revoke(desk.pool, token)
            found = None if done else await access.find(desk.pool, token)
    if not done and found is None:
        raise NotFound("token-unknown", token=shown("token", token))
    if found is not None and found[0].revoked_at is not None:
        raise Refused("token-revoked-before", token=token, at=local(found[0].revoked_at))
    console.say("token-revoked-now", token=token)
