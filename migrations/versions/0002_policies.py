"""The rules: every version of a policy, which one was activated when, and every revision of a calendar."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE policy_version (
        policy_id    text NOT NULL,
        version      integer NOT NULL CHECK (version > 0),
        content      jsonb NOT NULL,
        fingerprint  text NOT NULL,
        stored_at    timestamptz NOT NULL DEFAULT now(),
        stored_by    text NOT NULL,
        PRIMARY KEY (policy_id, version),
        UNIQUE (policy_id, fingerprint)
    )
    """,
    """
    CREATE TABLE policy_activation (
        number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        policy_id     text NOT NULL,
        version       integer NOT NULL,
        activated_at  timestamptz NOT NULL DEFAULT now(),
        activated_by  text NOT NULL,
        reason        text NOT NULL,
        FOREIGN KEY (policy_id, version) REFERENCES policy_version
    )
    """,
    """
    COMMENT ON TABLE policy_activation IS
        'The policy of new cases is that of the last row; a case keeps the version it was opened under.'
    """,
    """
    CREATE TABLE calendar_version (
        name          text NOT NULL,
        revision      integer NOT NULL CHECK (revision >= 0),
        content       jsonb NOT NULL,
        first_day     date NOT NULL,
        last_day      date NOT NULL CHECK (last_day >= first_day),
        override      jsonb,
        published_at  timestamptz NOT NULL DEFAULT now(),
        published_by  text NOT NULL,
        source        text NOT NULL,
        PRIMARY KEY (name, revision)
    )
    """,
    """
    COMMENT ON COLUMN calendar_version.override IS
        'The dates that were published with this revision; null where it was made from the libraries alone.'
    """,
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
        for table in ("policy_version", "policy_activation", "calendar_version")
    ),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the rules that cases ran under are never taken back")
