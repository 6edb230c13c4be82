"""Building a dossier: everything about a case is gathered, checked, and written as one file."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desk.cases import folder
from desk.window import Desk
from domain.anchor import Anchored
from domain.citizen import Citizen
from domain.dossier import Carried, Manifest, Paper, Redaction, Rulebook, Words
from domain.errors import DoesNotFit, NotFound
from domain.ledger import Entry, FactKind, canonical, entry_text, first_misfit
from dossiers.archive import ANCHOR, CITIZEN, FACTS, MANIFEST, PAGE, PRINT, SIGNATURE, WORDS, packed
from dossiers.page import page_of
from dossiers.seal import Seal
from dossiers.sheet import Content, sheet_of, shown_citizen
from storage import anchors, demands, meetings, policies
from storage.database import reaching_database
from texts.catalogue import Catalogue
from texts.telling import Names

CALLBACKS = "callbacks.json"


@dataclass(frozen=True)
class Form:
    """How a dossier is to be made."""

    text: Catalogue
    redaction: Redaction
    font: Path | None
    """What the PDF is printed with; None: without a PDF."""


@dataclass(frozen=True)
class Enclosure:
    """A paper with what it holds."""

    paper: Paper
    content: bytes


@dataclass(frozen=True)
class Gathered:
    """What the record has of a case."""

    content: Content
    papers: Sequence[Enclosure]
    rules: dict[str, bytes]
    names: Names


def enclosure(name: str, title: str, media_type: str, content: bytes, *, carried: bool = True) -> Enclosure:
    """A paper by its content."""
    digest = hashlib.sha256(content).hexdigest()
    paper = Paper(name=name, title=title, media_type=media_type, size=len(content), sha256=digest, carried=carried)
    return Enclosure(paper, content)


async def build(desk: Desk, case_id: str, seal: Seal, form: Form, papers: Sequence[Enclosure] = ()) -> bytes:
    """The dossier of a case as it stands, as a file. Raises NotFound, and DoesNotFit where the record is broken."""
    gathered = await gather(desk, case_id, seal.public, form, papers)
    return await asyncio.to_thread(write, gathered, seal, form)


async def gather(desk: Desk, case_id: str, key: str, form: Form, papers: Sequence[Enclosure]) -> Gathered:
    """Everything of the case that goes into its dossier."""
    found = await folder(desk, case_id)
    with reaching_database():
        words = await anchors.words(desk.pool, case_id)
        said = await demands.words(desk.pool, case_id)
        anchored = await anchors.of_case(desk.pool, case_id)
        directory = await desk.directory()
    if words is None or said is None:
        raise NotFound("case-unknown", case=case_id)
    _require_sound(found.entries, anchored, words)
    rules, contents = await _rules(desk, found.entries)
    callbacks = canonical([callback.model_dump(mode="json") for callback in found.callbacks]).encode()
    title = form.text.say("dossier-callbacks")
    own = [enclosure(CALLBACKS, title, "application/json", callbacks)] if found.callbacks else []
    own += await _minutes(desk, found.entries, form.text)
    carried = form.redaction is not Redaction.FULL
    enclosed = [Enclosure(one.paper.model_copy(update={"carried": carried}), one.content) for one in (*own, *papers)]
    content = Content(
        view=found.view,
        entries=found.entries,
        words=words,
        citizen=Citizen.model_construct(**said.citizen.model_dump()),
        redaction=form.redaction,
        rules=rules,
        papers=[one.paper for one in enclosed],
        anchored=anchored,
        key=key,
    )
    return Gathered(content, enclosed, contents, Names(directory, form.text))


async def _minutes(desk: Desk, entries: Sequence[Entry], text: Catalogue) -> list[Enclosure]:
    """The minutes of every meeting of its own that the case came before, as they were hashed and signed."""
    convened = (entry.fact.payload for entry in entries if entry.fact.kind is FactKind.MEETING_CONVENED)
    ids = dict.fromkeys(str(payload["meeting_id"]) for payload in convened if payload.get("meeting_id"))
    with reaching_database():
        found = [await meetings.find(desk.pool, meeting_id) for meeting_id in ids]
    written = [(one.meeting.meeting_id, one.minutes) for one in found if one is not None and one.minutes is not None]
    enclosed: list[Enclosure] = []
    for number, (meeting_id, minutes) in enumerate(written, start=1):
        signed = text.parts(one.department for one in minutes.signatures) or text.say("nothing")
        title = text.say("dossier-minutes", meeting=meeting_id, signed=signed)
        content = minutes.record.encoded().encode()
        enclosed.append(enclosure(f"minutes-{number}.json", title, "application/json", content))
    return enclosed


def _require_sound(entries: Sequence[Entry], anchored: Anchored | None, words: Words) -> None:
    """No dossier is made of a record that does not fit: it would look as if somebody had vouched for it."""
    case_id = words.case_id
    if misfit := first_misfit(case_id, entries):
        raise DoesNotFit("dossier-record", case=case_id, seq=misfit.seq)
    if anchored is None:
        return
    leaf = anchored.leaf
    if leaf.seq > len(entries) or entries[leaf.seq - 1].hash != leaf.head:
        raise DoesNotFit("dossier-record", case=case_id, seq=leaf.seq)
    if leaf.words != words.hash:
        raise DoesNotFit("dossier-words", case=case_id)


async def _rules(desk: Desk, entries: Sequence[Entry]) -> tuple[list[Rulebook], dict[str, bytes]]:
    """Every policy and calendar that the case was pinned to, in the order of their labels; those that are stored."""
    labels = {
        (kind, str(entry.fact.payload[kind]))
        for entry in entries
        if entry.fact.kind in (FactKind.CASE_OPENED, FactKind.LIMITS_MOVED)
        for kind in ("policy", "calendar")
        if entry.fact.payload.get(kind)
    }
    books: list[Rulebook] = []
    contents: dict[str, bytes] = {}
    for kind, label in sorted(labels):
        content = await _rule(desk, kind, label)
        book = Rulebook.model_validate({"kind": kind, "label": label, "carried": content is not None})
        books.append(book)
        if content is not None:
            contents[book.file] = content
    return books, contents


async def _rule(desk: Desk, kind: str, label: str) -> bytes | None:
    name, _, number = label.rpartition("@")
    try:
        with reaching_database():
            if kind == "policy":
                return canonical((await policies.get(desk.pool, name, int(number))).content).encode()
            calendar = (await policies.calendar(desk.pool, name, int(number))).calendar
            return canonical(calendar.model_dump(mode="json")).encode()
    except NotFound:  # a continuous calendar is part of its policy
        return None


def write(gathered: Gathered, seal: Seal, form: Form) -> bytes:
    """The file. Takes about a second, most of it for the font of the PDF."""
    content, redaction = gathered.content, form.redaction
    sheet = sheet_of(content, form.text, gathered.names)
    lines = [entry_text(entry.case_id, entry.fact, entry.prev_hash) for entry in content.entries]
    last = content.entries[-1]
    files = {FACTS: "".join(f"{line}\n" for line in lines).encode(), **gathered.rules}
    if content.anchored:
        files[ANCHOR] = canonical(content.anchored.model_dump(mode="json")).encode()
    if redaction is not Redaction.FULL:
        files[WORDS] = canonical(content.words.model_dump(mode="json")).encode()
    if citizen := shown_citizen(redaction, content.citizen):
        files[CITIZEN] = json.dumps(citizen, ensure_ascii=False, sort_keys=True).encode()
    files |= {f"papers/{one.paper.name}": one.content for one in gathered.papers if one.paper.carried}
    files[PAGE] = page_of(sheet).encode()
    if form.font:
        from dossiers.paged import pdf_of

        files[PRINT] = pdf_of(sheet, last.fact.at, form.font)
    manifest = Manifest(
        case_id=content.view.case_id,
        entries=len(content.entries),
        head=last.hash,
        as_of=last.fact.at,
        redaction=redaction,
        words=content.words.hash,
        anchored=content.anchored.leaf.seq if content.anchored else 0,
        rules=tuple(content.rules),
        papers=tuple(content.papers),
        files=tuple(
            Carried(name=name, size=len(held), sha256=hashlib.sha256(held).hexdigest()) for name, held in files.items()
        ),
        key=seal.public,
    )
    signed = manifest.encoded()
    return packed({MANIFEST: signed, SIGNATURE: f"{seal.sign(signed)}\n".encode(), **files})
