"""What one process remembers of the logs it signs for. Nothing of it is written down: a new process asks everybody again."""

from pathlib import Path

__all__ = ["SigningMemory"]


class SigningMemory:
    """`folder`: the published folder, if this process knows one, whose checkpoint was seen by others too.

    `checked`: by shard, the database in which nobody was found to remember more. `signed`: the largest size signed and its
    root. `halted`: why nothing more is signed, Chinese and English, until a person has mended it and started the process anew.
    `asked`: when a cosigner was last asked about a shard, by the loop's clock.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.checked: dict[str, tuple[object, ...]] = {}
        self.signed: dict[str, tuple[int, bytes]] = {}
        self.halted: dict[str, tuple[str, str]] = {}
        self.refused: dict[str, tuple[str, str]] = {}
        self.asked: dict[tuple[str, str], float] = {}
