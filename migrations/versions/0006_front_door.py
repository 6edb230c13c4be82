"""The front door: where it is on the map, a picture of it, who opened the case, and an address for mail."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE demand
        ADD COLUMN lat double precision CHECK (lat BETWEEN -90 AND 90),
        ADD COLUMN long double precision CHECK (long BETWEEN -180 AND 180),
        ADD COLUMN media_url text,
        ADD COLUMN opened_by text,
        ADD COLUMN fingerprint text,
        ADD CHECK ((lat IS NULL) = (long IS NULL)),
        ADD CHECK ((opened_by IS NULL) = (fingerprint IS NULL))
    """,
    """
    COMMENT ON COLUMN demand.opened_by IS
        'Kind and holder of the token that opened the case from outside; only the same holder may read it there.'
    """,
    """
    COMMENT ON COLUMN demand.fingerprint IS
        'Keyed hash of what was sent, the citizen''s words included; says nothing without the gateway''s key.'
    """,
    """
    CREATE INDEX demand_of_source ON demand (opened_by, reported_at DESC, case_id) WHERE opened_by IS NOT NULL
    """,
    """
    CREATE INDEX demand_by_fingerprint ON demand (fingerprint, received_at DESC) WHERE fingerprint IS NOT NULL
    """,
    "ALTER TABLE citizen ADD COLUMN email text",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("who may read a case from outside is not forgotten")
