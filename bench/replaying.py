"""An AWS that answers at once: `python -m bench.replaying PORT UPSTREAM MILLISECONDS`.

The first request of a kind goes to the emulator, and each one like it gets the same answer after a pause, as long as
DynamoDB and SQS take. So what is measured is the function and not the emulator, whose processor would be the limit.
Reads are alike by their bodies; writes and looks for what was seen before by their operation alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3

__all__ = ["main"]

_BY_NAME = ("BatchGetItem", "BatchWriteItem", "SendMessageBatch", "SendMessage")


def main(arguments: Sequence[str]) -> int:
    """Serves until it is ended."""
    port, upstream, pause = int(arguments[0]), arguments[1], float(arguments[2]) / 1000
    http, answers = urllib3.PoolManager(timeout=30, retries=False), dict[tuple[str, bytes], tuple[int, str, bytes]]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            target = self.headers.get("x-amz-target", "")
            kind = (target, b"" if target.rpartition(".")[2] in _BY_NAME else body)
            if kind in answers:
                time.sleep(pause)
            else:
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                told = http.request("POST", f"{upstream}{self.path}", headers=headers, body=body)
                answers[kind] = (told.status, told.headers.get("content-type", ""), told.data)
            status, media, text = answers[kind]
            self.send_response_only(status)
            self.send_header("content-type", media)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            self.wfile.flush()

        do_GET = do_PUT = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
