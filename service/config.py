"""The settings of one service process, read once from the environment (protocol 9). No switch changes what a draw gives."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

__all__ = ["Config", "ConfigError", "read_config"]


class ConfigError(Exception):
    """A setting is missing or contradicts another; the message names it and the mend."""


class Config(Struct, frozen=True):
    """Every setting with its consequence.

    database_url: `DATABASE_URL`, PostgreSQL 15 or newer; None starts an embedded server under `data`.
    database_password_file: `DATABASE_PASSWORD_FILE`; the password is never in the URL.
    data: `DOUBLE_RANDOM_DATA`, where the embedded database and generated keys live. Lose it and the log ends.
    listen: `DOUBLE_RANDOM_LISTEN`, host and port.
    public_url: `DOUBLE_RANDOM_PUBLIC_URL`, as the public reaches the pages; https turns on secure cookies.
    bureau_key_file, log_key_file: `DOUBLE_RANDOM_BUREAU_KEY_FILE`, `DOUBLE_RANDOM_LOG_KEY_FILE`: PEM (PKCS#8) Ed25519 keys that
        sign documents and checkpoints. Whoever has them can sign in the bureau's name.
    publish_dir: `DOUBLE_RANDOM_PUBLISH_DIR`, the static folder; a plain file server of it needs no service.

    key_passphrase_file: `DOUBLE_RANDOM_KEY_PASSPHRASE_FILE`, first line: opens the encrypted key files; None asks at the terminal.

    Further keys have no setting, they lie beside these two: the bureau's others `bureau-*.pem`, those of further departments
    `section-<label>.pem`, those of later logs `log-<shard>.pem`.
    """

    database_url: str | None
    database_password_file: Path | None
    data: Path
    listen: tuple[str, int]
    public_url: str
    bureau_key_file: Path
    log_key_file: Path
    publish_dir: Path
    key_passphrase_file: Path | None = None

    def bureau_key_files(self) -> list[Path]:
        """Return where private keys of the bureau lie here: the configured file first, whether it exists or not."""
        further = sorted(self.bureau_key_file.parent.glob("bureau-*.pem"))
        return [self.bureau_key_file, *(path for path in further if path != self.bureau_key_file)]

    def log_key_file_of(self, shard: str) -> Path:
        """Return where the private key of the log `shard` lies if it has a file of its own."""
        return self.log_key_file.with_name(f"log-{shard}.pem")

    def section_key_file(self, label: str) -> Path:
        """Return where the private key of the department `label` lies, if it is here."""
        return self.bureau_key_file.with_name(f"section-{label}.pem")


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """Return the settings; ConfigError for an address that is none, or a password in two places."""
    data = Path(environment.get("DOUBLE_RANDOM_DATA", "data")).resolve()
    listen = environment.get("DOUBLE_RANDOM_LISTEN", "127.0.0.1:8000")
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ConfigError(f"DOUBLE_RANDOM_LISTEN={listen!r} is not HOST:PORT, such as 127.0.0.1:8000")
    password = environment.get("DATABASE_PASSWORD_FILE")
    passphrase = environment.get("DOUBLE_RANDOM_KEY_PASSPHRASE_FILE")
    if "DATABASE_PASSWORD" in environment:
        raise ConfigError(
            "DATABASE_PASSWORD is not read; put the password in a file and name it DATABASE_PASSWORD_FILE"
        )
    return Config(
        database_url=environment.get("DATABASE_URL") or None,
        database_password_file=Path(password) if password else None,
        data=data,
        listen=(host.strip("[]"), int(port)),
        public_url=environment.get("DOUBLE_RANDOM_PUBLIC_URL", f"http://{listen}").rstrip("/"),
        bureau_key_file=Path(environment.get("DOUBLE_RANDOM_BUREAU_KEY_FILE", data / "keys" / "bureau.pem")),
        log_key_file=Path(environment.get("DOUBLE_RANDOM_LOG_KEY_FILE", data / "keys" / "log.pem")),
        publish_dir=Path(environment.get("DOUBLE_RANDOM_PUBLISH_DIR", data / "public")),
        key_passphrase_file=Path(passphrase) if passphrase else None,
    )
