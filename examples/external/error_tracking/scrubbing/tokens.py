"""The token formats that issuers designed to be recognizable, each with the document that defines it."""

#: The hints of a token, separated by spaces, and its pattern. A text with the token has a word that contains a hint. A
#: pattern matches only at the beginning of a word, and its repetitions are possessive, so that the time grows linearly.
TOKENS: list[tuple[str, str]] = [
    # https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    ("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"gh[pousr]_[\w.-]{20,}+|github_pat_\w{22,}+"),
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    (
        "glpat- gldt- glrt glcbt- glptt- glft- glimt- glagent- glwt- glsoat- glffct- gloas-",
        r"gl[a-z]{2,5}-[\w.-]{20,}+",
    ),
    ("GR1348941 _gitlab_session=", r"GR1348941[\w-]{20,}+|_gitlab_session=\w{20,}+"),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    ("AKIA ASIA ABIA ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?!\w)"),
    # https://docs.cloud.google.com/docs/authentication/api-keys, https://developers.google.com/identity/protocols/oauth2
    ("AIza ya29. GOCSPX- 1//0", r"AIza[\w-]{35}|ya29\.[\w-]{20,}+|GOCSPX-[\w-]{20,}+|1//0[\w-]{30,}+"),
    (":APA91", r"AAAA[\w-]{7}:APA91[\w-]{100,}+"),
    # https://docs.slack.dev/authentication/tokens
    ("xox xapp- xwfp-", r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,}+|xapp-\d-[\w-]{10,}+|xwfp-[\w-]{10,}+"),
    # https://docs.stripe.com/keys, https://docs.stripe.com/webhooks
    ("k_live_ k_test_ k_prod_ whsec_", r"[sr]k_(?:live|test|prod)_\w{10,}+|whsec_[\w+/=]{20,}+"),
    # https://www.twilio.com/docs/iam/api-keys, https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    ("SK SG.", r"SK[0-9a-f]{32}(?!\w)|SG\.[\w-]{16,}+\.[\w-]{16,}+"),
    # The pages on API keys of Mailgun, Mailchimp and Brevo
    ("key- -us xkeysib-", r"key-[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}(?![\w-])|xkeysib-[0-9a-f]{64}-\w{1,40}"),
    ("-", r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),
    # https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/,
    # https://warehouse.pypa.io/development/token-scanning.html; the pages of RubyGems and Cargo on API keys
    ("npm_ pypi- rubygems_ cio", r"npm_\w{30,}+|pypi-[\w-]{16,}+|rubygems_[0-9a-f]{48}|cio[A-Za-z0-9]{32}(?!\w)"),
    # Many issuers: https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns
    ("dckr_ _v1_ shp", r"dckr_[po]at_[\w-]{20,}+|do[opr]_v1_[0-9a-f]{64}|shp[a-z]{2,3}_[0-9a-fA-F]{32}"),
    ("EAAA sq0 hf_ lin_", r"EAAA[\w-]{50,}+|sq0[a-z]{3}-[\w-]{22,}+|hf_[A-Za-z0-9]{30,}+|lin_(?:api|oauth)_\w{32,}+"),
    ("dapi NR HRKU-", r"dapi[0-9a-f]{32}(?:-\d)?|NRAK-[A-Z0-9]{27}|\w{36}NRAL(?!\w)|HRKU-[\w-]{36,}+"),
    (
        "pscale_ PMAK- ATATT ATCTT ATBB",
        r"pscale_[a-z]{2,5}_[\w.-]{32,}+|PMAK-[0-9a-f-]{59}|AT(?:ATT|CTT|BB)[\w=.-]{20,}+",
    ),
    (
        "glsa_ glc_ sntry figd_ fly",
        r"glsa_\w{41}|glc_[\w+/=]{32,}+|sntry[su]_[\w+/=]{30,}+|figd_[\w-]{40}|fly[ov]\d?_[\w,-]{40,}+",
    ),
    ("pul- ntn_ pat", r"pul-[0-9a-f]{40}|ntn_\w{40,}+|pat\w{14}\.[0-9a-f]{64}"),
    # https://developer.hashicorp.com/vault/docs/concepts/tokens, https://developer.hashicorp.com/terraform/cloud-docs
    (
        "hvs. hvb. hvr. s. .atlasv1.",
        r"hv[sbr]\.[\w-]{20,}+|s\.(?<![.-]s\.)[A-Za-z0-9]{24}(?![\w-])|\w{14}\.atlasv1\.[\w-]{60,}+",
    ),
    # https://learn.microsoft.com/purview/sit-defn-azure-ad-client-secret
    ("Q~", r"(?<![~.-])[\w~.-]{3}[78]Q~[\w~.-]{31,34}(?![\w~.-])"),
    # https://platform.openai.com/docs/api-reference/authentication, https://platform.claude.com/docs/en/api/overview
    ("sk-", r"sk-[A-Za-z0-9][\w-]{18,}+"),
    # https://age-encryption.org
    ("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    # https://core.telegram.org/bots/api#authorizing-your-bot
    (":AA", r"(?:bot)?\d{8,10}:AA[\w-]{33}(?![\w-])"),
    # https://docs.discord.com/developers/reference#authentication
    (".", r"[MNO](?<![.-].)[\w-]{23,27}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])"),
    # RFC 7519 and 7516: the header of a JWT is JSON, {" in base64
    ("eyJ", r"eyJ[\w-]{5,}+(?:\.[\w-]*+){2,4}"),
    # Django's hashers, crypt(5), https://github.com/P-H-C/phc-string-format
    (
        "$",
        r"(?:(?:pbkdf2_sha\d+|scrypt|bcrypt(?:_sha256)?|argon2|md5|sha1)\$|\$(?:2[abxy]|5|6|y|argon2\w+)\$)[^\s\"']{16,}+",
    ),
]
