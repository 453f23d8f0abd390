"""Why an assertion failed, in words: expected beside actual, and how to do it again.

Requests are taken as the admin API shows them, secrets hidden, deliveries as the
server keeps them; here they are only spelled.
"""

import asyncio
import json
import math
import re
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from mockthingspace.core.clock import rfc3339
from mockthingspace.core.matching.criteria import (
    Criterion,
    matches,
    near_misses,
    redacted,
)
from mockthingspace.core.models import TRANSPORT_HEADERS, Delivery
from mockthingspace.core.redaction import printable
from mockthingspace.core.serializers import counted, delivery_line, line

FEW = 5
LONGEST, BEFORE = 160, 40
LONGEST_BODY = 2000
OF_EVERYBODY = (
    "the clock is shared: start the server with clock=real and short pauses "
    "(retries=0.1,0.1), or use a server of your own"
)
OF_THE_CLIENT = TRANSPORT_HEADERS | {"accept-encoding", "user-agent"}
_GLOBS = re.compile(r"[][{}]")
Rows = list[tuple[str, str]]


class Scene(NamedTuple):
    """Where and when deliveries are looked at, which there are, and for whom."""

    url: str
    now: datetime
    frozen: bool
    shared: bool  # the clock, so that nobody moves it
    evicted: int
    deliveries: list[Delivery]
    registered: frozenset[str]
    under_way: Mapping[str, float | None]  # by delivery: since how many seconds
    attempt_timeout_s: float
    acting: tuple[tuple[str, str], ...]  # actions that are pending: account, and how


def unmet(
    pattern: Mapping[str, Any],
    count: int | None,
    found: Mapping[str, Any],
    near: Mapping[str, Any],
) -> str:
    """Say which requests were expected, which matched, and how the nearest differ.

    ``found`` and ``near`` are the admin API's replies to the pattern, and about its
    near misses; a count of None is one or more.
    """
    actual = found["requests"]
    misses = near["nearMisses"] if _too_few(actual, count) else []
    asked, number = _pattern_rows(pattern), expected(count, "request", "requests")
    lines = [f"expected {number}", *_rows(asked), f"but {len(actual)} matched"]
    lines += _each("matched", [[line(item), curl(item)] for item in actual])
    for miss in misses:
        request = miss["request"]
        told = [line(request), *differences(miss["differences"]), curl(request)]
        lines += _each("nearest", [told])
    notes = [] if actual or misses else [_empty(pattern)]
    if held := near["meta"]["held"]:
        notes.append(
            f"replies held back by a fault: {held}; a request is in the journal once "
            "it is answered"
        )
    return _text([*lines, *_notes(notes, found["meta"]["evicted"], "requests")])


def undelivered(
    heading: str, count: int | None, asked: Mapping[str, Any], scene: Scene
) -> str:
    """Say which deliveries were expected, how the nearest differ, what is to come.

    ``heading`` is what was expected or awaited; a count of None is one or more;
    ``since``, of what was asked for, only chooses.
    """
    since = asked.get("since") or 0
    there = [delivery for delivery in scene.deliveries if delivery.seq > since]
    wanted, account = delivery_criteria(asked), asked.get("account")
    actual = [item for item in there if matches(item, wanted)]
    misses = near_misses(there, wanted) if _too_few(actual, count) else []
    lines = [heading, *_rows([*_fields(asked)]), f"but {len(actual)} matched"]
    lines += _each(
        "matched", [[_delivery_row(item), *_again(item, scene)] for item in actual]
    )
    for miss in misses:
        shown = differences([each._asdict() for each in miss.differences])
        told = [_delivery_row(miss.exchange), *shown, *_again(miss.exchange, scene)]
        lines += _each("nearest", [told])
    lines += [*_pending(account, scene), *_acting(account, scene)]
    mine = [item for item in there if account in (None, item.account)]
    notes = [] if mine else [*_nothing(asked, scene)]
    return _text([*lines, *_notes(notes, scene.evicted, "deliveries")])


def blocked(call: str) -> str:
    """Say what to await in a thread with an event loop; nothing in another.

    Args:
        call: What blocks the loop, such as ``thingspace.advance``.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ""
    return (
        "\n\nThis thread runs an event loop, which a wait blocks: a listener in that "
        f"loop cannot answer meanwhile. Instead: await asyncio.to_thread({call}, ...)"
    )


def _text(told: list[str]) -> str:
    """Return a report whose every line a terminal may have."""
    return "\n".join(printable(line) for each in told for line in each.split("\n"))


def expected(count: int | None, item: str, many: str) -> str:
    """Spell how many were expected; None for one or more."""
    return f"at least 1 {item}" if count is None else counted(count, item, many)


def delivery_criteria(asked: Mapping[str, Any]) -> list[Criterion]:
    """Turn what deliveries should have into criteria."""
    return [
        Criterion(name, text, partial(_read, name), partial(_holds, name, asked[name]))
        for name, text in _fields(asked)
        if name != "since"
    ]


def _read(name: str, delivery: Delivery) -> Any:
    return len(delivery.attempts) if name == "attempts" else getattr(delivery, name)


def _holds(name: str, wanted: Any, actual: Any) -> bool:
    return bool(actual >= wanted if name == "attempts" else actual == wanted)


def curl(shown: Mapping[str, Any]) -> str:
    """Return the command that makes a request again, secrets hidden.

    Args:
        shown: The exchange, as the admin API shows it.
    """
    request = shown["request"]
    method, url, body = request["method"], request["absoluteUrl"], request["body"]
    parts = ["curl"]
    if method == "HEAD":
        parts.append("--head")
    elif method != "GET" or body:
        parts += ["-X", method]
    parts += ["-g"] if _GLOBS.search(url) else []
    parts += ["--path-as-is"] if "/." in url else []
    parts.append(url)
    for name, value in request["headers"].items():
        if name.lower() not in OF_THE_CLIENT and (name, value) != ("Accept", "*/*"):
            parts += ["-H", f"{name}: {value}" if value else f"{name};"]
    if body and "Content-Type" not in request["headers"]:
        parts += ["-H", "Content-Type:"]
    plain = all(line.isprintable() for line in body.split("\n"))
    if len(body) > LONGEST_BODY or not plain or "\ufffd" in body:
        kept = f"request.body of GET /__admin/requests/{shown['seq']}"
        return f"{shlex.join([*parts, '--data-binary', '@body'])}  # body: {kept}"
    return shlex.join([*parts, *(["--data-raw", body] if body else [])])


def differences(found: Iterable[Mapping[str, str]]) -> list[str]:
    """Return what differs, field by field, expected above actual."""
    rows = list(found)
    width = max((len(row["field"]) for row in rows), default=0)
    lines = []
    for row in rows:
        wanted, actual = _cut(row["expected"], row["actual"])
        alike = "  (they differ where they are hidden)" if wanted == actual else ""
        lines += [
            f"{row['field']:{width}}  expected  {wanted}",
            f"{'':{width}}  actual    {actual}{alike}",
        ]
    return lines


def _cut(*texts: str) -> list[str]:
    """Return texts on one line each; long ones from before they begin to differ."""
    pairs = enumerate(zip(*texts, strict=False))
    same = next((at for at, chars in pairs if len({*chars}) > 1), min(map(len, texts)))
    start = max(same - BEFORE, 0) if len(texts) > 1 else 0
    return [_one_line(text, start) for text in texts]


def _one_line(text: str, start: int) -> str:
    if len(text) > LONGEST:
        end = start + LONGEST
        before, after = "…" if start else "", "…" if end < len(text) else ""
        text = f"{before}{text[start:end]}{after}"
    return printable(text) or "(empty)"


def _too_few(actual: list[Any], count: int | None) -> bool:
    return len(actual) < (1 if count is None else count)


def _pattern_rows(pattern: Mapping[str, Any]) -> Rows:
    """Spell what a pattern of the handle asks for, secrets hidden."""
    texts: Rows = []
    for key, value in pattern.items():
        if key == "headers":
            texts += [
                (f"{key}.{name}", item["equalTo"]) for name, item in value.items()
            ]
        elif key == "bodyPatterns":
            [body] = value
            holds = json.dumps(body["equalToJson"]) if "equalToJson" in body else ""
            texts.append(("body", holds or body["equalTo"]))
        elif key != "since" or value:
            texts.append((key, str(value)))
    return [(field, redacted(field, text)) for field, text in texts]


def _fields(asked: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in asked.items():
        yield name, f"at least {value}" if name == "attempts" else str(value)


def _rows(rows: Rows) -> list[str]:
    width = max((len(name) for name, _ in rows), default=0)
    return [f"  {name:{width}}  {_cut(text)[0]}" for name, text in rows]


def _each(label: str, told: list[list[str]]) -> list[str]:
    """Tell the first few, each with a line and what belongs to it."""
    lines = []
    for first, *rest in told[:FEW]:
        lines += ["", f"{label}: {first}", *(f"  {item}" for item in rest)]
    more = len(told) - FEW
    return [*lines, "", f"and {more} more"] if more > 0 else lines


def _delivery_row(delivery: Delivery) -> str:
    return f"{delivery.id} {delivery_line(delivery, rfc3339(delivery.due_at))}"


def _again(delivery: Delivery, scene: Scene) -> list[str]:
    """Return the command that sends a message again, if its delivery is over."""
    if delivery.status == "pending":
        return []
    url = f"{scene.url}/__admin/deliveries/{delivery.id}/resend"
    return [shlex.join(["curl", "-X", "POST", url])]


def _pending(account: str | None, scene: Scene) -> list[str]:
    """Tell what is still to come, soonest first."""
    every = [delivery for delivery in scene.deliveries if delivery.status == "pending"]
    heads: dict[tuple[str, str, str], Delivery] = {}
    for delivery in every:
        heads.setdefault(delivery.queue_key, delivery)
    mine = [delivery for delivery in every if account in (None, delivery.account)]
    mine.sort(key=lambda delivery: (heads[delivery.queue_key].due_at, delivery.seq))
    told = [
        f"pending: {_due(delivery, heads[delivery.queue_key], scene)}"
        for delivery in mine[:FEW]
    ]
    more = [f"and {len(mine) - FEW} more pending"] if len(mine) > FEW else []
    return ["", *told, *more] if told else []


def _acting(account: str | None, scene: Scene) -> list[str]:
    mine = [text for whose, text in scene.acting if account in (None, whose)]
    more = [f"and {len(mine) - FEW} more actions"] if len(mine) > FEW else []
    return ["", *(f"pending: {text}" for text in mine[:FEW]), *more] if mine else []


def _due(delivery: Delivery, head: Delivery, scene: Scene) -> str:
    """Say when the next attempt is due, and what brings it."""
    attempt = printable(
        f"{delivery.id} {delivery.event}, attempt {len(delivery.attempts) + 1}"
    )
    if delivery.id in scene.under_way:
        since_s = scene.under_way[delivery.id]
        lasts = "is under way"
        if since_s is not None:
            lasts = f"has been under way for {since_s:.1f} s"
        has = f"the listener has {scene.attempt_timeout_s:g} s to answer"
        return f"{attempt} {lasts}; {has} (attempt_timeout_s)"
    left_ms = math.ceil((delivery.due_at - scene.now).total_seconds() * 1000)
    if head.id != delivery.id and not delivery.attempts:
        return f"{attempt} when {head.id} is over, which goes first"
    if left_ms <= 0:
        return f"{attempt} is due"
    seconds = f"{left_ms / 1000:.3f}".rstrip("0").rstrip(".")
    due = f"{attempt} due in {seconds} s, at {rfc3339(delivery.due_at)}"
    if not scene.frozen:
        return due
    if scene.shared:
        return f"{due}; {OF_EVERYBODY}"
    return f"{due}; advance(seconds={seconds}) brings it"


def _empty(pattern: Mapping[str, Any]) -> str:
    if pattern.get("since"):
        return f"the journal is empty: no request came after {pattern['since']}"
    told = "the journal is empty: no request reached the server"
    if pattern.get("operation") == "register":
        return f"{told}; the handle's register() sends no request"
    return told


def _nothing(asked: Mapping[str, Any], scene: Scene) -> Iterable[str]:
    """Say why there is no delivery, and what to call first."""
    account, event, since = (asked.get(key) for key in ("account", "event", "since"))
    whose = f" for {account}" if account else ""
    named = f'"{account}"' if account else "account"
    if account not in scene.registered if account else not scene.registered:
        yield f"no listener is registered{whose}; first: register({named}, url)"
    what = f'trigger("{event}", {named})' if event else f"trigger(event, {named})"
    after = f" after {since}" if since else ""
    how = ""
    if event and account:
        words = ["mockthingspace", "trigger", event, "--account", account]
        words += ["--service", asked["service"]] if asked.get("service") else []
        how = f", or\n  {shlex.join([*words, '--url', scene.url])}"
    yield f"nothing was triggered{whose}{after}; to send a message: {what}{how}"


def _notes(notes: list[str], evicted: int, what: str) -> list[str]:
    if evicted:
        notes = [
            *notes,
            f"{evicted} older {what} were evicted; raise the setting journal_limit to "
            "keep more",
        ]
    return ["", *notes] if notes else []
