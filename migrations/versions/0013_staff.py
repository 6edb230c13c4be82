"""The staff directory: who has which role, since when, and who said so."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE staff (
        number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name        text NOT NULL,
        role        text NOT NULL,
        department  text,
        retired     boolean NOT NULL DEFAULT false,
        entered_by  text NOT NULL,
        at          timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    COMMENT ON TABLE staff IS
        'Who has which role; the last entry of a person, a role and a department counts, and none is ever changed.'
    """,
    """
    CREATE TRIGGER staff_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON staff
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "ALTER TABLE staff ENABLE ALWAYS TRIGGER staff_append_only",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("who had which role is not forgotten")
