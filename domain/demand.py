"""What a citizen asks for: its nature, how urgent it is, and through which channel it came.

The rule ids (P3 …) are those of the rules the default policy cites. Tokens only; their Chinese and
English labels live with the windows that show them.
"""

from enum import StrEnum


class Nature(StrEnum):
    """What kind of answer is asked for; decides how long the answer may take."""

    CONSULTATION = "consultation"
    """A question 咨询, answered on the call or else soon after (P4)."""
    REQUEST = "request"
    """A general request 求助, suggestion or thanks: somebody should do something (P5)."""
    COMPLAINT = "complaint"
    """A complaint, report or complex matter 投诉举报: it has to be looked into first (P6)."""


class Urgency(StrEnum):
    """How soon a department must acknowledge the order (P3)."""

    DANGER = "danger"
    """Life or property is at risk; the clock runs at any hour, working day or not."""
    UTILITY = "utility"
    """Water, power, gas or heat has failed; the clock runs at any hour, too."""
    NORMAL = "normal"
    """Everything else; counted in working time."""


class Channel(StrEnum):
    """How the demand reached the hotline. It changes no limit of P3 to P6; it is counted."""

    PHONE = "phone"
    APP = "app"
    WECHAT = "wechat"
    WEB = "web"
    LETTER = "letter"
    GRID = "grid"
    """A grid worker 网格员 entered it, who may mobilise several departments at once."""
    OTHER = "other"
