#include "settings.h"

#include "backend_capa.h"
#include "lang.h"
#include "listen_path.h"
#include "log.h"
#include "mechanism.h"
#include "network.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const utf8_headers[] = {"as_is", "downgrade", NULL};
static const char *const plaintext[] = {"no", "loopback", "yes", NULL};

/* A name as RFC 5321 2.3.5 takes it, and as RFC 2449 3 takes it in a greeting:
 * letters, digits, hyphens and dots. */
static int
check_hostname(const char *value, char *why, size_t size)
{
	for (const char *c = value; *c != '\0'; c++) {
		if (isalnum((unsigned char)*c) || *c == '-' || *c == '.')
			continue;
		snprintf(why, size, "'%s' is no host name", value);
		return -1;
	}
	if (strlen(value) <= 255)
		return 0;
	snprintf(why, size, "a host name has at most 255 characters");
	return -1;
}

static int
check_absolute(const char *value, char *why, size_t size)
{
	if (value[0] == '/')
		return 0;
	snprintf(why, size, "'%s' is no absolute path", value);
	return -1;
}

/* "user@domain", or "@domain" for all of its users. */
static int
check_box(const char *value, char *why, size_t size)
{
	const char *at = strrchr(value, '@');

	if (at != NULL && at[1] != '\0' && strpbrk(value, " \t") == NULL)
		return 0;
	snprintf(why, size, "'%s' is neither user@domain nor @domain", value);
	return -1;
}

#define ROW(where, what, type, member, value, ...)                 \
	{                                                          \
		.block = where, .name = what, .kind = CONF_##type, \
		.offset = offsetof(struct settings, member),       \
		.fallback = value, __VA_ARGS__                     \
	}
#define BOUNDS(low, high) .minimum = low, .maximum = high
#define CHECK(function)	  .check = check_##function

static const struct conf_setting settings[] = {
    ROW(NULL, "hostname", TEXT, hostname, "", CHECK(hostname)),
    ROW(NULL, "run", TEXT, service.run, "/run/ringmail/pop3d", CHECK(absolute)),
    ROW(NULL, "user", TEXT, service.user, "ringpop"),
    ROW(NULL, "workers", NUMBER, service.workers, "0", BOUNDS("0", "128")),
    ROW(NULL, "accept", CHOICE, service.accept, "reuseport",
	.choices = service_accepts),
    ROW(NULL, "stack_size", SIZE, service.stack_size, "128K",
	BOUNDS("64K", "8M")),
    ROW(NULL, "listen", LIST, service.listen, "0.0.0.0:110,[::]:110",
	.check = listen_check),
    ROW(NULL, "listen_tls", LIST, service.listen_tls, "",
	.check = listen_check),
    LISTEN_PATH_ROWS, TLS_ROWS,
    ROW(NULL, "plaintext_login", CHOICE, plaintext_login, "loopback",
	.choices = plaintext),
    ROW(NULL, "utf8_headers", CHOICE, is_downgrading, "downgrade",
	.choices = utf8_headers),
    ROW(NULL, "mechanisms", LIST, mechanisms,
	"SCRAM-SHA-256-PLUS,SCRAM-SHA-1-PLUS,SCRAM-SHA-256,SCRAM-SHA-1,"
	"PLAIN,LOGIN,USER",
	.check = mechanism_check),
    ROW(NULL, "language", CHOICE, language, "en", .choices = lang_tags),

    ROW("trust", "proxy", LIST, proxy, NULL, .check = network_check),
    ROW("trust", "xclient", LIST, xclient, NULL, .check = network_check),

    ROW("maildrop", "login_delay", DURATION, login_delay, "0s",
	BOUNDS("0s", "1d")),
    ROW("maildrop", "last_login", BOOL, last_login, "no"),
    ROW("maildrop", "hide_over", SIZE, hide_over, "0"),
    ROW("maildrop", "expire", DURATION, expire, "0s", BOUNDS("0s", "36500d")),
    ROW("maildrop", "flag_seen", BOOL, flag_seen, "no"),
    ROW("maildrop", "read_only", LIST, read_only, NULL, .check = check_box),

    ROW("backends", "ca", TEXT, service.tls.trust, "",
	.check = tls_check_path_or_none),
    ROW("backends", "xclient", BOOL, tells_backends, "yes"),
    ROW("backends", "without", LIST, without, NULL,
	.check = backend_capa_check),

    ROW("log", "target", CHOICE, service.log, "stderr", .choices = log_targets),
    ROW("log", "level", CHOICE, service.log_level, "info",
	.choices = log_levels),
    ROW("log", "format", CHOICE, service.log_format, "text",
	.choices = log_formats),
    ROW("log", "rate", NUMBER, service.log_rate, "1000",
	BOUNDS("0", "1000000")),
    ROW("log", "transfers", BOOL, transfers, "no"),

    ROW("limits", "sessions", NUMBER, service.sessions, "10000",
	BOUNDS("1", "1000000")),
    ROW("limits", "address_sessions", NUMBER, address_sessions, "100",
	BOUNDS("0", "1000000")),
    ROW("limits", "network_sessions", NUMBER, network_sessions, "1000",
	BOUNDS("0", "1000000")),
    ROW("limits", "user_sessions", NUMBER, user_sessions, "0",
	BOUNDS("0", "1000000")),
    ROW("limits", "errors", NUMBER, errors, "20", BOUNDS("1", "10000")),
    ROW("limits", "logins", NUMBER, logins, "3", BOUNDS("1", "100")),

    /* RFC 1939 3 asks for ten minutes or more; less is for tests. */
    ROW("timeouts", "idle", DURATION, idle, "10m", BOUNDS("100ms", "1d")),
    ROW("timeouts", "drain", DURATION, service.drain, "10m",
	BOUNDS("0s", "1d")),
    ROW("timeouts", "send", DURATION, send, "5m", BOUNDS("100ms", "1d")),
    ROW("timeouts", "helper", DURATION, helper, "30s", BOUNDS("100ms", "1h")),
    ROW("timeouts", "backend", DURATION, backend, "30s",
	BOUNDS("100ms", "10m")),
    ROW("timeouts", "failed_login", DURATION, failed_login, "1s",
	BOUNDS("0s", "1m")),

    {.name = NULL}};

const struct conf_spec settings_spec = {
    settings, sizeof(struct settings), "pop3d"};

int
settings_prepare(void *conf, char *why, size_t size)
{
	struct settings *s = conf;
	char name[256];

	if (s->hostname[0] != '\0')
		return 0;
	if (gethostname(name, sizeof(name)) == -1) {
		snprintf(why, size, "the host has no name: set hostname");
		return -1;
	}
	name[sizeof(name) - 1] = '\0';
	free(s->hostname);
	if ((s->hostname = strdup(name)) == NULL) {
		snprintf(why, size, "no memory");
		return -1;
	}
	return check_hostname(name, why, size);
}
