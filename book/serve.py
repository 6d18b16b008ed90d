"""Show the built book, on this machine only, until Ctrl-C."""

import functools
import http.server
import os
import sys

from pages import HTML


def main() -> None:
    """Serve the pages on the port that PORT names."""
    text = os.environ.get("PORT", "8000")
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        sys.exit(f"PORT must be a whole number from 1 to 65535; got {text!r}")
    if not (HTML / "index.html").is_file():
        sys.exit("There is no book yet: run make book first.")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=HTML)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(text)), handler)
    except OSError as error:
        sys.exit(f"PORT={text} cannot be used ({error.strerror}); name another one: PORT=8123")
    print(f"The book is on http://localhost:{text} until Ctrl-C.", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
