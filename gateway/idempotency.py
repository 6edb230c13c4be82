"""The header ``Idempotency-Key``: as the draft standard has it, a quoted string, or bare."""


def unquoted(given: object) -> object:
    """The text between quotation marks, where there are some; anything else as it is."""
    quoted = isinstance(given, str) and len(given) > 1 and given[0] == given[-1] == '"'
    return given[1:-1] if quoted and isinstance(given, str) else given
