"""The engine of the interactive pages: it computes what the package computes."""

import re

from fixtures import write_fixtures
from halfspace.companion.widgets import source
from scripts import WIDGETS, run_node_tests, type_errors

ENGINE = WIDGETS / "engine.js"


def test_the_engine_agrees_with_the_package(tmp_path):
    write_fixtures(tmp_path)
    run_node_tests("engine.test.js", FIXTURES=str(tmp_path))


def test_the_types_hold_and_a_wrong_one_is_seen(tmp_path):
    wrong = tmp_path / "wrong.js"
    use = "HalfSpaces.createNet({ kind: 'relu', width: '16' }, new HalfSpaces.Generator(0));\n"
    wrong.write_text(use, encoding="utf8")
    (error,) = type_errors(ENGINE, wrong)
    assert "wrong.js(1" in error and "'string' is not assignable to type 'number'" in error


def test_the_engine_is_small_and_asks_for_nothing():
    text = source("engine.js")
    assert text == ENGINE.read_text(encoding="utf8")
    assert len(text.encode()) < 60_000
    assert not re.search(r"\b(import|require|fetch|eval|document|window)\b\s*[(.{'\"]", text)
