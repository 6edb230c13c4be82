"""What clients send to the Open311 door, read strictly: forms and queries become values, or a refusal of one parameter.

Nothing that was sent is repeated in a refusal but the names of parameters that the specification knows.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError

from domain.demand import Channel
from domain.errors import Invalid, NotFound
from domain.intake import NewDemand, Point
from domain.values import PRINTABLE, Token
from gateway.idempotency import unquoted
from gateway.problems import reason_of
from storage.demands import Search

Fields = Mapping[str, str]
"""Parameters by name, each once; one that was sent empty was not sent."""

COMMON = ("api_key", "jurisdiction_id")
"""``jurisdiction_id`` is accepted and not looked at: there is one jurisdiction."""

SENT = (
    *COMMON,
    "service_code",
    "description",
    "lat",
    "long",
    "address_string",
    "address_id",
    "first_name",
    "last_name",
    "phone",
    "email",
    "media_url",
    "device_id",
    "account_id",
    "token",
)
"""What a POST may carry beside ``attribute[…]``. Device and account are taken and not kept."""

ASKED = (*COMMON, "service_request_id", "service_code", "start_date", "end_date", "status", "page", "page_size")

SPAN = timedelta(days=90)
"""The specification's: how much time one question may cover, and does where it names no dates."""
MOST = 1000
"""The specification's: how many requests one answer holds at most."""
TOLERANCE = timedelta(minutes=5)
"""How far another gateway's clock may be ahead: what it has just stored is not left out."""
FIELDS = 60
"""More parameters than these nobody needs."""

_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_PLAIN_NAME = re.compile(r"[a-z_]{1,40}(\[[a-z_]{1,40}\])?")
_ATTRIBUTE = re.compile(r"attribute\[([^\]]*)\]")
_PRINTABLE = re.compile(PRINTABLE)
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")
_NUMBER = re.compile(r"[0-9]{1,7}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)")
_HAN = re.compile("[\u3400-\u9fff]")
_TOKEN = TypeAdapter[str](Token)

_PARAMETERS = {
    "citizen.name": "first_name",
    "citizen.phone": "phone",
    "citizen.email": "email",
    "place": "address_string",
}
"""Where a value of ours comes from, if from a parameter of another name."""


def wrong(parameter: str, reason: str) -> Invalid:
    """The refusal of a parameter."""
    return Invalid("parameter-invalid", parameter=parameter, reason=reason)


def value_of(raw: bytes, name: str) -> str | None:
    """One parameter of a form or query, whatever else there is."""
    found = [value for given, value in _pairs(raw) if given == name and value]
    if len(found) > 1:
        raise wrong(name, "doubled")
    return found[0] if found else None


def fields_of(raw: bytes, known: Collection[str], several: Collection[str] = ()) -> dict[str, str]:
    """The parameters of a form or query; those in ``several`` may come more than once, and are joined by commas.

    Raises Invalid ``not-utf8``, ``form-malformed`` and ``parameter-invalid``.
    """
    found: dict[str, str] = {}
    for name, value in _pairs(raw):
        shown = name if _PLAIN_NAME.fullmatch(name) else "?"
        if name not in known and not (_ATTRIBUTE.fullmatch(name) and "attribute" in known):
            raise wrong(shown, "unknown")
        if not _PRINTABLE.fullmatch(value):
            raise wrong(shown, "malformed")
        if not value:
            continue
        if name in found and name not in several:
            raise wrong(shown, "doubled")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _pairs(raw: bytes) -> Sequence[tuple[str, str]]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Invalid("not-utf8") from None
    if not text:
        return ()
    if _BROKEN_ESCAPE.search(text):
        raise Invalid("form-malformed")
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError:
        raise Invalid("not-utf8") from None
    except ValueError:
        raise Invalid("form-malformed") from None


# -- a request that is sent ----------------------------------------------------------------------------


def demand_of(fields: Fields, attributes: Mapping[str, Collection[str]]) -> NewDemand:
    """The demand that a POST asks for; ``attributes`` are those of its service, with the values of each."""
    content: dict[str, Any] = {
        "channel": Channel.APP,
        "matter": fields["service_code"],
        "description": _required(fields, "description"),
        "media_url": fields.get("media_url"),
        "citizen": {"name": _name(fields), "phone": fields.get("phone"), "email": fields.get("email")},
        **_location(fields),
        **_attributes(fields, attributes),
    }
    try:
        return NewDemand.model_validate(content)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise wrong(_PARAMETERS.get(place, place), reason_of(detail["type"])) from None


def _required(fields: Fields, name: str) -> str:
    if name not in fields:
        raise wrong(name, "missing")
    return fields[name]


def service_code_of(fields: Fields) -> str:
    """The service that a POST names."""
    return _required(fields, "service_code")


def own_id_of(fields: Fields, header: str | None) -> str | None:
    """The client's own id of its request: the header ``Idempotency-Key``, or the field ``token``."""
    in_header, in_form = unquoted(header), fields.get("token")
    if in_header and in_form and in_header != in_form:
        raise wrong("token", "contradicts_idempotency_key")
    own_id = in_form or in_header
    return token(own_id, "token" if in_form else "Idempotency-Key") if own_id else None


def token(text: object, parameter: str) -> str:
    """A stable identifier of letters, digits and ``_ . : -``."""
    try:
        return _TOKEN.validate_python(text)
    except ValidationError:
        raise wrong(parameter, "malformed") from None


def _name(fields: Fields) -> str | None:
    """Family name first where it is Chinese."""
    first, last = fields.get("first_name", "").strip(), fields.get("last_name", "").strip()
    if _HAN.search(first + last):
        return f"{last}{first}" or None
    return f"{first} {last}".strip() or None


def _location(fields: Fields) -> dict[str, Any]:
    """Words, or a point, or both. Where there are no words, the point in figures stands for them: departments read
    those."""
    if "address_id" in fields:
        raise wrong("address_id", "not_one_of")  # there is no register of addresses
    words = fields.get("address_string")
    if "lat" not in fields and "long" not in fields:
        if words is None:
            raise wrong("address_string", "missing")
        return {"place": words}
    point = Point(lat=_degrees(fields, "lat", 90), long=_degrees(fields, "long", 180))
    return {"point": point, "place": words or point.in_words}


def _degrees(fields: Fields, name: str, most: int) -> float:
    text = _required(fields, name).strip()
    if not _DEGREES.fullmatch(text):
        raise wrong(name, "malformed")
    degrees = float(text)
    if abs(degrees) > most:
        raise wrong(name, "value-out-of-range")
    return degrees


def _attributes(fields: Fields, attributes: Mapping[str, Collection[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in fields.items():
        if (named := _ATTRIBUTE.fullmatch(name)) is None:
            continue
        code = named[1]
        if code not in attributes:
            raise wrong(name if _PLAIN_NAME.fullmatch(name) else "?", "unknown")
        if value not in attributes[code]:
            raise wrong(name, "not_one_of")
        found[code] = value
    return found


# -- requests that are asked for -----------------------------------------------------------------------


def search_of(fields: Fields, now: datetime, services: Collection[str]) -> Search:
    """What a question asks for. Ids go before everything else, as the specification has it.

    Raises NotFound ``service-unknown`` for a service that is none of ``services``.
    """
    size = _number(fields, "page_size", MOST, MOST)
    offset = (_number(fields, "page", 1, 10**6) - 1) * size
    if ids := _list(fields, "service_request_id"):
        case_ids = tuple(token(one, "service_request_id") for one in ids)
        return Search(case_ids=case_ids, limit=size, offset=offset)
    since, until = _range(fields, now)
    matters = _list(fields, "service_code")
    if not set(matters) <= set(services):
        raise NotFound("service-unknown")
    closed = _closed(_list(fields, "status"))
    return Search(matters=matters or None, since=since, until=until, closed=closed, limit=size, offset=offset)


def _list(fields: Fields, name: str) -> tuple[str, ...]:
    found = tuple(part for one in fields.get(name, "").split(",") if (part := one.strip()))
    if len(found) > MOST:
        raise wrong(name, "too_long")
    return found


def _closed(statuses: Sequence[str]) -> bool | None:
    if not set(statuses) <= {"open", "closed"}:
        raise wrong("status", "not_one_of")
    return statuses[0] == "closed" if len(set(statuses)) == 1 else None


def _range(fields: Fields, now: datetime) -> tuple[datetime, datetime]:
    """From when until when: as asked, else the 90 days that the one date begins or ends, else the last 90."""
    since, until = _moment(fields, "start_date"), _moment(fields, "end_date")
    if since is None:
        until = until or now + TOLERANCE
        return until - SPAN, until
    until = until or since + SPAN
    if since > until:
        raise wrong("end_date", "before_start")
    if until - since > SPAN:
        raise wrong("end_date", "span_too_long")
    return since, until


def _moment(fields: Fields, name: str) -> datetime | None:
    text = fields.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise wrong(name, "moment_malformed")
    if not 1990 <= moment.year < 2100:
        raise wrong(name, "value-out-of-range")
    return moment.astimezone(UTC)


def _number(fields: Fields, name: str, default: int, most: int) -> int:
    text = fields.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text):
        raise wrong(name, "malformed")
    if not 1 <= int(text) <= most:
        raise wrong(name, "value-out-of-range")
    return int(text)
