"""Keys that look drawn, as the program wants them, and are the same every time."""

import hashlib

FIRST_KEY, OTHER_KEY, THIRD_KEY = (hashlib.sha256(name).hexdigest() for name in (b"first", b"other", b"third"))
