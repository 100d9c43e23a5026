"""Keeping the folder up to date while the service runs: one task, which no request waits for and no failure ends."""

import asyncio
import logging

from service.config import Config
from service.errors import Refused
from service.office import Office
from service.static_folder.publish import publish_folder

__all__ = ["keep_folder"]

EVERY = 3.0  # seconds between the end of a run and the next
PATIENCE = 4.0  # seconds a run may take for tickets, so that new documents never wait for the tickets of a big draw
_LOG = logging.getLogger("service.static_folder")


async def keep_folder(office: Office, config: Config) -> None:
    """Publish again and again, until cancelled. A failure is logged once, and once more when it is over."""
    failing = ""
    while True:
        try:
            published = await publish_folder(office, config, PATIENCE)
            if failing:
                _LOG.warning("静态文件夹已恢复更新 the static folder is kept up to date again: %s", config.publish_dir)
            failing = ""
        except Exception as error:
            # Tried again in a moment: the folder is consistent, and the next run goes on where this one ended.
            said = f"{error.zh} {error}" if isinstance(error, Refused) else repr(error)
            if said != failing:
                _LOG.error("静态文件夹未能更新 the static folder is not up to date: %s", said,
                           exc_info=None if isinstance(error, Refused) else error)  # fmt: skip
            failing = said
            published = None
        await asyncio.sleep(0 if published is not None and published.unfinished else EVERY)
