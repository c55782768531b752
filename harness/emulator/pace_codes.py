"""PIN and PUK as passwords of PACE: tries, suspension, resumption (BSI TR-03110-2, 2.4 and 3.3)."""

from __future__ import annotations

from collections.abc import Mapping

from harness.apdu import SW
from harness.emulator.memory import CardMemory
from harness.emulator.status import Refused, SecurityStatus
from harness.profile import PinRules
from harness.profile.words import PinName
from harness.secret import Secret

PASSWORDS: Mapping[int, str] = {3: "PIN", 4: "PUK"}


class PaceCodes:
    """The codes that are offered by PACE, by the names of their passwords.

    CAN and MRZ have no counter: they can be tried for ever and never block.
    """

    def __init__(
        self,
        codes: Mapping[PinName, PinRules],
        memory: CardMemory | None,
        status: SecurityStatus | None,
    ) -> None:
        self._codes = {
            PASSWORDS[rules.reference]: (name, rules)
            for name, rules in codes.items()
            if rules.method == "pace"
        }
        self._memory = memory
        self._status = status
        self._inside = False

    @classmethod
    def none(cls) -> PaceCodes:
        """No codes, for a card that takes none by PACE."""
        return cls({}, None, None)

    def choose(self, password: str, *, inside: bool) -> int:
        """The answer to MSE:Set AT with a password.

        Raises:
            Refused: 6985, another PACE inside a channel is only for a suspended code after the
                CAN; 6283, the code is deactivated; 63C0, it is blocked.
        """
        self._inside = inside
        tries, most = self._tries(password)
        if inside and not self._resumes(password):
            raise Refused(SW.CONDITIONS_NOT_SATISFIED)
        if password == PASSWORDS[3] and self._memory is not None and not self._memory.pin_active:
            raise Refused(SW.DEACTIVATED)
        if most and not tries:
            raise Refused(0x63C0)
        return SW.OK if tries == most else 0x63C0 | tries

    def replaced(self, password: str) -> Secret | None:
        """What the holder has put in the place of a password, or None."""
        return self._memory.password(password) if self._memory else None

    def _tries(self, password: str) -> tuple[int, int]:
        """Tries left and at most; (0, 0) for a password without counter."""
        if password not in self._codes or self._memory is None:
            return 0, 0
        name, rules = self._codes[password]
        return self._memory.tries(name), rules.tries

    def _resumes(self, password: str) -> bool:
        opened = self._status.password if self._status else None
        return self._is_suspended(password) and opened == "CAN"

    def _is_suspended(self, password: str) -> bool:
        return (
            password in self._codes
            and self._codes[password][1].suspended
            and self._tries(password)[0] == 1
        )

    def begin(self, password: str) -> None:
        """Count a try before anything is compared.

        Raises:
            Refused: 6985, the code is suspended and this is not inside the CAN's channel.
        """
        if self._is_suspended(password) and not self._inside:
            raise Refused(SW.CONDITIONS_NOT_SATISFIED)
        tries, _ = self._tries(password)
        if tries and self._memory is not None:
            self._memory.set_tries(self._codes[password][0], tries - 1)

    def refusal(self, password: str) -> int | None:
        """The answer to a wrong token: the tries left of a code that has some."""
        if password not in self._codes:
            return None
        tries, _ = self._tries(password)
        return 0x63C0 | tries

    def accept(self, password: str) -> None:
        """Take note of the password that opened the channel, and give its tries back."""
        if self._status is not None:
            self._status.password = password
        if self._memory is not None and password in self._codes:
            name, rules = self._codes[password]
            self._memory.set_tries(name, rules.tries)
