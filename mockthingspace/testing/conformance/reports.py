"""A report as other programs read it: TAP, and JUnit's XML."""

import json
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as Xml

from mockthingspace.testing.conformance.results import Report, Result

SUITE = "mockthingspace check-listener"


def tap(report: Report) -> str:
    """Return a report as TAP 14, which readers of TAP 13 understand."""
    lines = ["TAP version 14", f"1..{len(report.results)}"]
    for number, item in enumerate(report.results, 1):
        lines += _tested(number, item)
    return "\n".join([*lines, f"# {report.summary}"])


def _tested(number: int, item: Result) -> Iterator[str]:
    """Return a check's test line and its block of YAML, every value a JSON string."""
    ok = "not ok" if item.verdict == "failed" else "ok"
    skip = f" # SKIP {item.reason}" if item.verdict == "skipped" else ""
    yield f"{ok} {number} - {item.check.name}{skip}"
    yield "  ---"
    if item.verdict == "failed":
        yield f"  message: {json.dumps(item.reason)}"
    details: dict[str, list[str]] = {}
    for name, text in item.details():
        details.setdefault(name, []).append(text)
    for name, texts in details.items():
        yield f"  {name}:"
        yield from (f"    - {json.dumps(text)}" for text in texts)
    yield f"  duration_ms: {item.duration_s * 1000:.3f}"
    yield "  ..."


def junit(report: Report) -> str:
    """Return a report as JUnit's XML, a test case a check."""
    counts = {
        "name": SUITE,
        "tests": str(len(report.results)),
        "failures": str(report.count("failed")),
        "errors": "0",
        "skipped": str(report.count("skipped")),
        "time": _seconds(sum(result.duration_s for result in report.results)),
    }
    suites = Xml.Element("testsuites", counts)
    suite = Xml.SubElement(suites, "testsuite", counts)
    properties = Xml.SubElement(suite, "properties")
    for name in ("url", "family", "event"):
        Xml.SubElement(properties, "property", name=name, value=getattr(report, name))
    for result in report.results:
        _case(suite, report, result)
    Xml.indent(suites)
    return Xml.tostring(suites, encoding="unicode", xml_declaration=True)


def _case(suite: Xml.Element, report: Report, item: Result) -> None:
    where = f"check-listener.{report.family}"
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=where,
        name=item.check.name,
        time=_seconds(item.duration_s),
    )
    details = "\n".join(f"{name}: {text}" for name, text in item.details())
    if item.verdict == "failed":
        kind = f"{item.check.evidence} behaviour"
        failure = Xml.SubElement(case, "failure", message=item.reason, type=kind)
        failure.text = details
    if item.verdict == "skipped":
        Xml.SubElement(case, "skipped", message=item.reason)
    Xml.SubElement(case, "system-out").text = details


def _seconds(duration_s: float) -> str:
    return f"{duration_s:.3f}"


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": Report.text,
    "tap": tap,
    "junit": junit,
}
