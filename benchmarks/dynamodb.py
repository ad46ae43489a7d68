"""DynamoDB by moto, one request at a time: its operations are atomic, moto's threads are not."""

import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def serve(port: int) -> None:
    """Serve on loopback until the process is ended."""
    app = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", port, app, threaded=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
