"""Lists in pages, between the request and the domain."""

from __future__ import annotations

from melange.ipam.lists import Window
from netkit.wsgi import Request


def window(request: Request) -> Window:
    """What part of a list is asked for."""
    return Window(request.page.limit, request.page.marker)
