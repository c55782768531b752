"""A watch below the channel that stops commands by which a code could be spent or changed."""

from __future__ import annotations

from harness.apdu import INS, ApduFormatError, CommandApdu
from harness.errors import UsageError
from harness.icc import Icc

# ISO/IEC 7816-4, 7.5.6 to 7.5.10; secure messaging leaves the instruction byte in the clear.
_VERIFY = (INS.VERIFY, 0x21)
_CHANGES = (INS.CHANGE_REFERENCE_DATA, 0x25, 0x26, 0x27, 0x28, INS.RESET_RETRY_COUNTER, 0x2D)
_CIPHERTEXT = (b"\x85", b"\x87")
# PACE with the PIN or the PUK costs a try like VERIFY (BSI TR-03110-3, B.14.2).
_SET_AT = bytes((INS.MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4))
_PACE_WITH_CODE = (b"\x83\x01\x03", b"\x83\x01\x04")


class PinWatch:
    """An `Icc` around a card whose codes must not change, nor be offered unless `may_verify`.

    A VERIFY without data only asks for the state of a code, and always passes.
    """

    def __init__(self, icc: Icc, *, may_verify: bool) -> None:
        self._icc = icc
        self._may_verify = may_verify

    def connect(self) -> bytes:
        """Activate the card."""
        return self._icc.connect()

    def disconnect(self) -> None:
        """Power the card off."""
        self._icc.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on if it cannot harm a code.

        Raises:
            UsageError: it can; it was not sent.
        """
        ins = int.from_bytes(command[1:2])
        if ins in _CHANGES or (not self._may_verify and _offers_code(ins, command)):
            message = (
                f"a command that could spend or change a code (INS {ins:02X}) was not sent: "
                "such a test is marked destructive, or asks for the code that it verifies"
            )
            raise UsageError(message)
        return self._icc.transmit(command)


def _offers_code(ins: int, command: bytes) -> bool:
    if command[1:4] == _SET_AT:
        return any(reference in command for reference in _PACE_WITH_CODE)
    return ins in _VERIFY and _holds_data(command)


def _holds_data(command: bytes) -> bool:
    try:
        decoded = CommandApdu.decode(command)
    except ApduFormatError:
        return True  # whatever the card makes of it
    return decoded.data.startswith(_CIPHERTEXT) if decoded.is_secured else bool(decoded.data)
