"""The access log: what staff did, for ever. A database trigger refuses any change of it."""

from service.database import Connection

__all__ = ["note"]


async def note(connection: Connection, staff_id: int | None, action: str, subject: str) -> None:
    """Record an action in the caller's transaction, so that it is noted exactly when it happened; None is the command line."""
    await connection.execute(
        "INSERT INTO access_log (staff, action, subject) VALUES ($1, $2, $3)", staff_id, action, subject
    )
