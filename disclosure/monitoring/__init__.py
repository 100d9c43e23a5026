"""What only the whole log can show (docs/spec/monitoring.md): `monitor` reads every entry of every log of one bureau, once."""

from disclosure.monitoring.archive import Read, Unavailable
from disclosure.monitoring.finding import KINDS, NOT_LOOKED_AT, Finding
from disclosure.monitoring.monitor import Report, monitor

__all__ = ["KINDS", "NOT_LOOKED_AT", "Finding", "Read", "Report", "Unavailable", "monitor"]
