"""The stuck view: the open cases that are held up by something that their limit does not show."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX case_view_marked ON case_view (case_id)
        WHERE status <> 'closed' AND (waiting_for IS NULL OR jsonb_path_exists(view, '$ ? (
            exists(@.hold.until) || @.waiting[0].provisional == true
            || exists(@.orders[*] ? (@.silent == true || (@.undelivered == true && @.status == "sent"))))'))
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX case_view_marked")
