# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""A forward proxy as companies have one: absolute URLs, and CONNECT tunnels."""

import socket
import socketserver
import threading


class ForwardProxy:
    """Leads every host name to 127.0.0.1, at the port that was asked for.

    `asked` holds one (method, host, port) for every connection; `ports` may
    lead a port to another one.
    """

    def __init__(self, ports=None):
        self.asked = []
        self.ports = dict(ports or {})
        self._server = socketserver.ThreadingTCPServer(
            ("127.0.0.1", 0), _handler_for(self)
        )
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _handler_for(proxy):
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            head = self.rfile.readline()
            if not head:
                return
            method, target, _ = head.decode("latin-1").split(" ")
            if method == "CONNECT":
                authority = target
                while self.rfile.readline().strip():
                    pass
            else:
                authority, path = target.removeprefix("http://").split("/", 1)
            host, port = authority.rsplit(":", 1)
            proxy.asked.append((method, host, int(port)))
            with socket.create_connection(
                ("127.0.0.1", proxy.ports.get(int(port), int(port)))
            ) as server:
                if method == "CONNECT":
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(
                        target=_pump, args=(server, self.connection)
                    )
                    back.start()
                    _pump(self.connection, server)
                    back.join()
                else:
                    self._forward(server, f"{method} /{path} HTTP/1.1\r\n")

        def _forward(self, server, head):
            """One exchange: the connection is closed after it."""
            lines = []
            while (line := self.rfile.readline()).strip():
                name = line.split(b":", 1)[0].lower()
                if name not in (b"connection", b"proxy-connection", b"expect"):
                    lines.append(line)
            lines.append(b"Connection: close\r\n\r\n")
            server.sendall(head.encode("latin-1") + b"".join(lines))
            length = next(
                (
                    int(x.split(b":")[1])
                    for x in lines
                    if x[:15].lower() == b"content-length:"
                ),
                0,
            )
            server.sendall(self.rfile.read(length))
            _pump(server, self.connection)

    return Handler
