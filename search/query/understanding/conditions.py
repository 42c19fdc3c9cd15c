"""Conditions as people write them: camera:canon, year:2019, colour:blue, 颜色：蓝, rating:>=4."""

import re
from collections.abc import Iterator

from search.errors import BadQuery
from search.query.filters.fields import HAVING, SPELLINGS, field_names, find_field
from search.query.filters.grammar import format_filter, value_of
from search.query.filters.tree import AllOf, Condition, Filter, Not
from search.query.understanding.records import IsTaken, Vocabulary

PATTERN = re.compile(
    r"(?<!\S)(?P<minus>-?)(?P<name>[^\W\d][\w.-]*)[:：](?P<sign>[<>]=?|=|~)?"
    r'(?:"(?P<quoted>[^"]+)"|(?P<value>[^\s,，;；"]+))'
)
RANGE = re.compile(r"(?P<least>[^.]+)\.\.(?P<most>[^.]+)")

# Fields by other names that people use.
NAMES = {
    **SPELLINGS,
    **{"year": "date", "month": "date", "day": "date", "taken": "date", "file": "name"},
    **{"keyword": "caption", "album": "collection", "title": "caption", "stars": "rating"},
    **{"年": "date", "年份": "date", "日期": "date", "时间": "date", "相机": "camera"},
    **{"颜色": "colour", "方向": "orientation", "文件名": "name", "路径": "path"},
    **{"收藏": "collection", "图集": "collection", "格式": "format", "评分": "rating"},
}
COLOURS = {
    **{"红": "red", "橙": "orange", "黄": "yellow", "绿": "green", "蓝": "blue", "紫": "purple"},
    **{"粉": "pink", "棕": "brown", "米": "beige", "白": "white", "灰": "grey", "黑": "black"},
    **{"青": "turquoise", "粉红": "pink"},
}
COLOURS |= {f"{name}色": colour for name, colour in COLOURS.items()} | {"褐色": "brown"}
ORIENTATIONS = {
    **{"vertical": "portrait", "horizontal": "landscape", "竖": "portrait", "竖拍": "portrait"},
    **{"横": "landscape", "横拍": "landscape", "方": "square", "方形": "square"},
}
VALUES = {"colour": COLOURS, "orientation": ORIENTATIONS}


def written_conditions(
    text: str, is_taken: IsTaken, vocabulary: Vocabulary
) -> Iterator[tuple[int, int, Filter]]:
    """Yield the conditions of a text on known fields and columns, with values that they take."""
    for match in PATTERN.finditer(text):
        if is_taken(match.start(), match.end()):
            continue
        value = match["quoted"] or match["value"]
        where = _filter(match["name"], match["sign"], value.strip(), vocabulary)
        if where is not None:
            yield match.start(), match.end(), Not(where) if match["minus"] else where


def condition_of(name: str, sign: str | None, value: str, vocabulary: Vocabulary) -> Filter | None:
    """Return the condition, or None where the field or the value is unknown."""
    field = find_field(name)
    if field is None:
        column = vocabulary.column(name)
        if column is None:
            return None
        name = column
    elif name == "has" and value.lower() not in HAVING and vocabulary.column(value) is None:
        return None
    if sign is None:
        sign = "~" if field is not None and "~" in field.operators else "="
    condition = Condition(name, sign, VALUES.get(name, {}).get(value.lower(), value))
    try:
        value_of(condition)
    except BadQuery:
        return None
    return condition


def filter_text(where: Filter) -> str:
    """Return a filter as text."""
    if isinstance(where, Not):
        return f"not {format_filter(where.filter)}"
    if isinstance(where, AllOf):
        return " and ".join(map(format_filter, where.filters))
    return format_filter(where)


def _filter(name: str, sign: str | None, value: str, vocabulary: Vocabulary) -> Filter | None:
    lower = name.lower()
    field_name = lower if lower in field_names() else NAMES.get(lower, name)
    if vocabulary.column(name) is not None and lower not in field_names():
        field_name = name
    ends = RANGE.fullmatch(value) if sign is None else None
    if ends is None:
        return condition_of(field_name, sign, value, vocabulary)
    least = condition_of(field_name, ">=", ends["least"], vocabulary)
    most = condition_of(field_name, "<=", ends["most"], vocabulary)
    return AllOf((least, most)) if least is not None and most is not None else None
