"""The DAG: one thin module per stage of the statistic.

Belongs here: which tables a stage reads and makes, and which checks hold. Does not belong here: rules of the statistic
(``dakl_pipeline.statistics``) and the outside world (``resources``).
"""
