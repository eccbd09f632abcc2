"""The code of the country, used beside those of the regions."""

COUNTRY = "NL"
