"""The values of columns: their conversions, and the place of a row in an order of them."""
