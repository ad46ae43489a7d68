"""`leasehold import`: the predecessor's `configs.json` becomes an environment, in one commit.

With --from-aws it looks at the account, too, and changes nothing there. What becomes of each field
is decided in `leasehold.predecessor`; here it is asked for, written and told.
"""

import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import click
from rich.text import Text

from leasehold import clone as clones
from leasehold.clone import into_option
from leasehold.console import dim, say
from leasehold.context import Cloud, clock, home_option
from leasehold.git_author import author as author_of
from leasehold.import_report import Asked, advise, message, second_step_told, tell
from leasehold.new_environment import readme, wrong_value
from leasehold.predecessor.account import PredecessorAccount
from leasehold.predecessor.configs import Configs, read_configs
from leasehold.predecessor.fitting import fitted
from leasehold.predecessor.found import Found
from leasehold.predecessor.move import Move, move
from leasehold.predecessor.second_step import second_step
from leasehold.predecessor.settings import Wish
from leasehold.regions import wrong_region
from leasehold.state_dir import StateDir
from ledger import variables
from ledger.checkout import documents
from ledger.documents import parse_environment
from ledger.errors import Refused
from ledger.holdings import ROOT, environment_path, environments, read_fleet
from ledger.json_files import as_sentences
from ledger.names import EndpointName
from ledger.snapshot import Person

_LONGEST_NAME = 30
_ROLE, _OUTPUT = "--role-arn", "--async-output-path"
_FIELDS = {_ROLE: "execution_role_arn", _OUTPUT: "async_output_path"}


@click.command("import")
@click.argument("file", metavar="CONFIGS_JSON", type=click.Path(path_type=Path))
@click.option(
    "--environment",
    "-e",
    envvar=variables.ENVIRONMENT,
    metavar="NAME",
    help="What to call the environment; by default as the file's project_prefix.",
)
@click.option(
    _ROLE,
    "--execution-role-arn",
    "execution_role_arn",
    metavar="ARN",
    help="Role that SageMaker assumes; the file names none, so it is required.",
)
@click.option("--region", "region_name", metavar="NAME", help="AWS region, if not the file's.")
@click.option(
    _OUTPUT,
    metavar="S3",
    help="Where asynchronous endpoints leave their answers, if nothing says so at AWS.",
)
@click.option("--from-aws", is_flag=True, help="Look at what runs, until when, and on what.")
@click.option(
    "--second-step", is_flag=True, help="Bring definitions that were imported to their model_id."
)
@click.option("--only", multiple=True, metavar="NAME", help="With --second-step: only this one.")
@click.option("--no-commit", is_flag=True, help="Write the files and leave the commit to you.")
@click.option("--author", metavar='"NAME <EMAIL>"', help="Author of the commit; by default you.")
@into_option
@click.option(
    "--repository",
    envvar=variables.REPOSITORY,
    metavar="URL",
    help="Address of the ledger's repository; then AWS is the real one.",
)
@home_option("Without a repository: the folder of a running `leasehold up`, whose AWS is asked.")
def import_(  # noqa: PLR0913  (one for each option)
    *,
    file: Path,
    environment: str | None,
    region_name: str | None,
    from_aws: bool,
    second_step: bool,
    only: tuple[str, ...],
    no_commit: bool,
    author: str | None,
    into: Path,
    repository: str | None,
    home: Path,
    **given: str | None,
) -> None:
    """Turn the predecessor's CONFIGS_JSON (Amazon SageMaker Endpoint Manager) into an environment.

    It says where each field went, and what is left to do. First each endpoint that runs goes on as
    it is (--from-aws); then --second-step brings it to its model_id and a lock. AWS is only read.
    """
    configs = _configs(file)
    name = environment or fitted(configs.project_prefix, _LONGEST_NAME) or "imported"
    running = None if repository else StateDir(home).running()
    cloud = Cloud(running.aws_endpoint_url if running else None)
    asked = Asked(file, clones.root_of(into), clones.checked_name(name), configs, cloud)
    if second_step:
        _second_step(asked, only)
        return
    if only:
        raise Refused("LH5080", "--only goes with --second-step: an import takes the whole file.")
    person = None if no_commit else author_of(author)
    _first_step(asked, person, region_name, given, from_aws=from_aws)


def _first_step(
    asked: Asked,
    person: Person | None,
    region_name: str | None,
    given: Mapping[str, str | None],
    *,
    from_aws: bool,
) -> None:
    """Make the environment, and a commit of it by `person`, if there is one."""
    others = _nothing_there(asked)
    region = _region(asked.configs, region_name)
    found = _look(asked, region) if from_aws else None
    options = _completed(_wanted(asked.configs, found), given)
    wish = Wish(
        asked.environment,
        clones.ledger_id(asked.clone, asked.environment),
        options[_ROLE],
        region,
        options.get(_OUTPUT),
    )
    made = move(asked.configs, wish, found or Found(), clock().replace(microsecond=0), others)
    _check_settings(asked.environment, made)
    files = {
        **made.files,
        f"{ROOT}/{asked.environment}/README.md": readme(asked.environment).encode(),
        **clones.lacking_schemas(asked.clone),
    }
    done = None
    if person:
        done = clones.commit(asked.clone, files, message(asked, made), person)
    else:
        clones.write(asked.clone, files)
    tell(asked, made, len(files), done)
    advise(asked, made, found)


def _configs(file: Path) -> Configs:
    try:
        return read_configs(str(file), file.read_bytes())
    except OSError as error:
        raise Refused(
            "LH5081",
            f"{file} cannot be read ({error.strerror}): name the predecessor's"
            " config/configs.json.",
        ) from error


def _nothing_there(asked: Asked) -> frozenset[EndpointName]:
    """Return the endpoints that the clone defines. Raises Refused LH5082 for a place taken."""
    folder = asked.clone / ROOT / asked.environment
    if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
        raise Refused(
            "LH5082",
            f"{folder} is there already: choose another --environment, or remove it first to import"
            " anew. The second step of an import that was merged is --second-step.",
        )
    try:
        entries = documents(asked.clone)
    except Refused:  # there are none yet
        return frozenset()
    fleets = (read_fleet(entries, each) for each in environments(entries))
    return frozenset(item.endpoint_name for fleet in fleets for item in fleet.items)


def _region(configs: Configs, given: str | None) -> str:
    """Return the region. Raises Refused LH5080 where neither file nor option says it."""
    if region := given or configs.region_name:
        return region
    raise Refused("LH5080", "the file has no region_name: say --region NAME.")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _look(asked: Asked, region: str) -> Found:
    where = f" of the sandbox at {asked.cloud.sandbox_url}" if asked.cloud.sandbox_url else ""
    say(dim(f"Looking at AWS{where} in {region}, and changing nothing there ..."))
    names = [EndpointName(asked.configs.endpoint_name(each)) for each in asked.configs.models]
    account = PredecessorAccount(lambda service: asked.cloud.client(service, region))
    return account.look(names, asked.configs.token_table)


def _wanted(configs: Configs, found: Found | None) -> list[str]:
    """Name the options without which an environment is not complete."""
    asynchronous = [each for each in configs.models if each.data.get("inference_type") == "async"]
    names = [EndpointName(configs.endpoint_name(each)) for each in asynchronous]
    known = found and all(found.serving(name) for name in names)
    return [_ROLE, *([_OUTPUT] if names and not known else [])]


def _completed(wanted: Iterable[str], given: Mapping[str, str | None]) -> dict[str, str]:
    """Return the options, and ask for those that are missing. Raises Refused LH5080."""
    found = {option: value for option, field in _FIELDS.items() if (value := given[field])}
    left = [option for option in wanted if option not in found]
    if left and not sys.stdin.isatty():
        raise Refused(
            "LH5080",
            f"there is no terminal to ask in, and {' and '.join(left)}"
            f" {'is' if len(left) == 1 else 'are'} missing, which the file does not say:"
            " `leasehold import --help` explains them.",
        )
    for option in left:
        found[option] = click.prompt(_FIELDS[option], value_proc=partial(_checked, _FIELDS[option]))
    for option, value in found.items():
        if wrong := wrong_value(_FIELDS[option], value):
            raise Refused("LH5080", f"{option}: {wrong}")
    return found


def _checked(field: str, value: str) -> str:
    if sentence := wrong_value(field, value.strip()):
        raise click.UsageError(sentence)
    return value.strip()


def _check_settings(environment: str, made: Move) -> None:
    """Raise Refused LH5084 where the settings would not be in order: nothing is written then."""
    file = environment_path(environment)
    read = parse_environment(file, made.files[file])
    wrong = read if isinstance(read, tuple) else wrong_region(environment, read)
    if wrong:
        raise Refused("LH5084", f"nothing is written: {as_sentences(wrong)}")


def _second_step(asked: Asked, only: tuple[str, ...]) -> None:
    """Rewrite definitions. Raises Refused LH5086 where none could be."""
    entries = documents(asked.clone)
    files = {name: content for name, content in entries.items() if isinstance(content, bytes)}
    steps = second_step(asked.configs, asked.environment, files, only)
    changed = {each.file: each.content for each in steps if each.content is not None}
    for each in steps:
        if each.content is None:
            say(Text(f"! {each.name} stays as it is: {each.why}", style="yellow"))
    if not changed:
        raise Refused(
            "LH5086",
            f"no definition of {asked.environment} is brought to a model_id: each line above says"
            " why. Name the environment with -e, and your clone with --into.",
        )
    clones.write(asked.clone, changed)
    for line in second_step_told(asked, steps):
        say(line)
