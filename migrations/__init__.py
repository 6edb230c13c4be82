"""The database's schema, step by step: Alembic revisions in plain SQL, and the runner that applies them."""
