"""The signs that hold a case up are columns of their own, worked out from the view whenever it is written."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE FUNCTION instant(written text) RETURNS timestamptz
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT written::timestamptz'
    """,
    """
    COMMENT ON FUNCTION instant IS
        'An instant written with its offset, as views have it: it means the same under every setting.'
    """,
    """
    ALTER TABLE case_view
        ADD waiting_order text GENERATED ALWAYS AS (view->'waiting'->0->>'order_id') STORED,
        ADD waiting_provisional boolean NOT NULL
            GENERATED ALWAYS AS (coalesce((view->'waiting'->0->>'provisional')::boolean, false)) STORED,
        ADD hold_until timestamptz GENERATED ALWAYS AS (instant(view->'hold'->>'until')) STORED,
        ADD hold_approved_by text GENERATED ALWAYS AS (view->'hold'->>'approved_by') STORED,
        ADD lapsed boolean NOT NULL GENERATED ALWAYS AS (jsonb_path_exists(view,
            '$.orders[*] ? (@.silent == true && @.department == $.waiting[0].department)')) STORED,
        ADD lost_order text GENERATED ALWAYS AS (jsonb_path_query_first(view,
            '$.orders[*] ? (@.undelivered == true && @.status == "sent")')->>'order_id') STORED
    """,
    "DROP INDEX case_view_marked",
    """
    CREATE INDEX case_view_signs ON case_view (case_id)
        WHERE status <> 'closed' AND (waiting_for IS NULL OR hold_until IS NOT NULL OR waiting_provisional
            OR lapsed OR lost_order IS NOT NULL)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the lists would no longer find what holds cases up")
