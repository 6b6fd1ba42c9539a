#include "token.h"

#include "log.h"

#include <cjose/cjose.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 64
/* What clocks may differ by: s. */
#define LEEWAY 60

struct token_keys {
	size_t count;
	cjose_jwk_t *keys[KEYS_MAX];
};

/* Whether a key can sign what others verify, and is meant to. */
static int
is_public_kind(const json_t *key)
{
	const char *kind = json_string_value(json_object_get(key, "kty"));
	const char *use = json_string_value(json_object_get(key, "use"));

	return kind != NULL &&
	       (strcmp(kind, "RSA") == 0 || strcmp(kind, "EC") == 0) &&
	       (use == NULL || strcmp(use, "sig") == 0);
}

static void
add_key(struct token_keys *keys, const json_t *key)
{
	cjose_err error;
	cjose_jwk_t *read;
	char *text;

	if (keys->count == KEYS_MAX || !is_public_kind(key) ||
	    (text = json_dumps(key, 0)) == NULL)
		return;
	if ((read = cjose_jwk_import(text, strlen(text), &error)) != NULL)
		keys->keys[keys->count++] = read;
	else
		log_warn("token.key", log_text("why", error.message));
	free(text);
}

struct token_keys *
token_load(const char *path)
{
	struct token_keys *keys = calloc(1, sizeof(*keys));
	json_error_t error;
	json_t *set, *key;
	size_t i;

	if (keys == NULL) {
		log_error("token.load", log_errno(ENOMEM));
		return NULL;
	}
	if ((set = json_load_file(path, JSON_REJECT_DUPLICATES, &error)) ==
	    NULL) {
		log_error("token.load", log_text("path", path),
		    log_int("line", error.line), log_text("why", error.text));
	} else {
		json_array_foreach(json_object_get(set, "keys"), i, key)
		{
			add_key(keys, key);
		}
		json_decref(set);
		if (keys->count > 0)
			return keys;
		log_error("token.load", log_text("path", path),
		    log_text("why", "it has no RSA or EC key for signatures"));
	}
	token_free(&keys);
	return NULL;
}

void
token_free(struct token_keys **keysp)
{
	struct token_keys *keys = *keysp;

	if (keys == NULL)
		return;
	*keysp = NULL;
	while (keys->count > 0)
		cjose_jwk_release(keys->keys[--keys->count]);
	free(keys);
}

/* RFC 8725 3.1: signatures of public keys, and no other algorithm. */
static int
is_allowed(const char *algorithm, cjose_jwk_kty_t kind)
{
	static const char *const rsa[] = {
	    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", NULL};
	static const char *const ec[] = {"ES256", "ES384", "ES512", NULL};
	const char *const *list = kind == CJOSE_JWK_KTY_RSA ? rsa : ec;

	if (algorithm == NULL)
		return 0;
	for (; *list != NULL; list++)
		if (strcmp(*list, algorithm) == 0)
			return 1;
	return 0;
}

/* Whether one of our keys has signed it; one that it names by "kid", where we
 * know that one. */
static int
is_signed(const struct token_keys *keys, cjose_jws_t *jws)
{
	cjose_header_t *header = cjose_jws_get_protected(jws);
	const char *algorithm, *id, *own;
	cjose_err error;
	size_t i;

	if (header == NULL)
		return 0;
	algorithm = cjose_header_get(header, CJOSE_HDR_ALG, &error);
	id = cjose_header_get(header, CJOSE_HDR_KID, &error);
	for (i = 0; i < keys->count; i++) {
		own = cjose_jwk_get_kid(keys->keys[i], &error);
		if (id != NULL && own != NULL && strcmp(id, own) != 0)
			continue;
		if (is_allowed(
			algorithm, cjose_jwk_get_kty(keys->keys[i], &error)) &&
		    cjose_jws_verify(jws, keys->keys[i], &error))
			return 1;
	}
	return 0;
}

static int
is_text(const json_t *value, const char *wanted)
{
	const char *text = json_string_value(value);

	return text != NULL && strcmp(text, wanted) == 0;
}

/* RFC 7519 4.1.3: one audience, or a list of them. */
static int
is_for(const json_t *audience, const char *wanted)
{
	size_t i;
	json_t *one;

	if (wanted[0] == '\0' || is_text(audience, wanted))
		return 1;
	json_array_foreach(audience, i, one)
	{
		if (is_text(one, wanted))
			return 1;
	}
	return 0;
}

/* RFC 8693 4.2: words with a space between them. */
static int
has_scope(const json_t *scope, const char *wanted)
{
	const char *at = json_string_value(scope);
	size_t length = strlen(wanted), word;

	if (length == 0)
		return 1;
	while (at != NULL && *at != '\0') {
		word = strcspn(at, " ");
		if (word == length && memcmp(at, wanted, length) == 0)
			return 1;
		at += word;
		at += strspn(at, " ");
	}
	return 0;
}

/* RFC 7519 4.1.4, 4.1.5: a token without an end is none that we take. */
static int
is_in_time(const json_t *claims, long long now)
{
	const json_t *end = json_object_get(claims, "exp");
	const json_t *begin = json_object_get(claims, "nbf");

	if (!json_is_number(end) ||
	    json_number_value(end) + LEEWAY <= (double)now)
		return 0;
	return begin == NULL ||
	       (json_is_number(begin) &&
		   json_number_value(begin) - LEEWAY <= (double)now);
}

static enum token_result
check_claims(const struct token_rules *rules, const json_t *claims,
    long long now, char *name)
{
	const char *user =
	    json_string_value(json_object_get(claims, rules->name_claim));

	if (user == NULL || user[0] == '\0' || strlen(user) >= WIRE_NAME_MAX ||
	    !is_text(json_object_get(claims, "iss"), rules->issuer) ||
	    !is_for(json_object_get(claims, "aud"), rules->audience) ||
	    !has_scope(json_object_get(claims, "scope"), rules->scope) ||
	    !is_in_time(claims, now))
		return TOKEN_BAD;
	snprintf(name, WIRE_NAME_MAX, "%s", user);
	return TOKEN_GOOD;
}

static int
is_base64url(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* RFC 7515 2 and 3.1, RFC 4648 5: three parts in base64url without padding. The
 * library asserts that padding stands behind a length which octets can give. */
static int
is_compact(const char *token, size_t length)
{
	size_t parts = 1, size = 0;

	for (size_t i = 0; i < length; i++) {
		if (token[i] == '.') {
			if (size == 0 || size % 4 == 1)
				return 0;
			parts++;
			size = 0;
		} else if (is_base64url(token[i])) {
			size++;
		} else {
			return 0;
		}
	}
	return parts == 3 && size > 0 && size % 4 != 1;
}

enum token_result
token_verify(const struct token_keys *keys, const struct token_rules *rules,
    const char *token, size_t length, long long now, char *name)
{
	enum token_result result = TOKEN_BAD;
	json_t *claims = NULL;
	cjose_err error = {.code = CJOSE_ERR_NONE};
	cjose_jws_t *jws;
	uint8_t *text;
	size_t size;

	if (!is_compact(token, length))
		return TOKEN_BAD;
	if ((jws = cjose_jws_import(token, length, &error)) == NULL)
		return error.code == CJOSE_ERR_NO_MEMORY ? TOKEN_FAILED
							 : TOKEN_BAD;
	if (is_signed(keys, jws) &&
	    cjose_jws_get_plaintext(jws, &text, &size, &error))
		claims = json_loadb(
		    (const char *)text, size, JSON_REJECT_DUPLICATES, NULL);
	if (claims != NULL)
		result = check_claims(rules, claims, now, name);
	json_decref(claims);
	cjose_jws_release(jws);
	return result;
}
