"""The minutes of a joint meeting, and the papers before it, as what people read."""

from collections.abc import Iterable, Sequence

from domain.ledger import Entry
from domain.meeting import Meeting, MeetingFile, MeetingWord, Minutes, Record, Result, Said
from dossiers.sheet import Section, Sheet, Table
from texts.catalogue import Catalogue
from texts.moments import local
from texts.telling import Names, told


def sheet_of_minutes(minutes: Minutes, text: Catalogue, names: Names) -> Sheet:
    """The minutes as they were hashed, and who has signed them."""
    record = minutes.record
    meeting = record.meeting
    return Sheet(
        language=text.language,
        title=text.say("minutes-title", meeting=meeting.meeting_id),
        remark=text.say("minutes-remark", sha256=minutes.sha256),
        sections=[
            Section(text.say("minutes-meeting"), pairs=meeting_pairs(meeting, text, names)),
            Section(text.say("minutes-departments"), table=_departments(record, text, names)),
            Section(text.say("minutes-text"), pairs=[(text.say("minutes-written"), record.text)]),
            *(
                Section(
                    text.say("minutes-case", case=one.case_id),
                    pairs=_case(one, text, names),
                    table=_tasks(one, text, names),
                )
                for one in record.results
            ),
            Section(text.say("minutes-signatures"), table=_signatures(minutes, text, names)),
        ],
    )


def meeting_pairs(meeting: Meeting, text: Catalogue, names: Names) -> list[tuple[str, str]]:
    """When, where, who is invited, about what."""
    return [
        (text.field("meeting_id"), meeting.meeting_id),
        (text.say("meeting-held-at"), local(meeting.held_at)),
        (text.say("meeting-place"), meeting.place),
        (text.field("members"), text.parts(map(names.called, meeting.members))),
        (text.say("meeting-cases"), text.parts(meeting.cases)),
        (text.say("meeting-quorum"), text.say("meeting-come", quorum=meeting.quorum, invited=len(meeting.members))),
        (text.say("meeting-convened-by"), meeting.by),
    ]


def department_rows(
    meeting: Meeting, said: Sequence[Said], text: Catalogue, names: Names
) -> list[tuple[str, str, str]]:
    """Each department invited: whether it came, and what it holds."""
    found = MeetingFile(meeting=meeting, said=tuple(said))
    rows: list[tuple[str, str, str]] = []
    for code in meeting.members:
        coming, opinion = found.coming(code), found.opinion_of(code)
        came = text.label(coming) if coming else text.say("meeting-not-marked")
        rows.append((names.called(code), came, (opinion.text if opinion else None) or text.say("meeting-not-given")))
    return rows


def _departments(record: Record, text: Catalogue, names: Names) -> Table:
    rows = department_rows(record.meeting, record.said, text, names)
    return Table([text.say(key) for key in COLUMNS], rows, (30, 15, 55))


COLUMNS = ("column-department", "column-coming", "column-position")


def _case(result: Result, text: Catalogue, names: Names) -> list[tuple[str, str]]:
    pairs = [(text.say("minutes-outcome"), text.label(result.outcome))]
    if result.lead:
        pairs.append((text.field("lead"), names.called(result.lead)))
    if result.summary and result.outcome.value.endswith("conclusion"):
        pairs.append((text.field("minutes"), result.summary))
    return pairs


def _tasks(result: Result, text: Catalogue, names: Names) -> Table | None:
    rows = [
        (
            names.called(str(task["department"])),
            str(task["task"]),
            text.say("minutes-days", days=int(task["days"])) if task.get("days") else "",
        )
        for task in result.tasks
    ]
    headings = [text.say("column-department"), text.field("task"), text.field("days")]
    return Table(headings, rows, (30, 50, 20)) if rows else None


def _signatures(minutes: Minutes, text: Catalogue, names: Names) -> Table:
    rows = [(names.called(one.department), one.by, local(one.at), one.sha256) for one in minutes.signatures]
    columns = ("column-department", "column-signed-by", "column-time", "column-hash")
    return Table([text.say(key) for key in columns], rows, (28, 14, 22, 36))


# -- the papers before it --------------------------------------------------------------------------------


def agenda_of(
    found: MeetingFile,
    cases: Iterable[tuple[str, dict[str, str | None], Sequence[Entry]]],
    text: Catalogue,
    names: Names,
) -> str:
    """The agenda as Markdown: every case with its codes and its trail, without a word of the citizen or about him."""
    meeting = found.meeting
    lines = [f"# {text.say('agenda-title', meeting=meeting.meeting_id)}", ""]
    lines += [f"- {name}: {_flat(value)}" for name, value in meeting_pairs(meeting, text, names)]
    if off := found.called_off:
        lines.append(f"- {text.label(MeetingWord.CALLED_OFF)}: {_flat(off.text or '')}")
    for number, (case_id, codes, entries) in enumerate(cases, start=1):
        lines += ["", f"## {number}. {case_id}", ""]
        lines += [f"- {text.field(name)}: {value}" for name, value in codes.items() if value]
        lines += ["", *(_told(entry, text, names) for entry in entries)]
    return "\n".join(lines) + "\n"


def _told(entry: Entry, text: Catalogue, names: Names) -> str:
    line = told(entry.fact, text, names, blotted=True)
    return f"{entry.fact.seq}. {line.at} · {line.rung} · {line.actor} · {_flat(line.happened)}"


def _flat(text: str) -> str:
    return " ".join(text.split())
