"""oidc-provider from npm in a process of its own, and a person's browser at it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.npm_clients import NODE

HERE = "http://fieldstone.test"
SETTINGS = {"public_url": HERE, "secret_key": "a" * 32}


@dataclass(slots=True)
class NodeProvider:
    """oidc-provider in a process of its own."""

    issuer: str
    process: asyncio.subprocess.Process

    def setting(self, **changes: Any) -> str:
        one = {
            "issuer": self.issuer,
            "clientId": "fieldstone",
            "clientSecret": "a secret: with/characters?",
            "claims": {"role": "role"},
            "roles": ["admin", "viewer"],
        }
        return json.dumps([one | changes])

    async def rotate(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()
        while await self.process.stdout.readline() != b'{"rotated":true}\n':
            assert self.process.returncode is None


@asynccontextmanager
async def provider_of(clients: Path, *, seconds: int = 600, here: str = HERE) -> AsyncIterator[NodeProvider]:
    """Run a provider for the server at an address, whose tokens last for some seconds."""
    arguments = ("fieldstone", "a secret: with/characters?", f"{here}/auth/callback", str(seconds))
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(clients / "provide_tokens.js"),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while not (line := await process.stdout.readline()).startswith(b"{"):
                assert line, "it does not begin"
        yield NodeProvider(json.loads(line)["issuer"], process)
    finally:
        process.kill()
        await process.wait()


async def visit(address: str, login: str) -> str:
    """Return the address that the provider sends the browser of a person back to."""
    async with httpx.AsyncClient(follow_redirects=False) as browser:
        answer = await browser.get(address)
        for _ in range(10):
            while answer.is_redirect:
                target = str(httpx.URL(str(answer.url)).join(answer.headers["location"]))
                if target.startswith(HERE):
                    return target
                answer = await browser.get(target)
            assert answer.status_code == 200, answer.text
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action is not None
            assert prompt is not None
            form = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = await browser.post(str(httpx.URL(str(answer.url)).join(action[1])), data=form)
    raise AssertionError("the provider asks for ever")
