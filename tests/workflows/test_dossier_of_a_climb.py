"""The dossier of a case that has climbed the whole ladder: built from the real record, checked offline."""

import time
import zipfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hotlines import Engines, Hotline, brisk_rules, hotline
from told_lives import whole_climb

from desk import dossiers
from desk.dossiers import Form
from domain.citizen import Citizen
from domain.dossier import Redaction
from domain.errors import DoesNotFit
from dossiers.check import check
from dossiers.paged import font_file
from dossiers.seal import Seal
from outbox.anchors import Anchoring, make_anchor, publish_anchors
from storage.anchors import of_case
from texts.catalogue import Catalogue

SEAL = Seal("5e" * 32)
CITIZEN = Citizen(name="冯秀兰", phone="13976543210", address="海口市龙华区某巷9号")
BUILDS_WITHIN = timedelta(seconds=2)


@dataclass(frozen=True)
class Climbed:
    """A town with one case that went all the way, anchored."""

    town: Hotline
    case_id: str
    anchors: Path


@pytest.fixture(scope="module")
async def climbed(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Climbed]:
    folder = tmp_path_factory.mktemp("anchors")
    async with hotline(engines, skip_time=False, rules=brisk_rules()) as town:
        life = await whole_climb(town, citizen=CITIZEN)
        anchoring = Anchoring(seal=SEAL, folder=folder)
        await make_anchor(town.pool, anchoring, datetime.now(UTC))
        assert await publish_anchors(town.pool, anchoring) == 1
        yield Climbed(town, life.view.case_id, folder)


def form(redaction: Redaction = Redaction.CITIZEN, language: str = "zh", *, pdf: bool = True) -> Form:
    return Form(text=Catalogue(language), redaction=redaction, font=font_file(None) if pdf else None)


async def built(climbed: Climbed, to: Path, made: Form) -> Path:
    to.write_bytes(await dossiers.build(climbed.town.desk, climbed.case_id, SEAL, made))
    return to


@pytest.mark.parametrize("redaction", Redaction)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_it_fits_at_every_redaction(
    climbed: Climbed, tmp_path: Path, redaction: Redaction, language: str
) -> None:
    file = await built(climbed, tmp_path / "dossier.zip", form(redaction, language))
    checked = check(file, key=SEAL.public, anchors=climbed.anchors)
    assert (checked.case_id, checked.anchor, checked.anchors) == (climbed.case_id, 1, 1)
    assert checked.anchored == checked.entries > 20


async def test_the_same_case_makes_the_same_bytes(climbed: Climbed, tmp_path: Path) -> None:
    first = await built(climbed, tmp_path / "first.zip", form())
    second = await built(climbed, tmp_path / "second.zip", form())
    assert first.read_bytes() == second.read_bytes()


async def test_it_is_built_in_two_seconds(climbed: Climbed, tmp_path: Path) -> None:
    durations: list[float] = []
    for number in range(3):
        started = time.perf_counter()
        await built(climbed, tmp_path / f"{number}.zip", form())
        durations.append(time.perf_counter() - started)
    assert min(durations) < BUILDS_WITHIN.total_seconds(), durations


def said_in(file: Path) -> str:
    """Every text in the dossier, that of the print too."""
    with zipfile.ZipFile(file) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if not name.endswith(".pdf")]
        pages: Any = pypdfium2.PdfDocument(archive.read("dossier.pdf"))
        texts += [page.get_textpage().get_text_range() for page in pages]
    return "\n".join(texts)


async def test_each_redaction_leaves_out_what_it_says(climbed: Climbed, tmp_path: Path) -> None:
    said = {one: said_in(await built(climbed, tmp_path / f"{one}.zip", form(one))) for one in Redaction}
    name, phone, address = str(CITIZEN.name), str(CITIZEN.phone), str(CITIZEN.address)
    for word in (name, phone, address):
        assert [one for one in Redaction if word in said[one]] == [Redaction.NONE]
    assert [one for one in Redaction if "楼下占道经营" in said[one]] == [Redaction.NONE, Redaction.CITIZEN]
    assert f"{name[0]}██" in said[Redaction.CITIZEN]
    assert "██10" in said[Redaction.CITIZEN]


async def test_the_print_can_be_read(climbed: Climbed, tmp_path: Path) -> None:
    file = await built(climbed, tmp_path / "dossier.zip", form())
    with zipfile.ZipFile(file) as archive:
        pages: Any = pypdfium2.PdfDocument(archive.read("dossier.pdf"))
    text = "".join(page.get_textpage().get_text_range() for page in pages)
    for word in ("卷宗", "联席会议", "限期整改", "提请纪委监委", climbed.case_id):
        assert word in text.replace("\r\n", "")


async def test_words_that_were_changed_after_the_anchor_make_no_dossier(climbed: Climbed, tmp_path: Path) -> None:
    pool, case_id = climbed.town.pool, climbed.case_id
    change = "UPDATE demand SET description = $2 WHERE case_id = $1"
    before = await pool.fetchval("SELECT description FROM demand WHERE case_id = $1", case_id)
    await pool.execute(change, case_id, "别的内容")
    try:
        with pytest.raises(DoesNotFit, match="dossier-words"):
            await built(climbed, tmp_path / "dossier.zip", form(pdf=False))
    finally:
        await pool.execute(change, case_id, before)


async def test_a_later_anchor_vouches_for_the_case_as_the_first_saw_it(climbed: Climbed) -> None:
    anchoring = Anchoring(seal=SEAL, folder=climbed.anchors)
    first = await of_case(climbed.town.pool, climbed.case_id)
    await make_anchor(climbed.town.pool, anchoring, datetime.now(UTC))
    second = await of_case(climbed.town.pool, climbed.case_id)
    await publish_anchors(climbed.town.pool, anchoring)
    assert first is not None
    assert second is not None
    assert second.signed.anchor.number == first.signed.anchor.number + 1
    assert second.signed.anchor.previous == first.signed.anchor.hash
    assert second.leaf == first.leaf


async def test_the_engine_makes_the_anchor_of_the_day(climbed: Climbed) -> None:
    """The workflow that the schedule starts, on a real worker."""
    client, queue = climbed.town.desk.client, climbed.town.desk.engine.task_queue
    made = await client.execute_workflow("Anchor", id=f"{climbed.town.prefix}-anchor", task_queue=queue)
    assert made["cases"] == 1
    anchored = await of_case(climbed.town.pool, climbed.case_id)
    assert anchored is not None
    assert anchored.signed.anchor.number == made["number"]
