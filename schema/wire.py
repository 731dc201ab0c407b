"""Walk protobuf's wire format without building anything.

Raise IndexError where bytes are missing and ValueError where they cannot be: both mean that the framing is broken.
"""

Part = tuple[int, int, int]
"""Where a field that holds a message begins, where the message in it begins, and where both end."""


def varint(body: bytes, at: int) -> tuple[int, int]:
    """Read a varint; give its value and where it ends."""
    byte = body[at]
    if byte < 128:
        return byte, at + 1
    value, shift = byte & 127, 7
    while byte > 127:
        at += 1
        byte = body[at]
        value |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise ValueError(at)
    return value, at + 1


def split(body: bytes, at: int, end: int, *, number: int, most: int) -> tuple[bytes, list[Part]]:
    """Part the message at `body[at:end]` into itself without its repeated field `number`, and where those values are.

    Past the `most` that are wanted it stops.
    """
    rest = bytearray()
    parts: list[Part] = []
    kept = at
    wanted = number << 3 | 2
    while at < end and len(parts) <= most:
        start = at
        key, at = (wanted, at + 1) if body[at] == wanted else varint(body, at)
        if key != wanted:
            at = skip(body, at, key)
            continue
        if start > kept:
            rest += body[kept:start]
        length, at = varint(body, at)
        kept = at + length
        parts.append((start, at, kept))
        at = kept
    if at > end:
        raise IndexError(at)
    rest += body[kept:end]
    return bytes(rest), parts


def skip(body: bytes, at: int, key: int) -> int:
    """Step over the value of a field; give where it ends."""
    kind = key & 7
    if key >> 3 == 0 or kind in (4, 6, 7):
        raise ValueError(key)
    if kind == 0:
        return varint(body, at)[1]
    if kind == 2:
        length, at = varint(body, at)
        end = at + length
    elif kind == 3:
        return _skip_group(body, at, key >> 3)
    else:
        end = at + (8 if kind == 1 else 4)
    if end > len(body):
        raise IndexError(end)
    return end


def _skip_group(body: bytes, at: int, number: int) -> int:
    """Step over a group, groups inside it included; old protobuf syntax, always unknown to us."""
    open_groups = [number]
    while open_groups:
        key, at = varint(body, at)
        kind = key & 7
        if kind == 3:
            open_groups.append(key >> 3)
        elif kind == 4:
            if open_groups.pop() != key >> 3:
                raise ValueError(key)
        else:
            at = skip(body, at, key)
    return at


def field(number: int, value: bytes) -> bytes:
    """Write a field that holds a message, a string or bytes."""
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
