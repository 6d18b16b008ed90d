"""The engine of the interactive pages: it computes what the package computes."""

import re

import pytest
from fixtures import write_fixtures
from halfspace.companion.widgets import source
from scripts import WIDGETS, check_types, run_node_tests

ENGINE = WIDGETS / "engine.js"


def test_the_engine_agrees_with_the_package(tmp_path):
    write_fixtures(tmp_path)
    run_node_tests("engine.test.js", FIXTURES=str(tmp_path))


def test_the_types_hold():
    check_types(ENGINE)


def test_a_wrong_type_is_seen(tmp_path):
    wrong = tmp_path / "wrong.js"
    wrong.write_text("HalfSpaces.createNet({ kind: 'relu', width: '16' }, 3);\n", encoding="utf8")
    with pytest.raises(AssertionError, match="Generator"):
        check_types(ENGINE, wrong)


def test_the_engine_is_small_and_asks_for_nothing():
    text = source("engine.js")
    assert text == ENGINE.read_text(encoding="utf8")
    assert len(text.encode()) < 60_000
    assert not re.search(r"\b(import|require|fetch|eval|document|window)\b\s*[(.{'\"]", text)
