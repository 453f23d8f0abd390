"""The schemas of what the admin API is asked about deliveries.

A key that is unknown is refused, as marshmallow does unless told otherwise.
"""

from typing import Any

from flask import g
from marshmallow import Schema, ValidationError, fields, validate

from mockthingspace.core.exceptions import AdminError
from mockthingspace.server.admin.common import LONGEST_WAIT_S, document
from mockthingspace.server.http.blueprint import RequestContext

_NO_ACCOUNT = "is required: whose listeners the message is for"


class TriggerRequest(Schema):
    """``{event, account, service?, overrides?, message?}``."""

    event = fields.String(required=True)
    account = fields.String(
        required=True, error_messages={"required": _NO_ACCOUNT, "null": _NO_ACCOUNT}
    )
    service = fields.String(allow_none=True)
    overrides = fields.Dict(keys=fields.String(), allow_none=True)
    message = fields.Raw(allow_none=True)


class _Seconds(fields.Float):
    """Seconds to wait, as a number and not as a string of one."""

    def _validated(self, value: Any) -> Any:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


TIMEOUT_S = _Seconds(load_default=5.0, validate=validate.Range(0, LONGEST_WAIT_S))


class IdleWait(Schema):
    """``{account?, timeout_s?}``."""

    account = fields.String(allow_none=True)
    timeout_s = TIMEOUT_S


class DeliveryFilter(Schema):
    """``{account?, family?, service?, event?, status?, attempts?, count?, since?}``.

    And ``advance?``: whether the clock is the asker's to move.
    """

    account = fields.String(allow_none=True)
    family = fields.String(allow_none=True)
    service = fields.String(allow_none=True)
    event = fields.String(allow_none=True)
    status = fields.String(allow_none=True)
    attempts = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1))
    count = fields.Integer(strict=True, load_default=None, validate=validate.Range(0))
    since = fields.Integer(strict=True, load_default=0, validate=validate.Range(0))
    advance = fields.Boolean(load_default=True, truthy={True}, falsy={False})


class DeliveryWait(DeliveryFilter):
    """The same, with ``timeout_s?``; the usual count is 1."""

    timeout_s = TIMEOUT_S
    count = fields.Integer(strict=True, load_default=1, validate=validate.Range(1))


def loaded(schema: Schema) -> dict[str, Any]:
    """Return the request's body as a schema has it.

    Raises:
        AdminError: It is not of that schema; the message says what is allowed.
    """
    try:
        found: dict[str, Any] = schema.load(document())
    except ValidationError as error:
        said = "; ".join(
            f"{key}: {' '.join(map(str, said)).rstrip('.')}"
            for key, said in error.messages_dict.items()
        )
        allowed = ", ".join(schema.fields)
        raise AdminError("invalid_body", f"{said}; allowed: {allowed}") from error
    return found


def loaded_or_empty(schema: Schema) -> dict[str, Any]:
    """Return the request's body as a schema has it; no body is an empty one.

    Raises:
        AdminError: It is not of that schema; the message says what is allowed.
    """
    note: RequestContext = g.note
    return loaded(schema) if note.body.strip() else {}
