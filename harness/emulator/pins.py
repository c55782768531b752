"""PIN1, PIN2 and PUK: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (7816-4, 7.5)."""

from __future__ import annotations

import hmac

from harness.apdu import SW
from harness.emulator.memory import CardMemory
from harness.emulator.pace_codes import PASSWORDS
from harness.emulator.personalise import CardImage
from harness.emulator.status import Refused, SecurityStatus
from harness.profile import PinRules


class PinPad:
    """The codes of the card; every try is counted before it is compared."""

    def __init__(self, image: CardImage, memory: CardMemory, status: SecurityStatus) -> None:
        self._image = image
        self._memory = memory
        self._status = status

    def by_reference(self, reference: int) -> str:
        """The name of the code with this reference that can be used here.

        Raises:
            Refused: 6A88, there is none in the current directory.
        """
        for name, rules in self._image.profile.pins.items():
            if rules.reference == reference and rules.method == "verify" and self._usable(rules):
                return name
        raise Refused(SW.REFERENCED_DATA_NOT_FOUND)

    def _usable(self, rules: PinRules) -> bool:
        home = self._image.profile.directories[rules.directory].path
        return rules.scope == "global" or self._status.directory == home

    def rules(self, name: str) -> PinRules:
        """The profile's rules for a code."""
        return self._image.profile.pins[name]  # type: ignore[index]

    def is_verified(self, name: str) -> bool:
        """Whether this code was given rightly and still counts."""
        if self.rules(name).method == "pace":
            return self._status.password == PASSWORDS[self.rules(name).reference]
        return name in self._status.verified

    def require(self, name: str) -> None:
        """Refuse with 6982 unless this code was verified."""
        if not self.is_verified(name):
            raise Refused(SW.SECURITY_STATUS_NOT_SATISFIED)

    def verify(self, reference: int, code: bytes) -> None:
        """VERIFY; without `code` it only answers whether one is needed and how many tries remain.

        Raises:
            Refused: 63Cx or the blocking answer after a wrong code; 6700 for a wrong length,
                which costs no try.
        """
        name = self.by_reference(reference)
        if not code:
            self._query(name)
            return
        if name == "PIN2" and not self._memory.pin2_changed:
            raise Refused(SW.REFERENCE_DATA_NOT_USABLE)
        self.compare(name, code)
        self._status.verified.add(name)

    def _query(self, name: str) -> None:
        if not self.is_verified(name):
            tries = self._memory.tries(name)
            raise Refused(0x63C0 | tries if tries else self.rules(name).blocked)

    def compare(self, name: str, code: bytes) -> None:
        """Count a try, compare, and restore the counter when the code was right."""
        rules, tries = self.rules(name), self._memory.tries(name)
        if len(code) != rules.size:
            raise Refused(SW.WRONG_LENGTH)
        if not tries:
            raise Refused(rules.blocked)
        self._status.verified.discard(name)
        self._memory.set_tries(name, tries - 1)
        if not hmac.compare_digest(self._image.digest(name, code), self._memory.code(name)):
            raise Refused(0x63C0 | tries - 1 if tries > 1 else rules.blocking_try)
        self._memory.set_tries(name, rules.tries)

    def change(self, reference: int, data: bytes) -> None:
        """CHANGE REFERENCE DATA: old and new code, both padded.

        Raises:
            Refused: as `compare` for the old code; 6A80 for a new code that may not be.
        """
        name = self.by_reference(reference)
        rules = self.rules(name)
        if not rules.changeable:
            raise Refused(SW.COMMAND_NOT_ALLOWED)
        if len(data) != 2 * rules.size:
            raise Refused(SW.WRONG_LENGTH)
        old, new = data[: rules.size], data[rules.size :]
        self._require_allowed(rules, new)
        self.compare(name, old)
        self._memory.set_code(name, self._image.digest(name, new))

    def unblock(self, reference: int, new: bytes) -> None:
        """Give a code a new value and all its tries; the caller has settled the right to do so."""
        name = self.by_reference(reference)
        rules = self.rules(name)
        if name == "PUK":
            raise Refused(SW.COMMAND_NOT_ALLOWED)
        self._require_allowed(rules, new)
        self._memory.set_code(name, self._image.digest(name, new))
        self._memory.set_tries(name, rules.tries)

    def _require_allowed(self, rules: PinRules, padded: bytes) -> None:
        if len(padded) != rules.size:
            raise Refused(SW.WRONG_LENGTH)
        if rules.digits(padded) is None:
            raise Refused(SW.WRONG_DATA)

    def spend(self, name: str, *, each_time: bool = False) -> None:
        """End a verification that served its one signature."""
        if each_time or self.rules(name).single_use:
            self._status.verified.discard(name)

    def forget(self) -> None:
        """End every verification."""
        self._status.verified.clear()

    def renew(self, name: str, new: bytes) -> None:
        """Give a code of PACE a new value and all its tries; the caller has settled the right.

        Raises:
            Refused: 6986 for a code that cannot be changed, 6A80 for a value that may not be.
        """
        if not self.rules(name).changeable:
            raise Refused(SW.COMMAND_NOT_ALLOWED)
        if not self.rules(name).allows(new):
            raise Refused(SW.WRONG_DATA)
        self._memory.set_password(PASSWORDS[self.rules(name).reference], new)
        self.restore(name)

    def restore(self, name: str) -> None:
        """Give a code all its tries back; the caller has settled the right to do so."""
        self._memory.set_tries(name, self.rules(name).tries)

    def tries(self, name: str) -> int:
        """How many tries this code has left."""
        return self._memory.tries(name)

    @property
    def pin2_changed(self) -> bool:
        """Whether PIN2 is no longer the one that came with the card."""
        return self._memory.pin2_changed
