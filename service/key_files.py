"""The private keys that are here: which file holds whose (`Config` says where they lie), loaded before anything else is opened."""

from collections.abc import Mapping

from msgspec import Struct

from disclosure.keys import Signer
from service.config import Config, ConfigError
from service.signer import Passphrase, load_signer

__all__ = ["KeyFiles", "load_keys"]


class KeyFiles(Struct, frozen=True):
    """The bureau's keys, at least one, the configured file's first; the log key, and those of logs with a file of their own, by shard."""

    bureau: tuple[Signer, ...]
    log: Signer
    logs: Mapping[str, Signer]


def load_keys(config: Config, passphrase: Passphrase) -> KeyFiles:
    """Return the bureau's keys and the logs'; ConfigError naming file and mend if one cannot be used or there is none."""
    here = [path for path in config.bureau_key_files() if path.exists()] or [config.bureau_key_file]
    bureau = tuple(load_signer(path, passphrase) for path in here)
    logs: dict[str, Signer] = {}
    for path in sorted(config.log_key_file.parent.glob("log-*.pem")):
        logs[path.stem.removeprefix("log-")] = load_signer(path, passphrase)
    # A log that is closed needs no key any more: without the configured file the newest of the others takes its place.
    if config.log_key_file.exists() or not logs:
        log: Signer = load_signer(config.log_key_file, passphrase)
    else:
        log = logs[max(logs)]
    _check_distinct(bureau, (log, *logs.values()))
    return KeyFiles(bureau, log, logs)


def _check_distinct(bureau: tuple[Signer, ...], logs: tuple[Signer, ...]) -> None:
    """Raise ConfigError if a log signs with a key of the bureau: one that leaks would take the other with it."""
    if {signer.public_key for signer in bureau} & {signer.public_key for signer in logs}:
        raise ConfigError("机关密钥与日志密钥不得是同一把 a key of the bureau and the key of a log must not be the same")
