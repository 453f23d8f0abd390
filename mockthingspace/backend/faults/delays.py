"""How long a fault delays: in seconds, or as WireMock's JSON says it."""

import random
from collections.abc import Mapping
from math import exp, log
from typing import Any

from mockthingspace.backend.faults.models import Fault
from mockthingspace.core.setting_types import LONGEST_S, SettingType, whole

MS = 1000
USUAL_S = 1.0
WIDEST = 100.0
_TRIES = 100


def _up_to(longest: float) -> Any:
    def parse(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError
        number = float(value)
        if not 0 <= number <= longest:
            raise ValueError
        return number

    return parse


SECONDS = SettingType("seconds, 0 or more, at most 30 days", _up_to(LONGEST_S))
MILLISECONDS = SettingType(
    "milliseconds, 0 or more, at most 30 days", _up_to(LONGEST_S * MS)
)
SIGMA = SettingType("0 to 100", _up_to(WIDEST))
CHUNKS = whole(1, 1000, "a whole number from 1 to 1000")
_DISTRIBUTIONS: Mapping[str, Mapping[str, SettingType]] = {
    "fixed": {"milliseconds": MILLISECONDS},
    "uniform": {"lower": MILLISECONDS, "upper": MILLISECONDS},
    "lognormal": {"median": MILLISECONDS, "sigma": SIGMA, "maxValue": MILLISECONDS},
}
_MAY_LACK = "maxValue"


def _distribution(value: Any) -> Mapping[str, Any]:
    given = {name: item for name, item in value.items() if item is not None}
    rows = _DISTRIBUTIONS[given.pop("type")]
    if given.keys() | {_MAY_LACK} != rows.keys() | {_MAY_LACK}:
        raise ValueError
    numbers = {name: rows[name].parse(value) for name, value in given.items()}
    if numbers.get("lower", 0) > numbers.get("upper", 0):
        raise ValueError
    if numbers.get("median", 0) > numbers.get(_MAY_LACK, LONGEST_S * MS):
        raise ValueError
    return {"type": value["type"], **numbers}


def _dribble(value: Any) -> Mapping[str, Any]:
    if value.keys() != {"numberOfChunks", "totalDuration"}:
        raise ValueError
    return {
        "numberOfChunks": CHUNKS.parse(value["numberOfChunks"]),
        "totalDuration": MILLISECONDS.parse(value["totalDuration"]),
    }


DISTRIBUTION = SettingType(
    'WireMock\'s delayDistribution: {"type": "fixed", "milliseconds"}, {"type": '
    '"uniform", "lower", "upper"} or {"type": "lognormal", "median", "sigma", '
    '"maxValue"?}',
    _distribution,
)
DRIBBLE = SettingType(
    "WireMock's chunkedDribbleDelay: {numberOfChunks, totalDuration}", _dribble
)
DELAYS: Mapping[str, tuple[SettingType, Any]] = {
    "seconds": (SECONDS, None),
    "fixedDelayMilliseconds": (MILLISECONDS, None),
    "delayDistribution": (DISTRIBUTION, None),
}


def delay_s(fault: Fault) -> float:
    """Return how long a delay is, in seconds: all that is given, or a second.

    The same seed gives the same delays.
    """
    given = fault.options
    seconds, fixed_ms = given["seconds"], given["fixedDelayMilliseconds"]
    distribution = given["delayDistribution"]
    parts = [
        *([] if seconds is None else [seconds]),
        *([] if fixed_ms is None else [fixed_ms / MS]),
        *([] if distribution is None else [_drawn(distribution, fault) / MS]),
    ]
    return float(sum(parts)) if parts else USUAL_S


def _drawn(distribution: Mapping[str, Any], fault: Fault) -> float:
    chance = random.Random(f"{fault.seed} {fault.acted}")
    if distribution["type"] == "fixed":
        return float(distribution["milliseconds"])
    if distribution["type"] == "uniform":
        return chance.uniform(distribution["lower"], distribution["upper"])
    longest = distribution.get(_MAY_LACK, LONGEST_S * MS)
    drawn = (_lognormal(distribution, chance) for _ in range(_TRIES))
    return next((item for item in drawn if item <= longest), float(longest))


def _lognormal(distribution: Mapping[str, Any], chance: random.Random) -> float:
    median, deviation = distribution["median"], chance.gauss(0, distribution["sigma"])
    return exp(min(log(median) + deviation, WIDEST)) if median else 0.0


def pieces(fault: Fault) -> tuple[int, float]:
    """Return into how many pieces a slow reply is cut, and how long it takes, in s."""
    dribble = fault.options["chunkedDribbleDelay"]
    if dribble is not None:
        return dribble["numberOfChunks"], dribble["totalDuration"] / MS
    return fault.options["chunks"], fault.options["seconds"]
