"""The most memory that this process has held."""

from __future__ import annotations

from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Give the peak of this process alone.

    `getrusage` tells that of whoever started it where that was larger: a test would measure its own suite.
    """
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    kibibytes, unit = fields["VmHWM"].split()
    assert unit == "kB"
    return int(kibibytes) * 1024
