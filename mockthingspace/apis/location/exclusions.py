"""Excluding devices from being located, and including them again.

Disagreement: a page has the devices to include again in the body of the DELETE, the
SDK in its query. Followed: the SDK.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError, fields

from mockthingspace.apis.handlers import Call
from mockthingspace.backend.store.exclusions import Excluded
from mockthingspace.core.exceptions import (
    InvalidRequest,
    ThingSpaceError,
    TooManyDevices,
)
from mockthingspace.core.models import Claim, assumed, documented
from mockthingspace.core.sources import (
    LOCATION_EXCLUDE,
    LOCATION_EXCLUDED,
    LOCATION_INCLUDE,
    SDK,
    UNSAID,
)
from mockthingspace.spec.actions import Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import Imeis
from mockthingspace.spec.fields import Account, Index, Millis, Text, Word
from mockthingspace.spec.schemas import Success, json_object, schema

MOST = 2000
EXAMPLE = Imeis.example


class Identifiers(fields.Raw):
    """An array of identifiers, each of a device; in a query as JSON, or with commas."""

    refusal = absent = InvalidRequest
    secret = False

    def __init__(self, *, in_query: bool = False, **kwargs: Any) -> None:
        example = ",".join(EXAMPLE) if in_query else EXAMPLE
        super().__init__(metadata={"example": example}, **kwargs)
        self.in_query = in_query

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[str, ...]:
        items = _split(value) if self.in_query else value
        if not isinstance(items, list) or "" in items:
            raise ValidationError("must be an array of identifiers")
        if len(items) > MOST:
            raise ValidationError(f"must have at most {MOST:,} devices")
        return tuple(dict.fromkeys(map(_TEXT.deserialize, items)))

    def refusal_of(self, _: object) -> type[ThingSpaceError]:
        """Say how identifiers that will not do are refused."""
        return self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        item = {"type": "string", "minLength": 1}
        array = {"type": "array", "maxItems": MOST, "items": item}
        return {"type": "string"} if self.in_query else array


_TEXT = Text()


def _split(text: str) -> Any:
    if not text.startswith("["):
        return text.split(",")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValidationError("must be an array in JSON") from error


def exclude(
    call: Call,
    account: str,
    change: str = "replace",
    identifiers: tuple[str, ...] | None = None,
    all_devices: bool | None = None,
) -> Mapping[str, Any]:
    """Exclude devices, besides those that are or in their place.

    Raises:
        InvalidRequest: It names neither devices nor all.
        TooManyDevices: There would be more than an account can exclude.
    """
    if identifiers is None and all_devices is None:
        raise InvalidRequest("neither exclusion nor allDevice says what to exclude")

    def changed(before: Excluded) -> Excluded:
        named = before.identifiers if identifiers is None else identifiers
        if change == "append":
            named = tuple(dict.fromkeys((*before.identifiers, *named)))
        if len(named) > MOST:
            raise TooManyDevices(f"exclusion: {len(named):,} devices, at most {MOST:,}")
        every = before.all_devices if all_devices is None else all_devices
        return replace(
            before, identifiers=named, all_devices=every, changed_at=call.now
        )

    call.state.exclusions.change(account, changed)
    return {}


def include(
    call: Call, account: str, identifiers: tuple[str, ...]
) -> Mapping[str, Any]:
    """Exclude devices no longer; those that were not are left alone."""

    def changed(before: Excluded) -> Excluded:
        left = tuple(item for item in before.identifiers if item not in identifiers)
        return replace(before, identifiers=left, changed_at=call.now)

    call.state.exclusions.change(account, changed)
    return {}


def excluded(call: Call, account: str, start: str) -> Mapping[str, Any]:
    """Return the devices that are excluded."""
    found = call.state.exclusions.of(account)
    return {
        "account": account,
        "all_devices": found.all_devices,
        "has_more_data": False,
        "total_count": len(found.identifiers),
        "changed_at": found.changed_at,
        "identifiers": found.identifiers[int(start) :],
    }


BY_SDK = documented(SDK)
RULE = "/consents"
ACCOUNT = Account(required=True, data_key="accountName")
OPERATIONS = (
    Operation(
        "exclude-devices",
        "POST",
        RULE,
        exclude,
        Claim(
            "excludes devices, in addition to others (append) or instead of them "
            "(replace)",
            *documented(
                f"{LOCATION_EXCLUDE} (that what is not given stays as it is is assumed)"
            ),
        ),
        body=schema(
            BY_SDK,
            {},
            json_object,
            account=ACCOUNT,
            change=Word(("append", "replace"), data_key="type"),
            identifiers=Identifiers(data_key="exclusion"),
            all_devices=Member(False, data_key="allDevice"),
        ),
        reply=Success(),
    ),
    Operation(
        "include-devices",
        "DELETE",
        RULE,
        include,
        Claim(
            "includes excluded devices again",
            *documented(
                f"{LOCATION_INCLUDE} (how several stand in the SDK's query is assumed)"
            ),
        ),
        query=schema(
            BY_SDK,
            account=ACCOUNT,
            identifiers=Identifiers(
                in_query=True, required=True, data_key="deviceList"
            ),
        ),
        reply=Success(),
    ),
    Operation(
        "list-excluded",
        "GET",
        "/consents/<account>/index/<start>",
        excluded,
        Claim("lists the excluded devices", *documented(LOCATION_EXCLUDED)),
        schema(BY_SDK, account=Account(required=True), start=Index(required=True)),
        reply=schema(
            BY_SDK,
            account=Text(data_key="accountName"),
            all_devices=fields.Boolean(
                data_key="allDevice", metadata={"example": False}
            ),
            has_more_data=fields.Boolean(
                data_key="hasMoreData", metadata={"example": False}
            ),
            total_count=fields.Integer(data_key="totalCount", metadata={"example": 1}),
            changed_at=Millis(
                data_key="updateTime",
                known=assumed(f"{SDK} has the field; {UNSAID} its format"),
            ),
            identifiers=Member(EXAMPLE, data_key="exclusion"),
        ),
    ),
)
