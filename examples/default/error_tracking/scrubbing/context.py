"""Looks at what is around an assignment: whether it is a line of a file, of source code, or in a sentence.

It never looks further than the lines beside, so that the time grows linearly with the text.
"""

import re

from error_tracking.scrubbing.values import is_sentence

#: Lines of YAML and INI, and the caret under a line in a message of PyYAML.
KEY_VALUE_LINE = re.compile(r"[ \t]*(?:(?:- )?[\w.-]{1,60}[ \t]?[:=](?:[ \t]|$)|\^$)")
DEFINITION = re.compile(r"^\s{0,20}(?:class|def|interface|type|struct|input)\s\w", re.MULTILINE)
LONGEST_LINE = 400  # characters: how far to look for the begin and the end of a line


def begins(text: str, start: int) -> bool:
    """Return whether what starts here is the first of a line, of brackets or of a list, and not in a sentence."""
    before = text[max(0, start - 40) : start].rstrip(" \t\"'`\\")
    return not before or before[-1] in "\n{[(,;&?|-"


def is_first_of_line(text: str, start: int) -> bool:
    """Return whether a name is the first of its line, as in INI and YAML files."""
    return text[max(0, start - 60) : start].rpartition("\n")[2].strip(" \t-") in ("", "export", "set", "ENV", "$")


def is_whole_line(text: str, begin: int, start: int, sign: str, line: str) -> bool:
    """Return whether all of a line is the value, as in INI files, and in YAML if a line beside it is `key: value` too."""
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
    """Return whether this line is that of the source code in a traceback."""
    before = text[max(0, start - LONGEST_LINE) : start].rpartition("\n")[0]
    return before.rpartition("\n")[2].lstrip(" |+").startswith('File "')
