"""The op-orde report on an approved file, for the coordinator of its supplier (monitor rules 3.2 and 4).

Belongs here: what the report says and how it looks, made from registrations and findings. Does not belong here: where
files and reports are kept (``resources``) and the check itself (``dakl_pipeline.intake``).
"""
