"""Turn stored text into what a person would read: recorded messages are JSON, whose frame is not what was said."""

import re
import unicodedata
from typing import Final

JSON_BEGINS: Final = ("{", "[", '"')
_FRAME: Final = re.compile(
    r'"(?:role|type|finish_reason|event\.name)"\s*:\s*"[\w.]*"\s*,?'
    r'|"(?:parts|content|text|message|messages|arguments|input|output|result|response|id|name|tool_calls|function)"\s*:'
)
"""What messages are wrapped in, in every vocabulary that is read."""
_ESCAPES: Final = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|([nrtbf])|([\"/]))")


def readable(text: str) -> str:
    """Take the frame and the escapes of JSON away; other text stays, in the composed form of its characters.

    Text may be cut anywhere, so that it is not parsed.
    """
    text = composed(text)
    if text.startswith(JSON_BEGINS):
        text = _FRAME.sub(" ", text)
        if "\\" in text:
            text = _ESCAPES.sub(_character, text)
    return text


def composed(text: str) -> str:
    """Write characters in their composed, compatible form: wide letters are letters, and an accent is no letter."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _character(found: re.Match[str]) -> str:
    digits, control, sign = found.groups()
    if digits is None:
        return "\n" if control == "n" else sign or " "
    code = int(digits, 16)
    return " " if 0xD800 <= code < 0xE000 else chr(code)
