"""HTTP load by wrk, which costs a small part of what the servers that it asks do."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
wrk.method = "{method}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = {body}
{each}
function done(summary, latency, requests)
  io.write(string.format("requests %d\\nseconds %f\\np50 %f\\np99 %f\\nmax %f\\nerrors %d\\n",
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
"""


# A key of its own for each request.
_KEYED = """
local run, count = 0, 0
function init() math.randomseed(os.time()) run = math.random(1, 2^52) end
function request()
  count = count + 1
  wrk.headers["Idempotency-Key"] = string.format("%x-%d", run, count)
  return wrk.format()
end
"""


class Failed(Exception):
    """wrk is missing, or could not do it."""


@dataclass(frozen=True)
class Load:
    """What clients saw: times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    longest: float
    errors: int
    """Answers of 400 and above, and connections that broke."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run(
    url: str,
    *,
    clients: int = 64,
    seconds: float = 10,
    method: str = "POST",
    body: str | None = None,
    keyed: bool = False,
) -> Load:
    """So many clients, each on a connection of its own, ask one after the other; ``keyed``: with an
    Idempotency-Key.
    """
    program = shutil.which("wrk")
    if program is None:
        raise Failed("wrk isn't installed (Debian package wrk)")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "load.lua")
        text = "nil" if body is None else f"[==[{body}]==]"
        script.write_text(_SCRIPT.format(method=method, body=text, each=_KEYED if keyed else ""))
        command = [program, "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout=30s"]
        done = subprocess.run(
            [*command, f"-s{script}", url], capture_output=True, text=True, check=True
        )
    figures = dict(re.findall(r"^(\w+) ([\d.]+)$", done.stdout, re.MULTILINE))
    if "requests" not in figures:
        raise Failed(done.stdout + done.stderr)
    return Load(
        requests=int(figures["requests"]),
        seconds=float(figures["seconds"]),
        p50=float(figures["p50"]),
        p99=float(figures["p99"]),
        longest=float(figures["max"]),
        errors=int(figures["errors"]),
    )
