"""Decides by name whether a value is private: `db_password` and `accessToken` are, `author` and `max_tokens` are not.

A name is split into words, and its last words decide, as in English compounds: a `password_policy` is a policy.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def table(text: str) -> set[str]:
    """Return the entries of a table, which are separated by commas."""
    return {" ".join(entry.split()) for entry in text.split(",")}


#: The endings of sensitive names, without accents. The words of a name may also be joined: apikey.
TERMS = table("""
    password, passwd, pswd, passphrase, pass phrase, passcode, pass, pwd, secret, pin, pin number, puk, mnemonic,
    seed phrase,
    token, jwt, bearer, otp, totp, credential, cred, auth, authorization, authorisation, dsn,
    recovery phrase, recovery code, backup code, security code, security answer, verification code, confirmation code,
    login code, sms code, mfa code, auth code, authorization code, access code, one time code, activation code,
    code verifier, assertion, saml response, hmac, signature, sig,
    cookie, session, sid, sess, sessid, session id, auth user hash, csrf, xsrf,
    api key, app key, access key, access key id, secret key, secret key base, private key, privkey, authentication key,
    signing key, encryption key, decryption key, cipher key, crypto key, aes key, rsa key, fernet key, master key,
    root key, account key, shared key, service key, consumer key, client key, server key, user key, subscription key,
    storage key, webhook key, license key, ssh key, ssl key, tls key, gpg key, pgp key, deploy key, write key,
    ingest key, integration key, admin key, key material, key pem,
    email, e mail, mail address, email address, ip address, ip addr, client ip, remote ip, real ip, user ip, visitor ip,
    peer ip, source ip, connecting ip, forwarded for, forwarded, remote addr, remote address, remote host, remote user,
    card number, card num, card no, card code, credit card, debit card, bank card, payment card, cc number, cc num,
    cvc, cvv, iban, account number, account no, routing number, bank account,
    ssn, social security, social security number, tax id, tax number, passport, passport number, passport no,
    national id, national insurance number, driver license, license number,
    contrasena, contrasenya, clave secreta, clave privada, clave de acceso, clave api, token de acceso, codigo de seguridad,
    numero de tarjeta, tarjeta de credito, correo electronico, correo,
    senha, palavra passe, chave secreta, chave privada, chave de acesso, token de acesso, codigo de seguranca,
    numero do cartao, cartao de credito, cpf, cnpj,
    mot de passe, mdp, cle secrete, cle privee, cle api, cle d acces, jeton, jeton d acces, code secret, code de securite,
    numero de carte, carte bancaire, carte de credit, courriel, adresse mail,
    passwort, kennwort, losungswort, geheimnis, geheimer schlussel, privater schlussel, api schlussel,
    zugangsschlussel, zugriffsschlussel, zugangscode, sicherheitscode, prufziffer, kartennummer, kreditkarte,
    kreditkartennummer, kreditkarte nummer, geheimzahl, kontonummer, steuernummer, steuer id,
    parola d ordine, parola segreta, chiave segreta, chiave privata, chiave di accesso, chiave api, token di accesso,
    segreto, codice segreto, codice di sicurezza, numero di carta, carta di credito, codice fiscale
""")
#: Optional words in a name: mot_de_passe, motPasse.
PARTICLES = ("de", "d", "di", "da", "do", "du", "del", "della")
#: Sensitive only if they are the whole name: `birthday_card` and `clave_primaria` are not sensitive.
WHOLE = table("card, tarjeta, cartao, clave, chave, chiave, schlussel, parola")
#: A name stays sensitive with one of these after the term: new_password_confirm, token_value, secretHash.
TAILS = table("""
    again, bytes, b64, base, clear, cleartext, confirm, confirmation, confirmed, current, data, digest, encoded,
    encrypted, enc, decrypted, fallback, fallbacks, hash, hashed, header, hex, input, new, old, original, plain,
    plaintext, previous, prev, raw, repeat, repeated, retype, salt, str, string, temp, temporary, text, tmp, val, value,
    verify, backup, prod, production, live, test, staging, dev,
    nueva, nuevo, actual, antigua, anterior, confirmacion, usuario, maestra, nova, atual, antiga, confirmacao,
    nouveau, actuel, ancien, utilisateur, neu, alt, bestatigen, bestatigung, wiederholen, wiederholung,
    nuova, attuale, vecchia, conferma, utente
""")
#: A name that begins with one of these is a flag, not a secret: has_token.
FLAGS = table("""
    has, had, is, are, was, should, can, may, must, needs, need, requires, require, allow, allows, enable, enabled,
    disable, show, hide, use, uses, no, without
""")
#: With one of these, a plural is a number: max_tokens.
QUANTITIES = table("""
    max, min, num, number, n, count, total, limit, used, remaining, prompt, completion, input, output, cached,
    reasoning, average, avg, sum, active, expired, purged, special
""")
#: Sensitive at the end of any word, unlike "pass" in "bypass": DBPASSWORD, authtoken.
ENDINGS = tuple(
    table("""
    password, passwd, passphrase, passwort, kennwort, contrasena, motdepasse, pwd, secret, token, apikey, secretkey,
    accesskey, privatekey, sessionid, sessionkey, sessid, cookie, credential, csrf, cardnumber, creditcard
    """)
)
#: The values of these names are chosen by people, so they may be ordinary words.
CHOSEN = ("pass", "pwd", "secret", "contras", "senha", "kennwort", "mdp")
#: Each term contains one of these. Searching for them is fast.
HINTS = table("""
    pass, pwd, pswd, secret, pin, puk, mnemonic, phrase, token, jwt, bearer, otp, cred, auth, dsn, cod, security, verifier,
    assertion, saml, hmac, sig, cookie, sess, sid, csrf, xsrf, key, mail, num, answer, _ip, -ip, clientip, userip, realip, addr,
    forwarded, remote, card, cart, cc_n, cc-n, cvc, cvv, iban, account, routing, ssn, tax, national, license,
    contras, clave, tarjeta, correo, senha, palavra, chave, cpf, cnpj, mdp, cle, jeton, courriel, kennwort, wort,
    geheim, schlussel, ziffer, nummer, karte, steuer, chiave, segret, parola
""")
CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[0-9])(?=[A-Z][a-z])")
WORD = re.compile(r"[^\W\d_]+")
#: Latin letters with accents (Unicode's blocks Latin-1 Supplement and Latin Extended-A), mapped to letters without them
ACCENTS = {code: unicodedata.normalize("NFKD", chr(code))[0] for code in range(0xC0, 0x180)}
LONGEST_NAME = 100  # characters: longer texts are not names
LONGEST_TERM = 4  # words


def words(name: str) -> list[str]:
    """Return the words of a name in lowercase, without accents and digits: ["access", "token"] for `accessToken2`."""
    if not name.isascii():
        name = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return [word.lower() for word in WORD.findall(CAMEL_CASE.sub(" ", name))]


def is_chosen(name: str) -> bool:
    """Return whether people choose the value under this name, so that it may be an ordinary word: new_password1."""
    return name.lower().endswith(CHOSEN) or any(word.startswith(CHOSEN) for word in words(name))


class Names:
    """The table of sensitive names."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        """Add the site's own names, such as "loyalty_number"."""
        own = {" ".join(words(name)) for name in more}
        terms = {" ".join(word for word in term.split() if word not in PARTICLES) for term in TERMS} | own
        self.terms = terms | {term.replace(" ", "") for term in terms}
        self.whole = self.terms | WHOLE
        self.hints = [*HINTS, *(max(name.split(), key=len) for name in own if name)]
        self.sensitive = lru_cache(maxsize=4096)(self._sensitive)

    def _sensitive(self, name: str) -> bool:
        """Return whether the value under `name` is private."""
        found = [word for word in words(name) if word not in PARTICLES] if len(name) <= LONGEST_NAME else []
        if not found or found[0] in FLAGS:
            return False
        while len(found) > 1 and found[-1] in TAILS and not self._ends(found):
            found.pop()
        if self._ends(found):
            return True
        return self._ends([*found[:-1], found[-1].removesuffix("s")]) and QUANTITIES.isdisjoint(found)

    def _ends(self, found: list[str]) -> bool:
        """Return whether the last words are a term, or a term followed by "key" or "code"."""
        if found[-1] in ("key", "code") and len(found) > 1 and self._ends(found[:-1]):
            return True
        return (
            " ".join(found) in self.whole
            or any(" ".join(found[-length:]) in self.terms for length in range(1, LONGEST_TERM + 1))
            or found[-1].endswith(ENDINGS)
        )


def folded(text: str) -> str:
    """Return a text in lowercase and without accents, with each character at the same position."""
    lower = text.lower() if text.isascii() else text.translate(ACCENTS).lower()
    return lower if len(lower) == len(text) else text
