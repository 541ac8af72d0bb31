"""The command line `driftwatch`."""

from driftwatch_assets.command_line.app import app

__all__ = ["app"]
