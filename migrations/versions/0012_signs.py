"""The signs that hold a case up are columns of their own, worked out from the view whenever it is written."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PROVISIONAL = "coalesce((view->'waiting'->0->>'provisional')::boolean, false)"
LAPSED = "jsonb_path_exists(view, '$.orders[*] ? (@.silent == true && @.department == $.waiting[0].department)')"
LOST = """jsonb_path_query_first(view, '$.orders[*] ? (@.undelivered == true && @.status == "sent")')->>'order_id'"""

STATEMENTS = (
    """
    CREATE FUNCTION instant(written text) RETURNS timestamptz
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT written::timestamptz'
    """,
    """
    COMMENT ON FUNCTION instant IS
        'An instant written with its offset, as views have it: it means the same under every setting.'
    """,
    f"""
    ALTER TABLE case_view
        ADD waiting_order text GENERATED ALWAYS AS (view->'waiting'->0->>'order_id') STORED,
        ADD waiting_provisional boolean NOT NULL GENERATED ALWAYS AS ({PROVISIONAL}) STORED,
        ADD hold_until timestamptz GENERATED ALWAYS AS (instant(view->'hold'->>'until')) STORED,
        ADD hold_approved_by text GENERATED ALWAYS AS (view->'hold'->>'approved_by') STORED,
        ADD lapsed boolean NOT NULL GENERATED ALWAYS AS ({LAPSED}) STORED,
        ADD lost_order text GENERATED ALWAYS AS ({LOST}) STORED,
        ADD marked boolean NOT NULL GENERATED ALWAYS AS (status <> 'closed' AND (waiting_for IS NULL
            OR view->'hold'->>'until' IS NOT NULL OR {PROVISIONAL} OR {LAPSED} OR ({LOST}) IS NOT NULL)) STORED
    """,
    "COMMENT ON COLUMN case_view.marked IS 'Open, and perhaps held up by something that its limit does not show.'",
    "DROP INDEX case_view_marked",
    "CREATE INDEX case_view_marked ON case_view (case_id) WHERE marked",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the lists would no longer find what holds cases up")
