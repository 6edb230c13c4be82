"""Who can be asked to act, for which matters and where; and the rule that picks one of them.

Only values and that rule. Where a directory comes from (a CSV file, the database) is not known here.
"""

import difflib
from collections.abc import Iterable, Sequence, Set
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, HttpUrl, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.demand import Nature, Urgency
from domain.errors import Invalid, NotFound
from domain.values import PRINTABLE, Token, Value

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=PRINTABLE)]
"""The public name of a department or a matter."""


class Level(StrEnum):
    """What kind of body a department is. ``Directory.choose`` prefers them in the order ``LOCALITY``."""

    MUNICIPAL = "municipal"
    """A bureau of the city 市级单位; acts anywhere in it."""
    DISTRICT = "district"
    """A bureau of one district 区级单位."""
    STREET = "street"
    """The office of one street, town or farm 街道、镇."""
    UTILITY = "utility"
    """A public operator: water, power, gas, buses, telecoms."""
    SITE = "site"
    """A place that runs itself: airport, port, railway station."""


LOCALITY: dict[Level, int] = {
    Level.STREET: 0,
    Level.SITE: 1,
    Level.UTILITY: 1,
    Level.DISTRICT: 2,
    Level.MUNICIPAL: 3,
}
"""How far a level is from the citizen; the smaller, the earlier it is chosen."""

PLACE_OF_LEVEL: dict[Level, tuple[bool, bool]] = {
    Level.MUNICIPAL: (False, False),
    Level.DISTRICT: (True, False),
    Level.STREET: (True, True),
}
"""Whether a level has a district and a street. Operators and sites may have either, both or none."""

_URL = TypeAdapter(HttpUrl)


def _endpoint(text: str) -> str:
    wrong = PydanticCustomError("endpoint-malformed", "an endpoint is an http or https address")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise wrong
    try:
        url = _URL.validate_python(text)
    except ValidationError:
        raise wrong from None
    if url.username is not None or url.password is not None:
        raise PydanticCustomError("endpoint-credentials", "an endpoint carries no user name or password")
    return text


Endpoint = Annotated[str, Field(max_length=2000), AfterValidator(_endpoint)]
"""Where a department's own system takes orders: an http or https URL without user name and password."""


def near(word: str, known: Iterable[str]) -> str:
    """The known word that ``word`` was probably meant to be, or ``""``."""
    found = difflib.get_close_matches(word[:120], list(known), n=1)
    return found[0] if found else ""


class MatterClass(StrEnum):
    """The three classes that the hotline counts its cases in."""

    CITY_MANAGEMENT = "city_management"
    SOCIAL_GOVERNANCE = "social_governance"
    PUBLIC_SERVICE = "public_service"


class Matter(Value):
    """What a case is about 事项, with the nature and urgency it has unless the case says otherwise."""

    code: Token
    name: Name
    name_en: Name
    matter_class: MatterClass
    nature: Nature
    urgency: Urgency


class Matters(Value):
    """The list of matters; codes are unique."""

    matters: tuple[Matter, ...]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        _refuse_doubles(tuple(matter.code for matter in self.matters))
        return self

    def get(self, code: str) -> Matter:
        """The matter with this code.

        Raises NotFound ``matter-unknown`` with the ``matter`` asked for and ``did_you_mean``, a similar
        code or ``""``.
        """
        for matter in self.matters:
            if matter.code == code:
                return matter
        guess = near(code, (matter.code for matter in self.matters))
        raise NotFound("matter-unknown", matter=code, did_you_mean=guess)


class Department(Value):
    """A body that can be asked to act. District and street are the official codes of where it acts.

    Without a district it acts in the whole city. ``matters`` are codes of ``Matters``; without an
    ``endpoint`` its orders wait in its inbox.
    """

    code: Token
    name: Name
    name_en: Name
    level: Level
    district: Token | None = None
    street: Token | None = None
    matters: tuple[Token, ...] = ()
    endpoint: Endpoint | None = None

    @model_validator(mode="after")
    def _place_fits_level(self) -> Self:
        expected = PLACE_OF_LEVEL.get(self.level)
        if expected is not None and expected != (self.district is not None, self.street is not None):
            raise PydanticCustomError("level-place", "this level has another kind of place")
        return self

    def covers(self, district: str | None, street: str | None) -> bool:
        """Whether a case at this place is inside the department's area.

        A department with an area never covers a case whose place is not known.
        """
        return self.district in (None, district) and self.street in (None, street)


class Directory(Value):
    """Every department of one city; codes are unique."""

    departments: tuple[Department, ...]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        _refuse_doubles(tuple(department.code for department in self.departments))
        return self

    def get(self, code: str) -> Department:
        """The department with this code.

        Raises NotFound ``department-unknown`` with the ``department`` asked for and ``did_you_mean``:
        the code that resembles it, or the code of the department whose name does, or ``""``.
        """
        for department in self.departments:
            if department.code == code:
                return department
        raise NotFound("department-unknown", department=code, did_you_mean=self._guess(code))

    def _guess(self, word: str) -> str:
        by_name: dict[str, str] = {}
        for department in self.departments:
            by_name.setdefault(department.name, department.code)
            by_name.setdefault(department.name_en, department.code)
        return near(word, (department.code for department in self.departments)) or by_name.get(near(word, by_name), "")

    def district_of(self, street: str) -> str | None:
        """The district that a street lies in, as far as a department at that street tells."""
        for department in self.departments:
            if department.street == street and department.district is not None:
                return department.district
        return None

    def locate(self, district: str | None, street: str | None) -> str | None:
        """The district of a place; a street brings its own along, and None means that nothing is known.

        Raises NotFound ``district-unknown`` and ``street-unknown`` with what was named and ``did_you_mean``,
        Invalid ``street-elsewhere`` with the ``street`` and the ``district`` that it lies in.
        """
        districts = {place: None for department in self.departments if (place := department.district)}
        if district is not None and district not in districts:
            raise NotFound("district-unknown", district=district, did_you_mean=near(district, districts))
        if street is None:
            return district
        around = self.district_of(street)
        if around is None:
            streets = [place for department in self.departments if (place := department.street)]
            raise NotFound("street-unknown", street=street, did_you_mean=near(street, streets))
        if district not in (None, around):
            raise Invalid("street-elsewhere", field="street", street=street, district=around)
        return around

    def candidates(
        self, matter: str | None, district: str | None, street: str | None, excluding: Set[str] = frozenset()
    ) -> Sequence[Department]:
        """Every department that ``choose`` could name, best first. Empty where the matter is None."""
        if street is not None:
            district = self.district_of(street) or district
        able = [
            department
            for department in self.departments
            if matter in department.matters and department.covers(district, street) and department.code not in excluding
        ]
        return sorted(able, key=_nearest_first)

    def choose(
        self, matter: str | None, district: str | None, street: str | None, excluding: Set[str] = frozenset()
    ) -> Department | None:
        """The department to ask about a matter at a place: the most local one that handles it.

        1. Only departments that list the matter and whose area covers the place take part. One without
           an area covers every place; one with an area covers no unknown place. ``excluding`` holds the
           codes of those that are out of the question, for instance because they returned the order.
        2. Where the street is known to the directory, its district counts, whatever ``district`` says.
        3. The street's own office comes first; then a site or public operator; then the district's
           bureau; then the city's.
        4. Of two sites or operators the one with the smaller area comes first (a street before a
           district before the city); a tie that is left goes to the code that sorts first.

        None means that nobody takes it: the case goes to the operator's queue.
        """
        return next(iter(self.candidates(matter, district, street, excluding)), None)


class DepartmentSearch(Value):
    """Who could lead a case after a return; what the activity ``choose_department`` is asked."""

    matter: Token | None
    district: Token | None
    street: Token | None
    suggested: Token | None = None
    """The department that the return names; taken if it exists and has not itself returned the case."""
    excluding: tuple[Token, ...] = ()

    def choose_from(self, directory: Directory) -> Department | None:
        """The suggested department, else the directory's match, else None."""
        known = {department.code: department for department in directory.departments}
        if self.suggested in known and self.suggested not in self.excluding:
            return known[self.suggested]
        return directory.choose(self.matter, self.district, self.street, frozenset(self.excluding))


def _nearest_first(department: Department) -> tuple[int, int, str]:
    area = (department.district is None) + (department.street is None)
    return LOCALITY[department.level], area, department.code


def _refuse_doubles(codes: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise PydanticCustomError("code-doubled", "the code {code} occurs twice", {"code": code})
        seen.add(code)
