"""Software Management callbacks, version 1: one service, ``Fota``.

The list spells an account ``aname`` and a service ``name``, the reply to a
registration ``accountName`` and ``serviceName``.

Disagreement: the page of the list shows ``aname``, ``name`` and ``url``; the
SDK's model adds ``username`` and ``password``. Followed: the SDK, since a real
client parses it; they are left out where the registration has none.
"""

from mockthingspace import sources
from mockthingspace.answers import software_management
from mockthingspace.family import Family, Operation, deregister, listing, register
from mockthingspace.messages import DELIVERY
from mockthingspace.messages.fota import EVENTS
from mockthingspace.model import Fact
from mockthingspace.rules import credentials_fit, port_is_allowed
from mockthingspace.wire import (
    ListenerUrl,
    Path,
    Secret,
    ServiceName,
    Shape,
    Success,
    Text,
)

SERVICES = ("Fota",)


class PathWithService(Path):
    """``{account, service}``, as the path of a deregistration holds them."""

    service = ServiceName(SERVICES, required=True)


class Wanted(Shape):
    """``{name, url, username?, password?}``."""

    service = ServiceName(SERVICES, required=True, data_key="name")
    url = ListenerUrl(required=True)
    username = Text()
    password = Secret()


class Registered(Shape):
    """``{accountName, serviceName}``."""

    account = Text(data_key="accountName")
    service = Text(data_key="serviceName")


class Listed(Shape):
    """``{aname, name, url, username?, password?}``."""

    account = Text(data_key="aname")
    service = Text(data_key="name")
    url = Text()
    username = Text()
    password = Text()


FAMILY = Family(
    name="fota-v1",
    prefix="/api/fota/v1",
    services=SERVICES,
    answers=software_management("/fota/v1"),
    events=EVENTS,
    strict=(port_is_allowed, credentials_fit),
    operations=(
        Operation(
            name="list",
            method="GET",
            rule="/callbacks/<account>",
            verb=listing,
            path=Path(),
            reply=Listed(),
            many=True,
            fact=Fact(
                "the account's registrations, an array", "documented", sources.FOTA_GET
            ),
        ),
        Operation(
            name="register",
            method="POST",
            rule="/callbacks/<account>",
            verb=register,
            path=Path(),
            body=Wanted(),
            reply=Registered(),
            fact=Fact(
                "registers, in place of an earlier registration",
                "documented",
                sources.FOTA_REGISTER,
            ),
        ),
        Operation(
            name="deregister",
            method="DELETE",
            rule="/callbacks/<account>/name/<service>",
            verb=deregister,
            path=PathWithService(),
            reply=Success(),
            fact=Fact(
                "deregisters and answers success", "documented", sources.FOTA_DEREGISTER
            ),
        ),
    ),
    facts=(
        *DELIVERY,
        Fact(
            "an account with no registration is listed as []",
            "assumed",
            f"{sources.FOTA_GET} says the body is empty, not how; an array is its type",
        ),
        Fact(
            "username and password are listed where the registration has them",
            "documented",
            f"{sources.SDK}; the page shows neither: {sources.FOTA_GET}",
        ),
        Fact(
            "a second registration replaces the whole first, credentials too",
            "documented",
            f"{sources.FOTA_REGISTER} (that nothing is kept is assumed)",
        ),
        Fact(
            "deregistering what is not registered is refused; "
            "missing=succeed answers success",
            "assumed",
            sources.UNSAID,
        ),
        Fact(
            "an account is ten digits, a hyphen and five digits",
            "documented",
            f"{sources.SDK}; which characters are refused is not said",
        ),
        Fact(
            "HEAD is answered as GET is, without the body",
            "assumed",
            f"{sources.UNSAID}; HTTP's own rule",
        ),
        Fact(
            "an account with an encoded slash (a%2Fb) is an unknown path: 404",
            "assumed",
            "the double's own limit: the slash is decoded before it is routed",
        ),
        Fact("a service name is held to its exact case", "assumed", sources.UNSAID),
        Fact("unknown fields of a body are ignored", "assumed", sources.UNSAID),
        Fact(
            "any Content-Type is accepted if the body parses",
            "assumed",
            f"{sources.SDK} sends */* to some families",
        ),
        Fact(
            "strict=true: the listener's port is 80, 443, 9001-9006, 50551-50559 or "
            "28200-28220",
            "assumed",
            f"documented for connectivity: {sources.CONNECTIVITY_REGISTER}",
        ),
        Fact(
            "strict=true: username and password have at most 40 characters",
            "assumed",
            f"documented for connectivity: {sources.CONNECTIVITY_REGISTER}",
        ),
    ),
)
