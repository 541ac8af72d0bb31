"""The commands; each is a thin shell over one function of its own file."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer resolves the annotations of a command
from typing import Annotated, Literal

import typer
from rich.console import Console

from driftwatch_assets.command_line.faults import Commands
from driftwatch_assets.command_line.stopping import stoppable

app = typer.Typer(
    name="driftwatch",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Watch machine-learning models: replay their batches, read their history, open their reports.",
)
alerts_app = typer.Typer(no_args_is_help=True, help="Alerts: which there are, who sees to them, what waits.")
monitoring_app = typer.Typer(no_args_is_help=True, help="The monitoring database: its tables, readers and content.")
app.add_typer(alerts_app, name="alerts")
app.add_typer(monitoring_app, name="monitoring")
Model = Annotated[str, typer.Argument(help="Name of the monitored model, such as gas_sensors.")]
Host = Annotated[str, typer.Option(help="Address to listen on; anything else than loopback opens it to a network.")]
Seed = Annotated[int, typer.Option(help="Seed of the simulator.", min=0)]


@app.command()
def replay(model: Model, seed: Seed = 42) -> None:
    """Let all landed batches arrive, one after the other, through the same sensors, checks and assets as live ones.

    Where nothing lies in the landing folder, the simulator's batches are put there.
    """
    with stoppable():
        from driftwatch_assets.command_line.replay import replay as run  # noqa: PLC0415 - a command loads what it needs

        raise typer.Exit(run(model, seed=seed, console=Console()))


@app.command()
def history(model: Model, as_json: Annotated[bool, typer.Option("--json", help="One object a batch.")] = False) -> None:
    """Show what happened to each batch."""
    from driftwatch_assets.command_line.history import (  # noqa: PLC0415 - as above
        as_table,
        held_up_lines,
        read_held_up,
        read_history,
    )

    records = read_history(model)
    if as_json:
        typer.echo(json.dumps(records, indent=2, allow_nan=False))
    else:
        Console().print(as_table(model, records), *held_up_lines(read_held_up(model)), sep="\n")


@app.command()
def backfill(
    model: Model,
    first: Annotated[str | None, typer.Option("--from", help="First batch; by default the first known one.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last batch; by default the last known one.")] = None,
) -> None:
    """Materialize known batches again, each by the champion of its time; nothing is trained."""
    with stoppable():
        from driftwatch_assets.command_line.backfill import backfill as run  # noqa: PLC0415 - as above

        raise typer.Exit(run(model, first=first, last=last, console=Console()))


@app.command()
def reset(
    model: Model,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete all that was made of one model's files, after saying what goes; the files and other models stay."""
    from driftwatch_assets.command_line.reset import reset as run  # noqa: PLC0415 - as above

    raise typer.Exit(run(model, agreed=lambda: yes or typer.confirm("Delete it?"), console=Console()))


@app.command()
def retry(
    model: Model,
    batch: Annotated[str | None, typer.Argument(help="The batch, or the served hour; by default all.")] = None,
) -> None:
    """Let what failed too often, or was killed many times, be tried again; do it once the cause is mended."""
    from driftwatch_assets.command_line.retry import retry as run  # noqa: PLC0415 - as above

    raise typer.Exit(run(model, batch, console=Console()))


@app.command()
def simulate(
    model: Model,
    to: Annotated[Path, typer.Option(help="Folder that receives the files.", file_okay=False)],
    seed: Seed = 42,
) -> None:
    """Write the simulator's batches: the real format, the real kinds of dirt, a known drift."""
    with stoppable():
        from driftwatch_assets.command_line.landing import simulate_into  # noqa: PLC0415 - as above

        for path in simulate_into(model, to, seed=seed):
            typer.echo(str(path))


@app.command()
def fetch(
    model: Model,
    url: Annotated[str | None, typer.Option(help="Address to fetch instead of the declared one.")] = None,
) -> None:
    """Fetch the real batches from their publisher or address into the landing folder."""
    with stoppable():
        from driftwatch_assets.command_line.landing import fetch_into_landing  # noqa: PLC0415 - as above

        raise typer.Exit(fetch_into_landing(model, url=url, console=Console()))


@app.command()
def label(
    model: Model,
    file: Annotated[Path, typer.Argument(help="CSV with a header, or Parquet: the model's id and its label.")],
) -> None:
    """Tell the labels of rows that the service has scored, so that its performance is watched."""
    with stoppable():
        from driftwatch_assets.command_line.label import label as run  # noqa: PLC0415 - as above

        raise typer.Exit(run(model, file, console=Console()))


@app.command()
def prune(
    days: Annotated[float, typer.Option(min=0, help="Age of the runs in days, from their end.")] = 30,
) -> None:
    """Delete the logs of runs that ended well long ago, and say what that frees; no batch arrives again by it."""
    with stoppable():
        from driftwatch_assets.command_line.prune import prune as run  # noqa: PLC0415 - as above

        raise typer.Exit(run(days, console=Console()))


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 3070,
) -> None:
    """Serve predictions, reports, the page over all models and metrics."""
    from driftwatch_assets.command_line.serve import serve_reports  # noqa: PLC0415 - as above

    serve_reports(host, port)


@app.command()
def ui(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster webserver.")] = 3000,
) -> None:
    """Start webserver, daemon (sensors on) and report server; Ctrl-C stops all three."""
    from driftwatch_assets.command_line.ui import run_ui  # noqa: PLC0415 - as above

    raise typer.Exit(run_ui(host, port, console=Console()))


@alerts_app.command(name="list")
def list_alerts(
    state: Annotated[
        Literal["open", "acknowledged", "resolved"] | None, typer.Option(help="Only alerts in this state.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only alerts of this model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object an alert.")] = False,
) -> None:
    """Show alerts, the newest first."""
    from driftwatch_assets.command_line.alerts import list_alerts as run  # noqa: PLC0415 - as above

    raise typer.Exit(run(Console(), state=state, model=model, as_json=as_json))


@alerts_app.command()
def ack(
    alert: Annotated[int, typer.Argument(help="Id of the alert, as `driftwatch alerts list` shows it.")],
    by: Annotated[str, typer.Option(help="Who sees to it.", envvar="USER")],
) -> None:
    """Note that somebody sees to an open alert."""
    from driftwatch_assets.command_line.alerts import acknowledge  # noqa: PLC0415 - as above

    raise typer.Exit(acknowledge(Console(), alert, by))


@alerts_app.command()
def deliver() -> None:
    """Send what is due to the channels of `DRIFTWATCH_ALERT_CHANNELS`, as the sensor does."""
    with stoppable():
        from driftwatch_assets.command_line.alerts import deliver as run  # noqa: PLC0415 - as above

        raise typer.Exit(run(Console()))


@alerts_app.command()
def drop(
    channel: Annotated[str, typer.Argument(help="Name of the channel, as `driftwatch alerts list` shows it.")],
    model: Annotated[str | None, typer.Option(help="Only messages of this model.")] = None,
) -> None:
    """Let the messages go that wait for a channel which was taken away for good; the alerts stay."""
    from driftwatch_assets.command_line.alerts import drop as run  # noqa: PLC0415 - as above

    raise typer.Exit(run(Console(), channel, model))


@monitoring_app.command()
def upgrade() -> None:
    """Create the tables of the monitoring database, or bring them to this version."""
    with stoppable():
        from driftwatch_assets.command_line.monitoring import upgrade as run  # noqa: PLC0415 - as above

        raise typer.Exit(run(Console()))


@monitoring_app.command()
def grant(
    role: Annotated[str, typer.Argument(help="Name of the role, such as grafana.")],
    print_only: Annotated[bool, typer.Option("--print", help="Print the SQL instead.")] = False,
) -> None:
    """Let a role of PostgreSQL read the monitoring database and nothing else."""
    from driftwatch_assets.command_line.monitoring import grant as run  # noqa: PLC0415 - as above

    raise typer.Exit(run(role, Console(), print_only=print_only))


@monitoring_app.command()
def rebuild(model: Annotated[str | None, typer.Argument(help="Name of the model; by default all.")] = None) -> None:
    """Make the monitoring database again from the lake, the registry and Dagster's instance; nobody is told."""
    with stoppable():
        from driftwatch_assets.command_line.rebuild import rebuild as run  # noqa: PLC0415 - as above

        raise typer.Exit(run(model, console=Console()))
