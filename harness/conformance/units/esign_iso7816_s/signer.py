"""What the cases of the unit share: PIN2, the signing key, and what they must not do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final

from harness.conformance.acts.holder import Holder
from harness.conformance.case import Run
from harness.conformance.judgement import Allowed, Failure, Sws, demand
from harness.conformance.subject import Subject
from harness.errors import ApduError, CheckError

PLAN = "BSI TR-03105-3.4, unit S"
PIN: Final = "PIN2"
NEEDS = ("PACE", "PIN2", "SIGN")
SHORT: tuple[Allowed, ...] = (0x6A80, 0x6A87, 0x6982, Sws.ERROR)
"""The answers to a code that is too short."""


def signing(run: Callable[[Holder], None]) -> Run:
    """A case of a holder whose channel was opened by PACE, also where the interface needs none."""

    @wraps(run)
    def with_channel(subject: Subject) -> None:
        holder = Holder(subject)
        if not holder.channel.is_secured:
            holder.resume(subject.pace().channel)
        run(holder)

    return with_channel


def sign_once(holder: Holder) -> None:
    """Verify PIN2, let the signing key sign, and check the signature."""
    # Read first: on some cards selecting the certificate ends the verification.
    certificate, digest = holder.certificate("signing"), holder.digest("signing")
    holder.present(PIN)
    signature = holder.sign("signing", digest)
    try:
        certificate.check_signature(signature, digest)
    except CheckError as error:
        raise Failure("a signature of the signing key", str(error), f"{PLAN}_4") from error


def refuses_to_sign(holder: Holder, when: str, clause: str, *allowed: int) -> None:
    """Let a case go on only if the signing key answers one of these status words.

    Raises:
        Failure: it signs, or refuses otherwise.
    """
    expected = " or ".join(f"{each:04X}" for each in allowed) + f" from the signing key {when}"
    try:
        holder.sign("signing", holder.digest("signing"))
    except ApduError as error:
        demand(error.sw in allowed, expected, f"{error.sw:04X}", clause)
        return
    raise Failure(expected, "a signature", clause)
