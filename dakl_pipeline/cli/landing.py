"""Where to land in the Dagster UI: the graph of all assets, with every stage opened.

By itself the UI opens on a timeline of the last hours. It keeps which groups of the graph are open in the address, and
remembers them in the browser.
"""

from urllib.parse import quote

from assets.chain import STAGES
from assets.sources import GROUP as SOURCES


def landing_path() -> str:
    """Path and query of the graph with every group open."""
    groups = dict.fromkeys([SOURCES, *(stage.group for stage in STAGES)])
    return "/asset-groups?expanded=" + quote(",".join(f"global@global:{group}" for group in groups), safe="@:,")
