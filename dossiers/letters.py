"""The two letters of the highest rungs: the referral to the discipline commission, and the rectification order.

Each says what is on record and by which entry of the chain it can be checked; nothing in it is written for it.
"""

from collections.abc import Sequence

from domain.case import Awaited
from domain.ledger import Entry, Fact
from domain.order import Order, Role
from domain.rectification import Issued, Rectification
from domain.referral import Gate
from dossiers.sheet import Pairs, Section, Sheet, Table
from texts.catalogue import Catalogue
from texts.moments import local
from texts.telling import Names, told


def sheet_of_referral(gate: Gate, text: Catalogue, names: Names) -> Sheet:
    """The referral: what was gone through, what is met, who was for it and why, and what the commission said."""
    return Sheet(
        language=text.language,
        title=text.say("letter-referral", case=gate.case.case_id),
        remark=_remark(gate.head, text),
        sections=[
            Section(text.say("letter-case"), pairs=_case(gate, text, names)),
            Section(text.say("letter-path"), table=_path(gate, text)),
            Section(text.say("letter-orders"), table=_orders(gate, text, names)),
            Section(text.say("letter-preconditions"), table=_preconditions(gate, text, names)),
            *_positions(gate, text, names),
            Section(text.say("letter-decisions"), table=_said(gate.decisions, text, names)),
            *([Section(text.say("letter-answers"), table=_said(gate.answers, text, names))] if gate.answers else []),
        ],
    )


def _remark(head: Entry, text: Catalogue) -> str:
    return text.say("letter-remark", seq=head.fact.seq, hash=head.hash)


def _case(gate: Gate, text: Catalogue, names: Names) -> Pairs:
    return [
        (text.say("column-case"), gate.case.case_id),
        (text.say("dossier-opened"), local(gate.case.opened_at)),
        (text.field("lead"), names.of(gate.case.lead)),
        (text.field("policy"), gate.policy),
    ]


def _path(gate: Gate, text: Catalogue) -> Table:
    rows = [
        (
            text.label(stay.rung),
            local(stay.entered_at),
            local(stay.left_at) if stay.left_at else "",
            text.label(stay.outcome) if stay.outcome else "",
        )
        for stay in gate.path
    ]
    columns = ("column-rung", "letter-entered", "letter-left", "letter-outcome")
    return Table([text.say(key) for key in columns], rows, (20, 25, 25, 30))


def _orders(gate: Gate, text: Catalogue, names: Names) -> Table:
    rows = [
        (
            order.order_id,
            names.called(order.department),
            text.label(order.rung),
            local(order.sent_at),
            _came(order, gate.silences, text),
        )
        for order in gate.case.orders
        if order.role is Role.LEAD
    ]
    columns = ("column-order", "column-department", "column-rung", "letter-sent", "letter-came")
    return Table([text.say(key) for key in columns], rows, (24, 22, 14, 18, 22))


def _came(order: Order, silences: Sequence[Fact], text: Catalogue) -> str:
    """What came of an order, in the words that count at the gate; of a silence the limit that really passed."""
    if order.reply:
        return text.say("letter-replied", at=order.reply.received_at, result=order.reply.result)
    if order.late_reply:
        return text.say("letter-replied-late", at=order.late_reply.received_at, result=order.late_reply.result)
    silent = [fact for fact in silences if fact.order_id == order.order_id]
    if silent:
        awaited = Awaited(str(silent[-1].payload["awaited"]))
        return text.say("letter-silent", awaited=awaited, due=silent[-1].due_at)
    return text.label(order.status)


def _preconditions(gate: Gate, text: Catalogue, names: Names) -> Table:
    return Table(
        [text.say(key) for key in PRECONDITIONS], precondition_rows(gate, text, names), (10, 20, 14, 20, 18, 18)
    )


PRECONDITIONS = (
    "column-met",
    "column-precondition",
    "column-rung",
    "column-order",
    "column-department",
    "column-proof",
)


def precondition_rows(gate: Gate, text: Catalogue, names: Names) -> list[tuple[str, ...]]:
    """Every precondition: met or not, and what shows it."""
    return [
        (
            text.say("met" if one.met else "unmet"),
            text.label(one.what),
            text.label(one.rung),
            one.order_id or "",
            names.of(one.department),
            text.label(one.proof),
        )
        for one in gate.findings
    ]


def _positions(gate: Gate, text: Catalogue, names: Names) -> list[Section]:
    rows = [(names.called(one.department), one.position or text.say("meeting-not-given")) for one in gate.positions]
    columns = [text.say(key) for key in ("column-department", "column-position")]
    return [Section(text.say("letter-positions"), table=Table(columns, rows, (30, 70)))] if rows else []


def _said(facts: Sequence[Fact], text: Catalogue, names: Names) -> Table:
    lines = [told(fact, text, names) for fact in facts]
    columns = [text.say(key) for key in ("column-time", "column-actor", "column-happened")]
    return Table(columns, [(line.at, line.actor, line.happened) for line in lines], (24, 22, 54))


# -- the rectification order -----------------------------------------------------------------------------


def sheet_of_rectification(found: Rectification, text: Catalogue, names: Names) -> Sheet:
    """The newest order, with the finding it rests on, its limit, every order before it, and who has looked."""
    newest = found.issued[-1]
    return Sheet(
        language=text.language,
        title=text.say("letter-rectification", order=newest.order_id),
        remark=_remark(found.head, text),
        sections=[
            Section(text.say("letter-order"), pairs=_order(found, newest, text, names)),
            Section(text.say("letter-finding"), pairs=_finding(found, text, names)),
            Section(text.say("letter-consequences"), pairs=_consequences(text)),
            Section(text.say("letter-orders"), table=_issued(found, text, names)),
            *([Section(text.say("letter-looked"), table=_said(found.looked, text, names))] if found.looked else []),
        ],
    )


def _order(found: Rectification, newest: Issued, text: Catalogue, names: Names) -> Pairs:
    days = found.violation.limit_days
    set_by = text.say("letter-limit-set", days=days) if days else text.say("letter-limit-usual")
    return [
        (text.say("letter-to"), names.called(newest.department)),
        (text.say("column-case"), found.case.case_id),
        (text.field("order_id"), newest.order_id),
        (text.say("letter-issued"), local(newest.sent_at)),
        (text.say("letter-due"), _due(newest, text)),
        (text.say("letter-limit"), set_by),
    ]


def _due(issued: Issued, text: Catalogue) -> str:
    return local(issued.due_at) + (text.say("shown-provisional") if issued.provisional else "")


def _finding(found: Rectification, text: Catalogue, names: Names) -> Pairs:
    violation = found.violation
    return [
        (text.say("letter-found"), violation.statement),
        (text.say("letter-law"), violation.law or text.say("letter-no-law")),
        (text.say("letter-found-by"), text.parts((names.called(violation.department), violation.by))),
        (text.say("column-time"), local(violation.at)),
    ]


def _consequences(text: Catalogue) -> Pairs:
    return [
        (text.say("letter-verification"), text.say("letter-verification-told")),
        (text.say("letter-overdue"), text.say("letter-overdue-told")),
    ]


def _issued(found: Rectification, text: Catalogue, names: Names) -> Table:
    rows = [
        (one.order_id, names.called(one.department), local(one.sent_at), _due(one, text), _became(one, text))
        for one in found.issued
    ]
    columns = ("column-order", "column-department", "letter-sent", "letter-due", "letter-came")
    return Table([text.say(key) for key in columns], rows, (22, 20, 18, 18, 22))


def _became(one: Issued, text: Catalogue) -> str:
    parts: list[str] = []
    if one.reply:
        parts.append(text.say("letter-replied", at=one.reply.received_at, result=one.reply.result))
        parts += [text.say("evidence", reference=piece.reference, sha256=piece.sha256) for piece in one.reply.evidence]
    if one.reported_at:
        parts.append(text.say("letter-reported", at=one.reported_at))
    return text.clauses(parts) if parts else ""
