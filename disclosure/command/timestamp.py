"""RFC 3161 time stamps, verified by the package `rfc3161_client` where it is installed (`pip install double-random[timestamps]`)."""

from collections.abc import Sequence

from disclosure.errors import TimestampError
from disclosure.verification.document import VerifyTimestamp

__all__ = ["timestamp_verifier", "verify_timestamp"]


def timestamp_verifier() -> VerifyTimestamp | None:
    """Return `verify_timestamp`, or None where the package it needs is not installed."""
    try:
        import rfc3161_client  # noqa: F401
    except ImportError:
        return None
    return verify_timestamp


def verify_timestamp(response: bytes, stamped: bytes, roots: Sequence[bytes], nonce: int | None = None) -> str:
    """Return the time that `response` (DER) says `stamped` existed at, under one of `roots` (DER certificates).

    `nonce` is that of our own request; None when it is not known. The certificates have to be valid at the time stamped, not
    today. Raises TimestampError: unreadable, not granted, of other bytes, of another request, under none of the roots.
    """
    from cryptography import x509
    from rfc3161_client import PKIStatus, VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        certificates = [x509.load_der_x509_certificate(root) for root in roots]
    except (ValueError, x509.InvalidVersion) as error:
        raise TimestampError(f"策略中的时间戳根证书无法读取 a root is not a DER certificate: {error}") from error
    try:
        read = decode_timestamp_response(response)
        if PKIStatus(read.status) != PKIStatus.GRANTED:
            raise TimestampError(
                f"时间戳机构没有签发 not granted: status {read.status} {' '.join(read.status_string)}"
            )
        VerifierBuilder(roots=certificates, nonce=nonce).build().verify_message(read, stamped)
        return read.tst_info.gen_time.strftime("%Y-%m-%dT%H:%M:%SZ")
    except (VerificationError, ValueError) as error:
        raise TimestampError(f"时间戳无效 the time stamp is not good: {error}") from error
    except BaseException as error:
        # The package panics over some responses that are not DER within. Its PanicException is no Exception, nor to be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise TimestampError(f"时间戳无法解析 the time stamp cannot be read: {str(error)[:200]}") from error
