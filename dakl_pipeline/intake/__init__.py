"""The intake: names, formats, values and content of delivered files, and which files count."""
