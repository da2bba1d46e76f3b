"""The machinery that the four systems stand on. It knows none of them."""
