"""The API of Melange v0.1 as its clients know it, call by call: ``gabbits/*.yaml``.

Each file is one story about one noun, told over a server and a database of its own; a test depends
on those above it, which gabbi runs first when it is selected alone (``-k``).
"""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from pathlib import Path

import pytest
from gabbi import case
from gabbi.driver import build_tests
from gabbi.reporter import PyTestResult
from gabbi.suite import GabbiSuite

from tests.melange import gabbi_fixtures
from tests.melange.gabbi_handlers import Fault, Members, Text, XmlPaths

# Not gabbi's own plug-in for pytest: it takes every test with a colon in its name for one of its.
_SUITES: dict[str, GabbiSuite] = {
    suite._tests[0].test_base_name: suite
    for suite in build_tests(
        str(Path(__file__).parent / "gabbits"),
        unittest.TestLoader(),
        intercept=lambda: gabbi_fixtures.application,
        test_loader_name=__name__,
        fixture_module=gabbi_fixtures,
        response_handlers=[Fault, Members, Text],
        content_handlers=[XmlPaths],
    )
}
_CALLS = [
    pytest.param(name, call, id=f"{name}: {call.test_data['name'].replace('/', ' ')}")
    for name, suite in sorted(_SUITES.items())
    for call in suite
]
_RESULT = PyTestResult()


@pytest.fixture(scope="module")
def story(request: pytest.FixtureRequest) -> Iterator[None]:
    """The server of one file, from its first test to its last."""
    suite = _SUITES[request.param]
    suite.start(_RESULT)
    yield
    suite.stop()


@pytest.mark.parametrize("story, call", _CALLS, indirect=["story"], scope="module")
def test_melange(story: None, call: case.HTTPTestCase) -> None:
    call(_RESULT)
