"""Corpus definitions that would execute or escape, and servers that lie, for tests/torture/archives."""
import dataclasses
import hashlib
import socket
import threading

from hostile_files import LINES, TEXTS


@dataclasses.dataclass
class Definition:
    kind: str
    name: str
    text: str
    texts: object = None  # None: must be refused
    names_line: bool = False


def definition(kind, name, more="", corpus="x", reader="html"):
    return (f"name = '{corpus}'\nfilter = {'true' if reader == 'html' else 'false'}\n[[sources]]\nkind = '{kind}'\n"
            f"name = '''{name}'''\nreader = '{reader}'\ninclude = [{chr(39) + '*' + chr(39) if reader == 'html' else ''}]\n{more}")


PINNED = f"version = '1.0'\nsha256 = '{'a' * 64}'\n"


def definitions():
    for name in ("-oAPT::Update::Pre-Invoke::=touch MARK", "--option=Dir::Bin::methods=/tmp", "../../x", "a;touch MARK", "$(touch MARK)", "a/b", ""):
        yield Definition("definition", f"deb {name}", definition("deb", name, PINNED), names_line=True)
    for name in ("x @ file:///tmp/x", "-r /tmp/x", "--index-url=http://127.0.0.1", "../x", "git+https://127.0.0.1/x", "x[y]", "./x"):
        yield Definition("definition", f"wheel {name}", definition("wheel", name, PINNED), names_line=True)
    for version in ("1 @ file:x", "-1", "1; touch MARK", "../1", "*"):
        for kind in ("deb", "wheel"):
            yield Definition("definition", f"{kind} version {version}",
                             definition(kind, "a", f"version = '{version}'\nsha256 = '{'a' * 64}'\n"), names_line=True)
    for name in ("file:///etc/passwd", "ftp://127.0.0.1/a", "https://", "http://a b", "gopher://127.0.0.1", "http://-o/x"):
        yield Definition("definition", f"url {name}", definition("url", name, reader="jsonl"), names_line=True)
    for corpus in ("../x", "/tmp/x", "a/b", "..", "-x", "", "x" * 300, "\x1b[2J"):
        text = definition("file", "/etc/hostname", corpus=corpus, reader="text").replace("\x1b", "\\u001b").replace("name = '" + corpus.replace("\x1b", "\\u001b") + "'", f'name = "{corpus}"'.replace("\x1b", "\\u001b"), 1)
        yield Definition("definition", f"corpus {corpus[:20]!r}", text, names_line=True)
    yield Definition("definition", "an unknown limit", definition("file", "/etc/hostname", reader="text") + "[limits]\nspeed = 1\n", names_line=True)
    yield Definition("definition", "a limit of 0", definition("file", "/etc/hostname", reader="text") + "[limits]\nratio = 0\n", names_line=True)


def ok(body, *headers):
    return "\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *headers, "", ""]).encode() + body


def length(number):
    return f"Content-Length: {number}"


class Liar(threading.Thread):
    """Answers by the path that was asked for."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                request = connection.recv(65536).decode(errors="replace")
                path = request.split(" ")[1].lstrip("/")
                begin = int(request.split("Range: bytes=")[1].split("-")[0]) if "Range: bytes=" in request else 0
                self.answer(connection, path, begin, request)
            except (OSError, IndexError, ValueError):
                pass

    def answer(self, connection, path, begin, request):
        half = len(LINES) // 2
        answers = {
            "honest": ok(LINES, length(len(LINES))),
            "longer": ok(LINES, length(len(LINES) + 100)),
            "chunked-cut": ok(b"%x\r\n" % half + LINES[:half] + b"\r\n", "Transfer-Encoding: chunked"),
            "no-length": b"HTTP/1.0 200 OK\r\n\r\n" + LINES[:half],
            "no-length-pinned": b"HTTP/1.0 200 OK\r\n\r\n" + LINES[:half],
            "pinned-other": ok(LINES[:half], length(half)),
            "part": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 100-199/200\r\nContent-Length: 100\r\n\r\n" + LINES[100:200],
            "negative": ok(LINES, "Content-Length: -5"),
            "no-number": ok(LINES, "Content-Length: many"),
            "two-lengths": ok(LINES, length(len(LINES)), length(100)),
            "loop": b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n",
            "to-file": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
            "steering": b"HTTP/1.1 404 \x1b[2J\x9b1A\r\nContent-Length: 0\r\n\r\n",
            "steering-location": b"HTTP/1.1 302 Found\r\nLocation: gopher://\x1b[2J/\r\nContent-Length: 0\r\n\r\n",
            "nonsense": b"\x1b[2J\0 this is no HTTP at all \r\n\r\n",
            "nothing": b"",
            "a-page": ok(b"<html>Please log in</html>", length(26)),
            "packed": ok(LINES[:half], length(half), "Content-Encoding: gzip"),
        }
        if path == "headers":
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"X-More: " + b"x" * 60000 + b"\r\n")
        if path == "endless-chunk-header":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"0" * 60000)
        if path in ("changed", "changed-tag", "wrong-range", "wrong-total"):
            return self.broken_off(connection, path, begin, request)
        connection.sendall(answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))

    def broken_off(self, connection, path, begin, request):
        """Half of the file first; then the rest of another."""
        half, tag = len(LINES) // 2, "" if path == "changed" else 'ETag: "1"'
        if begin == 0 and "If-Range" not in request and not getattr(self, path, False):
            setattr(self, path, True)
            return connection.sendall(ok(LINES[:half], length(len(LINES)), *([tag] if tag else [])))
        setattr(self, path, False)
        other = b"x" * len(LINES)
        if path == "changed-tag" or begin == 0:
            return connection.sendall(ok(LINES, length(len(LINES)), 'ETag: "2"'))
        first, total = (begin + 7 if path == "wrong-range" else begin), len(LINES) + (9 if path == "wrong-total" else 0)
        body = other[first:]
        connection.sendall((f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{len(LINES) - 1}/{total}\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n").encode() + body)


PORT = None


def start():
    global PORT
    liar = Liar()
    liar.start()
    PORT = liar.port


def servers():
    def case(path, texts=None, sha256=""):
        more = f"sha256 = '{sha256}'\n" if sha256 else ""
        return Definition("server", path, definition("url", f"http://127.0.0.1:{PORT}/{path}", more, reader="jsonl"), texts)
    whole = hashlib.sha256(LINES).hexdigest()
    yield case("honest", TEXTS)
    yield case("honest", TEXTS, whole)
    for path in ("longer", "chunked-cut", "no-length", "part", "negative", "no-number", "two-lengths", "loop", "to-file", "steering",
                 "steering-location", "nonsense", "nothing", "a-page", "headers", "endless-chunk-header", "missing"):
        yield case(path)
    for path in ("no-length-pinned", "pinned-other", "packed"):
        yield case(path, None, whole)
    for path in ("changed", "changed-tag", "wrong-range", "wrong-total"):
        yield case(path, TEXTS)


KINDS = {"definition": definitions, "server": servers}
