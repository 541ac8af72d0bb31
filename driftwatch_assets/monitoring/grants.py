"""A role that reads the tables and nothing else, for dashboards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from driftwatch_assets.monitoring.errors import MonitoringRefused
from driftwatch_assets.monitoring.tables import Base

if TYPE_CHECKING:
    import sqlalchemy as sa

    from driftwatch_assets.monitoring.database import Database

_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SECONDS = 30


def grant_reading(database: Database, role: str, password: str) -> bool:
    """Let a role log in and read the tables of this version; doing it again changes the password.

    Other tables of the same database, such as MLflow's, are not shown to it. After an upgrade that adds tables it is
    done again. The password crosses the connection, and reaches the server's log, only as its SCRAM verifier.

    Parameters
    ----------
    database
        A PostgreSQL database, opened as a user who owns the tables and may create roles.
    role
        Lower-case letters, digits and underscores.
    password
        Its password.

    Returns
    -------
    bool
        Whether the role is new.

    Raises
    ------
    MonitoringRefused
        The database has no roles, the name or the password cannot be used, or this user may not create roles.
    """
    _refuse_sqlite(database)
    _refuse_name(role)
    if not password:
        raise MonitoringRefused(f"the role {role} needs a password, and none is set")
    with database.alone(f"the role {role} was let in") as connection:
        known = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).first() is not None
        if known:
            _refuse_powerful(connection, role)
        verifier = _verifier(connection, role, password)
        connection.exec_driver_sql(f"{'ALTER' if known else 'CREATE'} ROLE \"{role}\" LOGIN PASSWORD '{verifier}'")
        for statement in _statements(role, str(connection.exec_driver_sql("SELECT current_database()").scalar_one())):
            connection.exec_driver_sql(statement)
    return not known


def reading_sql(database: Database, role: str) -> str:
    r"""Give the statements by which an administrator lets a role in, for psql; the password is asked for there.

    Examples
    --------
    >>> from driftwatch_assets.monitoring.database import connect
    >>> print(reading_sql(connect("postgresql://db/monitoring"), "grafana"))
    CREATE ROLE "grafana" LOGIN;
    \password grafana
    ALTER ROLE "grafana" SET default_transaction_read_only = on;
    ...
    """
    _refuse_sqlite(database)
    _refuse_name(role)
    name = str(database.engine.url.database or "")
    lines = [f"{statement};" for statement in _statements(role, name)]
    return "\n".join([f'CREATE ROLE "{role}" LOGIN;', f"\\password {role}", *lines])


def _statements(role: str, name: str) -> list[str]:
    quoted = '"' + name.replace('"', '""') + '"'
    tables = ", ".join(sorted(Base.metadata.tables))
    return [
        f'ALTER ROLE "{role}" SET default_transaction_read_only = on',
        f"ALTER ROLE \"{role}\" SET statement_timeout = '{_SECONDS}s'",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f'GRANT CONNECT ON DATABASE {quoted} TO "{role}"',
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'GRANT SELECT ON {tables} TO "{role}"',
    ]


def _refuse_sqlite(database: Database) -> None:
    if not database.is_postgresql:
        raise MonitoringRefused(
            f"{database.shown} is a file and has no roles: let people read it by the file's permissions, or set "
            f"DRIFTWATCH_MONITORING_URL to a PostgreSQL database"
        )


def _refuse_name(role: str) -> None:
    if not _ROLE.fullmatch(role) or role.startswith("pg_"):
        raise MonitoringRefused(
            f"{role!r} cannot be the name of a role: lower-case letters, digits and underscores, at most 63, and not "
            f"beginning with pg_"
        )


def _refuse_powerful(connection: sa.Connection, role: str) -> None:
    """Refuse to make a reader of a role that may do more, such as the owner of the tables."""
    query = (
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolname = current_user "
        "OR EXISTS (SELECT 1 FROM pg_tables WHERE tableowner = rolname) FROM pg_roles WHERE rolname = %s"
    )
    if connection.exec_driver_sql(query, (role,)).scalar_one():
        raise MonitoringRefused(
            f"the role {role} may do more than read (it owns tables or has rights of its own): choose another name"
        )


def _verifier(connection: sa.Connection, role: str, password: str) -> str:
    import psycopg  # noqa: PLC0415 - loaded with the engine; only PostgreSQL needs it

    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - what the engine's driver makes
    found = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return found.decode()
