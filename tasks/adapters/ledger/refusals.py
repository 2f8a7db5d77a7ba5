"""What it means when PostgreSQL lets nobody in: one sentence for each reason.

Add a row when a server refuses in words that are told as something else. It gives no code to whom it does not let in,
so its words are all there is; what none of them fits is told as it stands. Once inside, `troubles` goes by codes.
"""

import re
from dataclasses import dataclass

from configs.errors import IncumbentError, Unreachable, UnusableHome
from tasks.adapters.ledger.addresses import FORM, VARIABLE

_LATER = "What was committed stays, and the same command goes on from there."


@dataclass(frozen=True)
class _Reason:
    words: str
    """What is in the answer then, as a pattern."""
    text: str
    """What is wrong, to follow the address."""
    advice: str
    kind: type[IncumbentError] = UnusableHome


_REASONS = (
    _Reason(
        "no password supplied|fe_sendauth",
        "asks for a password, and none was given",
        f"Write it into {VARIABLE} as {FORM}, or set PGPASSWORD.",
    ),
    _Reason(
        "password authentication failed|authentication failed for user|password is too long",
        "does not accept this user and password",
        f"Correct them in {VARIABLE}; in an address, signs such as @ and / are written as %40 and %2F.",
    ),
    _Reason(
        r"database .* does not exist|database .* is not currently accepting",
        "has no such database",
        f"Make it there (createdb, with ENCODING 'UTF8'), or correct its name in {VARIABLE}.",
    ),
    _Reason(
        r"role .* does not exist|is not permitted to log in|permission denied for database",
        "does not let this user in",
        f"Let its owner give them the right to log in and to connect, or name another user in {VARIABLE}.",
    ),
    _Reason(
        "too many clients|too many connections|remaining connection slots|no more connections allowed",
        "has no connection left",
        f"Close others, or raise max_connections there, or the limit of this user. {_LATER}",
        Unreachable,
    ),
    _Reason(
        "starting up|shutting down|in recovery mode|not yet accepting connections",
        "is not ready yet",
        f"Wait for it. {_LATER}",
        Unreachable,
    ),
    _Reason(
        r"no pg_hba\.conf entry .*(?:no encryption|SSL off)|requires? (?:SSL|encryption)",
        "lets nobody in without encryption, or not from this machine",
        f"Add ?sslmode=require to {VARIABLE}, or let its owner add a line to pg_hba.conf.",
    ),
    _Reason(
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "does not let this user into this database from this machine",
        "Let its owner add a line to pg_hba.conf.",
    ),
    _Reason(
        "server does not support SSL",
        "does not encrypt, but sslmode asks for it",
        f"Switch SSL on on that server, or take sslmode out of {VARIABLE} (and PGSSLMODE).",
    ),
    _Reason(
        "certificate|SSL error|sslcert|sslkey|sslrootcert|private key file",
        "cannot be talked to under the certificates that were named",
        f"Correct sslmode, sslrootcert, sslcert and sslkey in {VARIABLE}.",
    ),
    _Reason(
        "invalid response to SSL negotiation|expected authentication request|unsupported frontend protocol",
        "is not PostgreSQL: something else answers there",
        f"Correct host and port in {VARIABLE}.",
    ),
    _Reason(
        "session is (?:not )?read-only|server is (?:not )?in hot standby|read-write",
        "is not the kind of server that target_session_attrs asks for",
        "Name the server that takes writes; of a pair, the primary.",
    ),
    _Reason(
        "failed to resolve host|could not translate host name",
        "has a host that nobody knows",
        f"Correct it in {VARIABLE}, or see to the name service.",
        Unreachable,
    ),
    _Reason(
        "unrecognized configuration parameter|invalid .*(?:value|port number|integer|connection option)|bad value for"
        "|could not match|definition of service|service file|parameter .* (?:cannot|requires)|is not a valid value",
        "cannot be reached: an option has a value that cannot be",
        f"Correct it in {VARIABLE}, or in the PG... variable or the service file where it stands.",
    ),
)
_NO_ANSWER = f"Start its server, or correct {VARIABLE}; {_LATER[0].lower()}{_LATER[1:]}"
_ITS_WORD = "FATAL"
"""In what a server itself says; anything else comes from this side."""
_OPENING = re.compile(
    r"^(?:connection (?:failed|is bad): )?(?:connection to server .*? failed: )?(?:FATAL: +)?", re.IGNORECASE
)


def of_connecting(where: str, said: str) -> IncumbentError:
    """What to raise if no connection came about.

    Args:
        where: The address, without its secrets.
        said: The words of the driver, in one line.
    """
    why = _OPENING.sub("", said, count=1).rstrip(" .?!")
    for reason in _REASONS:
        if re.search(reason.words, said, re.IGNORECASE):
            return reason.kind(f"The ledger at {where} {reason.text}: {why}. {reason.advice}")
    if _ITS_WORD in said:  # perhaps in another language
        return UnusableHome(f"The ledger at {where} lets nobody in: {why}. Correct {VARIABLE}, or ask its owner.")
    return of_silence(where, why)


def of_silence(where: str, said: str) -> Unreachable:
    """What to raise if there is no answer, or no more."""
    return Unreachable(f"The ledger at {where} does not answer: {said}. {_NO_ANSWER}")
