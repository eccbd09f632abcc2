"""The steps from registration to statistic: pure functions over Polars frames, one module per stage.

Belongs here: the rules of the monitor. Does not belong here: reading, writing and scheduling.
"""
