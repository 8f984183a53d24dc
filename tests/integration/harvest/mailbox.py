"""A mail server on this machine that keeps what it is given."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """A mail server and what has come.

    Attributes:
        server: ``host:port``, as ``smtp.server`` wants it.
        mails: what has come.
        to: for whom, by the envelope.
        refused: whether every recipient is refused.
    """

    server: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    refused: bool = False


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Serve mail while the context lasts."""
    box = Mailbox()

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 correo.ejemplo\r\n")
            for line in self.rfile:
                verb = line[:4].upper()
                if verb == b"RCPT" and box.refused:
                    self.wfile.write(b"550 " + line.strip() + b" unknown\r\n")
                elif verb == b"RCPT":
                    box.to.append(line.decode().split("<")[1].split(">")[0])
                    self.wfile.write(b"250 ok\r\n")
                elif verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    content = b"".join(iter(self.rfile.readline, b".\r\n"))
                    box.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
                    self.wfile.write(b"250 ok\r\n")
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 correo.ejemplo\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Conversation) as server:
        box.server = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield box
        server.shutdown()
        thread.join()
