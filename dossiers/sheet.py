"""What people read of a dossier, in one language: the same content for the page and for the print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.anchor import Anchored
from domain.case import CaseView
from domain.citizen import Citizen
from domain.demand import Channel, Nature, Urgency
from domain.dossier import Paper, Redaction, Rulebook, Words, masked
from domain.ledger import Entry
from texts.catalogue import Catalogue
from texts.moments import local
from texts.telling import Names, told

Pairs = Sequence[tuple[str, str]]

CODES: Mapping[str, type[Nature] | type[Urgency] | type[Channel] | None] = {
    "channel": Channel,
    "nature": Nature,
    "urgency": Urgency,
    "matter": None,
    "district": None,
    "street": None,
}


@dataclass(frozen=True)
class Table:
    """Rows below headings; ``shares`` are the columns' widths in hundredths of the page's."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    shares: Sequence[int]


@dataclass(frozen=True)
class Section:
    """A part of the sheet: names with what stands behind them, or a table, or both."""

    heading: str
    pairs: Pairs = ()
    table: Table | None = None


@dataclass(frozen=True)
class Sheet:
    """The whole."""

    language: str
    title: str
    remark: str
    sections: Sequence[Section]


@dataclass(frozen=True)
class Content:
    """What a dossier is made of, before it is written."""

    view: CaseView
    entries: Sequence[Entry]
    words: Words
    citizen: Citizen
    redaction: Redaction
    rules: Sequence[Rulebook]
    papers: Sequence[Paper]
    anchored: Anchored | None
    key: str


def sheet_of(content: Content, text: Catalogue, names: Names) -> Sheet:
    """Everything about the case in the reader's language, with as much of the citizen as the redaction allows."""
    return Sheet(
        language=text.language,
        title=text.say("dossier-title", case=content.view.case_id),
        remark=text.say(f"dossier-remark-{content.redaction.value}"),
        sections=[
            _case(content, text, names),
            _demand(content, text),
            _facts(content, text, names),
            *_papers(content, text),
            _vouched(content, text),
        ],
    )


def _case(content: Content, text: Catalogue, names: Names) -> Section:
    view, opened = content.view, content.entries[0].fact.payload
    pairs = [
        (text.say("dossier-status"), text.label(view.status)),
        (text.say("dossier-rung"), text.label(view.rung)),
        (text.say("dossier-closing"), text.label(view.closing) if view.closing else ""),
        (text.say("dossier-opened"), local(view.opened_at)),
        (text.field("lead"), names.of(view.lead)),
    ]
    for name, enum in CODES.items():
        value = str(opened.get(name) or "")
        pairs.append((text.field(name), text.label(enum(value)) if enum and value else value))
    pairs.append((text.say("dossier-rules"), text.parts(one.label for one in content.rules)))
    return Section(text.say("dossier-case"), pairs=_filled(pairs))


def _demand(content: Content, text: Catalogue) -> Section:
    words, redaction = content.words, content.redaction
    hidden = text.say("dossier-hidden")
    if redaction is Redaction.FULL:
        return Section(
            text.say("dossier-demand"),
            pairs=[(text.field("description"), hidden), (text.say("dossier-words-hash"), words.hash)],
        )
    person = masked(content.citizen) if redaction is Redaction.CITIZEN else content.citizen.model_dump()
    pairs = [(text.field(name), str(value or "")) for name, value in person.items()]
    where = f"{words.point.lat}, {words.point.long}" if words.point else ""
    pairs += [
        (text.field("description"), words.description),
        (text.field("place"), words.place or ""),
        (text.say("dossier-point"), where),
        (text.say("dossier-picture"), words.media_url or ""),
    ]
    return Section(text.say("dossier-demand"), pairs=_filled(pairs))


def _facts(content: Content, text: Catalogue, names: Names) -> Section:
    blotted = content.redaction is Redaction.FULL
    rows: list[tuple[str, ...]] = []
    for entry in content.entries:
        line = told(entry.fact, text, names, blotted=blotted)
        rows.append(
            (str(entry.fact.seq), line.at.replace(" ", "\n", 1), line.actor, line.rung, line.happened, line.late)
        )
    columns = ("column-time", "column-actor", "column-rung", "column-happened", "column-lateness")
    headings = [text.say("dossier-column-number"), *map(text.say, columns)]
    return Section(text.say("dossier-facts"), table=Table(headings, rows, (6, 15, 14, 13, 43, 9)))


def _papers(content: Content, text: Catalogue) -> list[Section]:
    if not content.papers:
        return []
    columns = ("dossier-column-paper", "dossier-column-size", "dossier-column-hash")
    rows = [
        (paper.title if paper.carried else f"{paper.title} ({text.say('dossier-not-carried')})", str(paper.size),
         paper.sha256)
        for paper in content.papers
    ]  # fmt: skip
    return [Section(text.say("dossier-papers"), table=Table([*map(text.say, columns)], rows, (40, 12, 48)))]


def _vouched(content: Content, text: Catalogue) -> Section:
    last, anchored = content.entries[-1], content.anchored
    pairs = [(text.say("dossier-entries"), str(len(content.entries))), (text.say("dossier-head"), last.hash)]
    if anchored:
        anchor = anchored.signed.anchor
        pairs += [
            (text.say("dossier-anchor"), text.say("dossier-anchor-told", number=anchor.number, at=anchor.at)),
            (text.say("dossier-anchored"), str(anchored.leaf.seq)),
            (text.say("dossier-root"), anchor.root),
        ]
    else:
        pairs.append((text.say("dossier-anchor"), text.say("dossier-no-anchor")))
    pairs += [(text.say("dossier-key"), content.key), (text.say("dossier-how"), text.say("dossier-how-told"))]
    return Section(text.say("dossier-vouched"), pairs=pairs)


def _filled(pairs: Pairs) -> Pairs:
    return [(name, value) for name, value in pairs if value]


def shown_citizen(redaction: Redaction, citizen: Citizen) -> dict[str, str]:
    """The citizen as the file for programs has him; nothing where it has none."""
    match redaction:
        case Redaction.NONE:
            return {name: str(value) for name, value in citizen.model_dump().items() if value}
        case Redaction.CITIZEN:
            return masked(citizen)
        case Redaction.FULL:
            return {}
