"""How a joint meeting is shown."""

from collections.abc import Sequence
from typing import Any

from cli.console import OK, PARTLY_DONE, Console
from desk.meetings import Told
from domain.meeting import MeetingFile, Result
from dossiers.minutes import COLUMNS, department_rows, meeting_pairs
from texts.moments import local
from texts.telling import Names


def tell_refused(console: Console, told: Told) -> int:
    """Which cases would not hear of it, and why; the exit status."""
    for case_id, error in told.refused:
        console.note("meeting-case-refused", case=case_id, reason=console.text.error(error))
    return PARTLY_DONE if told.refused else OK


def as_data(found: MeetingFile, results: Sequence[Result] = ()) -> dict[str, Any]:
    """A meeting for programs."""
    minutes = found.minutes
    return {
        **found.meeting.model_dump(),
        "departments": [
            {
                "department": code,
                "coming": found.coming(code),
                "position": opinion.text if (opinion := found.opinion_of(code)) else None,
            }
            for code in found.meeting.members
        ],
        "present": len(found.present),
        "called_off": found.called_off,
        "results": list(results),
        "minutes": minutes and {"sha256": minutes.sha256, "by": minutes.by, "signatures": list(minutes.signatures)},
    }


def tell_meeting(console: Console, found: MeetingFile, results: Sequence[Result], names: Names) -> None:
    """Everything known of a meeting."""
    text, meeting, minutes = console.text, found.meeting, found.minutes
    pairs = meeting_pairs(meeting, text, names)
    if off := found.called_off:
        pairs.append((text.label(off.word), text.parts([local(off.at), off.by, off.text or ""])))
    if minutes is not None:
        signed = text.parts(names.called(one.department) for one in minutes.signatures)
        pairs += [(text.say("meeting-minutes-hash"), minutes.sha256), (text.say("minutes-signatures"), signed)]
    console.pairs(pairs)
    console.write("")
    console.table(COLUMNS, department_rows(meeting, found.said, text, names))
    console.write("")
    rows = [(one.case_id, text.label(one.outcome), names.called(one.lead) if one.lead else "") for one in results]
    console.table(("column-case", "column-outcome", "column-lead"), rows)
