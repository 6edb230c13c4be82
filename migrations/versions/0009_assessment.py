"""The assessment: what counts in which figure, how long whose hands had a case, and which cases are left out."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE mark (
        case_id     text NOT NULL,
        seq         integer NOT NULL,
        figure      text NOT NULL,
        department  text,
        district    text,
        matter      text,
        at          timestamptz NOT NULL,
        good        boolean NOT NULL,
        PRIMARY KEY (case_id, seq, figure)
    )
    """,
    """
    COMMENT ON TABLE mark IS
        'What counts in an assessment, each with the ledger entry that decided it; made again from the ledger at will.'
    """,
    "CREATE INDEX mark_by_time ON mark (at) INCLUDE (department, figure, good)",
    "CREATE INDEX mark_of_grid_workers ON mark (at, case_id) WHERE figure = 'grid'",
    """
    CREATE TABLE custody (
        case_id     text NOT NULL,
        hands       text NOT NULL,
        department  text NOT NULL,
        clock       interval NOT NULL,
        closed_at   timestamptz NOT NULL,
        PRIMARY KEY (case_id, hands, department)
    )
    """,
    """
    COMMENT ON TABLE custody IS
        'How long whose hands had a closed case, by the clock; adds up to its life. No department where none had it.'
    """,
    "CREATE INDEX custody_by_time ON custody (closed_at) INCLUDE (hands, department, clock)",
    """
    CREATE TABLE exclusion (
        number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        case_id      text NOT NULL,
        excluded     boolean NOT NULL,
        reason       text NOT NULL,
        remark       text,
        approved_by  text NOT NULL,
        entered_by   text NOT NULL,
        at           timestamptz NOT NULL DEFAULT now(),
        CHECK (approved_by <> entered_by)
    )
    """,
    """
    COMMENT ON TABLE exclusion IS
        'Which cases the adjusted figures leave out; the last entry of a case counts, and none is ever changed.'
    """,
    "CREATE INDEX exclusion_of_case ON exclusion (case_id, number DESC)",
    """
    CREATE TRIGGER exclusion_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON exclusion
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "ALTER TABLE exclusion ENABLE ALWAYS TRIGGER exclusion_append_only",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("who left which case out of the figures is not forgotten")
