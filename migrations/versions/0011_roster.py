"""Callbacks, roster, diary: who is on duty, what shifts hand over, and whom somebody else calls again."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE INDEX case_view_callback ON case_view (waiting_department, waiting_until, case_id)
        WHERE waiting_for = 'callback'
    """,
    """
    CREATE TABLE roster (
        number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        department  text NOT NULL,
        day         date NOT NULL,
        duty        text NOT NULL,
        person      text NOT NULL,
        instead_of  text,
        entered_by  text NOT NULL,
        at          timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    COMMENT ON TABLE roster IS
        'Who is on duty when, and as what; the last entry of a day counts, and none is ever changed.'
    """,
    "CREATE INDEX roster_by_day ON roster (day, department, duty, number DESC)",
    """
    CREATE TABLE diary (
        department  text NOT NULL,
        seq         integer NOT NULL CHECK (seq > 0),
        day         date NOT NULL,
        kind        text NOT NULL,
        entered_by  text NOT NULL,
        duty        text,
        instead_of  text,
        point       integer,
        case_id     text,
        text        text,
        at          timestamptz NOT NULL,
        prev_hash   text NOT NULL,
        hash        text NOT NULL,
        PRIMARY KEY (department, seq)
    )
    """,
    """
    COMMENT ON TABLE diary IS
        'The duty diaries, one chain a department: sign-ins, entries, open points, and who took them over.'
    """,
    """
    CREATE TABLE callback_sample (
        month     date PRIMARY KEY CHECK (extract(day FROM month) = 1),
        percent   integer NOT NULL CHECK (percent BETWEEN 1 AND 100),
        seed      integer NOT NULL,
        drawn_by  text NOT NULL,
        at        timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    COMMENT ON TABLE callback_sample IS
        'By which seed a month''s sample was drawn; once, so that nobody draws until it suits.'
    """,
    """
    CREATE TABLE second_call (
        number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        case_id    text NOT NULL,
        first_seq  integer NOT NULL,
        first_by   text NOT NULL,
        called_by  text NOT NULL,
        reached    boolean NOT NULL,
        rating     text,
        comment    text,
        at         timestamptz NOT NULL DEFAULT now(),
        CHECK (called_by <> first_by),
        CHECK (reached = (rating IS NOT NULL))
    )
    """,
    """
    COMMENT ON TABLE second_call IS
        'What citizens told somebody else than the first caller; first_seq is the ledger entry that it repeats.'
    """,
    "CREATE UNIQUE INDEX second_call_once ON second_call (case_id, first_seq) WHERE reached",
    *(
        statement
        for table in ("roster", "diary", "callback_sample", "second_call")
        for statement in (
            f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """,
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only",
        )
    ),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("who was on duty and what was handed over is not forgotten")
