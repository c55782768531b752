"""Changing and unblocking a code of PACE without terminal authentication (TR-03110-3, B.7)."""

from __future__ import annotations

from harness.apdu import INS, CommandApdu
from harness.errors import UsageError
from harness.profile import PinName, PinRules, Profile
from harness.secret import Digits
from harness.terminal.channel import CardChannel


class PinManagement:
    """The commands for a code of PACE, inside the channel that gives the right to them."""

    def __init__(self, channel: CardChannel, profile: Profile) -> None:
        self._channel = channel
        self._profile = profile

    def renew(self, name: PinName, new: Digits) -> None:
        """Give a code a new value, inside the channel that the old one opened.

        RESET RETRY COUNTER with P1 = 02. If the card is lost meanwhile, nobody knows which of both
        values it has kept.

        Raises:
            ApduError: the card refuses, 6982 where another password opened the channel.
            UsageError: the code is not one of PACE, cannot be changed, or not to this value.
        """
        rules = self._rules(name)
        if not rules.changeable:
            message = f"{name} of {self._profile.name} cannot be changed"
            raise UsageError(message)
        if not rules.allows(new.reveal()):
            message = f"{name} has {rules.min_length} to {rules.most_digits} digits"
            raise UsageError(message)
        self._reset(0x02, rules, new.reveal())

    def restore(self, name: PinName) -> None:
        """Give a code its tries back, inside the channel that the PUK opened.

        RESET RETRY COUNTER with P1 = 03; the code stays as it was.

        Raises:
            ApduError: the card refuses, 6982 where another password opened the channel.
            UsageError: the code is not one of PACE.
        """
        self._reset(0x03, self._rules(name))

    def _reset(self, p1: int, rules: PinRules, code: bytes = b"") -> None:
        ins = INS.RESET_RETRY_COUNTER
        self._channel.send(CommandApdu(0x00, ins, p1, rules.reference, code))

    def _rules(self, name: PinName) -> PinRules:
        rules = self._profile.pins[name]
        if rules.method != "pace":
            message = f"{name} of {self._profile.name} is given by VERIFY, not by PACE"
            raise UsageError(message)
        return rules
