"""Joint meetings as things of their own: their cases, what was said of them, minutes and who signed these."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE meetings (
        meeting_id   text PRIMARY KEY,
        held_at      timestamptz NOT NULL,
        place        text NOT NULL,
        members      text[] NOT NULL CHECK (cardinality(members) >= 2),
        quorum       integer NOT NULL CHECK (quorum BETWEEN 1 AND cardinality(members)),
        convened_by  text NOT NULL,
        at           timestamptz NOT NULL DEFAULT now()
    )
    """,
    "COMMENT ON TABLE meetings IS 'Joint meetings that were convened for a day, and the departments invited.'",
    """
    CREATE TABLE meeting_cases (
        meeting_id  text NOT NULL REFERENCES meetings,
        case_id     text NOT NULL,
        PRIMARY KEY (meeting_id, case_id)
    )
    """,
    "COMMENT ON TABLE meeting_cases IS 'The cases that came before a meeting; what came of each, its ledger says.'",
    """
    CREATE TABLE meeting_words (
        number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        meeting_id  text NOT NULL REFERENCES meetings,
        word        text NOT NULL,
        department  text,
        text        text,
        entered_by  text NOT NULL,
        at          timestamptz NOT NULL DEFAULT now(),
        CHECK ((word = 'called_off') = (department IS NULL)),
        CHECK ((word IN ('opinion', 'called_off')) = (text IS NOT NULL))
    )
    """,
    """
    COMMENT ON TABLE meeting_words IS
        'Attendance (the last word of a department counts), written opinions, and that a meeting was called off.'
    """,
    "CREATE INDEX meeting_words_by_meeting ON meeting_words (meeting_id, number)",
    """
    CREATE UNIQUE INDEX meeting_words_once ON meeting_words (meeting_id, word, coalesce(department, ''))
        WHERE word IN ('opinion', 'called_off')
    """,
    """
    CREATE TABLE meeting_minutes (
        number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        meeting_id  text NOT NULL REFERENCES meetings,
        content     text NOT NULL,
        sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        entered_by  text NOT NULL,
        at          timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    COMMENT ON TABLE meeting_minutes IS
        'Every version of the minutes, as canonical JSON with its hash; the last one counts.'
    """,
    "CREATE INDEX meeting_minutes_by_meeting ON meeting_minutes (meeting_id, number DESC)",
    """
    CREATE TABLE meeting_signatures (
        meeting_id  text NOT NULL REFERENCES meetings,
        department  text NOT NULL,
        sha256      text NOT NULL,
        signed_by   text NOT NULL,
        at          timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (meeting_id, department)
    )
    """,
    "COMMENT ON TABLE meeting_signatures IS 'Which departments have signed which version of the minutes.'",
    *(
        statement
        for table in ("meetings", "meeting_cases", "meeting_words", "meeting_minutes", "meeting_signatures")
        for statement in (
            f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """,
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only",
        )
    ),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("what departments said at a meeting is not forgotten")
