"""What EF.CardAccess offers: ways to run PACE, and the choice among them (ICAO 9303-11, 9.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.crypto.domain import Domain
from harness.crypto.parameters import UnknownDomainError, parse_parameters
from harness.crypto.standardized import DOMAINS, RESERVED_IDS
from harness.crypto.suite import AES_128, AES_192, AES_256, SUITES, TRIPLE_DES, Cipher, PaceSuite
from harness.errors import UsageError
from harness.security_info import (
    ID_PACE,
    PaceInfo,
    SecurityInfo,
    SecurityInfoError,
    decode_integer,
    describe_oid,
    parse_pace_info,
    parse_security_infos,
)

_VERSION = 2
_MAPPINGS = frozenset(oid.rpartition(".")[0] for oid in SUITES)
_HIGHEST_ID = 0xFF  # what MSE:Set AT names in one byte


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to run PACE with this chip.

    `is_ambiguous` says that the chip has several groups, so that MSE:Set AT must name this one.
    """

    info: PaceInfo
    suite: PaceSuite
    domain: Domain[Any]
    is_ambiguous: bool


@dataclass(frozen=True, slots=True)
class Unusable:
    """An entry about PACE that cannot be used, as it is, and why."""

    info: SecurityInfo
    reason: str


@dataclass(frozen=True, slots=True)
class Preference:
    """Which offer to take: by mapping, then key agreement, then cipher, then the larger group.

    What a list does not name is taken last; between equals the chip's own order decides.
    """

    mappings: tuple[str, ...] = ("CAM", "GM", "IM")
    key_agreements: tuple[str, ...] = ("ECDH", "DH")
    ciphers: tuple[Cipher, ...] = (AES_256, AES_192, AES_128, TRIPLE_DES)

    def rank(self, offer: Offer) -> tuple[int, ...]:
        """A key that sorts the best offer first."""
        suite = offer.suite
        return (
            _place(suite.mapping, self.mappings),
            _place(suite.key_agreement, self.key_agreements),
            _place(suite.cipher, self.ciphers),
            -offer.domain.order.bit_length(),
        )


def _place(value: object, order: tuple[object, ...]) -> int:
    return order.index(value) if value in order else len(order)


@dataclass(frozen=True, slots=True)
class CardAccess:
    """EF.CardAccess, sorted: what can be used, what cannot, and what is not about PACE."""

    offers: tuple[Offer, ...]
    unusable: tuple[Unusable, ...]
    others: tuple[SecurityInfo, ...]

    @classmethod
    def read(cls, raw: bytes, trusted: Iterable[Domain[Any]] = ()) -> CardAccess:
        """Read the file; explicit parameters of a `trusted` group are used beside the known ones.

        Raises:
            SecurityInfoError: malformed, or entries that are doubled or contradict each other.
        """
        infos = parse_security_infos(raw)
        about_pace = [info for info in infos if _is_about_pace(info.oid)]
        others = tuple(info for info in infos if not _is_about_pace(info.oid))
        _refuse_doubles(about_pace)
        explicit = _ExplicitDomains(about_pace, tuple(trusted))
        found = [_sort(info, explicit) for info in about_pace if info.oid not in _MAPPINGS]
        offers = tuple(each for each in found if isinstance(each, Offer))
        unusable = tuple(each for each in found if isinstance(each, Unusable))
        return cls(_marked(offers), unusable + explicit.unusable, others)

    def choose(self, preference: Preference | None = None) -> Offer:
        """The offer to take.

        Raises:
            UsageError: there is none; the message says what is there and why it is no use.
        """
        if not self.offers:
            reasons = "; ".join(each.reason for each in self.unusable) or "it lists none"
            message = f"EF.CardAccess offers no PACE that can be used: {reasons}"
            raise UsageError(message)
        return min(self.offers, key=(preference or Preference()).rank)


def _is_about_pace(oid: str) -> bool:
    return oid == ID_PACE or oid.startswith(f"{ID_PACE}.")


class _ExplicitDomains:
    """The groups of the PACEDomainParameterInfos, by protocol and local number."""

    def __init__(self, infos: Iterable[SecurityInfo], trusted: tuple[Domain[Any], ...]) -> None:
        self._domains: dict[tuple[str, int | None], Domain[Any] | Unusable] = {}
        for info in infos:
            if info.oid in _MAPPINGS:
                self._add(info, trusted)

    def _add(self, info: SecurityInfo, trusted: tuple[Domain[Any], ...]) -> None:
        if not 1 <= len(info.values) <= 2:
            message = f"{describe_oid(info.oid)} has no domain parameters"
            raise SecurityInfoError(message)
        number = decode_integer(info.values[1]) if len(info.values) > 1 else None
        if (info.oid, number) in self._domains:
            message = f"the domain parameters {number} of {info.oid} are given twice"
            raise SecurityInfoError(message)
        if number in RESERVED_IDS:
            message = f"explicit domain parameters use the reserved number {number}"
            raise SecurityInfoError(message)
        try:
            self._domains[info.oid, number] = parse_parameters(info.values[0], trusted)
        except UnknownDomainError as error:
            self._domains[info.oid, number] = Unusable(info, str(error))

    @property
    def unusable(self) -> tuple[Unusable, ...]:
        """The entries with groups that nobody vouches for."""
        return tuple(each for each in self._domains.values() if isinstance(each, Unusable))

    def of(self, info: PaceInfo) -> Domain[Any] | Unusable:
        """The group that a PACEInfo means, where it does not mean a standardized one.

        Raises:
            SecurityInfoError: there is none such, or several and no number to tell them apart.
        """
        protocol = info.oid.rpartition(".")[0]
        if info.parameter_id is not None:
            found = [self._domains.get((protocol, info.parameter_id))]
        else:
            found = [each for (oid, _), each in self._domains.items() if oid == protocol]
        match found:
            case [domain] if domain is not None:
                return domain
        message = f"the domain parameters of {describe_oid(info.oid)} are missing or ambiguous"
        raise SecurityInfoError(message)


def _sort(info: SecurityInfo, explicit: _ExplicitDomains) -> Offer | Unusable:
    if info.oid not in SUITES:
        return Unusable(info, f"{describe_oid(info.oid)} is not a known PACE protocol")
    pace, suite = parse_pace_info(info), SUITES[info.oid]
    if pace.version != _VERSION:
        return Unusable(info, f"{describe_oid(info.oid)} is of version {pace.version}")
    if pace.parameter_id is not None and pace.parameter_id > _HIGHEST_ID:
        return Unusable(info, f"the domain parameters {pace.parameter_id} cannot be named")
    if pace.parameter_id in RESERVED_IDS and pace.parameter_id not in DOMAINS:
        return Unusable(info, f"the domain parameters {pace.parameter_id} are not defined yet")
    domain = _domain(pace, explicit)
    if isinstance(domain, Unusable):
        return Unusable(info, domain.reason)
    if suite.key_agreement != domain.key_agreement:
        message = f"{describe_oid(info.oid)} cannot be run over {domain.name}"
        raise SecurityInfoError(message)
    if not suite.suits(domain):
        return Unusable(info, f"{domain.name} cannot be used with the integrated mapping")
    return Offer(pace, suite, domain, is_ambiguous=False)


def _domain(pace: PaceInfo, explicit: _ExplicitDomains) -> Domain[Any] | Unusable:
    if pace.parameter_id is None or pace.parameter_id not in DOMAINS:
        return explicit.of(pace)
    return DOMAINS[pace.parameter_id]


def _refuse_doubles(infos: Iterable[SecurityInfo]) -> None:
    for info, count in Counter(infos).items():
        if count > 1:
            message = f"EF.CardAccess lists {describe_oid(info.oid)} {count} times"
            raise SecurityInfoError(message)


def _marked(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """The offers, marked where the chip has several groups (ICAO 9303-11, 4.4.4.1)."""
    several = len({offer.info.parameter_id for offer in offers}) > 1
    return tuple(
        Offer(offer.info, offer.suite, offer.domain, is_ambiguous=several) for offer in offers
    )
