"""How figures are shown: Dutch numbers and days, tables for people, Markdown for the Dagster UI, export formats."""
