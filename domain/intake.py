"""A demand as it comes in, and how its case is to be opened."""

from typing import Annotated

from pydantic import Field, StringConstraints

from domain.citizen import Citizen
from domain.demand import Channel, Nature, Urgency
from domain.department import Endpoint
from domain.values import PRINTABLE, Instant, Token, Value

Reference = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")
]
"""The demand's id in the system it comes from; the same reference never opens a second case."""

Place = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PRINTABLE)]
"""Where it is, in words: a street, an estate, a village. Not where the citizen lives."""


Description = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=PRINTABLE)]
"""What the citizen says, word for word; as long as Open311 lets it be."""


class Point(Value):
    """Where it is, in degrees of WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    long: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]

    @property
    def in_words(self) -> str:
        """As the place of a demand that has no other."""
        return f"{self.lat:.6f}, {self.long:.6f}"


MediaUrl = Endpoint
"""Where a picture of it is: an http or https address without credentials. Shown as a link; nobody here fetches it."""


class NewDemand(Value):
    """What an operator, a grid worker or a file enters. What is left out is taken from the matter."""

    reference: Reference | None = None
    channel: Channel = Channel.PHONE
    nature: Nature | None = None
    urgency: Urgency | None = None
    matter: Token | None = None
    district: Token | None = None
    street: Token | None = None
    place: Place | None = None
    department: Token | None = None
    """The lead, where somebody knows better than the directory."""
    assisting: tuple[Token, ...] = ()
    point: Point | None = None
    media_url: MediaUrl | None = None
    description: Description
    citizen: Citizen = Citizen()
    reported_at: Instant | None = None
    """When the citizen spoke; now, where it is left out."""


class Opening(Value):
    """How a stored demand becomes a case: everything but the rules."""

    channel: Channel
    nature: Nature
    urgency: Urgency
    matter: Token | None
    district: Token | None
    street: Token | None
    lead: Token | None
    assisting: tuple[Token, ...] = Field(default=())
