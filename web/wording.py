"""Write values for readers: amounts, times and money; and make text harmless to look at."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from api.times import moment

NONE: Final = "\N{EN DASH}"
SECOND_MS: Final = 1_000
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
CENT_USD: Final = 0.01
KIB: Final = 1_024
HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""What is not seen, or turns the direction of writing round; newlines and tabs stay."""
SURROGATE: Final = re.compile("[\ud800-\udfff]")
WEB: Final = re.compile(r"https?://[^\s\"'<>\\^`{|}]{1,2000}")


def harmless(value: Any) -> Any:
    """Write text with everything in it visible: controls as pictures, other hidden characters by their number."""
    if value is None:
        return ""
    if isinstance(value, Markup) or not isinstance(value, str) or value.isprintable():
        return value
    return SURROGATE.sub("\ufffd", HIDDEN.sub(_picture, value))


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == DELETE:
        return "\u2421"
    return chr(PICTURES + code) if code < BLANK else f"[U+{code:04X}]"


DELETE, BLANK, PICTURES = 0x7F, 0x20, 0x2400


def took(milliseconds: float | None) -> str:
    """Write a duration: 0.4 ms, 850 ms, 4.2 s, 3m 05s, 2h 10m, 3d 4h."""
    if milliseconds is None:
        return NONE
    if round(milliseconds) < SECOND_MS:
        return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
    seconds = milliseconds / SECOND_MS
    if round(seconds, 1) < MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < HOUR_S:
        return f"{whole // MINUTE_S}m {whole % MINUTE_S:02}s"
    if whole < DAY_S:
        return f"{whole // HOUR_S}h {whole % HOUR_S // MINUTE_S:02}m"
    return f"{whole // DAY_S}d {whole % DAY_S // HOUR_S}h"


def amount(count: float | None) -> str:
    """Write a number of tokens: 950, 12.3k, 4.5M."""
    if count is None:
        return NONE
    for unit, size in (("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return f"{count:.0f}"


def number(count: float | None) -> str:
    """Write a whole number with its thousands apart."""
    return NONE if count is None else f"{count:,.0f}"


def counted(count: int, what: str) -> str:
    """Write how many there are of something."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def why(kind: str | None, message: str | None) -> str:
    """Write what went wrong: its kind and what was said of it, unless that begins with the kind."""
    if not kind or (message or "").startswith(kind):
        return message or ""
    return f"{kind} {message or ''}".rstrip()


def price(usd: float | None) -> str:
    """Write dollars: two digits behind the point, more below a cent."""
    if usd is None:
        return NONE
    return f"${usd:,.2f}" if usd >= CENT_USD or not usd else f"${usd:.6f}".rstrip("0")


def dollars(nanos: int | None) -> str:
    """Write nano-dollars as dollars."""
    return price(None if nanos is None else nanos / 1e9)


def share(part: float | None, whole: float | None) -> str:
    """Write a part of a whole in percent."""
    if part is None or not whole:
        return NONE
    percent = 100 * part / whole
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"


def size(count: float | None) -> str:
    """Write an amount of bytes in the unit that reads best."""
    if count is None:
        return NONE
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < KIB:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= KIB
    return f"{count:.1f} TiB"


def clock(time: str | None) -> str:
    """Write a time of the tables to the second, UTC."""
    return time[:19].replace("T", " ") if time else NONE


def hour(time: str | None) -> str:
    """Write a time of the tables without its day: 13:02:14."""
    return time[11:19] if time else NONE


def ago(time: str | None, now: datetime) -> str:
    """Say how long ago a time was: 12 s, 5 min, 3 h, 2 d."""
    try:
        seconds = (now - moment(time)).total_seconds() if time else None
    except (ValueError, OverflowError):
        seconds = None
    if seconds is None:
        return NONE
    for unit, length in (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"


def epoch(day: str) -> int | str:
    """Give the Unix seconds at which a day or time of the tables begins; nothing when it is none."""
    try:
        return int(moment(day).timestamp())
    except (ValueError, OverflowError):
        return ""


def segment(text: Any) -> str:
    """Write text as one part of an address's path."""
    return quote(str(text).encode(errors="surrogateescape"), safe="")


def cut(text: str | None, most: int = 120) -> str:
    """Cut text to so many characters on one line, with a sign when something is missing."""
    if not text:
        return ""
    line = " ".join(text[: most * 4].split())
    return line if len(line) <= most and len(text) <= most * 4 else f"{line[: most - 1]}…"


def is_web(text: object) -> bool:
    """Say whether text is an address that may be a link."""
    return isinstance(text, str) and WEB.fullmatch(text) is not None


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "took": took,
    "amount": amount,
    "number": number,
    "counted": counted,
    "why": why,
    "price": price,
    "dollars": dollars,
    "size": size,
    "clock": clock,
    "hour": hour,
    "seg": segment,
    "cut": cut,
    "is_web": is_web,
    "share": share,
    "ago": ago,
    "epoch": epoch,
}
