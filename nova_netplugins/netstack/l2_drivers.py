"""Which layer 2 it is: ``l2_driver`` in ``[netstack]``."""

from __future__ import annotations

from oslo_config import cfg

from netkit.db import Database
from nova_netplugins.netstack import local_l2
from nova_netplugins.netstack.conf import GROUP
from nova_netplugins.netstack.l2 import L2


def load(conf: cfg.ConfigOpts, database: Database) -> L2:
    """The driver that is configured. Makes no call. Raises keystoneauth1's ``ClientException`` for
    options in ``[quantum]`` that do not go together."""
    if conf[GROUP].l2_driver == "local":
        return local_l2.make_local(conf, database)
    # openstacksdk takes its time to import, and a cloud without Neutron need not have it.
    from nova_netplugins.netstack import quantum

    return quantum.make_quantum(conf)
