"""Melange under kill -9: of its workers, of the server, of PostgreSQL and of its backends.

``python -m tests.chaos --seconds 300 --seed 7`` storms longer than `make test` does.
"""
