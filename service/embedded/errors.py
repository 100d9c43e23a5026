"""What goes wrong with the embedded server, said to the person who started the program."""


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be found, started or reached; the message says what to do.

    The message has a Chinese line, then an English one.
    """

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")
