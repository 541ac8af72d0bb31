"""Panels of a dashboard, typed, and how they become Grafana's JSON.

Written here because Grafana's own builder library knows no SQL query and follows an older schema. What comes out is
checked against the schema that Grafana publishes (see `schema/`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]

Kind = Literal["stat", "timeseries", "trend", "barchart", "table"]
"""Grafana's panel types that are used: all of them come with it."""

Colour = Literal["green", "yellow", "orange", "red", "blue", "purple", "text"]

_COLUMNS = 24
_POSTGRESQL = "grafana-postgresql-datasource"


@dataclass(frozen=True)
class Datasource:
    """A database that panels read; `provisioning/datasources/` tells Grafana where it is."""

    uid: str

    def reference(self) -> Json:
        """Give what a panel names it by."""
        return {"type": _POSTGRESQL, "uid": self.uid}


MONITORING = Datasource("driftwatch-monitoring")
MLFLOW = Datasource("driftwatch-mlflow")


@dataclass(frozen=True)
class Column:
    """How a column of a table, or a line of a chart, is shown.

    Attributes
    ----------
    name
        The column's name in the query.
    unit
        Grafana's name of a unit, like ``percentunit`` or ``s``.
    decimals
        Digits after the point.
    colours
        By text, the colour of a cell with that text.
    link
        Address that a cell leads to; Grafana fills in ``${__data.fields.<column>}``.
    width
        Of the column, in pixels.
    dashed
        Whether the line is a dashed one: a bound, not a measurement.
    plain
        Whether its cells stay without colour where the others have one.

    """

    name: str
    unit: str | None = None
    decimals: int | None = None
    colours: dict[str, Colour] = field(default_factory=dict)
    link: str | None = None
    width: int | None = None
    dashed: bool = False
    plain: bool = False

    def override(self, kind: Kind) -> Json:
        """Give Grafana's override for the field of this name, in a panel of a kind."""
        properties: list[Json] = []
        if self.unit is not None:
            properties.append({"id": "unit", "value": self.unit})
        if self.decimals is not None:
            properties.append({"id": "decimals", "value": self.decimals})
        if self.colours:
            properties.append({"id": "mappings", "value": [_mapping(self.colours)]})
            if kind == "table":
                properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
        if self.link is not None:
            opened = {"title": f"Open {self.name}", "url": self.link, "targetBlank": False}
            properties.append({"id": "links", "value": [opened]})
        if self.plain:
            properties.append({"id": "custom.cellOptions", "value": {"type": "auto"}})
        if self.width is not None:
            properties.append({"id": "custom.width", "value": self.width})
        if self.dashed:
            properties.append({"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}})
            properties.append({"id": "custom.showPoints", "value": "never"})
            properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}})
        return {"matcher": {"id": "byName", "options": self.name}, "properties": properties}


def _mapping(colours: dict[str, Colour]) -> Json:
    texts = {text: {"color": colour, "index": at} for at, (text, colour) in enumerate(colours.items())}
    return {"type": "value", "options": texts}


@dataclass(frozen=True)
class Panel:
    """One panel: a query and how its answer is shown.

    Attributes
    ----------
    title, description
        For people; the description is shown when the pointer rests on the title.
    kind
        Grafana's panel type.
    datasource
        The database.
    sql
        One SELECT.
    options, defaults
        Grafana's options of the panel type, and what holds for every field.
    columns
        What holds for single ones.
    transformations
        What Grafana does with the answer before it draws it.
    width, height
        In Grafana's grid of 24 columns.
    may_be_empty
        Whether no row is good news (no open alert, say); the panel then says so in words.

    """

    title: str
    description: str
    kind: Kind
    datasource: Datasource
    sql: str
    options: Json
    defaults: Json
    columns: tuple[Column, ...] = ()
    transformations: tuple[Json, ...] = ()
    width: int = 12
    height: int = 8
    may_be_empty: bool = False

    def as_json(self, number: int, x: int, y: int) -> Json:
        """Give the panel as Grafana reads it, at a place of the grid."""
        reference = self.datasource.reference()
        query = {
            "refId": "A",
            "datasource": reference,
            "editorMode": "code",
            "format": "table",
            "rawQuery": True,
            "rawSql": self.sql,
        }
        drawn: Json = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "datasource": reference,
            "targets": [query],
            "fieldConfig": {"defaults": self.defaults, "overrides": [one.override(self.kind) for one in self.columns]},
            "options": self.options,
        }
        if self.transformations:
            drawn["transformations"] = list(self.transformations)
        return drawn


def stat(
    title: str,
    description: str,
    datasource: Datasource,
    sql: str,
    *,
    columns: tuple[Column, ...] = (),
    width: int = 4,
) -> Panel:
    """Give a panel that shows each column of the first row, text or number, by its name."""
    return Panel(
        title=title,
        description=description,
        kind="stat",
        datasource=datasource,
        sql=sql,
        options={
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "horizontal",
            "percentChangeColorMode": "standard",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False},
            "showPercentChange": False,
            "textMode": "value_and_name",
            "wideLayout": True,
        },
        defaults={"color": {"mode": "fixed", "fixedColor": "text"}, "noValue": "none yet"},
        columns=columns,
        width=width,
        height=5,
    )


def chart(
    title: str,
    description: str,
    datasource: Datasource,
    sql: str,
    *,
    x: str | None,
    columns: tuple[Column, ...] = (),
    unit: str = "none",
    bounded: bool = False,
    width: int = 12,
) -> Panel:
    """Give a panel of lines: over time where `x` is None, else over the numbers in the column `x`.

    The query gives the column ``time``, or `x` in rising order, and one column a line; `bounded` lets the axis reach
    from 0 to 1.
    """
    lines: Json = {
        "axisBorderShow": False,
        "axisLabel": "" if x is None else x,
        "drawStyle": "line",
        "fillOpacity": 0,
        "lineInterpolation": "linear",
        "lineWidth": 2,
        "pointSize": 6,
        "showPoints": "always",
        "spanNulls": True,
    }
    if bounded:
        lines |= {"axisSoftMin": 0, "axisSoftMax": 1}
    options: Json = {
        "legend": {"calcs": ["lastNotNull"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    if x is not None:
        options["xField"] = x
        # The axis of a trend takes its numbers' own format.
        columns = (Column(x, unit="none", decimals=0), *columns)
    return Panel(
        title=title,
        description=description,
        kind="timeseries" if x is None else "trend",
        datasource=datasource,
        sql=sql,
        options=options,
        defaults={"color": {"mode": "palette-classic-by-name"}, "custom": lines, "unit": unit},
        columns=columns,
        width=width,
    )


def bars(title: str, description: str, datasource: Datasource, sql: str, *, x: str, width: int = 8) -> Panel:
    """Give a panel of bars, one a row, named by the text in the column `x`."""
    return Panel(
        title=title,
        description=description,
        kind="barchart",
        datasource=datasource,
        sql=sql,
        options={
            "barWidth": 0.8,
            "fullHighlight": False,
            "groupWidth": 0.7,
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            "orientation": "horizontal",
            "showValue": "always",
            "stacking": "none",
            "tooltip": {"mode": "multi", "sort": "none"},
            "xField": x,
            "xTickLabelMaxLength": 30,
            "xTickLabelRotation": 0,
        },
        defaults={
            "color": {"mode": "palette-classic-by-name"},
            "custom": {"fillOpacity": 80, "lineWidth": 1},
            "decimals": 0,
            "noValue": "none yet",
        },
        width=width,
    )


def table(
    title: str,
    description: str,
    datasource: Datasource,
    sql: str,
    *,
    columns: tuple[Column, ...] = (),
    empty: str | None = None,
    width: int = 24,
    height: int = 8,
) -> Panel:
    """Give a table; `empty` is what it says when no row is good news."""
    return Panel(
        title=title,
        description=description,
        kind="table",
        datasource=datasource,
        sql=sql,
        options={"cellHeight": "sm", "showHeader": True, "frameIndex": 0},
        defaults={
            "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True, "inspect": False},
            "noValue": empty or "none yet",
        },
        columns=columns,
        width=width,
        height=height,
        may_be_empty=empty is not None,
    )


def heatmap(
    title: str,
    description: str,
    datasource: Datasource,
    sql: str,
    *,
    row: str,
    column: str,
    value: str,
    top: float,
    height: int = 12,
) -> Panel:
    """Give a coloured table: the query's long form becomes one row a `row` and one column a `column`.

    Grafana's own heatmap needs time on its axis, which not every batch has; the table takes any batch's name, and a
    cell shows its number, so that nobody needs to tell colours apart.
    """
    cells = {"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}, "inspect": False}
    matrix = {"columnField": column, "rowField": row, "valueField": value, "emptyValue": "null"}
    return Panel(
        title=title,
        description=description,
        kind="table",
        datasource=datasource,
        sql=sql,
        options={"cellHeight": "sm", "showHeader": True, "frameIndex": 0},
        defaults={
            "color": {"mode": "continuous-YlRd"},
            "custom": cells,
            "decimals": 2,
            "max": top,
            "min": 0,
            "noValue": "-",
        },
        columns=(Column(f"{row}\\{column}", width=240, plain=True),),
        transformations=({"id": "groupingToMatrix", "options": matrix},),
        width=_COLUMNS,
        height=height,
    )


@dataclass(frozen=True)
class Row:
    """A headline and the panels beneath it, which fill the grid from left to right."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """A dashboard as it is committed.

    Attributes
    ----------
    uid
        The last part of its address; at most 40 characters.
    title, description
        For people.
    rows
        From top to bottom.
    start, end
        The time that charts show, as Grafana writes it.
    """

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    start: str = "now-30d"
    end: str = "now"

    @property
    def panels(self) -> list[Panel]:
        """All panels, from top to bottom."""
        return [panel for row in self.rows for panel in row.panels]

    def as_json(self) -> Json:
        """Give the dashboard as Grafana provisions it."""
        panels: list[Json] = []
        y = 0
        for row in self.rows:
            place = {"x": 0, "y": y, "w": _COLUMNS, "h": 1}
            panels.append(
                {
                    "id": len(panels) + 1,
                    "type": "row",
                    "title": row.title,
                    "collapsed": False,
                    "gridPos": place,
                    "panels": [],
                }
            )
            y += 1
            x = line = 0
            for panel in row.panels:
                if x + panel.width > _COLUMNS:
                    x, y, line = 0, y + line, 0
                panels.append(panel.as_json(len(panels) + 1, x, y))
                x, line = x + panel.width, max(line, panel.height)
            y += line
        others: Json = {
            "title": "Models",
            "type": "dashboards",
            "tags": ["driftwatch"],
            "asDropdown": True,
            "icon": "external link",
            "includeVars": False,
            "keepTime": False,
            "targetBlank": False,
            "tooltip": "",
            "url": "",
        }
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["driftwatch"],
            "editable": False,
            "graphTooltip": 1,
            "links": [others],
            "panels": panels,
            "refresh": "1m",
            "schemaVersion": 42,
            "time": {"from": self.start, "to": self.end},
            "timezone": "utc",
            "annotations": {"list": []},
            "templating": {"list": []},
        }
