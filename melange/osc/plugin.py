"""Melange in the ``openstack`` command: the plug-in that python-openstackclient loads.

Its interface is described in python-openstackclient's documentation, "Plugin interface".
"""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib import utils

from melange.client import SERVICE_TYPE, Client

API_NAME = "ipam"
API_VERSION_OPTION = "os_ipam_api_version"
DEFAULT_API_VERSION = "0.1"
API_VERSIONS = ("0.1",)


def make_client(instance: Any) -> Client:
    """``instance``: OSC's ClientManager, which knows credentials, catalogue and clouds.yaml."""
    override = instance.get_configuration().get(f"{SERVICE_TYPE}_endpoint_override")
    return Client(
        instance.session,
        region_name=instance.region_name,
        interface=instance.interface,
        endpoint_override=override,
    )


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "--os-ipam-api-version",
        metavar="<ipam-api-version>",
        default=utils.env("OS_IPAM_API_VERSION"),
        help=f"IPAM API version, default={DEFAULT_API_VERSION} (Env: OS_IPAM_API_VERSION)",
    )
    return parser
