"""A bounded shelf for what was parsed once: values that never change, under the digest of the bytes they came from."""

from collections import OrderedDict
from typing import Any

__all__ = ["Shelf"]


class Shelf:
    """Keeps the most recently used values while their weights sum to at most `limit`; the newest one always stays."""

    def __init__(self, limit: int) -> None:
        self._limit, self._weight = limit, 0
        self._held: OrderedDict[object, tuple[int, Any]] = OrderedDict()

    def get(self, key: object) -> Any:
        """Return the value, or None."""
        found = self._held.get(key)
        if found is None:
            return None
        self._held.move_to_end(key)
        return found[1]

    def put(self, key: object, value: Any, weight: int) -> None:
        """Keep `value`, letting go of what was not asked for longest."""
        if (former := self._held.pop(key, None)) is not None:
            self._weight -= former[0]
        self._held[key] = (weight, value)
        self._weight += weight
        while self._weight > self._limit and len(self._held) > 1:
            _, (gone, _) = self._held.popitem(last=False)
            self._weight -= gone
