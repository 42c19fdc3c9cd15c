"""The command `limn serve`: pages and API, until a signal stops the server."""

import os
import signal
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.cli.options import settings_with, store_options

if TYPE_CHECKING:
    from search.catalog.tokens import Tokens


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
    default=12,
    show_default=True,
    type=click.IntRange(1, 256),
    help="How many requests are answered at the same time.",
)
@click.option(
    "--require-token",
    is_flag=True,
    help="Want a token (limn token create) from this machine too, as behind a proxy.",
)
@click.option(
    "--trust-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="A proxy whose X-Forwarded-For and X-Forwarded-Proto hold; may be repeated.",
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that collections may be made of from the page, with all below it.",
)
@click.option("--no-worker", is_flag=True, help="Leave queued jobs to a limn worker elsewhere.")
@click.option("--log-requests", is_flag=True, help="Write a line of JSON to stderr per request.")
@store_options
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@click.option("--reload", is_flag=True, help="Restart when a file of Limn changes: to work on it.")
def serve(
    host: str,
    port: int,
    threads: int,
    require_token: bool,
    proxies: tuple[str, ...],
    roots: tuple[Path, ...],
    no_worker: bool,
    log_requests: bool,
    store: str | None,
    memory: str | None,
    show: bool,
    reload: bool,
) -> None:
    """Serve the search page and the API."""
    if reload:
        from web.cli.reload import command_without_reload, serve_and_reload

        click.get_current_context().exit(serve_and_reload(command_without_reload()))
    from search.bootstrap import open_engine
    from search.errors import StorageFailed
    from search.malloc import give_back_freed
    from web.app import create_app
    from web.middleware.request_log import write_logs
    from web.server.http_server import open_server, url_of
    from web.services.index_follower import IndexFollower

    give_back_freed()
    if log_requests:
        write_logs()
    settings = settings_with(store, memory)
    if roots:
        settings = replace(settings, roots=roots)
    with open_engine(settings, long_running=True) as engine:
        app = create_app(engine, settings, host, want_tokens=require_token)
        state = app.extensions["limn"]
        _check_tokens(state.tokens, host)
        if "TMPDIR" not in os.environ:  # uploads end up on a disk with room; /tmp may be memory
            with suppress(StorageFailed):  # a read-only data folder can still be searched
                tempfile.tempdir = str(state.uploads.drafts())
        server = open_server(app, host, port, threads, proxies)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, server.request_stop)
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, server.request_stop)  # a closed terminal, but not nohup's
        state.warmup.start()
        follower = IndexFollower(engine)
        follower.start()
        if not no_worker and not engine.catalog.read_only:
            state.workers.start()
        url = url_of(host, server.port)
        click.echo(f"Limn is at {url}  (Ctrl-C ends it)", err=True)
        if show:
            click.launch(url)
        try:
            is_clean = server.serve()
        finally:  # a second Ctrl-C stops the workers too
            follower.stop()
            state.workers.stop()
    suffix = "" if is_clean else "; requests that took too long were cut off"
    click.echo(f"Limn has ended{suffix}.", err=True)


def _check_tokens(tokens: "Tokens | None", host: str) -> None:
    """Raise BadSetting where tokens are required and none exists."""
    from search.errors import BadSetting

    if tokens is not None and not tokens.all():
        raise BadSetting(
            "tokens-needed",
            "a server at {host} wants tokens, as others could reach it, and there is none yet; "
            "make one first: limn token create NAME",
            host=host,
        )
