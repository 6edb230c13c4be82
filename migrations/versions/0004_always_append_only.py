"""What is append-only stays so in a replica's session, too, where ordinary triggers are silent."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("ledger", "policy_version", "policy_activation", "calendar_version")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")


def downgrade() -> None:
    raise RuntimeError("what is append-only is never opened again")
