"""``python -m dakl_pipeline.cli``: the command ``dakl`` for when its script is not on the path.

Belongs here: the call. Does not belong here: anything else.
"""

import sys

from dakl_pipeline.cli.main import main

sys.exit(main())
