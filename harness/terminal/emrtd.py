"""A passport or ICAO card as its holder's phone uses it (ICAO 9303-10, 9303-11)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from harness.apdu import SW
from harness.crypto.active_auth import active_authentication_info
from harness.crypto.chip_auth import ChipAuthenticationOffer, chip_authentication_offers
from harness.crypto.chip_key import chip_public_keys
from harness.crypto.issuer_certificate import TrustStore
from harness.crypto.passive_auth import CardSecurity, authenticate
from harness.errors import (
    ApduError,
    CardError,
    CheckError,
    ProtocolViolation,
)
from harness.profile import Content, File, Profile
from harness.secure_messaging import SecureMessagingError, UnprotectedStatusError
from harness.security_info import SecurityInfoError
from harness.terminal.active_auth import ActiveAuthenticationTerminal
from harness.terminal.channel import CardChannel
from harness.terminal.chip_auth import ChipAuthenticationTerminal
from harness.terminal.files import Files
from harness.terminal.lds.document import ActiveProof, ChipProof, Document
from harness.terminal.lds.groups import CommonData

GROUP_CONTENTS = {number: Content(f"dg{number}") for number in range(1, 17)}
_BIOMETRIC = (3, 4)
"""Fingers and irises, which only terminals of the state may read (ICAO 9303-11, 7.1)."""

_REFUSALS = (
    SW.SECURITY_STATUS_NOT_SATISFIED,
    SW.CONDITIONS_NOT_SATISFIED,
    SW.COMMAND_NOT_ALLOWED,
    SW.FILE_NOT_FOUND,
)


class Emrtd:
    """The LDS application behind a channel, and the proofs of its chip.

    `document` keeps what is read; `files` is how.
    """

    def __init__(
        self, channel: CardChannel, profile: Profile, files: Files, document: Document | None = None
    ) -> None:
        self._channel = channel
        self._profile = profile
        self._files = files
        self.document = Document() if document is None else document

    def read_document(self) -> Document:
        """Read DG1, EF.COM, EF.SOD and every data group they tell of that is open to us.

        A group that is closed or missing is noted, and the others are read; what is malformed is
        told when all are read.

        Raises:
            ApduError: the card refuses in another way, or the channel ended.
            ProtocolViolation: a file is malformed, or not as long as it says.
            CheckError: a data group that is listed is not there.
        """
        document, faults = self.document, _Faults()
        with faults:
            self._read_group(1)
        with faults:
            self._read_common()
        document.sod = self._read(self._profile.file_with(Content.LDS_SOD), "EF.SOD")
        declared = (number for number, each in GROUP_CONTENTS.items() if self._has(each))
        for number in document.listed or tuple(declared):
            with faults:
                self._read_group(number)
        faults.tell()
        return document

    def _read_common(self) -> None:
        if self._has(Content.LDS_COM):
            raw = self._read(self._profile.file_with(Content.LDS_COM), "EF.COM")
            self.document.common = CommonData.decode(raw)

    def _has(self, content: Content) -> bool:
        return any(file.content is content for file in self._profile.files.values())

    def _read(self, file: File, name: str) -> bytes:
        with self._channel.journal.phase(f"read {name}"):
            return self._files.read(file)

    def _read_group(self, number: int) -> None:
        document, file = self.document, self._file_of(number)
        if number in document.groups:
            return
        if not self._is_open(file):
            document.refused[number] = f"needs {file.needs.replace('-', ' ')}"
            return
        try:
            raw = self._read(file, f"DG{number}")
        except ApduError as error:
            if isinstance(error, UnprotectedStatusError) or error.sw not in _REFUSALS:
                raise
            document.refused[number] = str(error)
            if error.sw == SW.FILE_NOT_FOUND:
                message = f"DG{number} is listed, but the card does not have it"
                raise CheckError(message) from error
            return
        document.refused.pop(number, None)
        document.take(number, raw)

    def _file_of(self, number: int) -> File:
        """The file of a data group, as the profile has it, else as the standard does."""
        content = GROUP_CONTENTS[number]
        if self._has(content):
            return self._profile.file_with(content)
        return File(
            directory=lds_directory(self._profile),
            fid=bytes((0x01, number)),
            content=content,
            sfi=number,
            length="header",
            needs="terminal-authentication" if number in _BIOMETRIC else "channel",
            source="ICAO 9303-10, table 38",
        )

    def _is_open(self, file: File) -> bool:
        if file.needs == "chip-authentication":
            return self.document.chip is not None and self.document.chip.is_proven
        return file.needs != "terminal-authentication"

    def check_mapping(self, trust: TrustStore | None = None) -> ChipProof | None:
        """Check the proof of a chip that PACE was run with by EF.CardSecurity (9303-11, 4.4.3.5).

        None where PACE left no proof, or the profile has no such file.

        Raises:
            CheckError: the file's signature or chain does not hold, or the chip has another key.
            ProtocolViolation: a key in it is malformed.
        """
        evidence = self.document.evidence
        if evidence is None or not self._has(Content.CARD_SECURITY):
            return None
        raw = self._read(self._profile.file_with(Content.CARD_SECURITY), "EF.CardSecurity")
        self.document.mapping = ChipProof(evidence.oid, is_proven=False)
        signed = CardSecurity.parse(raw)
        for failure in authenticate(signed.signed, trust).failures:
            raise failure
        try:
            evidence.check(chip_public_keys(signed.infos))
        except SecurityInfoError as error:
            message = f"EF.CardSecurity lists no key that can be used: {error}"
            raise ProtocolViolation(message, "ICAO 9303-11, 9.2.6") from error
        self.document.mapping = ChipProof(evidence.oid, is_proven=True)
        return self.document.mapping

    def authenticate_chip(self) -> CardChannel | None:
        """Chip authentication by the strongest cipher of DG14; None where it offers none.

        The channel that comes back restarts secure messaging, and its first answer was right.

        Raises:
            CheckError: the chip does not hold the private half of the key in DG14.
            ApduError: it refuses the protocol.
            ProtocolViolation: DG14 or an answer is malformed.
        """
        offer = self._offer()
        if offer is None:
            return None
        self._files.enter(lds_directory(self._profile))
        channel = ChipAuthenticationTerminal(offer).establish(self._channel)
        try:
            with channel.journal.phase("proof of the chip"):
                self._select_behind(channel)
        except (SecureMessagingError, UnprotectedStatusError) as error:
            self.document.chip = ChipProof(offer.suite.oid, is_proven=False)
            message = f"the chip does not hold the private key of DG14, it may be a copy: {error}"
            raise CheckError(message) from error
        self.document.chip = ChipProof(offer.suite.oid, is_proven=True)
        return channel

    def _select_behind(self, channel: CardChannel) -> None:
        """Select a file through a new channel, as anything will do to hear from its other end."""
        file = self._profile.file_with(Content.DG1)
        files = Files(channel, self._profile, self._profile.plans["eidrig"])
        files.standing_at(self._profile.lds_directory)
        files.select(file)

    def _offer(self) -> ChipAuthenticationOffer | None:
        try:
            return next(iter(chip_authentication_offers(self.document.infos())), None)
        except SecurityInfoError as error:
            message = f"DG14 does not lead to chip authentication: {error}"
            raise ProtocolViolation(message, "ICAO 9303-11, 9.2") from error

    def challenge_chip(
        self, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> ActiveProof | None:
        """Active authentication with the key of DG15; None where the document has none.

        Raises:
            CheckError: the signature is not that key's over our challenge.
            ApduError: the chip refuses.
            ProtocolViolation: DG14 or DG15 is malformed.
        """
        key = self.document.public_key()
        if key is None:
            return None
        try:
            info = active_authentication_info(self.document.infos())
        except SecurityInfoError as error:
            message = f"DG14 does not lead to active authentication: {error}"
            raise ProtocolViolation(message, "ICAO 9303-11, 9.2.4") from error
        self._files.enter(lds_directory(self._profile))
        extended = self._profile.transmission.extended_length
        terminal = ActiveAuthenticationTerminal(key, info, random, extended_length=extended)
        try:
            self.document.active = ActiveProof(terminal.run(self._channel), is_proven=True)
        except CheckError:
            self.document.active = ActiveProof(None, is_proven=False)
            raise
        return self.document.active


class _Faults:
    """A context in which what the card's data lack is kept; the first of it is told in the end."""

    def __init__(self) -> None:
        self._first: CardError | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        if isinstance(error, SecureMessagingError):
            return False
        if isinstance(error, CheckError | ProtocolViolation):
            self._first = self._first or error
            return True
        return False

    def tell(self) -> None:
        """Raise the first fault, if there was one."""
        if self._first is not None:
            raise self._first


def lds_directory(profile: Profile) -> str:
    """The name of the directory with the LDS application.

    Raises:
        UsageError: the profile has none.
    """
    return profile.file_with(Content.DG1).directory
