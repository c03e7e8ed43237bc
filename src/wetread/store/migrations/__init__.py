"""How each schema of the store follows from the one before (alembic)."""
