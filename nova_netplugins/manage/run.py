"""Runs one command line: configuration, parser, command, output and exit code."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from netkit.errors import NotFound, ServiceError
from nova_netplugins import conf as configuration
from nova_netplugins.catalogue import Catalogue, CatalogueError, load_catalogue
from nova_netplugins.cloud import Cloud
from nova_netplugins.manage.output import FORMATS, render
from nova_netplugins.plugin import Listing

FAILED = 1
NOT_FOUND = 2

AddCommands = Callable[[Catalogue, argparse.ArgumentParser], None]
Execute = Callable[[Cloud, argparse.Namespace], Listing | str]


class _CannotOpen(Exception):
    """The database is configured wrongly."""


def run(argv: Sequence[str], prog: str, add_commands: AddCommands, execute: Execute) -> int:
    """0: done. 1: refused or failed. 2: what it names does not exist, or it is not a command.

    Errors go to the standard error stream, as one line that begins with ``error:``.
    """
    # Commands come from network services, which are known once the configuration is read.
    common = _common_options()
    given, rest = common.parse_known_args(argv)
    try:
        conf = _configuration(given)
        catalogue = load_catalogue(conf)
        parser = argparse.ArgumentParser(prog, parents=[common], allow_abbrev=False)
        add_commands(catalogue, parser)
        args = parser.parse_args(rest)
        with contextlib.closing(_open(conf, catalogue)) as cloud:
            result = execute(cloud, args)
        print(render(result, given.format), flush=True)
    except BrokenPipeError:
        # The reader, such as head, has enough. Python would complain once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except NotFound as error:
        return _fail(error, NOT_FOUND)
    except (ServiceError, CatalogueError, _CannotOpen, cfg.Error) as error:
        return _fail(error, FAILED)
    except db_exception.DBError as error:
        return _fail(f"the database does not work: {_first_line(error)}", FAILED)
    return 0


def _common_options() -> argparse.ArgumentParser:
    """The options that may stand anywhere on the command line."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = common.add_argument_group("options of every command")
    group.add_argument("--config-file", action="append", metavar="PATH", default=[])
    group.add_argument("--config-dir", action="append", metavar="DIR", default=[])
    group.add_argument("--format", choices=FORMATS, default=FORMATS[0])
    group.add_argument("--debug", action="store_true", help="log what is done")
    return common


def _configuration(given: argparse.Namespace) -> cfg.ConfigOpts:
    args = [f"--config-file={path}" for path in given.config_file]
    args += [f"--config-dir={path}" for path in given.config_dir]
    conf = configuration.load(args + (["--debug"] if given.debug else []))
    # A person waits: say at once that the database does not answer, unless told to wait.
    conf.set_default("max_retries", 0, group="database")
    if given.debug:
        log.setup(conf, configuration.PROJECT)
    else:
        # What is worth telling is in the error; warnings of libraries would only surround it.
        logging.getLogger().addHandler(logging.NullHandler())
    return conf


def _open(conf: cfg.ConfigOpts, catalogue: Catalogue) -> Cloud:
    try:
        return Cloud(conf, catalogue)
    except (ValueError, OSError, ImportError, sa.exc.ArgumentError) as error:
        raise _CannotOpen(
            f"the database of [database] connection cannot be used: {error}"
        ) from error


def _fail(error: object, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
