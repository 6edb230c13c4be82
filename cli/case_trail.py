"""How a case's ledger is read: a line for each fact, with how late the ladder was, and what came after the end."""

from typing import Any

from cli.console import Console
from cli.situation import Names
from desk.cases import CaseFolder
from domain.callbacks import Callback, CallbackKind, CallbackOutcome
from domain.ledger import Entry
from domain.order import Result
from texts.catalogue import Catalogue
from texts.moments import local
from texts.telling import told


def trail_as_data(folder: CaseFolder) -> dict[str, Any]:
    """The trail for programs: every ledger entry with its hash, and every reply that came."""
    return {
        "case_id": folder.view.case_id,
        "entries": [_entry_as_data(entry) for entry in folder.entries],
        "callbacks": list(folder.callbacks),
    }


def _entry_as_data(entry: Entry) -> dict[str, Any]:
    fact = entry.fact
    late = (fact.fired_at - fact.due_at).total_seconds() if fact.fired_at and fact.due_at else None
    return {**fact.model_dump(), "late_seconds": late, "prev_hash": entry.prev_hash, "hash": entry.hash}


def trail_page(console: Console, folder: CaseFolder, names: Names) -> None:
    """The trail for people."""
    text = console.text
    rows: list[tuple[str, ...]] = [told(entry.fact, text, names) for entry in folder.entries]
    rows += [_beside(callback, text, names) for callback in folder.callbacks if _is_beside(callback)]
    columns = ("column-time", "column-actor", "column-rung", "column-happened", "column-lateness")
    console.table(columns, rows)


def _is_beside(callback: Callback) -> bool:
    """Whether a callback is kept that is no fact of the case."""
    late_reply = callback.kind is CallbackKind.REPLY and callback.outcome is CallbackOutcome.LATE
    return callback.outcome is not CallbackOutcome.ACCEPTED and not late_reply


def _beside(callback: Callback, text: Catalogue, names: Names) -> tuple[str, ...]:
    said = callback.content
    result = text.label(Result(str(said["result"]))) if "result" in said else ""
    reason = text.error(callback.refusal.error()) if callback.refusal else ""
    parts = (callback.order_id, text.label(callback.kind), result, said.get("statement") or said.get("reason"), reason)
    happened = text.say("told", what=callback.outcome, details=text.parts(str(part) for part in parts if part))
    return local(callback.received_at), names.called(callback.department), "", happened, ""
