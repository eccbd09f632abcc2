"""The landing page in the Dagster UI: the graph of all assets, with every stage expanded.

By default the UI opens on a timeline of the last hours. It keeps the expanded groups of the graph in the URL and
remembers them in the browser.
"""

from urllib.parse import quote

from assets.chain import STAGES
from assets.sources import GROUP as SOURCES


def landing_path() -> str:
    """Return the path and query of the graph with every group expanded."""
    groups = dict.fromkeys([SOURCES, *(stage.group for stage in STAGES)])
    return "/asset-groups?expanded=" + quote(",".join(f"global@global:{group}" for group in groups), safe="@:,")
