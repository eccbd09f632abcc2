"""The mails to suppliers: what they say, in Dutch, and how they look.

A mail never holds delivered data.
"""
