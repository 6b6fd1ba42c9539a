#include "tls_settings.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>

const char *const tls_versions[] = {"1.2", "1.3", NULL};
const char *const tls_clients[] = {"off", "optional", NULL};

int
tls_check_path(const char *value, char *why, size_t size)
{
	if (value[0] == '/')
		return 0;
	snprintf(why, size, "'%.64s' is no absolute path", value);
	return -1;
}

int
tls_check_path_or_none(const char *value, char *why, size_t size)
{
	return value[0] == '\0' ? 0 : tls_check_path(value, why, size);
}

/* Whether OpenSSL takes the value, by one of its functions that set it. */
static int
check_list(int (*set)(SSL_CTX *, const char *), const char *what,
    const char *value, char *why, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int is_good = ctx != NULL && set(ctx, value) == 1;

	if (ctx == NULL)
		snprintf(why, size, "no memory");
	else if (!is_good)
		snprintf(why, size, "'%.64s' %s", value, what);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return is_good ? 0 : -1;
}

int
tls_check_ciphers(const char *value, char *why, size_t size)
{
	return check_list(
	    SSL_CTX_set_cipher_list, "names no cipher", value, why, size);
}

int
tls_check_ciphersuites(const char *value, char *why, size_t size)
{
	return check_list(SSL_CTX_set_ciphersuites,
	    "is no list of cipher suites of TLS 1.3", value, why, size);
}

/* OpenSSL's own is a macro, which casts const away; it only reads. */
static int
set_groups(SSL_CTX *ctx, const char *value)
{
	return (int)SSL_CTX_ctrl(
	    ctx, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)(uintptr_t)value);
}

int
tls_check_groups(const char *value, char *why, size_t size)
{
	return check_list(set_groups, "is no list of groups, like X25519:P-256",
	    value, why, size);
}

int
tls_settings_has_trust(const struct tls_settings *settings)
{
	return settings->trust != NULL && settings->trust[0] != '\0';
}
