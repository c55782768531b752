"""CMS signed data of travel documents: EF.SOD and EF.CardSecurity (ICAO 9303-10, 4.6.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from asn1crypto import algos, cms, core, x509

from harness import tlv
from harness.emulator.country_pki import CountryPki
from harness.emulator.signatures import algorithm_of
from harness.profile import Lds
from harness.security_info import encode_integer

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1"
"""What EF.CardSecurity signs (BSI TR-03110-3, A.1.2.5)."""
_SOD_TAG = 0x77


def signed(content_type: str, content: bytes, pki: CountryPki) -> bytes:
    """ContentInfo with one SignerInfo and the document signer's certificate (RFC 5652)."""
    certificate = x509.Certificate.load(pki.signer)
    digest = algos.DigestAlgorithm({"algorithm": pki.rules.hash})
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [content_type]},
            {
                "type": "message_digest",
                "values": [hashlib.new(pki.rules.hash, content).digest()],
            },
        ]
    )
    identifier = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", identifier),
            "digest_algorithm": digest,
            "signed_attrs": attributes,
            "signature_algorithm": algorithm_of(pki.rules),
            "signature": pki.sign(attributes.dump()),
        }
    )
    body = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [digest],
            "encap_content_info": {
                "content_type": content_type,
                "content": core.ParsableOctetString(content),
            },
            "certificates": [cms.CertificateChoices("certificate", certificate)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": body}).dump())


def sod(groups: Mapping[int, bytes], lds: Lds, pki: CountryPki) -> bytes:
    """EF.SOD over the data groups, by their number."""
    content = security_object(groups, lds)
    return tlv.encode(_SOD_TAG, signed(LDS_SECURITY_OBJECT, content, pki))


def security_object(groups: Mapping[int, bytes], lds: Lds) -> bytes:
    """LDSSecurityObject: the hashes, and from version 0108 on that version (9303-10, 4.6.2.3)."""
    hashed = (
        tlv.encode(
            0x30,
            encode_integer(number),
            tlv.encode(0x04, hashlib.new(lds.digest, groups[number]).digest()),
        )
        for number in sorted(groups)
    )
    algorithm = bytes(algos.DigestAlgorithm({"algorithm": lds.digest}).dump())
    tells_version = lds.version != "0107"
    told = (tlv.encode(0x13, each.encode()) for each in (lds.version, lds.unicode))
    version_info = tlv.encode(0x30, *told) if tells_version else b""
    version = encode_integer(int(tells_version))
    return tlv.encode(0x30, version, algorithm, tlv.encode(0x30, *hashed), version_info)
