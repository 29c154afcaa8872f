"""A headless Chromium that opens files, driven by the DevTools protocol over a pipe."""

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

DEADLINE_SECONDS = 60.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_KEYS = {
    "Enter": ("\r", 13),
    "Escape": ("", 27),
    "ArrowRight": ("", 39),
    "ArrowDown": ("", 40),
    "Tab": ("", 9),
    "Home": ("", 36),
}

Message = dict[str, Any]


class Browser:
    """A running browser with one page, in which one file after another is opened."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self._replies: dict[int, Message] = {}
        self.events: list[Message] = []
        """Events since the last file was opened."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(
        self, file: Path, width: int = 1280, *, dark: bool = False, paper: bool = False, script: bool = True
    ) -> None:
        """Open a file, and wait until it is loaded."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="print" if paper else "", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.events.clear()
        self.call("Page.navigate", url=file.as_uri())
        self._wait_for(lambda: self._has_loaded(file.as_uri()), f"{file} is loaded")

    def _has_loaded(self, url: str) -> bool:
        """Whether a page has been loaded since it was navigated to."""
        begun = False
        for event in self.events:
            begun |= event["method"] == "Page.frameNavigated" and event["params"]["frame"]["url"] == url
            if begun and event["method"] == "Page.loadEventFired":
                return True
        return False

    def evaluate(self, expression: str) -> Any:
        """Value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys in the page, by their names in DOM events."""
        for key in keys:
            text, code = _KEYS.get(key, (key, ord(key[0].upper())))
            event = {"key": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    @property
    def complaints(self) -> list[str]:
        """What the page wrote to the console, errors and violations of its policy."""
        self.evaluate("0")  # what came before has been reported
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(event) for event in self.events if event["method"] in kinds]

    @property
    def requests(self) -> list[str]:
        """Addresses that were asked for since the last file was opened, and by it."""
        sent = (event for event in self.events if event["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in sent]

    def call(self, method: str, **parameters: Any) -> Message:
        """Call a method of the protocol, and return its result."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": parameters} | session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        self._wait_for(lambda: self._number in self._replies, method)
        reply = self._replies.pop(self._number)
        assert "error" not in reply, (method, reply)
        result: Message = reply["result"]
        return result

    def _wait_for(self, has_come: Callable[[], bool], what: str) -> None:
        """Read messages until something has come."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not has_come():
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"the browser did not answer: {what}"
            data = os.read(self._from, 1 << 20)
            assert data, f"the browser has ended: {what}"
            *whole, self._buffer = (self._buffer + data).split(b"\0")
            for message in map(json.loads, whole):
                if "id" in message:
                    self._replies[message["id"]] = message
                else:
                    self.events.append(message)

    def close(self) -> None:
        """Ask the browser to end."""
        self._session = None
        self.call("Browser.close")


@contextmanager
def start_browser(directory: Path) -> Iterator[Browser]:
    """Start a browser whose profile is in a directory; skip the test if none is installed."""
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip(f"no browser is installed: {', '.join(_NAMES)}")
    read_in, write_in = os.pipe()
    read_out, write_out = os.pipe()
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")
    shell = f'exec "$@" 3<&{read_in} 4>&{write_out}'
    command = ["bash", "-c", shell, "browser", executable, *options, f"--user-data-dir={directory}", "about:blank"]
    process = subprocess.Popen(command, pass_fds=(read_in, write_out), stderr=subprocess.DEVNULL)
    os.close(read_in)
    os.close(write_out)
    try:
        browser = Browser(write_in, read_out)
        yield browser
        browser.close()
        process.wait(DEADLINE_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(write_in)
        os.close(read_out)
