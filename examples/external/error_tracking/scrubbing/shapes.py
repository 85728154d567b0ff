"""Finds secrets by their shape, under any name: tokens, keys, URLs with passwords, card numbers, e-mail addresses.

Each pattern starts at a literal or a boundary, and its repetitions are bounded or possessive, so that the time grows
linearly with the text.
"""

import re
import string
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from stdnum import iban, luhn

from error_tracking.scrubbing import tokens
from error_tracking.scrubbing.values import FILTERED, SOURCES, is_plain


class Shape(NamedTuple):
    """A format that only occurs in texts with one of `hints`. Group 1 of a match, or else all of it, is removed."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    check: Callable[[re.Match[str]], str] | None = None
    probe: re.Pattern[str] | None = None  # found in all texts with this shape, and faster

    def is_in(self, text: str) -> bool:
        """Return whether `text` contains this shape."""
        return not (self.probe and not self.probe.search(text)) and self.pattern.search(text) is not None

    def sub(self, text: str) -> str:
        """Return `text` with all matches of this shape filtered."""
        if self.probe and not self.probe.search(text):
            return text
        return self.pattern.sub(self.check or without_secret, text)


def without_secret(match: re.Match[str]) -> str:
    """Return a match with its group 1 filtered, or all of it if there is no group."""
    if not match.re.groups:
        return FILTERED
    if match[1] is None:
        return match[0]
    start, end = (position - match.start() for position in match.span(1))
    return f"{match[0][:start]}{FILTERED}{match[0][end:]}"


def without_credentials(match: re.Match[str]) -> str:
    """Return an HTTP scheme with its credentials filtered, but keep ordinary words, as after "basic"."""
    separators = "[+]" if match[0][:6].lower() == "bearer" else "[+./_-]"
    return match[0] if all(map(is_plain, re.split(separators, match[1], maxsplit=9))) else without_secret(match)


def without_card(match: re.Match[str]) -> str:
    """Filter a number if its length, issuer and check digit are those of a card number (ISO/IEC 7812-1)."""
    number = re.sub(r"\D", "", match[0])
    return FILTERED if ISSUERS.fullmatch(number) and luhn.is_valid(number) else match[0]


def without_iban(match: re.Match[str]) -> str:
    """Filter a text, or the words at its beginning, if the check digits are those of an IBAN (ISO 13616)."""
    words = match[0].split(" ")
    for end in range(len(words), 0, -1):
        account = "".join(words[:end])
        if is_mod_97(account) and iban.is_valid(account, check_country=False):
            return " ".join([FILTERED, *words[end:]])
    return match[0]


def is_mod_97(account: str) -> bool:
    """Return whether the check digits are correct. stdnum checks more, but is slower."""
    return len(account) > 14 and int((account[4:] + account[:4]).upper().translate(DIGITS)) % 97 == 1


#: The numbers of letters in an IBAN: A is 10.
DIGITS = str.maketrans({letter: str(number) for number, letter in enumerate(string.ascii_uppercase, start=10)})
#: Lengths and first digits: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro.
ISSUERS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|(?:5[06-9]|6[37])\d{10,17}"
)


def shape(hints: str, pattern: str, check: Callable[[re.Match[str]], str] | None = None, probe: str = "") -> Shape:
    """Return a shape; the hints are separated by spaces."""
    return Shape(tuple(hints.split()), re.compile(pattern), check, re.compile(probe) if probe else None)


#: WORDS may be between a command and its option, GAP between the option and its value. Both may be in a list's repr.
WORDS = r"(?:[^\s|;&]{0,200}+\s{1,4}){1,9}?[bru]?['\"]?"
GAP = r"(?:['\"]?,?\s{1,4}[bru]?['\"]?|=)"
#: Passwords as arguments of commands, from the manuals of the commands: -p of mysql, -u of curl, -a of redis-cli.
COMMANDS = re.compile(
    r"""(?<![\w-])(?:
    (?:mysql|mysqldump|mysqladmin|mysqlimport|mariadb|mariadb-dump|sshpass|7za?|unrar|rar)\bWORDS-p(?=[^\s'"])
    |(?:docker|podman|buildah|skopeo|az|oc|helm)\bWORDSlogin\bWORDS(?:-p|-P)GAP
    |(?:sshpass|mongosh?|mongodump|mongorestore)\bWORDS(?:-p|-P)GAP
    |(?:redis-cli|valkey-cli)\bWORDS-aGAP
    |(?:curl|https?|ab|lftp)\bWORDS(?:-u|--user|--proxy-user|-U|-a|-A)GAP?[^\s:'"]{1,100}+:
    |(?:zip|unzip)\bWORDS-PGAP?
    |(?:ldapsearch|ldapadd|ldapmodify)\bWORDS-wGAP?
    |htpasswdGAP-\w*b\w*GAP[^\s'"]{1,200}+GAP[^\s'"]{1,100}+GAP
    |openssl\bWORDS-pass(?:in|out)?GAPpass:
    |smbclient\bWORDS-UGAP?[^\s%'"]{1,100}+%
    |sqlplusGAP[^\s/]{1,100}+/(?=[^\s@]{1,100}@)
    |echo\s(?=[^|\n]{1,100}\|\s?sudo\s-S)
    )('[^'\n]*'|"[^"\n]*"|[^\s'"|;&@]+)""".replace("WORDS", WORDS).replace("GAP", GAP),
    re.VERBOSE,
)
# E-mail addresses, RFC 5321: the top-level domain has only letters, so that a release such as shop@1.2 does not match
EMAIL = shape(
    "@ %40",
    r"(?<![\w.+-])(?!git@)(?>(?:[\w.+-]|%2[bB]){1,64})(?:@|%40)(?!\d{1,9}\.(?:\d|[a-z]{1,5}\d)|\dx\.)(?:[\w-]{1,63}+\.){1,8}(?:[^\W\d_]{2,24}+)(?![\w-])(?!\.\d)",
    probe=r"(?:@|%40)(?!\d{1,9}\.\d)[\w-]{1,63}+\.[\w-]",
)
# A name before the URL in a comment is that of the format's owner.
SHAPES = [
    # Incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
    # https://docs.discord.com/developers/resources/webhook,
    # https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
    shape("/services/ /workflows/ /triggers/", r"/(?:services|workflows|triggers)/(T\w{8,}+/[\w/-]{10,}+)"),
    shape("/webhooks/", r"(?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/(\d+/[\w-]{20,}+)"),
    shape("webhook.office.com logic.azure.com", r"(?:webhook\.office|logic\.azure)\.com(?::\d+)?/([^\s'\"<>]{10,}+)"),
    # PEM, RFC 7468, and OpenPGP, RFC 9580: keys, also on one line with \n, and without an END line
    shape(
        "-----BEGIN",
        r"-----BEGIN(?: |%20|\+)[A-Z0-9 +%]{0,40}PRIVATE[ +%A-Z0-9]{0,40}-----(?!['\"])(?>(?:[^-]|-(?!----END))*)(?:-----END[A-Z0-9 +%]{0,60}-----)?",
    ),
    shape("PuTTY", r"PuTTY-User-Key-File-\d:(?>(?:[^P]|P(?!rivate-MAC))*)(?:Private-MAC: ?\w+)?"),
    # HTTP credentials, RFC 7617 and 6750, Digest: RFC 7616
    shape(
        "asic ASIC earer EARER egotiate piKey enieKey",
        r"[BbNnAG](?<!\w.)(?:asic|ASIC|earer|EARER|egotiate|piKey|enieKey)(?:\s|\+|%20){1,4}([\w.~%+/-]{8,}+={0,3}(?![\w=]))",
        without_credentials,
    ),
    shape("igest", r"""[Dd]igest\s{1,4}((?>(?:[\w-]+=(?:\\?"[^"]{0,2000}"|[^\s,"]{1,200}),?\s{0,4}){2,20}))"""),
    # AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
    shape("AWS4-HMAC", r"AWS4-HMAC-SHA256\s((?:(?:Credential|SignedHeaders|Signature)=[^\s,]+,?\s?)+)"),
    # Signed URLs: S3, Google Cloud Storage, Azure (https://learn.microsoft.com/rest/api/storageservices/create-service-sas), CloudFront
    shape(
        "ignature= sig= redential= X-Amz-Security-Token=",
        r"(?i)[?&;](?:amp;)?(?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|Signature|sig|AWSAccessKeyId|Key-Pair-Id|Policy)=([^&\s'\"<>\\]+)",
    ),
    # OAuth 2.0, RFC 6749, section 4.1.2: a response contains the code and the state
    shape(
        "code=",
        r"[?&](?:amp;)?code=([^&?\s'\"<>]{6,500}+)(?=&(?:amp;)?(?>(?:(?!state=)\w{1,30}+=[^&\s]{0,300}+&(?:amp;)?){0,5})state=)",
    ),
    shape(
        "state=",
        r"[?&](?:amp;)?state=[^&?\s'\"<>]{0,500}+&(?:amp;)?(?>(?:(?!code=)\w{1,30}+=[^&\s]{0,300}+&(?:amp;)?){0,5})code=([^&\s'\"<>]{6,500}+)",
    ),
    EMAIL,
    Shape(("-p", "-a", "-u", "-P", "-w", "-U", "-A", "htpasswd", "sqlplus", "sudo"), COMMANDS),
]
NUMBER_SHAPES = [
    shape("", r"[2-6](?<![\w.-].)(?<!\d .)(?>(?:[ \xa0-]?\d){11,18})(?![\w-])(?! \d)", without_card),
    shape(
        "",
        r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z\d]{4}){2,7}(?: ?[A-Za-z\d]{1,3})?\b",
        without_iban,
        r"\d\d(?<=[A-Za-z]{2}\d\d)(?<!\w[A-Za-z]{2}\d\d) ?[A-Za-z\d]{4} ?[A-Za-z\d]{4} ?[A-Za-z\d]{3}",
    ),
]
TOKENS = [shape(hints, rf"(?<![A-Za-z0-9])(?:{pattern})") for hints, pattern in tokens.TOKENS]
NOT_IN_SOURCE = [EMAIL, *NUMBER_SHAPES]  # addresses and numbers in source code are public
HINTS = {hint for shape in (*SHAPES, *TOKENS) for hint in shape.hints}


def shapes_in(text: str, vocabulary: str) -> list[Shape]:
    """Return the shapes in `text`; `vocabulary` contains each of its words once."""
    hints = {hint for hint in HINTS if hint in vocabulary}
    found = [token for token in TOKENS if not hints.isdisjoint(token.hints) and token.is_in(vocabulary)]
    found += [shape for shape in SHAPES if not hints.isdisjoint(shape.hints) and shape.is_in(text)]
    found += [shape for shape in NUMBER_SHAPES if shape.is_in(text)]
    return found


@lru_cache(maxsize=SOURCES)
def shapes_in_source(code: str) -> list[Shape]:
    """Return the shapes in lines of source code, without addresses and numbers, which source code may contain."""
    return [shape for shape in shapes_in(code, code) if shape not in NOT_IN_SOURCE]


def passwords_in_command(words: list[Any]) -> list[str]:
    """Return the passwords in a list of a command and its arguments."""
    if len(words) < 3 or not isinstance(words[0], str):
        return []
    return [match[1] for match in COMMANDS.finditer(" ".join([word for word in words[:50] if isinstance(word, str)]))]
