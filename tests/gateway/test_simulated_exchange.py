"""Simulated departments before the real gateway: what is right counts once, what is wrong leaves no trace."""

import asyncio
from collections.abc import Sequence

import pytest
from office import BUREAU, Office, until
from support import GATEWAY_KEY

from domain.callbacks import CallbackOutcome
from domain.ledger import FactKind
from domain.tokens import department_secret
from simulator.conduct import Name, Named
from simulator.departments import Departments, Note, Received, Said, Verdict
from simulator.serving import serving
from storage import callbacks, departments

HEARD = [Name.OBEDIENT, Name.DOUBLE, Name.WRONG_SIGNATURE, Name.WRONG_ORDER, Name.GARBAGE, Name.SLOW_BODY]
DUTY = [FactKind.ORDER_ACKNOWLEDGED, FactKind.ORDER_PROGRESS, FactKind.ORDER_REPLIED]


def _secrets(code: str) -> Sequence[str]:
    return (department_secret(GATEWAY_KEY, code, 1),)


async def _endpoint(office: Office, url: str | None) -> None:
    found = (await departments.directory(office.desk.pool)).get(BUREAU)
    await departments.put(office.desk.pool, (found.model_copy(update={"endpoint": url}),))


@pytest.mark.parametrize("name", HEARD)
async def test_one_department_of_each_conduct_is_heard_once(office: Office, name: Name) -> None:
    notes = list[Note]()
    players = Departments(
        _secrets, Named(name, seed=2, within=1.0), told=notes.append, gateway=str(office.http.base_url)
    )
    async with serving(players.app()) as url:
        await _endpoint(office, f"{url}/departments/{BUREAU}")
        try:
            case_id = await office.open()
            await office.recorded(case_id, FactKind.ORDER_REPLIED)
            await until(lambda: _busy(players), lambda busy: not busy)
        finally:
            await players.close()
            await _endpoint(office, None)
    said = [note for note in notes if isinstance(note, Said)]
    wrong = [note.verdict for note in said if note.verdict is not Verdict.TAKEN]
    assert set(wrong) == ({Verdict.RIGHTLY_REFUSED} if name in HEARD[2:5] else set()), said
    kinds = [entry.fact.kind for entry in (await office.folder(case_id)).entries if entry.fact.kind in DUTY]
    assert kinds == DUTY
    kept = await callbacks.of_case(office.desk.pool, case_id)
    assert [one.outcome for one in kept] == [CallbackOutcome.ACCEPTED] * 3
    assert [note.status for note in notes if isinstance(note, Received)] == [202]


@pytest.mark.parametrize("name", [Name.FAILING, Name.BUSY])
async def test_a_department_that_does_not_take_an_order_at_once_gets_it_in_the_end(office: Office, name: Name) -> None:
    """How late it is then depends on the machine, so what it says is not asked."""
    notes = list[Note]()
    players = Departments(
        _secrets, Named(name, seed=2, within=1.0), told=notes.append, gateway=str(office.http.base_url)
    )
    async with serving(players.app()) as url:
        await _endpoint(office, f"{url}/departments/{BUREAU}")
        try:
            await office.open()
            await until(lambda: _taken(notes), bool)
        finally:
            await players.close()
            await _endpoint(office, None)
    assert next(note.status for note in notes if isinstance(note, Received)) != 202


async def _taken(notes: Sequence[Note]) -> bool:
    return any(note.status == 202 for note in notes if isinstance(note, Received))


async def _busy(players: Departments) -> int:
    await asyncio.sleep(0)
    return players.busy
