"""Presentation of figures: Dutch numbers and dates, tables for people, Markdown for the Dagster UI, export formats."""
