"""What the service refuses, in the reader's language. `service/web/errors.py` turns each into an HTTP answer."""

__all__ = ["Conflicting", "Denied", "Differs", "Invalid", "NotFound", "Refused"]


class Refused(Exception):
    """A request that is not carried out; nothing was changed. `zh` and `en` say why and what helps."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Invalid(Refused):
    """The request itself is wrong. `faults` lists every single fault found, not only the first."""

    def __init__(self, zh: str, en: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(zh, en)
        self.faults = faults


class Denied(Refused):
    """This person may not do this: not in the role, or in a role that checks it."""


class NotFound(Refused):
    """There is no such thing."""


class Conflicting(Refused):
    """The present state does not allow it: too early, too late, or done otherwise already."""


class Differs(Conflicting):
    """What two people typed from the same source, neither seeing the other's, is not the same."""
