"""Configuration of a home: its folders, settings, secret key, environment, and the versions of the code."""
