"""Anchors: what each one says, the cases that had moved since the one before, and the seal of a citizen's words."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE demand ADD COLUMN seal uuid NOT NULL DEFAULT gen_random_uuid()",
    """
    COMMENT ON COLUMN demand.seal IS
        'Hashed with the citizen''s words: without it the hash that anchors name could be guessed.'
    """,
    """
    CREATE TABLE anchor (
        number       integer PRIMARY KEY CHECK (number > 0),
        at           timestamptz NOT NULL,
        cases        integer NOT NULL,
        root         text NOT NULL,
        previous     text NOT NULL,
        key          text NOT NULL,
        signature    text NOT NULL,
        block_roots  bytea NOT NULL,
        block_starts text[] NOT NULL
    )
    """,
    """
    COMMENT ON COLUMN anchor.block_roots IS
        'The roots of each 1,024 leaves, 32 bytes each; block_starts names the first case of each.'
    """,
    """
    CREATE TABLE anchor_leaf (
        case_id  text COLLATE "C" NOT NULL,
        number   integer NOT NULL,
        seq      integer NOT NULL,
        head     text NOT NULL,
        words    text NOT NULL,
        PRIMARY KEY (case_id, number)
    )
    """,
    """
    COMMENT ON TABLE anchor_leaf IS
        'A case as an anchor first saw it; it stands so in every later anchor until the next row of the case.'
    """,
    *(
        statement
        for table in ("anchor", "anchor_leaf")
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
    raise RuntimeError("what was anchored is never taken back")
