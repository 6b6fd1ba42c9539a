/*
 * POP3's own ways to log in, which are no SASL mechanisms but go the same way:
 * USER and PASS, and APOP (RFC 1939 7).
 */
#include "accounts_admin.h"
#include "hex.h"
#include "sasl_exchange.h"
#include "sasl_fake.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define MD5_DIGITS 32

static int
start(struct sasl_exchange *x)
{
	x->state = NULL;
	return 0;
}

/* Copies the next text, which ends at a NUL or with all: 0, or -1 where it
 * does not fit. */
static int
take(const char **in, size_t *length, char *to, size_t size)
{
	const char *nul = memchr(*in, '\0', *length);
	size_t n = nul != NULL ? (size_t)(nul - *in) : *length;

	if (n >= size)
		return -1;
	memcpy(to, *in, n);
	to[n] = '\0';
	n += nul != NULL;
	*in += n;
	*length -= n;
	return 0;
}

static enum sasl_result
step_user(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	char user[WIRE_NAME_MAX], password[WIRE_PASSWORD_MAX];
	enum sasl_result result = SASL_BAD;

	(void)out;
	if (in == NULL || take(&in, &length, user, sizeof(user)) == -1)
		return SASL_BAD;
	if (length >= sizeof(password) || memchr(in, '\0', length) != NULL)
		password[0] = '\0'; /* nobody's */
	else if (take(&in, &length, password, sizeof(password)) == -1)
		return SASL_BAD;
	result = login_find(&x->login, x->channel.client, user);
	if (result == SASL_OK)
		result = login_password(&x->login, password, x->deadline);
	explicit_bzero(password, sizeof(password));
	return result;
}

/* RFC 1939 7: the MD5 of the timestamp and the secret behind it. */
static int
make_digest(const char *timestamp, const char *secret, char *digits)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char all[WIRE_HOST_MAX * 2 + WIRE_PASSWORD_MAX];
	int length, made;

	length = snprintf(all, sizeof(all), "%s%s", timestamp, secret);
	made = length > 0 && (size_t)length < sizeof(all) &&
	       EVP_Digest(all, (size_t)length, digest, NULL, EVP_md5(), NULL);
	explicit_bzero(all, sizeof(all));
	if (made)
		hex_put(digits, digest, MD5_DIGITS / 2);
	return made ? 0 : -1;
}

static enum sasl_result
step_apop(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	char user[WIRE_NAME_MAX], timestamp[WIRE_HOST_MAX * 2], fake[65];
	char given[MD5_DIGITS + 1], wanted[MD5_DIGITS + 1] = "";
	enum sasl_result result;
	const char *secret;

	(void)out;
	if (in == NULL || take(&in, &length, user, sizeof(user)) == -1 ||
	    take(&in, &length, timestamp, sizeof(timestamp)) == -1 ||
	    take(&in, &length, given, sizeof(given)) == -1 || length != 0)
		return SASL_BAD;
	result = login_find(&x->login, x->channel.client, user);
	if (result != SASL_OK)
		return result;
	sasl_fake_secret(fake);
	secret = x->login.user.secret;
	if (secret[0] == '\0')
		x->login.found = 0;
	if (make_digest(timestamp, x->login.found ? secret : fake, wanted) ==
	    -1)
		return SASL_TEMPORARY;
	return login_proved(
	    &x->login, strlen(given) == MD5_DIGITS &&
			   CRYPTO_memcmp(given, wanted, MD5_DIGITS) == 0);
}

const struct sasl_mechanism sasl_pop3_mechanisms[] = {
    {"USER", SASL_CLIENT_FIRST | SASL_IN_CLEAR | SASL_IS_POP3, start, step_user,
	NULL},
    {"APOP", SASL_CLIENT_FIRST | SASL_NEEDS_SECRET | SASL_IS_POP3, start,
	step_apop, NULL},
    {.name = NULL},
};
