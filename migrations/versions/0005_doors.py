"""The way to the departments and back: their keys, people's tokens, and every callback of theirs, not replies alone."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE department
        ADD COLUMN concurrency integer NOT NULL DEFAULT 4 CHECK (concurrency BETWEEN 1 AND 64),
        ADD COLUMN inbox_after interval NOT NULL DEFAULT '30 minutes' CHECK (inbox_after > interval '0')
    """,
    """
    COMMENT ON COLUMN department.inbox_after IS
        'How long an order is offered to the department''s own system before it is left in its inbox.'
    """,
    """
    CREATE TABLE department_key (
        department   text NOT NULL,
        serial       integer NOT NULL CHECK (serial > 0),
        created_at   timestamptz NOT NULL DEFAULT now(),
        valid_until  timestamptz,
        PRIMARY KEY (department, serial)
    )
    """,
    """
    COMMENT ON TABLE department_key IS
        'Which of a department''s secrets count; the secrets themselves are derived and never stored.'
    """,
    "INSERT INTO department_key (department, serial) SELECT code, 1 FROM department",
    """
    CREATE TABLE access_token (
        token_id    text PRIMARY KEY,
        kind        text NOT NULL CHECK (kind IN ('clerk', 'client', 'grid')),
        holder      text NOT NULL,
        department  text,
        hash        text NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        revoked_at  timestamptz,
        CHECK ((kind = 'clerk') = (department IS NOT NULL))
    )
    """,
    """
    COMMENT ON TABLE access_token IS
        'Who may come in without a department''s signature; of the token itself only a hash is kept.'
    """,
    "ALTER TABLE callback RENAME COLUMN reply TO content",
    "ALTER TABLE callback DROP CONSTRAINT callback_pkey",
    "ALTER TABLE callback DROP CONSTRAINT callback_department_callback_id_key",
    "ALTER TABLE callback DROP CONSTRAINT callback_outcome_check",
    """
    UPDATE callback
    SET outcome = CASE outcome WHEN 'pending' THEN 'kept' WHEN 'in_time' THEN 'accepted' ELSE outcome END
    """,
    """
    ALTER TABLE callback
        ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY,
        ADD COLUMN kind text NOT NULL DEFAULT 'reply'
            CHECK (kind IN ('acknowledge', 'progress', 'reply', 'return', 'extension')),
        ADD COLUMN refusal jsonb,
        ADD PRIMARY KEY (department, callback_id),
        ALTER COLUMN outcome SET DEFAULT 'kept',
        ADD CHECK (outcome IN ('kept', 'accepted', 'late', 'refused', 'after_closing'))
    """,
    "ALTER TABLE callback ALTER COLUMN kind DROP DEFAULT",
    "CREATE UNIQUE INDEX callback_one_reply ON callback (order_id) WHERE kind = 'reply'",
    "DROP INDEX callback_pending",
    "CREATE INDEX callback_kept ON callback (number) WHERE handed_over_at IS NULL",
    "CREATE INDEX callback_kept_of_order ON callback (order_id, number) WHERE handed_over_at IS NULL",
    """
    COMMENT ON TABLE callback IS
        'Every callback of a department, kept before anything is done with it; of an order one reply at most.'
    """,
    "ALTER TABLE delivery ADD COLUMN way text CHECK (way IN ('inbox', 'system', 'fallback'))",
    """
    UPDATE delivery SET way = CASE WHEN endpoint IS NULL THEN 'inbox' ELSE 'system' END
    FROM department WHERE department.code = delivery.department AND delivered_at IS NOT NULL
    """,
    """
    COMMENT ON COLUMN delivery.way IS
        'How it got there: its inbox, its system, or its inbox because its system did not take the order in time.'
    """,
    "ALTER TABLE notice ALTER COLUMN due_at DROP NOT NULL",
    "ALTER TABLE notice ADD COLUMN reason text",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("callbacks that are no replies have no place in the older table")
