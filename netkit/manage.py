"""The frame of a management tool: common options, output, errors as one line, exit codes."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from netkit.errors import NotFound, ServiceError
from netkit.output import FORMATS, render
from netkit.output import Outcome as Outcome

T = TypeVar("T")

FAILED = 1
NOT_FOUND = 2


class _CannotOpen(Exception):
    """The database is configured wrongly."""


def common_options() -> argparse.ArgumentParser:
    """The options that may stand anywhere on the command line."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = common.add_argument_group("options of every command")
    group.add_argument("--config-file", action="append", metavar="PATH", default=[])
    group.add_argument("--config-dir", action="append", metavar="DIR", default=[])
    group.add_argument("--format", choices=FORMATS, default=FORMATS[0])
    group.add_argument("--debug", action="store_true", help="log what is done")
    return common


def configuration(
    load: Callable[[list[str]], cfg.ConfigOpts], project: str, given: argparse.Namespace
) -> cfg.ConfigOpts:
    """As ``load`` reads it from the files that the common options name. Sets logging up."""
    args = [f"--config-file={path}" for path in given.config_file]
    args += [f"--config-dir={path}" for path in given.config_dir]
    conf = load(args + (["--debug"] if given.debug else []))
    # A person waits: say at once that the database does not answer, unless told to wait.
    conf.set_default("max_retries", 0, group="database")
    if given.debug:
        log.setup(conf, project)
    else:
        # What is worth telling is in the error; warnings of libraries would only surround it.
        logging.getLogger().addHandler(logging.NullHandler())
    return conf


def opened(make: Callable[[], T]) -> T:
    """What ``make`` makes of a database; what is wrong with its URL becomes an error for `run`."""
    try:
        return make()
    except (ValueError, OSError, ImportError, sa.exc.ArgumentError) as error:
        raise _CannotOpen(
            f"the database of [database] connection cannot be used: {error}"
        ) from error


def run(
    work: Callable[[], Outcome], format: str, expected: tuple[type[Exception], ...] = ()
) -> int:
    """Prints what ``work`` results in, unless that is empty; returns the exit code: its own or,
    after an error that is expected, 2 if something does not exist and 1 else.
    """
    try:
        outcome = work()
        if outcome.result:
            print(render(outcome.result, format), flush=True)
    except BrokenPipeError:
        # The reader, such as head, has enough. Python would complain once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except NotFound as error:
        return _fail(error, NOT_FOUND)
    except (ServiceError, _CannotOpen, cfg.Error, *expected) as error:
        return _fail(error, FAILED)
    except db_exception.DBError as error:
        return _fail(f"the database does not work: {_first_line(error)}", FAILED)
    else:
        return outcome.code
    return 0


def _fail(error: object, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
