"""A flat guest of a few bytes, for registers that no image writes often enough."""
import struct

ENTRY = "long@0x100000"


def write_loop(address, count, is_port=False):
    """Writes 0 to `address` `count` times, as a byte to a port or as 32 bits to memory, and ends with status 0."""
    store = b"\xee" if is_port else b"\x89\x02"  # out dx, al; mov [rdx], eax
    body = store + b"\xff\xc9"  # dec ecx
    return (
        b"\xba" + struct.pack("<I", address)  # mov edx, address
        + b"\xb9" + struct.pack("<I", count)  # mov ecx, count
        + b"\x31\xc0"  # xor eax, eax
        + body
        + b"\x75" + struct.pack("b", -len(body) - 2)  # jnz to the body
        + b"\xe6\xf4"  # out 0xf4, al: the debug-exit port
    )
