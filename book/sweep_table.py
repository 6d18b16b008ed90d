"""The table of a sweep, as Parquet and CSV, and its summary page."""

import io
import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

import pandas as pd
from sweep_points import ABOUT
from whole import write_whole

__all__ = ["frame", "page", "read_rows", "write"]

PARTS = Path("workflow")
DIGITS = 4  # of a number in the page's table; the files hold all of them


def read_rows(folder: Path, plan: Mapping) -> dict[str, dict]:
    """Return the rows that exist, by the run's name; what cannot be read counts as missing."""
    rows = {}
    for entry in plan["runs"]:
        try:
            row = json.loads((folder / "rows" / f"{entry['id']}.json").read_text(encoding="utf8"))
            whole = row["run"] == entry["id"] and row["status"] in ("done", "failed")
        except (OSError, ValueError, KeyError, TypeError):
            continue
        notebook = folder / "runs" / f"{entry['id']}.ipynb"
        if whole and (row["status"] == "failed" or notebook.exists()):
            rows[entry["id"]] = row
    return rows


def frame(plan: Mapping, rows: Mapping[str, Mapping]) -> pd.DataFrame:
    """Return one row a run: parameters, numbers, then status, reason, seconds, device and run.

    A run without a row has the status ``missing``. A number with a name that is taken gets
    ``(glued)`` after it. Values that are lists are JSON texts.
    """
    parameters = dict.fromkeys(name for entry in plan["runs"] for name in entry["parameters"])
    parameters = [*plan["varied"], *(name for name in parameters if name not in plan["varied"])]
    taken = {*parameters, *ABOUT}
    numbers = {name: name for name in plan["numbers"]}
    for row in rows.values():
        numbers |= {name: name for name in row["numbers"]}
    numbers = {name: f"{name} (glued)" if name in taken else name for name in numbers}
    records = []
    for entry in plan["runs"]:
        row = rows.get(entry["id"], {"status": "missing", "numbers": {}})
        record = {name: _cell(entry["parameters"].get(name)) for name in parameters}
        record |= {shown: row["numbers"].get(name) for name, shown in numbers.items()}
        record |= {name: row.get(name, "") for name in ABOUT}
        records.append(record | {"seconds": row.get("seconds"), "run": entry["id"]})
    table = pd.DataFrame(records, columns=[*parameters, *numbers.values(), *ABOUT], dtype=object)
    typed = {shown: "float64" for shown in numbers.values()} | {"seconds": "float64"}
    typed |= dict.fromkeys(["status", "reason", "device", "run"], "string")
    typed |= {name: _type(table[name]) for name in parameters}
    return table.astype(typed)


def _type(values: pd.Series) -> str:
    """Return the type of a parameter's column; integers and truth values may be missing."""
    kinds = {type(value) for value in values if value is not None}
    for wanted, name in (({bool}, "boolean"), ({int}, "Int64"), ({int, float}, "float64")):
        if kinds and kinds <= wanted:
            return name
    return "string"


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def write(folder: Path, plan: Mapping, rows: Mapping[str, Mapping]) -> pd.DataFrame:
    """Write ``table.csv``, ``table.parquet`` and ``index.html``, and return the table."""
    table = frame(plan, rows)
    parquet = io.BytesIO()
    table.to_parquet(parquet, index=False)
    write_whole(folder / "table.parquet", parquet.getvalue())
    write_whole(folder / "table.csv", table.to_csv(index=False, lineterminator="\n"))
    write_whole(folder / "index.html", page(plan, table))
    return table


def page(plan: Mapping, table: pd.DataFrame) -> str:
    """Return the summary page: figures by two menus, and the table; it needs no other file."""
    columns = list(table.columns)
    own = {name for entry in plan["runs"] for name in entry["parameters"]}
    numbers = [name for name in columns if name not in own and name not in ABOUT]
    numbers.sort(key=lambda name: table[name].nunique() < 2)  # those that differ come first
    shown = [*plan["varied"], *numbers, *ABOUT]
    if (table["reason"] == "").all():
        shown.remove("reason")
    values = {name: [_plain(value) for value in table[name]] for name in shown}
    data = {
        "parameters": plan["varied"],
        "numbers": [*numbers, "seconds"],
        "seed": plan["seed"],
        "values": {name: values[name] for name in [*plan["varied"], *numbers, "seconds"]},
    }
    constant = {
        n: _plain(table[n].iloc[0]) for n in columns if n in own and n not in plan["varied"]
    }
    counts = table["status"].value_counts().to_dict()
    fill = {
        "NAME": escape(plan["name"]),
        "TITLE": escape(plan["title"]),
        "COUNTS": escape(", ".join(f"{number} {status}" for status, number in counts.items())),
        "SUBJECT": escape(plan["subject"]),
        "CONSTANT": "".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(_shown(value))}</dd></div>"
            for name, value in constant.items()
        ),
        "TABLE": _html_table(values, shown),
        "DATA": json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
        "STYLE": (PARTS / "summary.css").read_text(encoding="utf8"),
        "SCRIPT": (PARTS / "summary.js").read_text(encoding="utf8"),
    }
    html = (PARTS / "summary.html").read_text(encoding="utf8")
    return re.sub(r"@@(\w+)@@", lambda found: fill[found[1]], html)


def _plain(value: object) -> object:
    """Return a cell as JSON knows it: ``None`` where there is no finite number."""
    if pd.isna(value) or value in (float("inf"), float("-inf")):
        return None
    return value.item() if hasattr(value, "item") else value


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}".replace("-", "−")
    return str(value)


def _html_table(values: Mapping[str, list], shown: list[str]) -> str:
    head = "".join(
        f'<th scope="col"><button type="button">{escape(name)}</button></th>' for name in shown
    )
    body = []
    for place in range(len(values["run"])):
        cells = []
        for name in shown:
            value, text = values[name][place], escape(_shown(values[name][place]))
            if name == "run" and values["status"][place] == "done":
                text = f'<a href="runs/{text}.ipynb">{text}</a>'
            kind = ' class="number"' if isinstance(value, int | float) else ""
            sort = "" if value is None else escape(str(value))
            cells.append(f'<td{kind} data-sort="{sort}">{text}</td>')
        status = escape(str(values["status"][place]))
        body.append(f'<tr class="{status}">{"".join(cells)}</tr>')
    return f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
