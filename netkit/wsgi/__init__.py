"""What the REST servers are made of: a route table, JSON and XML, validation, errors, paging and a
server.

A resource is a list of ``Route`` rows, each with a handler: a function that takes a ``Request`` and
returns a status and a plain dict. ``Dispatcher`` is the WSGI application around them: it reads and
writes JSON or XML, validates, asks policy and turns exceptions into error bodies, once for all
handlers.
"""

from netkit.wsgi.request import Reply, Request, Result
from netkit.wsgi.routing import Mapper, Route

__all__ = ["Mapper", "Reply", "Request", "Result", "Route"]
