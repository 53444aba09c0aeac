"""The Grafana boards as JSON: `python -m deploy.dashboards.boards` writes them, a test compares them.

Grafana's own builders make the JSON (schema of Grafana 11); it is imported as it is.
"""

import itertools
import json
from pathlib import Path

from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from deploy.dashboards.graphs import BOARDS, Graph

FOLDER = Path(__file__).parent
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


def board(name: str) -> str:
    """The JSON of a board."""
    title, rows = BOARDS[name]
    made = (
        Dashboard(title)
        .uid(f"whistle-{name}")
        .tags(["whistle"])
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("browser")
        .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
    )
    ids = itertools.count(1)
    for heading, graphs in rows.items():
        made = made.with_row(Row(heading).id(next(ids)))
        for graph in graphs:
            made = made.with_panel(_panel(graph).id(next(ids)))
    return json.dumps(made.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def _panel(graph: Graph) -> Stat | Timeseries:
    made: Stat | Timeseries = Stat() if graph.stat else Timeseries().legend(_legend())
    made = made.title(graph.title).description(graph.about).unit(graph.unit).datasource(SOURCE)
    made = made.span(6 if graph.stat else 8).height(5 if graph.stat else 8)
    for ref, (legend, query) in zip("ABCDEF", graph.queries.items(), strict=False):
        made = made.with_target(Dataquery().ref_id(ref).expr(query).legend_format(legend).datasource(SOURCE))
    return made


def _legend() -> VizLegendOptions:
    return (
        VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs([])
    )


if __name__ == "__main__":
    for name in BOARDS:
        (FOLDER / f"{name}.json").write_text(board(name), encoding="utf-8")
