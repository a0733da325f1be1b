"""HAProxy and nginx as the guide configures them, in front of servers of a test."""

import contextlib
import csv
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.processes.embedded_runs import ROOT
from tests.processes.event_clients import Server
from tests.processes.pooler import answers
from tests.waiting import eventually

GUIDE = ROOT / "docs" / "how-to" / "behind-a-proxy.md"


def block(heading: str, number: int = 0) -> str:
    """Return a block of code of the guide, by the heading of its part."""
    part = GUIDE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks: list[str] = re.findall(r"```\w+\n(.*?)```", part, re.DOTALL)
    return blocks[number]


def replaced(text: str, pattern: str, *replacements: str) -> str:
    """Return the text with each match of a pattern replaced; there must be as many as replacements."""
    left = list(replacements)
    done = re.sub(pattern, lambda _: left.pop(0), text)
    assert not left, f"the guide has no such line: {pattern}"
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class HAProxy:
    """A HAProxy that runs.

    Attributes:
        port: where it listens.
        control: the socket on which it is asked.
    """

    port: int
    control: Path

    def wait_for(self, count: int) -> None:
        """Return when it sends requests to so many servers."""
        eventually(lambda: self._states().count("UP") == count, f"HAProxy does not see {count} servers", 90)

    def _states(self) -> list[str]:
        with socket.socket(socket.AF_UNIX) as asking:
            # It is there a moment after the port.
            if asking.connect_ex(str(self.control)):
                return []
            asking.sendall(b"show stat\n")
            with asking.makefile() as answer:
                rows = list(csv.DictReader(answer))
        return [row["status"] for row in rows if row["svname"] not in {"FRONTEND", "BACKEND"}]


@contextlib.contextmanager
def haproxy(folder: Path, servers: Sequence[Server], config: str) -> Iterator[HAProxy]:
    """Run HAProxy by a configuration of the guide, without TLS, from when it has found the servers."""
    port = free_port()
    config = replaced(config, r"bind :443.*", f"bind 127.0.0.1:{port}")
    config = replaced(config, r"10\.0\.0\.\d:3000", *(f"127.0.0.1:{server.port}" for server in servers))
    control = folder / "haproxy.sock"
    file = folder / "haproxy.cfg"
    file.write_text(f"global\n    stats socket {control} mode 600 level admin\n    stats timeout 2m\n{config}")
    with _running(folder, ["haproxy", "-db", "-f", str(file)], port):
        running = HAProxy(port=port, control=control)
        running.wait_for(len(servers))
        yield running


@contextlib.contextmanager
def nginx(folder: Path, server: Server) -> Iterator[int]:
    """Run nginx by the guide's configuration, without TLS, and yield its port."""
    port = free_port()
    config = replaced(block("nginx"), r"listen 443 ssl;", f"listen 127.0.0.1:{port};")
    config = re.sub(r" *ssl_certificate.*\n", "", replaced(config, r"127\.0\.0\.1:3000", f"127.0.0.1:{server.port}"))
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{places}{config}}}\n"
    )
    with _running(folder, ["nginx", "-c", str(file), "-e", str(folder / "error.log")], port):
        yield port


@contextlib.contextmanager
def _running(folder: Path, command: list[str], port: int) -> Iterator[None]:
    program = shutil.which(command[0], path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program, f"{command[0]} is not installed"
    log = folder / f"{command[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen([program, *command[1:]], stdout=output, stderr=output)
    try:
        eventually(lambda: process.poll() is not None or answers(port), "it does not listen")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
