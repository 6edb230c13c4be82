"""The spine: departments, demands and citizens, the callback inbox, the ledger and its projections."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE department (
        code        text PRIMARY KEY,
        name        text NOT NULL,
        name_en     text NOT NULL,
        level       text NOT NULL,
        district    text,
        street      text,
        matters     text[] NOT NULL,
        endpoint    text,
        changed_at  timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE citizen (
        citizen_id  uuid PRIMARY KEY,
        name        text,
        phone       text,
        address     text
    )
    """,
    """
    COMMENT ON TABLE citizen IS
        'Who the citizen is; the only place that says so. Erasing a row breaks no chain.'
    """,
    "CREATE SEQUENCE case_number",
    """
    CREATE TABLE demand (
        case_id      text PRIMARY KEY,
        reference    text UNIQUE,
        citizen_id   uuid REFERENCES citizen ON DELETE SET NULL,
        description  text NOT NULL,
        place        text,
        reported_at  timestamptz NOT NULL,
        received_at  timestamptz NOT NULL DEFAULT now(),
        opening      jsonb NOT NULL,
        started_at   timestamptz,
        recorded_at  timestamptz
    )
    """,
    """
    COMMENT ON TABLE demand IS
        'What was asked for, word for word, and how the case is to be opened; kept before the workflow starts.'
    """,
    "CREATE INDEX demand_not_started ON demand (received_at) WHERE started_at IS NULL",
    "CREATE INDEX demand_not_recorded ON demand (received_at) WHERE recorded_at IS NULL",
    """
    CREATE TABLE ledger (
        case_id    text NOT NULL,
        seq        integer NOT NULL CHECK (seq > 0),
        kind       text NOT NULL,
        at         timestamptz NOT NULL,
        actor      text NOT NULL,
        rung       text NOT NULL,
        order_id   text,
        due_at     timestamptz,
        fired_at   timestamptz,
        payload    jsonb NOT NULL,
        prev_hash  text NOT NULL,
        hash       text NOT NULL,
        PRIMARY KEY (case_id, seq)
    )
    """,
    "CREATE INDEX ledger_by_kind ON ledger (kind, at)",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TABLE case_view (
        case_id             text PRIMARY KEY,
        seq                 integer NOT NULL,
        head_hash           text NOT NULL,
        status              text NOT NULL,
        step                text NOT NULL,
        rung                text NOT NULL,
        closing             text,
        channel             text NOT NULL,
        nature              text NOT NULL,
        urgency             text NOT NULL,
        matter              text,
        district            text,
        street              text,
        lead                text,
        waiting_party       text,
        waiting_department  text,
        waiting_for         text,
        waiting_since       timestamptz,
        waiting_until       timestamptz,
        policy              text NOT NULL,
        opened_at           timestamptz NOT NULL,
        changed_at          timestamptz NOT NULL,
        closed_at           timestamptz,
        view                jsonb NOT NULL
    )
    """,
    "CREATE INDEX case_view_open ON case_view (waiting_until, case_id) WHERE status <> 'closed'",
    "CREATE INDEX case_view_unassigned ON case_view (case_id) WHERE waiting_for = 'assignment'",
    "CREATE INDEX case_view_opened ON case_view (opened_at DESC, case_id)",
    "CREATE INDEX case_view_by_status ON case_view (status, opened_at DESC, case_id) WHERE status <> 'closed'",
    "CREATE INDEX case_view_by_rung ON case_view (rung, opened_at DESC, case_id)",
    """
    CREATE TABLE order_view (
        order_id         text PRIMARY KEY,
        case_id          text NOT NULL,
        department       text NOT NULL,
        role             text NOT NULL,
        rung             text NOT NULL,
        status           text NOT NULL,
        seq              integer NOT NULL,
        sent_at          timestamptz NOT NULL,
        acknowledge_by   timestamptz,
        due_at           timestamptz NOT NULL,
        acknowledged_at  timestamptz,
        ended_at         timestamptz,
        silent           boolean NOT NULL,
        task             text,
        view             jsonb NOT NULL
    )
    """,
    "CREATE INDEX order_view_by_department ON order_view (department, case_id)",
    """
    CREATE INDEX order_view_inbox ON order_view (department, due_at, order_id) WHERE status IN ('sent', 'acknowledged')
    """,
    """
    CREATE TABLE delivery (
        order_id      text PRIMARY KEY,
        case_id       text NOT NULL,
        department    text NOT NULL,
        order_sent    jsonb NOT NULL,
        first_at      timestamptz NOT NULL DEFAULT now(),
        delivered_at  timestamptz,
        attempts      integer NOT NULL DEFAULT 0,
        last_error    text
    )
    """,
    """
    COMMENT ON TABLE delivery IS
        'Whether an order has reached its department: at once in its inbox, or accepted by its system.'
    """,
    "CREATE INDEX delivery_pending ON delivery (first_at) WHERE delivered_at IS NULL",
    """
    CREATE TABLE callback (
        callback_id   text NOT NULL,
        order_id      text PRIMARY KEY,
        case_id       text NOT NULL,
        department    text NOT NULL,
        reply         jsonb NOT NULL,
        fingerprint   text NOT NULL,
        received_at   timestamptz NOT NULL,
        outcome       text NOT NULL DEFAULT 'pending'
                      CHECK (outcome IN ('pending', 'in_time', 'late', 'after_closing')),
        handed_over_at  timestamptz,
        UNIQUE (department, callback_id)
    )
    """,
    """
    COMMENT ON TABLE callback IS
        'Every department reply, kept before anything is done with it; one an order.'
    """,
    "CREATE INDEX callback_pending ON callback (received_at) WHERE handed_over_at IS NULL",
    "CREATE INDEX callback_by_case ON callback (case_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back")
