"""The line that says where a figure comes from."""

import pytest
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result


def result(source, when, device="CPU"):
    return Result(None, {}, {"when": when + "T10:00:00+00:00", "device": device}, source)


def test_recorded_and_made_results_are_told_apart():
    old, new = result("recorded", "2026-01-31"), result("computed", "2026-02-01")
    assert origin(old) == "Recorded on 2026-01-31 (CPU)."
    assert origin(new) == "Made in this build on 2026-02-01 (CPU)."
    assert origin(new, old) == f"{origin(old)} {origin(new)}"


def test_days_and_devices_are_listed_once():
    results = [
        result("recorded", day, device) for day in ("2026-02-01", "2026-01-31") for device in "BA"
    ]
    assert origin(*results) == "Recorded on 2026-01-31, 2026-02-01 (A, B)."


def test_a_cached_result_was_made_here():
    assert origin(result("cached", "2026-02-01")).startswith("Made in this build")


def test_no_result_has_no_origin():
    with pytest.raises(ValueError, match="origin needs at least one result; got none"):
        origin()
