"""PostgreSQL through asyncpg: SQL as SQL, one file a group of tables. No rule of the ladder lives here."""
