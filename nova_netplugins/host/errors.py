"""What can go wrong when a host is changed."""

from __future__ import annotations


class HostError(Exception):
    """A change to the host was refused; the message names what and what would be right."""


class NotFound(HostError):
    """The link, namespace, table or element to work on does not exist."""


class AlreadyExists(HostError):
    """Something else already has this name or key."""


class NotSupported(HostError):
    """The kernel, or a program it needs, lacks the feature."""


class BadSettings(HostError):
    """A program does not accept what it would be told; nothing is changed."""
