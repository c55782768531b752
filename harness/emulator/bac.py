"""Basic Access Control on the card (ICAO 9303-11, 4.3 and 4.3.4)."""

from __future__ import annotations

from harness.apdu import INS, SW, CommandApdu, ResponseApdu
from harness.crypto import bac
from harness.crypto.bac import BacError, Contribution
from harness.crypto.domain import RandBelow
from harness.emulator.channels import Opened
from harness.emulator.status import Refused, SecurityStatus
from harness.mrz import Mrz
from harness.profile import Bac


class BacChip:
    """GET CHALLENGE, then EXTERNAL AUTHENTICATE, in the directory of the LDS application.

    A challenge serves the next command only, whatever that is.
    """

    def __init__(
        self,
        rules: Bac,
        mrz: Mrz,
        directory: str,
        status: SecurityStatus,
        randbelow: RandBelow,
    ) -> None:
        self._rules = rules
        self._keys = bac.document_keys(mrz)
        self._directory = directory
        self._status = status
        self._randbelow = randbelow
        self._challenge: bytes | None = None
        self._opened: Opened | None = None

    def answer(self, command: CommandApdu, *, inside: bool) -> ResponseApdu | None:
        """Answer the two commands of the protocol.

        Raises:
            Refused: 6A86, 6700 for a malformed command, 6985 in another directory; the profile's
                answers to BAC inside a channel, without a fresh challenge, with wrong keys.
        """
        challenge, self._challenge = self._challenge, None
        if command.ins not in (INS.GET_CHALLENGE, INS.EXTERNAL_AUTHENTICATE):
            return None
        if command.p1 or command.p2:
            raise Refused(SW.INCORRECT_P1_P2)
        if inside:
            raise Refused(self._rules.inside_channel)
        if self._status.directory != self._directory:
            raise Refused(SW.CONDITIONS_NOT_SATISFIED)
        if command.ins == INS.GET_CHALLENGE:
            return ResponseApdu(self._get_challenge(command))
        return ResponseApdu(self._authenticate(command, challenge))

    def abandon(self) -> None:
        """Forget the challenge."""
        self._challenge = None

    def opened(self) -> Opened | None:
        """The channel of a run that just ended well, handed out once."""
        opened, self._opened = self._opened, None
        return opened

    def _get_challenge(self, command: CommandApdu) -> bytes:
        if command.ne != bac.NONCE_SIZE or command.data:
            raise Refused(SW.WRONG_LENGTH)
        self._challenge = self._random(bac.NONCE_SIZE)
        return self._challenge

    def _authenticate(self, command: CommandApdu, challenge: bytes | None) -> bytes:
        if challenge is None:
            raise Refused(self._rules.without_challenge)
        if len(command.data) != bac.CRYPTOGRAM_SIZE or not command.ne:
            raise Refused(SW.WRONG_LENGTH)
        try:
            terminal = Contribution.unseal(command.data, self._keys)
            own = Contribution(challenge, terminal.nonce, self._random(bac.HALF_SIZE))
            session = bac.agree(terminal, own)
        except BacError:
            raise Refused(self._rules.wrong_keys) from None
        self._opened = Opened(session.keys, session.ssc)
        return own.seal(self._keys)

    def _random(self, size: int) -> bytes:
        return self._randbelow(1 << 8 * size).to_bytes(size)
