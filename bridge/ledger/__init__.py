"""What was seen, linked, intended and owed: SQLAlchemy Core on SQLite or PostgreSQL."""
