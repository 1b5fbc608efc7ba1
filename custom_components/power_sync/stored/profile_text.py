"""A tariff profile as YAML text that people can read, keep, change and pass on.

The text comes from anywhere, so it is read with suspicion: no tags (they could read
files and secrets), no anchors (a few lines of them can grow without bounds), nothing
too long or too deep, and texts where JSON has texts.
"""

from collections.abc import Mapping

import yaml  # type: ignore[import-untyped]

from ..core.model.tariff_document import (
    TariffDocumentError,
    read_tariff,
    write_tariff,
)
from ..core.model.tesla_tariff import TeslaTariff

FORMAT = 1
LONGEST = 256 * 1024
"""Characters; a tariff of four seasons with 48 periods each way takes a third."""
_DEEPEST = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fast one, where the platform has it."""
_FORMAT_KEY = "power_sync_profile"
_TARIFF_KEY = "tariff"


class ProfileTextError(ValueError):
    """A text that is no profile; says in a few words what is wrong and where."""


def write_profile_text(tariff: TeslaTariff) -> str:
    """Return a tariff as YAML."""
    text: str = yaml.safe_dump(
        {_FORMAT_KEY: FORMAT, _TARIFF_KEY: write_tariff(tariff)},
        allow_unicode=True,
        sort_keys=False,
    )
    return text


def read_profile_text(text: str) -> TeslaTariff:
    """Return the tariff of a YAML text.

    Takes a moment for long texts. Raises ProfileTextError naming what is wrong.
    """
    if len(text) > LONGEST:
        raise ProfileTextError(
            f"it is {len(text)} characters long, and {LONGEST} are allowed"
        )
    try:
        _check_shape(text)
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe
    except yaml.MarkedYAMLError as error:
        raise ProfileTextError(_where(error)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ProfileTextError(f"it is no YAML: {error}") from None
    if not isinstance(document, Mapping):
        raise ProfileTextError("it is not an exported profile")
    if document.get(_FORMAT_KEY) != FORMAT:
        raise ProfileTextError(
            f"the first line must be {_FORMAT_KEY}: {FORMAT}, as in an exported profile"
        )
    tariff = document.get(_TARIFF_KEY)
    if not isinstance(tariff, Mapping):
        raise ProfileTextError(f"{_TARIFF_KEY} is missing")
    _check_json(tariff, _TARIFF_KEY)
    if not tariff.get("energy_charges"):
        # Everything else may be left out, and then it would be a tariff of nothing.
        raise ProfileTextError(f"{_TARIFF_KEY}.energy_charges is missing")
    try:
        return read_tariff(tariff)
    except TariffDocumentError as error:
        raise ProfileTextError(str(error)) from None


def _check_shape(text: str) -> None:
    """Refuse what must not even be built.

    Raises ProfileTextError, or what the parser raises for what is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise ProfileTextError(f"line {line} repeats another place; write it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise ProfileTextError(f"line {line} is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if getattr(event, "tag", None) not in {None, "!"}:
            raise ProfileTextError(f"line {line} has a tag; only plain values can be")


def _check_json(value: object, where: str) -> None:
    """Refuse what JSON does not know: keys without quotes that read as other things."""
    match value:
        case Mapping():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise ProfileTextError(
                        f"{where}: the name {key} must be in quotes, or it is no text"
                    )
                _check_json(item, f"{where}.{key}")
        case list():
            for item in value:
                _check_json(item, where)
        case None | bool() | str() | int() | float():
            pass
        case _:
            raise ProfileTextError(
                f"{where} is a date or something else that is neither text nor number"
            )


def _where(error: yaml.MarkedYAMLError) -> str:
    """Return what a parser has to complain about, without the text itself."""
    mark = error.problem_mark
    line = f"line {mark.line + 1}: " if mark is not None else ""
    return f"{line}{error.problem}"
