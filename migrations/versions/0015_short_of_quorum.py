"""A meeting to which too few have come is a sign that holds its cases up: a column worked out from the view."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SHORT = """
CASE WHEN (view->'meeting'->>'present')::integer < (view->'meeting'->>'needed')::integer
    THEN instant(view->'meeting'->>'held_at') END
"""

STATEMENTS = (
    f"""
    ALTER TABLE case_view
        ADD meeting_id text GENERATED ALWAYS AS (view->'meeting'->>'meeting_id') STORED,
        ADD short_since timestamptz GENERATED ALWAYS AS ({SHORT}) STORED
    """,
    "COMMENT ON COLUMN case_view.short_since IS 'When a meeting began, or begins, that too few have come to so far.'",
    "CREATE INDEX case_view_short ON case_view (short_since) WHERE short_since IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the lists would no longer find what holds cases up")
