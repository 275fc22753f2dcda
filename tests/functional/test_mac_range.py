"""An operator widens or moves the range of MACs while there are virtual NICs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from nova_netplugins import errors
from nova_netplugins.ethernet.net_api import EthernetNetApi
from tests.api.ethernet.served import Prompted, open_cloud, upgrade, write_conf

T = TypeVar("T")


class Range:
    """What a net-api does that was started with a certain ``mac_range``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._url = f"sqlite:///{directory / 'cloud.sqlite'}"

    def run(self, mac_range: str, act: Callable[[EthernetNetApi], T]) -> T:
        settings = f"[vlan]\nmac_range = {mac_range}\n"
        with open_cloud(write_conf(self._directory, self._url, settings)) as cloud:
            upgrade(cloud)
            api = cloud.net_api("vlan", Prompted())
            assert isinstance(api, EthernetNetApi)
            return act(api)

    def draw(self, mac_range: str, count: int) -> list[str]:
        return self.run(
            mac_range, lambda api: [api.create_virtual_nic("p").mac_address for _ in range(count)]
        )


@pytest.fixture
def macs(tmp_path: Path) -> Range:
    return Range(tmp_path)


def delete_all(api: EthernetNetApi) -> None:
    for nic in api.list_virtual_nics():
        api.delete_virtual_nic(nic.id)


def test_macs_of_living_nics_are_not_drawn_from_the_new_range(macs: Range) -> None:
    assert macs.draw("02:00:00:00:00:00/46", 2) == ["02:00:00:00:00:00", "02:00:00:00:00:01"]
    # Two of the sixteen are in use; an address outside of the range costs nothing.
    macs.run(
        "02:00:00:00:00:00/46", lambda api: api.create_virtual_nic("p", mac="06:00:00:00:00:09")
    )
    drawn = macs.draw("02:00:00:00:00:00/44", 14)
    assert sorted(drawn) == [f"02:00:00:00:00:{last:02x}" for last in range(2, 16)]
    with pytest.raises(errors.NoMoreMacs, match="02:00:00:00:00:00/44'; widen mac_range"):
        macs.draw("02:00:00:00:00:00/44", 1)


def test_macs_of_the_old_range_come_back_to_the_new_one(macs: Range) -> None:
    macs.draw("02:00:00:00:00:00/46", 2)
    macs.run("02:00:00:00:00:00/44", delete_all)
    assert len(set(macs.draw("02:00:00:00:00:00/44", 16))) == 16


def test_macs_outside_of_the_new_range_are_simply_gone(macs: Range) -> None:
    macs.draw("02:00:00:00:00:00/46", 2)
    macs.run("06:00:00:00:00:00/46", delete_all)
    assert macs.draw("06:00:00:00:00:00/46", 1) == ["06:00:00:00:00:00"]
