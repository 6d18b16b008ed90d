"""Additions to a built page's markup: names and roles for assistive technology, tables that fit.

Themes, notebooks and pandas write the markup; these functions change the parsed page in place.
"""

import re
from copy import copy

from bs4 import BeautifulSoup, NavigableString, Tag
from halfspace.companion.plots.tables import SHOWN_ROWS, typeset

__all__ = ["column_labels", "complete_tables", "hold_together", "list_verdicts", "mend_roles"]

PHONE = 340  # pixels that a table has on a phone
LETTER, PADDING = 8.5, 20  # about, in pixels
SENTENCE = 40  # letters from which a cell is read as a sentence
LETTER_FORMULA = re.compile(r"\\\((\w+)\\\)")  # a formula that reads the same as text
SIGN_NAMES = {"✓": "yes", "✗": "no", "◐": "part", "?": "open", "…": "open"}
POWER = r"(\u00a0×\u00a010⁻?[⁰¹²³⁴-⁹]+)"
APART = re.compile(r"(?:(?<=[\d)])|^) (?=%)|(?<=\d)–(?=\d)")  # where a line must not end
TOGETHER = {" ": "\u00a0", "–": "\u2060–\u2060"}
NUMBER = rf"[−+×]?[\d.,\u202f]+(e[-+]?\d+|{POWER})?( ?%)?"
NUMBER = re.compile(rf"(after )?{NUMBER}( to {NUMBER})?")


def mend_roles(page: BeautifulSoup) -> None:
    """Give parts of the theme, of bibliographies and of code bars the roles and names they lack."""
    for entry in page.select(".citation[role=doc-biblioentry]"):
        entry["role"] = "listitem"
    for logo in page.select(".sidebar-primary-item:has(> .navbar-brand)"):
        logo["role"], logo["aria-label"] = "navigation", "Home"
    for bar in page.select("summary[aria-label]"):  # what it shows is its name
        del bar["aria-label"]
    for link in page.select(".dropdown-download-buttons a"):  # a file to keep, where HTTP serves it
        link["download"] = ""
    for button in page.select(".search-button-field, .search-button__button"):
        del button["aria-label"]  # it reads "Search Ctrl+K"
    for cell in page.select("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"


def hold_together(page: BeautifulSoup) -> None:
    """Let no line end before a percent sign or within a range such as 0–4."""
    for text in [t for article in page.select("article") for t in article.find_all(string=APART)]:
        if not text.find_parent(["pre", "code", "script", "style"]):
            text.replace_with(NavigableString(APART.sub(lambda found: TOGETHER[found[0]], text)))


def complete_tables(page: BeautifulSoup) -> None:
    """Let tables fit: cells know their column's name, numbers are set right, long tables fold."""
    for table in page.select("article table:not(.indextable)"):
        del table["border"]
        for row in table.select("tr"):
            del row["style"]  # pandas sets alignment cell by cell
        for text in [t for cell in table.select("td") for t in cell.find_all(string=True)]:
            if not text.find_parent(["code", "a", "script", "style"]) and typeset(text) != text:
                text.replace_with(NavigableString(typeset(text)))
        _repeat_spanning_cells(table)
        _join_headers(page, table)
        _label(table)
        _fold(page, table)


def list_verdicts(page: BeautifulSoup) -> None:
    """Make a list of a table of claims: verdict and claim on a line, the findings folded."""
    for table in page.select("article table:has(a[href*='reproduction.html#claim-'])"):
        labels = column_labels(table)
        if not {"verdict", "claim", "ours"} <= set(labels):
            continue
        items = page.new_tag("ul", attrs={"class": "judged"})
        for row in table.select("tbody tr"):
            cells = row.find_all(["th", "td"], recursive=False)
            items.append(_judged(page, dict(zip(labels, cells, strict=True))))
        table.replace_with(items)


def _judged(page: BeautifulSoup, row: dict[str, Tag]) -> Tag:
    verdict = row["verdict"].get_text(strip=True)
    item = page.new_tag("li")
    badge = page.new_tag("strong", attrs={"class": f"badge sign-{SIGN_NAMES[verdict[0]]}"})
    badge.string = verdict
    item.append(badge)
    claim = row["claim"].a.extract()
    claim.string = typeset(claim.get_text())
    item.append(claim)
    found = [text for text in row["ours"].get_text(strip=True).split("; ") if len(text) > 1]
    if not found:
        return item
    fold = page.new_tag("details")
    fold.append(page.new_tag("summary"))
    fold.summary.string = f"{len(found)} finding{'s' * (len(found) > 1)}"
    listed = page.new_tag("ul")
    for text in found:
        listed.append(page.new_tag("li"))
        listed.contents[-1].string = typeset(text)
    fold.append(listed)
    if "measured" in row:
        fold.append(page.new_tag("p"))
        fold.p.string = f"Measured: {typeset(row['measured'].get_text(strip=True))}."
    item.append(fold)
    return item


def column_labels(table: Tag) -> list[str]:
    """Return the columns' names; those of a column with several headers are joined."""
    grid = {}
    for number, row in enumerate(table.select("thead tr")):
        column = 0
        for cell in row.find_all(["th", "td"], recursive=False):
            while (number, column) in grid:
                column += 1
            text = LETTER_FORMULA.sub(r"\1", " ".join(cell.get_text(" ", strip=True).split()))
            width = int(cell.get("colspan", 1))
            for down in range(int(cell.get("rowspan", 1))):
                grid |= {(number + down, column + right): text for right in range(width)}
            column += width
    labels = []
    for column in sorted({column for _, column in grid}):
        texts = [text for (_, at), text in sorted(grid.items()) if at == column and text]
        labels.append(" · ".join(dict.fromkeys(texts)))
    return labels


def _repeat_spanning_cells(table: Tag) -> None:
    """Let each row have its own copy of a cell that spans several rows."""
    spanning = {}  # by column: the cell and how many rows it still covers
    for row in table.select("tbody tr"):
        cells = row.find_all(["th", "td"], recursive=False)
        for column in sorted(spanning):
            cell, left = spanning.pop(column)
            cells.insert(column, copy(cell))
            if left > 1:
                spanning[column] = cell, left - 1
        for column, cell in enumerate(cells):
            row.append(cell)
            if rows := int(cell.attrs.pop("rowspan", 1)) - 1:
                spanning[column] = cell, rows


def _join_headers(page: BeautifulSoup, table: Tag) -> None:
    """Make one header of pandas's two, the columns' names above the rows' own."""
    rows = table.select("thead tr")
    if len(rows) < 2 or table.select("thead [colspan]"):
        return
    for cell, label in zip(rows[0].find_all(["th", "td"]), column_labels(table), strict=True):
        cell.name, cell.string = "th" if label else "td", label
    for row in rows[1:]:
        row.decompose()


def _label(table: Tag) -> None:
    labels = column_labels(table)
    widest = [_longest_word(label) for label in labels]
    sentences = False
    rows = [row.find_all(["th", "td"], recursive=False) for row in table.select("tbody tr")]
    for cells in rows:
        if len(cells) != len(labels):  # a cell that spans several columns has no single column name
            return
        for number, cell in enumerate(cells):
            text = cell.get_text(" ", strip=True)
            widest[number] = max(widest[number], _longest_word(text))
            if labels[number]:
                cell["data-label"] = labels[number]
            if len(text) > SENTENCE:
                cell["class"] = [*cell.get("class", []), "sentence"]
                sentences = True
    _align(rows)
    classes = table.get("class", [])
    if len(labels) > 7:
        classes = [*classes, "wide"]
    needed = sum(widest) * LETTER + len(labels) * PADDING
    if (needed > PHONE or sentences) and "\\" not in "".join(labels):
        classes = [*classes, "stacked"]
    table["class"] = classes


def _align(rows: list[list[Tag]]) -> None:
    """Set a column right if most of its cells are numbers."""
    for column in zip(*rows, strict=True):
        numbers = [NUMBER.fullmatch(cell.get_text(" ", strip=True)) for cell in column]
        if sum(map(bool, numbers)) * 2 > len(column):
            for cell in column:
                cell["class"] = [*cell.get("class", []), "number"]


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _fold(page: BeautifulSoup, table: Tag) -> None:
    rows = table.select("tbody tr")
    box = table.wrap(page.new_tag("div", attrs={"class": "table-scroll"}))
    if len(rows) <= SHOWN_ROWS or any(row.get("id") for row in rows):
        return
    details = page.new_tag("details", attrs={"class": "fold"})
    summary = page.new_tag("summary")
    for name, text in (("more", f"Show all {len(rows)} rows"), ("fewer", "Show fewer rows")):
        part = page.new_tag("span", attrs={"class": name})
        part.string = text
        summary.append(part)
    details.append(summary)
    box.wrap(page.new_tag("div", attrs={"class": "table-box"})).append(details)
