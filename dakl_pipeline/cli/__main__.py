"""``python -m dakl_pipeline.cli``: the command ``dakl`` when its script is not on the path."""

import sys

from dakl_pipeline.cli.main import main

sys.exit(main())
