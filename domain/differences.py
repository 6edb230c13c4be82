"""Where engine, ledger and lists say different things of one case, and what became of it."""

from enum import StrEnum

from domain.values import Token, Value


class DifferenceKind(StrEnum):
    """Where two of them part."""

    PROJECTION = "projection"
    """The lists show something else than the ledger's last entry left."""
    NOT_RECORDED = "not_recorded"
    """The engine knows facts that the ledger lacks."""
    NOT_IN_ENGINE = "not_in_engine"
    """Open by the ledger, and the engine does not know the case, or it has ended there."""
    CONTRADICTED = "contradicted"
    """The ledger holds facts that the engine's case does not have."""
    NOT_OPENED = "not_opened"
    """A demand was stored, and never became a case."""
    SILENT = "silent"
    """The engine's case does not answer."""


class Mended(StrEnum):
    """What a repair came to."""

    REPAIRED = "repaired"
    BEYOND_REPAIR = "beyond_repair"
    """Replaying facts does not help here; ``docs/audit.md`` says what does."""


class Difference(Value):
    """One case of which two say different things."""

    kind: DifferenceKind
    case_id: Token
    ledger: int | None = None
    """The last fact by the ledger, by the engine, by the projection; None where it knows none, or was not asked."""
    engine: int | None = None
    projection: int | None = None
    mended: Mended | None = None
