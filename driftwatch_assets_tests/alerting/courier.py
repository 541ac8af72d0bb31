"""A daemon in a process of its own: delivers once, and dies where it is told to.

Arguments: the database's URL, and `whole` or `before_marking`. Channels come from the environment.
"""

from __future__ import annotations

import os
import signal
import sys

from driftwatch_assets.alerting import deliver, finder
from driftwatch_assets.monitoring import open_monitoring


def main(url: str, how: str) -> None:
    store = open_monitoring(url)
    if how == "before_marking":
        store.sent = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign,assignment]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    deliver(store, finder({}))


if __name__ == "__main__":
    main(*sys.argv[1:])
