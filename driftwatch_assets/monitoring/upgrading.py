"""Bringing the tables to what this version of the project expects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch_assets.monitoring.errors import MonitoringRefused

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.config import Config

    from driftwatch_assets.monitoring.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> bool:
    """Create the tables, or bring them to the newest migration, whole or not at all.

    Two processes that open a new database at once take turns, and the second one finds it done.

    Returns
    -------
    bool
        Whether there was anything to do.

    Raises
    ------
    MonitoringRefused
        A newer version of the project has been here, or the user may not create tables.
    MonitoringUnreachable
    """
    from alembic import command  # noqa: PLC0415 - loaded by the one who opens the database

    if not database.is_postgresql:
        _make_folder(database)
    with database.reading("its tables were looked at") as connection:
        if _revision(connection) == _newest(database, _revision(connection)):
            return False
    with database.alone("its tables were upgraded") as connection:
        found = _revision(connection)
        if found == _newest(database, found):
            return False
        command.upgrade(configuration(connection), "head")
    return True


def configuration(connection: sa.Connection | None = None) -> Config:
    """Give alembic's configuration; migrations run on the connection, within its transaction."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revision(connection: sa.Connection) -> str | None:
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as above

    return MigrationContext.configure(connection).get_current_revision()


def _newest(database: Database, found: str | None) -> str | None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    script = ScriptDirectory.from_config(configuration())
    known = {each.revision for each in script.walk_revisions()}
    if found is not None and found not in known:
        raise MonitoringRefused(
            f"{database.shown} has tables of revision {found}, which this version of the project does not know (it "
            f"knows {', '.join(sorted(known))}): a newer version has upgraded it. Run that version, or restore a "
            f"backup or rebuild into an empty database"
        )
    return script.get_current_head()


def _make_folder(database: Database) -> None:
    file = Path(str(database.engine.url.database))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise MonitoringRefused(
            f"the folder of {database.shown} cannot be made ({broken.strerror}). Set DRIFTWATCH_MONITORING_URL to a "
            f"place that can be written"
        ) from broken
