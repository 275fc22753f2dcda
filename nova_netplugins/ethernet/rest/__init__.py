"""The REST resources of an Ethernet service: one module a noun, with its schemas and its
handlers."""
