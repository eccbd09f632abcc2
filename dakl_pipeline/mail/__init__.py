"""The mails to suppliers and analysts: their texts, in Dutch, and their layout.

A mail never contains delivered data.
"""
