"""Examines the text around an assignment: is it a line of a file, of source code, or part of a sentence?

Only the adjacent lines are read, so that the time grows linearly with the text.
"""

import re

from error_tracking.scrubbing.values import is_sentence

#: Lines of YAML and INI files, and the caret under a line in PyYAML's messages.
KEY_VALUE_LINE = re.compile(r"[ \t]*(?:(?:- )?[\w.-]{1,60}[ \t]?[:=](?:[ \t]|$)|\^$)")
DEFINITION = re.compile(r"^\s{0,20}(?:class|def|interface|type|struct|input)\s\w", re.MULTILINE)
LONGEST_LINE = 400  # characters: how far to search for the start and end of a line


def begins(text: str, start: int) -> bool:
    """Return whether `start` is the beginning of a line, bracket or list item, and not within a sentence."""
    before = text[max(0, start - 40) : start].rstrip(" \t\"'`\\")
    return not before or before[-1] in "\n{[(,;&?|-"


def is_first_of_line(text: str, start: int) -> bool:
    """Return whether a name is the first word of its line, as in INI and YAML files."""
    return text[max(0, start - 60) : start].rpartition("\n")[2].strip(" \t-") in ("", "export", "set", "ENV", "$")


def is_whole_line(text: str, begin: int, start: int, sign: str, line: str) -> bool:
    """Return whether the value is the whole line, as in INI files, and in YAML next to another `key: value` line."""
    whole = line.split(" #")[0].rstrip()
    if sign.endswith("="):
        return not re.search(r"\s[\w.-]{1,60}=|[&;]|, ", whole)
    if sign != ":" or is_sentence(whole):
        return False
    head = text[max(0, begin - LONGEST_LINE) : begin].rpartition("\n")[0]
    if DEFINITION.search(head):
        return False
    end = start + len(line)
    after = text[end + 1 : end + LONGEST_LINE].partition("\n")[0] if text[end : end + 1] == "\n" else ""
    return any(KEY_VALUE_LINE.match(line) for line in (head.rpartition("\n")[2], after) if line)


def is_code_line(text: str, start: int) -> bool:
    """Return whether this line is source code in a traceback."""
    before = text[max(0, start - LONGEST_LINE) : start].rpartition("\n")[0]
    return before.rpartition("\n")[2].lstrip(" |+").startswith('File "')
