"""Evidence: attached by reference and hash. The thing itself stays where it is kept; the record says what it was."""

from typing import Annotated

from pydantic import Field, StringConstraints

from domain.values import Text, Value

MOST = 50
"""So many pieces may be attached to one word at most."""


class Evidence(Value):
    """One piece: a photo, a film, an expert's opinion, minutes."""

    reference: Text
    """By what it is found again where it is kept: a file's name, a document's number, an address."""
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """Of its bytes, in hex: whoever has the thing can show that it is this one."""


Attached = Annotated[tuple[Evidence, ...], Field(max_length=MOST)]
