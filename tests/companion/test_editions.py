import json

import pytest
from halfspace.companion import editions


@pytest.fixture
def kept(monkeypatch, tmp_path):
    folder = tmp_path / "data" / "editions"
    folder.mkdir(parents=True)
    old = [{"id": id, "rule": f"rule of {id}"} for id in ("same", "changed", "gone")]
    (folder / "1.json").write_text(json.dumps(old))
    monkeypatch.setenv("HALFSPACE_RESULTS", str(folder.parent / "results"))
    return old


def test_each_old_claim_is_followed_to_its_place(kept):
    same = {"id": "same", "rule": "rule of same", "replaces": []}
    first, second = ({"id": id, "rule": "", "replaces": ["changed"]} for id in "ab")
    other_rule = {"id": "gone", "rule": "another", "replaces": []}
    rows = editions.changes([same, first, second, other_rule])
    unchanged, changed, gone = kept
    assert [row["old"] for row in rows] == [changed, gone, unchanged]
    assert [row["new"] for row in rows] == [[first, second], [], [same]]


def test_without_the_repository_the_way_out_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="in data/editions of the repository"):
        editions.first_edition()


def test_the_first_edition_had_82_claims():
    verdicts = [claim["verdict"] for claim in editions.first_edition()]
    assert len(verdicts) == 82 and verdicts.count("reproduced") == 27
