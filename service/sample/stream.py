"""A stream of choices from SHA-256 over a label and a counter, the same on every machine and Python."""

import hashlib
from collections.abc import Sequence
from typing import Generic, TypeVar

Choice = TypeVar("Choice")


class Stream:
    """Choices for one record. The same (seed, label) always gives the same choices in the same order."""

    def __init__(self, seed: str, label: str) -> None:
        self._prefix = f"double-random sample\n{seed}\n{label}\n".encode()
        self._counter = 0
        self._bytes = b""

    def below(self, limit: int) -> int:
        """An integer from 0 to `limit` - 1: 32 bits modulo the limit, even enough for samples, not draws."""
        if not self._bytes:
            self._bytes = hashlib.sha256(self._prefix + str(self._counter).encode()).digest()
            self._counter += 1
        word, self._bytes = self._bytes[:4], self._bytes[4:]
        return int.from_bytes(word, "big") % limit

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """One of the choices."""
        return choices[self.below(len(choices))]

    def several(self, choices: Sequence[Choice], least: int, most: int) -> list[Choice]:
        """Between `least` and `most` different choices, in the order of `choices`."""
        positions: set[int] = set()
        wanted = least + self.below(most - least + 1)
        while len(positions) < min(wanted, len(choices)):
            positions.add(self.below(len(choices)))
        return [choices[position] for position in sorted(positions)]


class Shares(Generic[Choice]):
    """Choices with whole-number shares, e.g. 7 red, 18 orange."""

    def __init__(self, shares: dict[Choice, int]) -> None:
        self._choices = [choice for choice, share in shares.items() for _ in range(share)]

    def pick(self, stream: Stream) -> Choice:
        """One choice, as often as its share says."""
        return stream.pick(self._choices)
