"""A headless Chromium that is driven by real clicks and keys, by its own debugging pipe.

References
----------
.. [1] Chrome DevTools Protocol, domains Input, Page and Runtime.
"""

from __future__ import annotations

import base64
import fcntl
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

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")
_PATIENCE = 60.0  # seconds
_CODES = {
    **{name: name for name in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")},
    **{"Enter": "Enter", "Escape": "Escape", "Tab": "Tab"},
}
_NUMBERS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40} | {
    **{"Enter": 13, "Escape": 27, "Tab": 9}
}


class Tab:
    """A page in a window of its own."""

    def __init__(self, send: Callable[..., dict[str, Any]]) -> None:
        self._send = send

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method of the protocol [1]_."""
        return self._send(method, **parameters)

    def open(self, address: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.call("Page.navigate", url=address)
        self.wait(f"document.readyState === 'complete' && location.href === {address!r}")

    def value(self, script: str) -> Any:
        """What an expression gives; its fault is one of the test."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _PATIENCE
        while not self.value(script):
            assert time.monotonic() < end, f"still not {script}"
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """What is read in the first element of this selector."""
        return str(self.value(f"document.querySelector({selector!r}).innerText"))

    def key(self, key: str, *, shift: bool = False) -> None:
        """Press a key and let it go."""
        # Of other signs these numbers are keys that move and delete.
        number = _NUMBERS.get(key, ord(key.upper()) if key.isalnum() and len(key) == 1 else 0)
        one = {"key": key, "code": _CODES.get(key, ""), "windowsVirtualKeyCode": number}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        modifiers = 8 if shift else 0
        self.call("Input.dispatchKeyEvent", type="keyDown", modifiers=modifiers, **one, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **one)

    def type(self, text: str) -> None:
        """Press the keys of a text."""
        for sign in text:
            self.key(sign)

    def place(self, selector: str) -> tuple[float, float]:
        """The middle of an element in the window, px."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({selector!r});"
            "e.scrollIntoView({block: 'nearest'}); const b = e.getBoundingClientRect();"
            "return [b.left + b.width / 2, b.top + b.height / 2]; })()"
        )
        return box[0], box[1]

    def click(self, selector: str) -> None:
        """Click on the middle of an element, whatever lies on top there."""
        self.mouse("mousePressed", *self.place(selector))
        self.mouse("mouseReleased", *self.place(selector))

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """An event of the mouse at a point of the window, px."""
        button = {"button": "left", "clickCount": 1, **more}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def shoot(self, path: Path) -> None:
        """Keep what is seen as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def browse(folder: Path, *, width: int = 1280, height: int = 800) -> Iterator[Tab]:
    """A tab of this size, px; profile and downloads lie in `folder`.

    At the end there was no uncaught fault, and no line on the console that is one.
    """
    to_us, from_browser = os.pipe()
    to_browser, from_us = os.pipe()
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 30) for end in (to_browser, from_browser)]
    for end in (to_browser, from_browser):
        os.close(end)
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}", "about:blank"]
    process = subprocess.Popen(
        command,
        close_fds=False,
        preexec_fn=lambda: (os.dup2(ends[0], 3), os.dup2(ends[1], 4)),
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for end in ends:
        os.close(end)
    try:
        pipe = _Pipe(from_us, to_us)
        tab = pipe.tab()
        for domain in ("Page", "Runtime", "Log"):
            tab.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        tab.call("Emulation.setDeviceMetricsOverride", **size)
        pipe.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        yield tab
        tab.value("1")
        assert pipe.faults == []
    finally:
        process.kill()
        process.wait()
        os.close(from_us)
        os.close(to_us)


class _Pipe:
    """Messages of JSON, each ended by a zero byte; answers have the number of their question."""

    def __init__(self, out: int, back: int) -> None:
        self._out, self._back = out, back
        self._number, self._rest = 0, b""
        self.faults: list[str] = []

    def tab(self) -> Tab:
        """The page that the browser starts with."""
        end = time.monotonic() + _PATIENCE
        while True:
            targets = self.call("Target.getTargets")["targetInfos"]
            pages = [one["targetId"] for one in targets if one["type"] == "page"]
            if pages:
                break
            assert time.monotonic() < end, "no page is there"
        session = self.call("Target.attachToTarget", targetId=pages[0], flatten=True)["sessionId"]
        return Tab(lambda method, **more: self.call(method, session, **more))

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self._hear(answer)

    def _hear(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.faults.append(str(details.get("exception", details)))
        entry = parameters.get("entry", {})
        if event.get("method") == "Log.entryAdded" and entry.get("level") == "error":
            self.faults.append(f"{entry['text']} {entry.get('url', '')}")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._back], [], [], _PATIENCE)
            assert ready, "the browser does not answer"
            part = os.read(self._back, 1 << 20)
            assert part, "the browser is gone"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found
