"""Firefox for playwright, which drives only a build of its own: the system's, by WebDriver BiDi.

Playwright speaks BiDi to Firefox in its unlisted channel "moz-firefox". This program starts the
Firefox that its first argument names, and stands between the two: it answers the commands that
Firefox does not know and no test needs.
"""

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

# Firefox 153 does not know it; playwright sets colour scheme and motion with it for every page.
UNKNOWN = frozenset({"emulation.setMediaFeaturesOverride"})


def write_launcher(folder: Path, firefox: str) -> Path:
    """Write a program that runs this one with a Firefox, for playwright's `executable_path`."""
    launcher = folder / "firefox"
    command = shlex.join([sys.executable, __file__, firefox])
    launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
    return launcher


async def run(command: list[str]) -> int:
    """Run Firefox, and tell playwright the address of a server between the two."""
    firefox = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        found = re.search(r"listening on (ws://\S+)", line.decode(errors="replace"))
        if found:
            break
    else:
        return await firefox.wait()

    async def stand_between(playwright: ServerConnection) -> None:
        assert playwright.request is not None
        async with connect(found[1] + playwright.request.path, max_size=None) as browser:
            answers = asyncio.create_task(_pass_answers(browser, playwright))
            await _pass_commands(playwright, browser)
            answers.cancel()

    async with serve(stand_between, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"WebDriver BiDi listening on ws://127.0.0.1:{port}", file=sys.stderr, flush=True)
        async for line in firefox.stderr:  # a full pipe would stop Firefox
            sys.stderr.buffer.write(line)
        return await firefox.wait()


async def _pass_commands(playwright: ServerConnection, browser: ClientConnection) -> None:
    async for message in playwright:
        command = json.loads(message)
        if command["method"] in UNKNOWN:
            answer = {"type": "success", "id": command["id"], "result": {}}
            await playwright.send(json.dumps(answer))
        else:
            await browser.send(message)


async def _pass_answers(browser: ClientConnection, playwright: ServerConnection) -> None:
    try:
        async for message in browser:
            await playwright.send(message)
    except ConnectionClosed:
        return


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.argv[1:])))
