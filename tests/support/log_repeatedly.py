"""A process that delivers repeatedly and prints each id; run by ``test_delivery_store``.

python -m tests.support.log_repeatedly ROOT FILE TIMES     prints the id of each delivery once it is logged
"""

import sys
from pathlib import Path

from resources.storage.delivery_store import DeliveryStore
from tests.support.log_entries import log_file


def main() -> None:
    root, file, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    store = DeliveryStore(root)
    for _ in range(times):
        print(log_file(store, file).delivery_id, flush=True)


if __name__ == "__main__":
    main()
