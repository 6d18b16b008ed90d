"""``python -m halfspace.companion.rules`` writes the decision rules to ``data/rules.json``.

The file is committed before the runs that a rule judges; a test compares it with the file of the
commit that each recorded run was made from.
"""

import json
import sys
from pathlib import Path

from halfspace.companion.registry import CLAIMS, judge
from halfspace.files import write_whole

__all__ = ["RULES", "write_rules"]

RULES = Path(__file__).resolve().parents[3] / "data" / "rules.json"


def write_rules(path: Path = RULES) -> None:
    """Write every claim's rule; the file is replaced atomically.

    Raises:
        ValueError: if a rule whose runs are recorded would change, or if the file is damaged; the
            message names it.
    """
    old = _read_rules(path)
    new = {claim.id: claim.rule for claim in CLAIMS}
    for claim in CLAIMS:
        if old.get(claim.id, claim.rule) != claim.rule and judge(claim)[0] != "pending":
            raise ValueError(
                f"the rule of {claim.id} is fixed: its runs are recorded; give a new rule a new id"
            )
    text = json.dumps(new, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def _read_rules(path: Path) -> dict[str, str]:
    """Return the rules in the file, none if there is no file."""
    if not path.exists():
        return {}
    try:
        rules = json.loads(path.read_text(encoding="utf8"))
        if not isinstance(rules, dict):
            raise ValueError("it does not map ids to rules")
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged ({error}); restore it with git checkout -- data/rules.json"
        ) from error
    return rules


if __name__ == "__main__":
    try:
        write_rules()
    except (OSError, ValueError) as error:
        sys.exit(str(error))
