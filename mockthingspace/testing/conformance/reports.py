"""A report as CI systems read it: JUnit's XML."""

from xml.etree import ElementTree as Xml

from mockthingspace.testing.conformance.results import Report, Result

SUITE = "mockthingspace check-listener"


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
