"""What ThingSpace refuses, and what the server's own user did wrong.

A refusal is named for the fact and carries the explanation for the developer.
It knows no HTTP status and no ThingSpace wording: each API's table says how
it answers each refusal.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from json import JSONDecodeError

FEW = 12
LONGEST_COMPARED = 200  # characters of a name that nobody has
LONGEST_QUOTE = 80


class ThingSpaceError(Exception):
    """A request ThingSpace would not grant.

    Args:
        reason: What came and what would have been accepted, for the developer;
            sent as ``X-Mock-Reason``, never in the body.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refusal_name(refusal: type[ThingSpaceError]) -> str:
    """Spell a refusal's name as people and files do: ``invalid-account``."""
    letters = (
        f"-{letter}" if letter.isupper() else letter for letter in refusal.__name__
    )
    return "".join(letters).lower().lstrip("-")


class InvalidAccount(ThingSpaceError):
    """The account is missing or not in the documented format."""


class MissingAccount(InvalidAccount):
    """There is no account where one belongs."""


class InactiveAccount(ThingSpaceError):
    """The account is well formed, but not one of those that exist."""


class InvalidRequest(ThingSpaceError):
    """The body is missing, is not a JSON object, or a field cannot be used."""


class EmptyRequest(InvalidRequest):
    """There is no body where one belongs."""


class NotJson(InvalidRequest):
    """The body cannot be read as JSON."""


class MissingField(InvalidRequest):
    """A field is missing, or is not of its type."""


class InvalidStartDate(InvalidRequest):
    """There is no start date, or it is no day."""


class InvalidIndex(InvalidRequest):
    """A page begins at what is no number."""


class UnknownDevice(InvalidIndex):
    """A page begins after a device that is none of the account's."""


class InvalidCharacter(InvalidRequest):
    """A character that this API does not take."""


class MissingDevices(InvalidRequest):
    """An action names no device."""


class InvalidDevice(InvalidRequest):
    """A device's identifier cannot be read."""


class InvalidDeviceKind(InvalidDevice):
    """A device's identifier is of a kind that there is not."""


class TooManyDevices(InvalidRequest):
    """An action names more devices than ThingSpace takes at once."""


class NoAccount(ThingSpaceError):
    """An action names no account, and there is none that it could be for."""


class SeveralAccounts(ThingSpaceError):
    """An action names no account, and there are several that it could be for."""


class UnknownRequest(ThingSpaceError):
    """No action was accepted under this request id."""


class InvalidUuid(UnknownRequest):
    """A request id is no UUID."""


class RequestEnded(UnknownRequest):
    """An action that is to be changed or cancelled has ended, or started."""


class TooLarge(InvalidRequest):
    """The body is larger than the server reads."""


class UnknownService(ThingSpaceError):
    """The API has no such callback service."""


class InvalidCredential(InvalidRequest):
    """A user name or password longer than ThingSpace stores."""


class InvalidUrl(ThingSpaceError):
    """The listener's URL is not one a message could be sent to."""


class NotRegistered(ThingSpaceError):
    """There is nothing to deregister."""


class MissingBearer(ThingSpaceError):
    """No bearer token, or no key and secret at the token endpoint."""


class InvalidBearer(ThingSpaceError):
    """The bearer token was never issued, was revoked, or has expired."""


class MissingSession(ThingSpaceError):
    """No ``VZ-M2M-Token``."""


class InvalidSession(ThingSpaceError):
    """The ``VZ-M2M-Token`` was never issued or has been logged out."""


class ExpiredSession(ThingSpaceError):
    """The ``VZ-M2M-Token`` was idle for too long."""


class WrongPassword(ThingSpaceError):
    """User name and password do not belong together."""


class LoginLocked(WrongPassword):
    """Too many failed logins in a row."""


class InvalidGrant(InvalidRequest):
    """A ``grant_type`` other than ``client_credentials``, or none."""


class NotServed(ThingSpaceError):
    """No operation has this path."""


class MethodNotServed(ThingSpaceError):
    """An operation has this path, but not with this method."""


class MockThingSpaceError(Exception):
    """The server's user asked for something it cannot do."""


class SettingsError(MockThingSpaceError, ValueError):
    """A setting or a seed file that cannot be used; says what is allowed."""


class InvalidMessage(MockThingSpaceError, ValueError):
    """A message that cannot be made as asked; says what could be."""


class CannotBind(MockThingSpaceError, OSError):
    """The address to serve on cannot be had; says why, and what to do."""


def suggest(name: str, words: Iterable[str]) -> str:
    """Name the known words in place of an unknown one, or the nearest of many.

    Where words have dots, those that begin as the unknown one are looked at first.
    """
    every = sorted(words)
    head = f"{name.partition('.')[0]}."
    known = [item for item in every if item.startswith(head)] or every
    if len(known) <= FEW:
        return f"known: {', '.join(known)}"
    near = get_close_matches(name[:LONGEST_COMPARED], known, 3, cutoff=0)
    return f"nearest of {len(known)}: {', '.join(near)}"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Ask for the one known name that is like an unknown one, if there is one."""
    near = get_close_matches(str(name), known, 1)
    return f"did you mean {near[0]!r}? " if near else ""


def not_json(file: str, error: Exception) -> str:
    """Say that a file is not JSON: where it is wrong, and what is usual."""
    if not isinstance(error, JSONDecodeError):
        return f"{file} is not JSON: {error}"
    return (
        f"{file} is not JSON: line {error.lineno}, column {error.colno}: {error.msg} "
        "(usual: a comma before } or ], single quotes, a comment)"
    )


class AdminError(MockThingSpaceError):
    """The admin API refused, or no server answered.

    Args:
        code: The machine-readable word, such as ``unknown_family``.
        message: The sentence for a person.
        status: The HTTP status; 0 where no server answered.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
