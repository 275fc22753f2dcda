"""OpenFlow rules of one owner on an Open vSwitch bridge, beside everybody else's.

The upper half of a rule's cookie says whose it is, the lower half is a digest of all the owner's
rules: so a look at the cookies tells whether the bridge has what it should.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import PurePath

from nova_netplugins.host.commands import run

OWNER_MASK = 0xFFFFFFFF << 32
_COOKIE = re.compile(r"cookie=0x([0-9a-f]+)")


class Flows:
    """``database``: where Open vSwitch's database listens, None for the usual place; the bridges
    listen beside it."""

    def __init__(self, database: str | None) -> None:
        path = (database or "").removeprefix("unix:")
        self._directory = PurePath(path).parent if path != (database or "") else None

    def converge(self, bridge: str, owner: str, flows: Sequence[str]) -> bool:
        """The bridge has exactly these rules of the owner; whether anything was changed.

        All of it changes at once. Raises HostError.
        """
        ours = _hash(owner) << 32
        wanted = ours | _hash("\n".join(flows))
        listed = self._ofctl("dump-flows", bridge, f"cookie={ours:#x}/{OWNER_MASK:#x}")
        present = [int(digits, 16) for digits in _COOKIE.findall(listed)]
        if present == [wanted] * len(flows):
            return False
        changes = [f"delete cookie={ours:#x}/{OWNER_MASK:#x}"]
        changes += [f"add cookie={wanted:#x},{flow}" for flow in flows]
        text = "".join(f"{line}\n" for line in changes)
        self._ofctl("add-flows", bridge, "-", stdin=text)
        return True

    def _ofctl(self, verb: str, bridge: str, *arguments: str, stdin: str | None = None) -> str:
        target = f"unix:{self._directory}/{bridge}.mgmt" if self._directory else bridge
        # Bundles, which change all at once, came with OpenFlow 1.4.
        argv = ["ovs-ofctl", "-OOpenFlow14", "--bundle", verb, target, *arguments]
        return run(argv, stdin=stdin).stdout


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
