"""What a simulated department takes, says, and makes of the answers, over real HTTP."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from receiver import SECRETS, Scene, scene

from domain.order import Role
from simulator.conduct import MIXTURE, Name, Named, Twist
from simulator.departments import Verdict
from simulator.wire import OrderData, Word

DUTY = ["acknowledge", "progress", "reply"]


async def done(scene: Scene, limit: float = 10.0) -> None:
    """Until every order has been dealt with."""
    ends = time.monotonic() + limit
    while scene.departments.busy:
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)


def verdicts(scene: Scene) -> set[Verdict]:
    return {said.verdict for said in scene.said}


async def test_an_obedient_one_acknowledges_tells_and_replies() -> None:
    async with scene(Named(within=0.5)) as town:
        assert (await town.send("hk-housing.1")).status_code == 202
        await done(town)
        assert town.receiver.words("hk-housing.1") == DUTY
        assert verdicts(town) == {Verdict.TAKEN}


async def test_an_order_that_comes_twice_is_taken_twice_and_answered_once() -> None:
    async with scene(Named(within=0.2)) as town:
        for _ in range(2):
            assert (await town.send("hk-housing.1")).status_code == 202
        await done(town)
        assert len(town.said) == len(DUTY)
        assert [received.again for received in town.received] == [False, True]


async def test_only_what_is_signed_with_a_valid_secret_is_taken() -> None:
    async with scene(Named(Name.SILENT)) as town:
        old = SECRETS["hk-water"][1]
        assert (await town.send("hk-water.1", code="hk-water", secret=old)).status_code == 202
        assert (await town.send("hk-water.2", code="hk-water", secret=SECRETS["hk-housing"][0])).status_code == 401
        assert (await town.send("other.1", code="hk-water", data={})).status_code == 400
        unsigned = await town.http.post(f"{town.url}/departments/hk-water", content=b"{}")
        malformed = {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1"}
        broken = await town.http.post(f"{town.url}/departments/hk-water", content=b"\xff", headers=malformed)
        assert (unsigned.status_code, broken.status_code) == (401, 401)
        assert not town.departments.busy


async def test_a_warning_is_taken_and_not_answered() -> None:
    async with scene(Named()) as town:
        warned = {"order_id": "hk-housing.1", "case_id": "hk-housing", "warning": "yellow"}
        assert (await town.send("hk-housing.1", type="liandong.order.warned", data=warned)).status_code == 202
        assert not town.departments.busy


async def test_a_late_one_replies_after_the_limit() -> None:
    async with scene(Named(Name.LATE, within=0.2)) as town:
        due = datetime.now(UTC).timestamp() + 1.0
        await town.send("hk-housing.1", due_in=1.0)
        await done(town)
        at = town.receiver.at
        assert at["hk-housing", "hk-housing.1.acknowledge"].timestamp() < due
        assert at["hk-housing", "hk-housing.1.reply"].timestamp() >= due


async def test_one_that_returns_gives_back_what_can_be_given_back() -> None:
    async with scene(Named(Name.RETURNS, within=0.2)) as town:
        await town.send("hk-housing.1")
        await done(town)
        assert town.receiver.words("hk-housing.1") == ["return"]


@pytest.mark.parametrize("name", [Name.WRONG_SIGNATURE, Name.WRONG_ORDER, Name.GARBAGE])
async def test_what_is_said_wrong_is_refused_and_then_said_rightly(name: Name) -> None:
    async with scene(Named(name, seed=3, within=0.2)) as town:
        await town.send("hk-water.1", code="hk-water")  # somebody whose order the other can speak about
        await town.send("hk-housing.1")
        await done(town, 20)
        assert town.receiver.words("hk-housing.1") == DUTY
        assert verdicts(town) == {Verdict.RIGHTLY_REFUSED, Verdict.TAKEN}


@pytest.mark.parametrize("name", [Name.DOUBLE, Name.SLOW_BODY])
async def test_what_is_said_twice_or_slowly_counts_once(name: Name) -> None:
    async with scene(Named(name, within=0.2)) as town:
        await town.send("hk-housing.1")
        await done(town, 20)
        assert town.receiver.words("hk-housing.1") == DUTY
        assert verdicts(town) == {Verdict.TAKEN}
        assert sum(said.answer.repeated for said in town.said) == (len(DUTY) if name is Name.DOUBLE else 0)


async def test_a_gateway_that_is_away_is_asked_again_with_the_same_callback() -> None:
    async with scene(Named(within=0.2)) as town:
        town.receiver.away = 2
        await town.send("hk-housing.1")
        await done(town)
        assert town.receiver.words("hk-housing.1") == DUTY
        assert town.said[0].answer.tries == 3


async def test_a_right_word_that_is_refused_and_a_wrong_one_that_is_taken_are_called_wrong() -> None:
    async with scene(Named(within=0.2)) as town:
        await town.send("elsewhere.1")  # an order that is not this department's
        await done(town)
        assert verdicts(town) == {Verdict.WRONG}


@pytest.mark.parametrize(
    ("name", "statuses"),
    [(Name.FAILING, {500}), (Name.BUSY, {429}), (Name.REDIRECT, {307}), (Name.DOWN, {503})],
)
async def test_a_nasty_endpoint(name: Name, statuses: set[int]) -> None:
    async with scene(Named(name, within=0.2)) as town:
        answers = [await town.send("hk-housing.1") for _ in range(4)]
        assert {answers[0].status_code} == statuses
        assert ("retry-after" in answers[0].headers) == (name is Name.BUSY)
        await done(town)
        takes_at_last = name in (Name.FAILING, Name.BUSY)
        assert answers[-1].status_code == (202 if takes_at_last else answers[0].status_code)
        assert town.receiver.words("hk-housing.1") == (DUTY if takes_at_last else [])


def test_the_same_seed_decides_the_same_and_a_mixture_has_everything() -> None:
    orders = [
        OrderData(order_id=f"c-{number}.1", case_id=f"c-{number}", returnable=True, role=Role.LEAD)
        for number in range(600)
    ]

    def decided(seed: int) -> list[object]:
        mixed = Named(Name.MIXED, seed)
        return [(mixed.receive("a", order, 1), mixed.answer("a", order)) for order in orders]

    assert decided(1) == decided(1) != decided(2)
    twists = {step.twist for order in orders for step in Named(Name.MIXED).answer("a", order)}
    assert twists == {None, *Twist}
    assert {step.word for order in orders for step in Named(Name.MIXED).answer("a", order)} == set(Word) - {
        Word.EXTENSION
    }
    assert set(MIXTURE) == set(Name) - {Name.MIXED}
