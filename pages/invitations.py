"""Invitations to a joint meeting as iCalendar (RFC 5545), one a department; nothing of the citizens is in them."""

from typing import Any

from icalendar import Calendar, Event, vCalAddress, vText

from domain.meeting import MeetingFile
from texts.catalogue import Catalogue
from texts.telling import Names

PRODUCT = "-//Liandong//joint meeting//ZH"


def invitation(found: MeetingFile, department: str, text: Catalogue, names: Names) -> bytes:
    """The invitation of one department; once the meeting was called off, what takes it out of the calendar again."""
    meeting, off = found.meeting, found.called_off
    calendar: Any = Calendar()  # what the library says of its own types is not complete
    event: Any = Event()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if off else "REQUEST")
    event.add("uid", f"{meeting.meeting_id}@liandong")
    event.add("sequence", 1 if off else 0)
    event.add("dtstamp", off.at if off else meeting.at)
    event.add("dtstart", meeting.held_at)
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("summary", text.say("meeting-summary", cases=len(meeting.cases)))
    event.add("location", meeting.place)
    event.add("description", _description(found, text, names))
    event.add("organizer", _address("urn:liandong:supervisor", meeting.by))
    event.add("attendee", _attendee(department, names))
    calendar.add_component(event)
    return calendar.to_ical()


def _description(found: MeetingFile, text: Catalogue, names: Names) -> str:
    meeting, off = found.meeting, found.called_off
    lines = [
        text.say("meeting-invited", departments=text.parts(names.called(code) for code in meeting.members)),
        text.say("meeting-about", cases=text.parts(meeting.cases)),
        text.say("meeting-come", quorum=meeting.quorum, invited=len(meeting.members)),
    ]
    if off is not None:
        lines.insert(0, text.say("meeting-off-told", reason=off.text))
    return "\n".join(lines)


def _address(uri: str, name: str) -> Any:
    address: Any = vCalAddress(uri)
    address.params["CN"] = vText(name)
    return address


def _attendee(department: str, names: Names) -> Any:
    """No address for mail is known of a department: it is named, and how the file gets there is its own affair."""
    address = _address(f"urn:liandong:department:{department}", names.called(department))
    for name, value in (
        ("CUTYPE", "GROUP"),
        ("ROLE", "REQ-PARTICIPANT"),
        ("PARTSTAT", "NEEDS-ACTION"),
        ("RSVP", "TRUE"),
    ):
        address.params[name] = vText(value)
    return address
