"""The audit's own chain, what it walks by, and when a worker was last seen."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE audit_entry (
        seq        integer PRIMARY KEY CHECK (seq > 0),
        kind       text NOT NULL CHECK (kind IN ('audit', 'gap')),
        at         timestamptz NOT NULL,
        content    jsonb NOT NULL,
        prev_hash  text NOT NULL,
        hash       text NOT NULL
    )
    """,
    """
    COMMENT ON TABLE audit_entry IS
        'The ledger''s chain about the ledger: what every audit came to, and every outage that a worker has witnessed.'
    """,
    """
    CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_append_only",
    """
    CREATE TABLE worker_seen (
        task_queue  text PRIMARY KEY,
        seen_at     timestamptz NOT NULL
    )
    """,
    """
    COMMENT ON TABLE worker_seen IS
        'When a worker of this queue was last alive. What it did not see becomes an entry of the audit''s chain.'
    """,
    "CREATE INDEX ledger_ends ON ledger (case_id, kind, at) WHERE kind IN ('case.opened', 'case.closed')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("what was audited is never taken back")
