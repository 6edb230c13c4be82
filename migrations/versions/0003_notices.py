"""Warnings on their way to the departments' own systems."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE notice (
        order_id      text NOT NULL,
        kind          text NOT NULL,
        case_id       text NOT NULL,
        department    text NOT NULL,
        due_at        timestamptz NOT NULL,
        noted_at      timestamptz NOT NULL DEFAULT now(),
        delivered_at  timestamptz,
        attempts      integer NOT NULL DEFAULT 0,
        last_error    text,
        PRIMARY KEY (order_id, kind)
    )
    """,
    """
    COMMENT ON TABLE notice IS
        'Every warning about an order; delivered when the department''s system has taken it, or shows it in its inbox.'
    """,
    "CREATE INDEX notice_pending ON notice (noted_at) WHERE delivered_at IS NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE notice")
