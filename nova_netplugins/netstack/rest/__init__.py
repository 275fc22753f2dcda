"""The handlers of netstack's REST API, one module a noun; ``routes.py`` says which is whose."""
