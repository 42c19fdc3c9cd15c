"""`limn serve`: the page and the API, until it is told to end."""

import signal
import sys
from types import FrameType

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port to listen at; 0 takes any free one.",
)
@click.option(
    "--threads",
    default=8,
    show_default=True,
    type=click.IntRange(1, 256),
    help="How many requests are answered at the same time.",
)
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
def serve(host: str, port: int, threads: int, show: bool) -> None:
    """Serve the search page and the API."""
    from search.bootstrap import open_engine
    from search.settings import Settings
    from web.app import create_app
    from web.guard import is_loopback
    from web.server import open_server, url_of

    signal.signal(signal.SIGTERM, _end)
    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        app = create_app(engine, settings, host)
        server = open_server(app, host, port, threads)
        app.extensions["limn"].warmup.start()
        url = url_of(host, server.effective_port)
        click.echo(f"Limn is at {url}  (Ctrl-C ends it)", err=True)
        if not is_loopback(host):
            click.secho(
                f"Who reaches {host} can see every indexed picture: there are no accounts.",
                fg="yellow",
                err=True,
            )
        if show:
            click.launch(url)
        try:
            server.run()  # returns when interrupted
        finally:
            server.close()
    click.echo("Limn has ended.", err=True)


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
