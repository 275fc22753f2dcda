"""Which state of an object a call is about."""

from __future__ import annotations

import pytest

from tests.melange.everywhere import Melange, path_of

STALE = (412, "stale")


@pytest.fixture
def path(melange: Melange) -> str:
    addresses = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    melange.post(addresses, {"ip_address": {"interface_id": "vif"}})
    return f"{addresses}/10.0.0.0"


def tag_of(melange: Melange, path: str) -> str:
    tag: str = melange.call("GET", path).headers["ETag"]
    return tag


def test_an_object_has_one_etag_until_it_changes(melange: Melange, path: str) -> None:
    tag = tag_of(melange, path)
    assert tag_of(melange, path) == tag == tag_of(melange, f"{path}.xml")
    melange.delete(path)
    assert tag_of(melange, path) != tag


def test_what_the_client_has_is_not_sent_again(melange: Melange, path: str) -> None:
    tag = tag_of(melange, path)
    for known in (tag, f'"other", W/{tag}', "*"):
        answer = melange.call("GET", path, If_None_Match=known)
        assert (answer.status_int, answer.body, answer.headers["ETag"]) == (304, b"", tag)
        assert "Content-Type" not in answer.headers
    assert melange.call("GET", path, If_None_Match='"other"').status_int == 200


def test_only_the_state_that_was_meant_is_changed(melange: Melange, path: str) -> None:
    before = tag_of(melange, path)
    melange.delete(path, If_Match=f'"other", {before}')
    assert melange.refusal("PUT", f"{path}/restore", If_Match=before) == STALE
    assert melange.refusal("DELETE", path, If_Match=f"W/{tag_of(melange, path)}") == STALE
    melange.put(f"{path}/restore", If_Match="*")


def test_lists_have_no_etag(melange: Melange, path: str) -> None:
    listed = melange.call("GET", path.rpartition("/")[0])
    assert "ETag" not in listed.headers


def test_a_blocks_etag_is_of_its_tags_too(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"))
    before = tag_of(melange, path)
    melange.put(f"{path}/tags/red")
    assert melange.refusal("DELETE", path, If_Match=before) == STALE
    update = {"ip_block": {"dns1": "9.9.9.9"}}
    assert melange.refusal("PUT", path, update, If_Match=before) == STALE
    melange.put(path, update, If_Match=tag_of(melange, path))
    melange.delete(path, If_Match=tag_of(melange, path))
