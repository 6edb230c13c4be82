"""The tree of refusals and failures.

```
LiandongError                   exit  http
├── NotFound                      3    404   a case, order, department … that nobody knows
├── Refused                       4    409   asked properly, but the rules do not allow it now
│   └── NotYours                  4    403   somebody else's order
├── Invalid                       5    422   the input itself is wrong; names the field
├── Unavailable                   6    503   Temporal, PostgreSQL or a department cannot be reached
└── DoesNotFit                    8    500   a check of the record or of the installation failed
```

An error is a code and its parameters. What people read is made from them by the catalogues in
``texts/`` (never here), programs branch on the code. One adapter each turns it into a Temporal
failure (``outbox/failures.py``), problem+json (``gateway/problems.py``) and an exit code
(``cli/console.py``).
"""

from typing import ClassVar


class LiandongError(Exception):
    """Something that was asked cannot be done; ``code`` says what, ``params`` with which values."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, code: str, /, **params: str | int) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


class NotFound(LiandongError):
    """What was named does not exist."""

    exit_code = 3
    http_status = 404


class Refused(LiandongError):
    """The rules do not allow it now. Params name the rung, what was asked, and what is allowed instead."""

    exit_code = 4
    http_status = 409


class NotYours(Refused):
    """The order belongs to another department."""

    http_status = 403


class Invalid(LiandongError):
    """The input is wrong; params name the ``field`` and the reason."""

    exit_code = 5
    http_status = 422


class Unavailable(LiandongError):
    """A server that is needed cannot be reached; trying again later may help."""

    exit_code = 6
    http_status = 503


class DoesNotFit(LiandongError):
    """A check found something that must not be."""

    exit_code = 8
