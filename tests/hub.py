"""A stand-in for the Hub on 127.0.0.1: what `huggingface_hub` asks of the Hub in order to publish.

Requests are taken as the Hub takes them: files of text come inside the commit, in base64, tables
as LFS objects that are sent before; the commit names these by their SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

TOKEN, OWNER = "hf_notarealtoken", "someone"
LFS = ".parquet"


@dataclass
class Hub:
    """What the stand-in was given."""

    address: str = ""
    repositories: dict[str, dict[str, Any]] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def files(self, commit: int = -1) -> dict[str, bytes]:
        """Path to content of a commit's files."""
        return dict(self.commits[commit]["files"])


@contextmanager
def stub_of_the_hub() -> Iterator[Hub]:
    """Serve until the block ends."""
    hub = Hub()
    handler = type("Bound", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.hub.asked.append(f"GET {self.path}")
        if not self._allowed():
            return
        name = self.path.removeprefix("/api/datasets/").partition("?")[0]
        if self.path == "/api/whoami-v2":
            self._answer({"type": "user", "name": OWNER, "orgs": []})
        elif name in self.hub.repositories:
            self._answer(self._info(name))
        else:
            self._answer({"error": f"nothing at {self.path}"}, 404)

    def do_PUT(self) -> None:
        self.hub.asked.append(f"PUT {self.path}")
        content = self._body()
        oid = self.path.rpartition("/")[2]
        if hashlib.sha256(content).hexdigest() != oid:
            self._answer({"error": "not the object of that digest"}, 400)
            return
        self.hub.objects[oid] = content
        self._answer({})

    def do_POST(self) -> None:
        self.hub.asked.append(f"POST {self.path}")
        body = self._body()
        if not self._allowed():
            return
        path = self.path
        if path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif path.startswith("/api/datasets/") and "/preupload/" in path:
            self._preupload(json.loads(body))
        elif path.endswith(".git/info/lfs/objects/batch"):
            self._batch(json.loads(body))
        elif path.startswith("/api/datasets/") and "/commit/" in path:
            self._commit(path.split("/commit/")[0].removeprefix("/api/datasets/"), body)
        else:
            self._answer({"error": f"nothing at {path}"}, 404)

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        self.hub.repositories.setdefault(name, asked)
        self._answer({"url": f"{self.hub.address}/datasets/{name}", "name": name})

    def _info(self, name: str) -> dict[str, Any]:
        paths = {
            path for one in self.hub.commits if one["repository"] == name for path in one["files"]
        }
        siblings = [{"rfilename": path} for path in sorted({".gitattributes", *paths})]
        private = bool(self.hub.repositories[name].get("private"))
        return {"id": name, "_id": "1", "private": private, "siblings": siblings, "tags": []}

    def _preupload(self, asked: dict[str, Any]) -> None:
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(LFS) else "regular",
                "shouldIgnore": False,
            }
            for file in asked["files"]
        ]
        self._answer({"files": files})

    def _batch(self, asked: dict[str, Any]) -> None:
        objects = [
            {
                **one,
                "authenticated": True,
                "actions": {"upload": {"href": f"{self.hub.address}/objects/{one['oid']}"}},
            }
            for one in asked["objects"]
        ]
        self._answer({"transfer": "basic", "objects": objects})

    def _commit(self, repository: str, body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines()]
        files = {}
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile" and value["oid"] in self.hub.objects:
                files[value["path"]] = self.hub.objects[value["oid"]]
            else:
                self._answer({"error": f"{line['key']} {value['path']} was not sent"}, 400)
                return
        if repository not in self.hub.repositories:
            self._answer({"error": "no such repository"}, 404)
            return
        head = lines[0]["value"]
        self.hub.commits.append({"repository": repository, "head": head, "files": files})
        oid = hashlib.sha1(body).hexdigest()
        address = f"{self.hub.address}/datasets/{repository}/commit/{oid}"
        self._answer({"success": True, "commitOid": oid, "commitUrl": address})

    def _allowed(self) -> bool:
        if self.headers.get("authorization") == f"Bearer {TOKEN}":
            return True
        self._answer({"error": "Invalid username or password."}, 401)
        return False

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _answer(self, data: dict[str, Any], code: int = 200) -> None:
        content = json.dumps(data).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
