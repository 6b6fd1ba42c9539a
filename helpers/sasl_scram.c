/*
 * SCRAM-SHA-1-PLUS and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): SCRAM bound to
 * the TLS connection, by tls-exporter (RFC 9266) or tls-server-end-point (RFC
 * 5929), which libgsasl does not know.
 */
#include "accounts_admin.h"
#include "base64.h"
#include "log.h"
#include "sasl_exchange.h"
#include "sasl_fake.h"

#include <gsasl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NONCE_OCTETS 18
/* RFC 5802 7: a message is short; nobody needs more than this. */
#define MESSAGE_MAX 1024

struct state {
	const char *digest;
	int is_answered; /* the server's first message is out */
	const unsigned char *binding;
	size_t binding_length;
	struct record_scram keys;
	char gs2[MESSAGE_MAX];	 /* the client's gs2-header */
	char bare[MESSAGE_MAX];	 /* client-first-message-bare */
	char first[MESSAGE_MAX]; /* server-first-message */
	char nonce[MESSAGE_MAX]; /* the client's and ours behind it */
};

static int
start(struct sasl_exchange *x)
{
	struct state *s = calloc(1, sizeof(*s));

	if ((x->state = s) == NULL)
		return -1;
	s->digest = strcmp(x->mechanism->name, "SCRAM-SHA-1-PLUS") == 0
			? "SHA1"
			: "SHA256";
	return 0;
}

static void
finish(struct sasl_exchange *x)
{
	if (x->state == NULL)
		return;
	explicit_bzero(x->state, sizeof(struct state));
	free(x->state);
	x->state = NULL;
}

/* RFC 5802 5.1: "=2C" is a comma, "=3D" an equals sign, no other "=" is. */
static int
unescape(char *name)
{
	char *to = name;

	for (; *name != '\0'; name++) {
		if (*name != '=') {
			*to++ = *name;
			continue;
		}
		if (strncmp(name, "=2C", 3) == 0)
			*to++ = ',';
		else if (strncmp(name, "=3D", 3) == 0)
			*to++ = '=';
		else
			return -1;
		name += 2;
	}
	*to = '\0';
	return 0;
}

/* Takes "X=value" from the front of *at, up to a comma or the end: the value,
 * cut out in place; NULL where something else stands there. */
static char *
take(char **at, char attribute)
{
	char *value = *at;

	if (value[0] != attribute || value[1] != '=')
		return NULL;
	value += 2;
	*at = value + strcspn(value, ",");
	if (**at != '\0')
		*(*at)++ = '\0';
	return value;
}

/* RFC 5056: the channel's binding of this name. */
static int
find_binding(struct sasl_exchange *x, const char *name)
{
	struct state *s = x->state;

	if (strcmp(name, "tls-exporter") == 0) {
		s->binding = x->channel.exporter;
		s->binding_length = x->channel.exporter_length;
	} else if (strcmp(name, "tls-server-end-point") == 0) {
		s->binding = x->channel.end_point;
		s->binding_length = x->channel.end_point_length;
	}
	return s->binding_length > 0 ? 0 : -1;
}

/* Splits client-first-message where its bare part begins: NULL where it is no
 * such message.  RFC 5802 7. */
static char *
split(struct state *s, char *message)
{
	char *comma = strchr(message, ',');
	size_t length;

	if (comma != NULL)
		comma = strchr(comma + 1, ',');
	if (comma == NULL)
		return NULL;
	length = (size_t)(comma + 1 - message);
	memcpy(s->gs2, message, length);
	s->gs2[length] = '\0';
	snprintf(s->bare, sizeof(s->bare), "%s", comma + 1);
	return comma + 1;
}

struct client_first {
	char *binding, *identity, *name, *nonce;
};

/* message is written over. */
static int
parse_first(struct state *s, char *message, struct client_first *f)
{
	char *bare = split(s, message), *at = message;

	if (bare == NULL || (f->binding = take(&at, 'p')) == NULL)
		return -1;
	f->identity = *at == 'a' ? take(&at, 'a') : NULL;
	if (f->identity == NULL && *at++ != ',')
		return -1;
	if (at != bare)
		return -1;
	/* What an "m=" stands for must be understood, and is not. */
	f->name = take(&at, 'n');
	f->nonce = f->name != NULL ? take(&at, 'r') : NULL;
	if (f->nonce == NULL || f->nonce[0] == '\0' || unescape(f->name) == -1)
		return -1;
	return f->identity == NULL || unescape(f->identity) == 0 ? 0 : -1;
}

/* RFC 5802 5.1: a name is prepared; one that can't be is nobody's. */
static enum sasl_result
find(struct sasl_exchange *x, const char *name)
{
	enum sasl_result result;
	char *prepared = NULL;

	if (gsasl_saslprep(name, GSASL_ALLOW_UNASSIGNED, &prepared, NULL) !=
	    GSASL_OK)
		return SASL_BAD;
	result = login_find(&x->login, x->channel.client, prepared);
	gsasl_free(prepared);
	return result;
}

/* Makes server-first-message. */
static int
answer_first(struct state *s, const char *client_nonce)
{
	char nonce[BASE64_LENGTH(NONCE_OCTETS) + 1];
	char salt[BASE64_LENGTH(RECORD_SALT_SIZE) + 1];
	unsigned char octets[NONCE_OCTETS];
	int length;

	if (getentropy(octets, sizeof(octets)) == -1)
		return -1;
	base64_encode(octets, sizeof(octets), nonce);
	base64_encode(s->keys.salt, sizeof(s->keys.salt), salt);
	length =
	    snprintf(s->nonce, sizeof(s->nonce), "%s%s", client_nonce, nonce);
	if (length < 0 || (size_t)length >= sizeof(s->nonce))
		return -1;
	length = snprintf(s->first, sizeof(s->first), "r=%s,s=%s,i=%u",
	    s->nonce, salt, s->keys.iterations);
	return length > 0 && (size_t)length < sizeof(s->first) ? 0 : -1;
}

static enum sasl_result
step_first(struct sasl_exchange *x, char *message, struct sasl_output *out)
{
	struct state *s = x->state;
	struct client_first f;
	enum sasl_result result;

	/* "n" and "y" are no way around the binding. */
	if (parse_first(s, message, &f) == -1 ||
	    find_binding(x, f.binding) == -1)
		return SASL_BAD;
	if ((result = find(x, f.name)) != SASL_OK)
		return result;
	if (f.identity != NULL && !login_may_act_as(&x->login, f.identity))
		x->login.found = 0; /* said at the end, like all else */
	sasl_fake_keys(&x->login, s->digest, &s->keys);
	if (answer_first(s, f.nonce) == -1)
		return SASL_BAD;
	s->is_answered = 1;
	sasl_exchange_say(out, s->first);
	return SASL_CHALLENGE;
}

static int
hmac(const struct state *s, const unsigned char *key, const char *text,
    unsigned char to[RECORD_KEY_MAX])
{
	size_t size = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, s->digest, NULL, key,
		   s->keys.length, (const unsigned char *)text, strlen(text),
		   to, RECORD_KEY_MAX, &size) != NULL
		   ? 0
		   : -1;
}

/* RFC 5802 3: ClientKey = ClientProof XOR ClientSignature, and its hash is what
 * is stored. */
static int
is_proof(const struct state *s, const char *all, const unsigned char *proof)
{
	unsigned char key[RECORD_KEY_MAX], hash[EVP_MAX_MD_SIZE];
	const EVP_MD *md = EVP_get_digestbyname(s->digest);
	int is_right;

	if (hmac(s, s->keys.stored, all, key) == -1)
		return 0;
	for (unsigned i = 0; i < s->keys.length; i++)
		key[i] ^= proof[i];
	is_right = EVP_Digest(key, s->keys.length, hash, NULL, md, NULL) == 1 &&
		   CRYPTO_memcmp(hash, s->keys.stored, s->keys.length) == 0;
	explicit_bzero(key, sizeof(key));
	return is_right;
}

/* Whether c= is the header that the client sent, and this channel's binding. */
static int
is_bound(const struct state *s, const char *text)
{
	unsigned char got[MESSAGE_MAX];
	size_t header = strlen(s->gs2), length;

	return base64_decode(text, strlen(text), got, sizeof(got), &length) ==
		   0 &&
	       length == header + s->binding_length &&
	       memcmp(got, s->gs2, header) == 0 &&
	       CRYPTO_memcmp(got + header, s->binding, s->binding_length) == 0;
}

/* Says the server's signature. */
static enum sasl_result
sign(const struct state *s, const char *all, struct sasl_output *out)
{
	char text[2 + BASE64_LENGTH(RECORD_KEY_MAX) + 1] = "v=";
	unsigned char signature[RECORD_KEY_MAX];

	if (hmac(s, s->keys.server, all, signature) == -1)
		return SASL_TEMPORARY;
	base64_encode(signature, s->keys.length, text + 2);
	sasl_exchange_say(out, text);
	return SASL_OK;
}

static enum sasl_result
step_final(struct sasl_exchange *x, char *message, struct sasl_output *out)
{
	char all[3 * MESSAGE_MAX], *binding, *nonce, *at = message, *proof;
	unsigned char octets[RECORD_KEY_MAX];
	struct state *s = x->state;
	enum sasl_result result;
	size_t length;

	if ((proof = strstr(message, ",p=")) == NULL)
		return SASL_BAD;
	*proof = '\0';
	proof += 3;
	snprintf(all, sizeof(all), "%s,%s,%s", s->bare, s->first, message);
	binding = take(&at, 'c');
	nonce = binding != NULL ? take(&at, 'r') : NULL;
	if (nonce == NULL ||
	    base64_decode(
		proof, strlen(proof), octets, sizeof(octets), &length) == -1 ||
	    length != s->keys.length)
		return SASL_BAD;
	result = login_proved(&x->login,
	    (is_bound(s, binding) & (strcmp(nonce, s->nonce) == 0)) &&
		is_proof(s, all, octets));
	return result == SASL_OK ? sign(s, all, out) : result;
}

static enum sasl_result
step(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	struct state *s = x->state;
	char message[MESSAGE_MAX];
	enum sasl_result result;

	if (length == 0 || length >= sizeof(message) ||
	    memchr(in, '\0', length) != NULL)
		return SASL_BAD;
	memcpy(message, in, length);
	message[length] = '\0';
	if (!s->is_answered)
		result = step_first(x, message, out);
	else
		result = step_final(x, message, out);
	explicit_bzero(message, sizeof(message));
	return result;
}

const struct sasl_mechanism sasl_scram_mechanisms[] = {
    {"SCRAM-SHA-1-PLUS", SASL_CLIENT_FIRST | SASL_NEEDS_BINDING, start, step,
	finish},
    {"SCRAM-SHA-256-PLUS", SASL_CLIENT_FIRST | SASL_NEEDS_BINDING, start, step,
	finish},
    {.name = NULL},
};
