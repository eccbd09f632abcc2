"""The code of the country, which stands beside those of the regions."""

COUNTRY = "NL"
