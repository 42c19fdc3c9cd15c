"""`limn upgrade`: a collection changes its encoder pair, and loses nothing."""

import click

from search.encoders.checks import check_encoder
from search.engine import Engine
from search.errors import shell_word
from search.packages.editions import BUILTIN, EARLIER, in_words
from search.records import Collection
from search.settings import Settings
from search.text.amounts import amount
from search.text.printable import printable

STEPS = ("switch", "back", "finish", "discard", "decline")


@click.command()
@click.argument("name")
@click.option("--encoder", "-e", help="The pair to embed NAME by too: balanced, chinese, ...")
@click.option("--switch", is_flag=True, help="Answer by the new pair from now on.")
@click.option("--back", is_flag=True, help="Answer by the former pair again.")
@click.option("--finish", is_flag=True, help="Free the room of the former pair: no way back.")
@click.option("--discard", is_flag=True, help="Give the new pair up, and free its room.")
@click.option("--decline", is_flag=True, help="Offer no better pair for NAME again.")
@click.option(
    "--incomplete",
    is_flag=True,
    help="With --switch or --back: leave out pictures whose files can't be read, until they can.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes that decode pictures.")
@click.option("--detach", is_flag=True, help="Return at once; limn jobs shows how far it is.")
def upgrade(
    name: str,
    encoder: str | None,
    incomplete: bool,
    workers: int | None,
    detach: bool,
    **steps: bool,
) -> None:
    """Change the encoder pair of collection NAME, side by side with the present one.

    \b
    limn upgrade photos --encoder balanced    embed it by that pair too; the present one answers
    limn compare photos                       ask both the same questions
    limn upgrade photos --switch              answer by the new pair; --back returns
    limn upgrade photos --finish              free the room of the former pair

    The work goes on in the background at a low priority, also when this command is stopped; after
    a crash, limn upgrade NAME continues. Captions, marks, concepts, boards, saved searches and ids
    stay as they are.
    """
    from search.bootstrap import open_engine

    chosen = [step for step in STEPS if steps[step]]
    if len(chosen) > 1 or (chosen and encoder):
        raise click.UsageError("One step at a time, and --encoder without another step.")
    if incomplete and chosen not in (["switch"], ["back"]):
        raise click.UsageError("--incomplete goes with --switch or --back.")
    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        collection = engine.catalog.collections.one(name)
        match chosen:
            case ["switch"]:
                _report_switch(engine, collection, engine.upgrades.switch(name, incomplete))
            case ["back"]:
                _report_switch(engine, collection, engine.upgrades.back(name, incomplete))
            case ["finish"]:
                engine.upgrades.finish(name)
                _say(f"freed the embeddings of {printable(name)} by its former pair")
            case ["discard"]:
                engine.upgrades.discard(name)
                _say(f"{printable(name)} is embedded by {collection.space.encoder} alone again")
            case ["decline"]:
                engine.catalog.second_spaces.record_offer(collection, "declined")
                _say(f"no better pair is offered for {printable(name)} again")
            case _:
                _embed(engine, settings, collection, encoder, workers, detach)


def _embed(
    engine: Engine,
    settings: Settings,
    collection: Collection,
    encoder: str | None,
    workers: int | None,
    detach: bool,
) -> None:
    """Begin to embed a collection by another pair, or go on, and follow the job."""
    from indexer.cli.follow_job import run_and_follow, start_detached

    second, job = collection.second, engine.upgrades.unfinished_job(collection)
    if encoder is None and second is None and job is not None:
        encoder = str(job.source)  # its process ended before the pair was opened
    if encoder is None and not engine.upgrades.has_work(collection):
        _report_state(engine, collection)
        return
    spec = second.space.encoder if encoder is None and second is not None else encoder or ""
    check_encoder(spec)
    lacking_count = _announce(engine, settings, collection, spec)
    if not lacking_count and second is not None and second.state != "filling":
        _report_state(engine, collection)
        return
    job_id = engine.upgrades.ask(collection.name, spec, workers).id
    if detach:
        start_detached(job_id)
        return
    run_and_follow(engine.catalog, job_id)
    _report_state(engine, engine.catalog.collections.reread(collection))


def _announce(engine: Engine, settings: Settings, collection: Collection, spec: str) -> int:
    """Open the pair, downloaded where it is not here, and say what the work will cost, if any.

    Return the number of pictures and captions to embed.

    Raises:
        SpaceMismatch: the collection is embedded by that pair already, or by another second one.
        StorageFailed: the disk has too little room.
    """
    from search.cli.waiting import announce_wait
    from search.encoders.inventory.estimate import duration
    from search.encoders.inventory.speed import measure
    from search.library.upgrades import check_room, room_bytes

    with announce_wait(f"opening the encoder {spec}"):
        encoder = engine.encoder(spec)
    engine.catalog.second_spaces.check_begin(collection, encoder.space)
    pictures, captions = engine.catalog.embeddings.count_lacking(collection, encoder.space)
    if not pictures + captions:
        return 0
    room = room_bytes(pictures, captions, encoder.space.width)
    check_room(settings.data_dir, room)
    with announce_wait("measuring this machine"):
        pictures_per_s, text_ms = measure(encoder)
    time_text = duration(pictures / pictures_per_s + captions * text_ms / 1000)
    _say(
        f"{printable(collection.name)}: {amount(pictures, 'picture')} and "
        f"{amount(captions, 'caption')} to embed by {printable(encoder.space.encoder)}: "
        f"{time_text} and {room / 1e6:,.1f} MB; {printable(collection.space.encoder)} answers "
        "meanwhile"
    )
    return pictures + captions


def _report_state(engine: Engine, collection: Collection) -> None:
    """Say how far a change of the pair is, and what to type next."""
    name, second = shell_word(collection.name), collection.second
    encoder = collection.space.encoder
    own = f"{printable(collection.name)} answers by {printable(in_words(encoder))}"
    if second is None:
        pair = BUILTIN if encoder in EARLIER else "balanced"
        _say(f"{own}; begin to change that with: limn upgrade {name} --encoder {pair}")
        _say("limn encoders lists pairs, and what each is good for")
        return
    pictures, captions = engine.catalog.embeddings.count_lacking(collection, second.space)
    lacking = (
        f", but for {amount(pictures, 'picture')} and {amount(captions, 'caption')}"
        if pictures + captions
        else ""
    )
    other = printable(in_words(second.space.encoder))
    match second.state:
        case "filling":
            _say(f"{own}; it is being embedded by {other}{lacking}")
            _say(f"go on with: limn upgrade {name}; or give it up: limn upgrade {name} --discard")
        case "ready":
            _say(f"{own}; {other} is ready{lacking}")
            _say(f"compare them: limn compare {name}")
            _say(f"answer by the new one: limn upgrade {name} --switch; or --discard it")
        case "former":
            _say(f"{own}; {other} is kept to go back to: limn upgrade {name} --back")
            _say(f"free its room: limn upgrade {name} --finish")
        case "freed":
            _say(f"{own}; the embeddings by {other} are being deleted")
            _say(f"end that with: limn upgrade {name} --finish")


def _report_switch(engine: Engine, former: Collection, collection: Collection) -> None:
    """Say which pair answers, and what of the former pair's has to be made anew."""
    _report_state(engine, collection)
    anew = ["the calibration, at the next search", "an ANN index, by the server, where one pays"]
    adapters = engine.catalog.adapters.in_use()
    key = (collection.id, collection.space.id)
    if (former.id, former.space.id) in adapters and key not in adapters:
        anew.append("the query adapter: limn train --from-feedback")
    if engine.picture_map(former) is not None and engine.picture_map(collection) is None:
        anew.append(f"the map: limn map {shell_word(collection.name)}")
    _say(f"made anew for {printable(collection.space.encoder)}: {'; '.join(anew)}")


def _say(text: str) -> None:
    click.echo(text, err=True)
