"""How alembic runs the migrations: on the connection, and within the transaction, of whoever upgrades."""  # noqa: INP001 - alembic's folder is no package: it runs these files itself

from alembic import context

from driftwatch_assets.monitoring.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
