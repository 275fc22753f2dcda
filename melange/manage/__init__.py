"""``melange-manage``: the database, clearing away, checks, and bringing data in and out."""
