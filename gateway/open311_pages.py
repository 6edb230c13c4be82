"""What the Open311 door shows, in the specification's words: services, their attributes, requests, and errors.

One structure is written as JSON or as XML. A request is open or closed there, and no more; what it waits for stands
in ``status_notes``, in words that any client may show to a citizen.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from xml.etree import ElementTree as ET

from pydantic import JsonValue
from starlette.responses import JSONResponse, Response

from desk.front import Placed, Placing
from domain.case import CaseView, Party, Status
from domain.demand import Urgency
from domain.department import Department, Directory, Level, Matter
from domain.ladder import Rung
from domain.order import Role
from storage.demands import OutsideCase
from texts.catalogue import Catalogue
from texts.moments import universal

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGED = "2026-11-25T00:00:00Z"
"""When this door last began to answer differently; a client may fetch everything anew then."""


class Format(StrEnum):
    """The formats of the specification; a path ends in one."""

    XML = "xml"
    JSON = "json"


MEDIA_TYPES = {Format.XML: "text/xml", Format.JSON: "application/json"}

_ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What one item of a list is called in XML."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Attributes = dict[str, dict[str, str]]
"""What a service asks for besides: by code, the values that can be chosen with their names."""

_ASKED_OF: Mapping[Urgency, tuple[Urgency, ...]] = {
    Urgency.NORMAL: (Urgency.NORMAL, Urgency.DANGER),
    Urgency.UTILITY: (Urgency.UTILITY, Urgency.DANGER),
    Urgency.DANGER: (),
}
"""How urgent a citizen may say it is: no less than the matter itself, and no failure of what is no utility."""


def written(form: Format, root: str, content: JsonValue, status: int = 200) -> Response:
    """The response with this content; ``root`` is the outermost element in XML."""
    if form is Format.JSON:
        return JSONResponse(content, status, media_type="application/json; charset=utf-8")
    text = ET.tostring(_element(root, content), encoding="utf-8", xml_declaration=True)
    return Response(text, status, media_type="text/xml; charset=utf-8")


def _element(name: str, content: JsonValue) -> ET.Element:
    element = ET.Element(name)
    if isinstance(content, dict):
        element.extend([_element(key, value) for key, value in content.items()])
    elif isinstance(content, list):
        element.extend([_element(_ITEMS[name], item) for item in content])
    elif isinstance(content, bool):
        element.text = str(content).lower()
    elif content is not None:
        element.text = _NOT_XML.sub("\ufffd", str(content))
    return element


# -- services ------------------------------------------------------------------------------------------


def service(matter: Matter, attributes: Attributes, text: Catalogue) -> dict[str, JsonValue]:
    """A matter as a service."""
    here, there = _names(matter, text)
    return {
        "service_code": matter.code,
        "service_name": here,
        "description": text.parts([text.label(matter.nature), text.label(matter.urgency)]),
        "metadata": bool(attributes),
        "type": "realtime",
        "keywords": f"{there}, {matter.code}",
        "group": text.label(matter.matter_class),
    }


def definition(matter: Matter, attributes: Attributes, text: Catalogue) -> dict[str, JsonValue]:
    """What can be told of a service besides; nothing of it is required."""
    asked: list[JsonValue] = [
        {
            "variable": True,
            "code": code,
            "datatype": "singlevaluelist",
            "required": False,
            "datatype_description": text.say("open311-choose-one"),
            "order": order,
            "description": text.say(f"open311-attribute-{code}"),
            "values": [{"key": key, "name": name} for key, name in values.items()],
        }
        for order, (code, values) in enumerate(attributes.items(), start=1)
    ]
    return {"service_code": matter.code, "attributes": asked}


def places_of(directory: Directory, text: Catalogue) -> Attributes:
    """The districts and streets that the directory knows: whichever the service, they can be told."""
    districts = sorted({one.district for one in directory.departments if one.district})
    streets = {
        one.street: _name(one, text) for one in directory.departments if one.level is Level.STREET and one.street
    }
    return {
        "district": {code: _district(code, directory, text) for code in districts},
        "street": dict(sorted(streets.items())),
    }


def attributes_of(matter: Matter, places: Attributes, text: Catalogue) -> Attributes:
    """Places, as far as there are some, and how urgent it is where that is not given."""
    urgencies = {urgency.value: text.label(urgency) for urgency in _ASKED_OF[matter.urgency]}
    return {code: values for code, values in {**places, "urgency": urgencies}.items() if values}


_DISTRICT = re.compile("^.+?[区县旗]")


def _district(code: str, directory: Directory, text: Catalogue) -> str:
    """What a district is called: as most names of its own bureaus begin. The directory has no other name for it."""
    bureaus = [one for one in directory.departments if one.level is Level.DISTRICT and one.district == code]
    if text.language == "zh":
        begun = [found[0] for one in bureaus if (found := _DISTRICT.match(one.name))]
    else:
        begun = [one.name_en.partition(" ")[0] for one in bureaus]
    return Counter(begun).most_common(1)[0][0] if begun else code


def _names(of: Matter | Department, text: Catalogue) -> tuple[str, str]:
    """The name in the reader's language, and in the other one."""
    return (of.name, of.name_en) if text.language == "zh" else (of.name_en, of.name)


def _name(of: Matter | Department, text: Catalogue) -> str:
    return _names(of, text)[0]


# -- requests ------------------------------------------------------------------------------------------


class Shown:
    """How requests are shown to one reader."""

    def __init__(self, matters: Mapping[str, Matter], directory: Directory, text: Catalogue) -> None:
        self.directory = directory
        self._matters = matters
        self._departments = {one.code: one for one in directory.departments}
        self._text = text

    def placed(self, placed: Placed) -> dict[str, JsonValue]:
        """The answer to a POST."""
        return {"service_request_id": placed.case_id, "service_notice": self._notice(placed), "account_id": None}

    def _notice(self, placed: Placed) -> str:
        if placed.placing is Placing.KEPT:
            return self._text.say("open311-kept")
        if placed.lead is None:
            return self._text.say("open311-queued")
        return self._text.say("open311-asked", department=self._agency(placed.lead))

    def request(self, case: OutsideCase) -> dict[str, JsonValue]:
        """One request as it stands."""
        view, matter, point = case.view, self._matters.get(case.opening.matter or ""), case.point
        expected = _expected(view) if view else None
        lead = view.lead if view else case.opening.lead
        return {
            "service_request_id": case.case_id,
            "status": "closed" if view and view.status is Status.CLOSED else "open",
            "status_notes": self._notes(view) if view else self._text.say("open311-received"),
            "service_name": _name(matter, self._text) if matter else None,
            "service_code": case.opening.matter,
            "description": case.description,
            "agency_responsible": self._agency(lead) if lead else None,
            "service_notice": None,
            "requested_datetime": _moment(case.reported_at),
            "updated_datetime": _moment(case.changed_at),
            "expected_datetime": _moment(expected) if expected else None,
            "address": None if point and case.place == point.in_words else case.place,
            "address_id": None,
            "zipcode": None,
            "lat": point and point.lat,
            "long": point and point.long,
            "media_url": case.media_url,
        }

    def _agency(self, code: str) -> str:
        known = self._departments.get(code)
        return _name(known, self._text) if known else code

    def _notes(self, view: CaseView) -> str:
        """Where the case is and what it waits for. Who decides on a referral, and that there is one, stays inside."""
        text = self._text
        if view.closing:
            return text.say("open311-closed", closing=view.closing)
        notes = [text.say("open311-escalated", rung=view.rung)] if view.rung in _TOLD_RUNGS else []
        notes.append(self._waits_for(view))
        wait = view.waiting[0] if view.waiting else None
        if wait and wait.overdue:
            notes.append(text.say("open311-overdue", until=wait.until))
        if view.hold:
            notes.append(text.say("open311-resting", until=view.hold.until))
        if wait and wait.provisional:
            notes.append(text.say("provisional"))
        return text.clauses(notes)

    def _waits_for(self, view: CaseView) -> str:
        text, wait = self._text, view.waiting[0] if view.waiting else None
        if view.status is Status.QUEUED:
            return text.say("open311-queued")
        if view.status is Status.CALLBACK:
            return text.say("open311-answered")
        if wait is None:
            return text.label(view.status)
        if wait.party is Party.DEPARTMENT and wait.department:
            return text.say("open311-awaited", department=self._agency(wait.department), awaited=wait.awaited)
        return text.say("open311-above")


_TOLD_RUNGS = (Rung.SUPERVISED, Rung.JOINT_MEETING, Rung.RECTIFICATION)


def _expected(view: CaseView) -> datetime | None:
    """The limit of the lead's order; where it has none open, that of what is waited for; at the end, the last one's."""
    leads = [order for order in view.orders if order.role is Role.LEAD]
    counting = leads if view.status is Status.CLOSED else [order for order in leads if order.is_open]
    if counting:
        return counting[-1].due_at
    return next((wait.until for wait in view.waiting if wait.until), None)


def _moment(at: datetime) -> str:
    return universal(at.replace(microsecond=0))


def discovery(url: str) -> dict[str, JsonValue]:
    """The service discovery file, which says where this door is."""
    endpoint: JsonValue = {
        "specification": SPECIFICATION,
        "url": url,
        "changeset": CHANGED,
        "type": "production",
        "formats": [*MEDIA_TYPES.values()],
    }
    return {"changeset": CHANGED, "contact": None, "key_service": None, "endpoints": [endpoint]}
