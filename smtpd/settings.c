#include "settings.h"

#include "address.h"
#include "listen_path.h"
#include "log.h"
#include "mechanism.h"
#include "network.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* RFC 5321 2.3.5: a domain name; "" is filled in by settings_prepare. */
static int
check_hostname(const char *value, char *why, size_t size)
{
	size_t length = strlen(value);

	if (length <= ADDRESS_DOMAIN_MAX &&
	    (length == 0 || address_domain(value, length) == length))
		return 0;
	snprintf(why, size, "'%.64s' is no host name", value);
	return -1;
}

static int
check_absolute(const char *value, char *why, size_t size)
{
	if (value[0] == '/')
		return 0;
	snprintf(why, size, "'%.64s' is no absolute path", value);
	return -1;
}

static const char *const plaintext[] = {"no", "loopback", "yes", NULL};

#define ROW(where, what, type, member, value, ...)                 \
	{                                                          \
		.block = where, .name = what, .kind = CONF_##type, \
		.offset = offsetof(struct settings, member),       \
		.fallback = value, __VA_ARGS__                     \
	}
#define BOUNDS(low, high) .minimum = low, .maximum = high

static const char *const early_talkers[] = {"note", "refuse", NULL};
static const char *const vrfys[] = {"252", "off", NULL};

static const struct conf_setting rows[] = {
    ROW(NULL, "hostname", TEXT, hostname, "", .check = check_hostname),
    ROW(NULL, "listen", LIST, service.listen, "0.0.0.0:25,[::]:25",
	.check = listen_check),
    ROW(NULL, "listen_tls", LIST, service.listen_tls, "",
	.check = listen_check),
    ROW(NULL, "listen_submission", LIST,
	service.listen_more[SETTINGS_LISTEN_SUBMISSION - 2], "",
	.check = listen_check),
    ROW(NULL, "listen_lmtp", LIST,
	service.listen_more[SETTINGS_LISTEN_LMTP - 2], "",
	.check = listen_check),
    LISTEN_PATH_ROWS, TLS_ROWS,
    ROW(NULL, "run", TEXT, service.run, "/run/ringmail/smtpd",
	.check = check_absolute),
    ROW(NULL, "user", TEXT, service.user, "ringsmtp"),
    ROW(NULL, "workers", NUMBER, service.workers, "0", BOUNDS("0", "128")),
    ROW(NULL, "accept", CHOICE, service.accept, "reuseport",
	.choices = service_accepts),
    ROW(NULL, "stack_size", SIZE, service.stack_size, "128K",
	BOUNDS("64K", "8M")),
    ROW("log", "target", CHOICE, service.log, "stderr", .choices = log_targets),
    ROW("log", "level", CHOICE, service.log_level, "info",
	.choices = log_levels),
    ROW("log", "format", CHOICE, service.log_format, "text",
	.choices = log_formats),
    ROW("log", "rate", NUMBER, service.log_rate, "1000",
	BOUNDS("0", "1000000")),
    ROW("trust", "proxy", LIST, proxy, NULL, .check = network_check),
    ROW("trust", "xclient", LIST, xclient, NULL, .check = network_check),
    ROW(NULL, "strict_pipelining", BOOL, strict_pipelining, "yes"),
    /* RFC 5321 4.5.3.2.1: clients wait five minutes for it, in theory. */
    ROW(NULL, "greet_pause", DURATION, greet_pause, "0s", BOUNDS("0s", "30s")),
    ROW(NULL, "early_talkers", CHOICE, early_talkers, "refuse",
	.choices = early_talkers),
    ROW(NULL, "vrfy", CHOICE, vrfy, "252", .choices = vrfys),
    ROW(NULL, "client_names", BOOL, client_names, "no"),

    ROW("auth", "mechanisms", LIST, mechanisms,
	"SCRAM-SHA-256-PLUS,SCRAM-SHA-1-PLUS,SCRAM-SHA-256,SCRAM-SHA-1,"
	"PLAIN,LOGIN",
	.check = mechanism_check),
    ROW("auth", "plaintext", CHOICE, plaintext, "no", .choices = plaintext),
    ROW("auth", "mx", BOOL, mx_logins, "no"),

    /* RFC 5321 4.5.3.1.7: at least 64K octets. */
    ROW("limits", "message_size", SIZE, message_size, "35M",
	BOUNDS("64K", "2G")),
    /* RFC 5321 4.5.3.1.8: at least 100.  Fewer are for tests alone. */
    ROW("limits", "recipients", NUMBER, recipients, "100",
	BOUNDS("1", "10000")),
    ROW("limits", "errors", NUMBER, errors, "20", BOUNDS("1", "10000")),
    ROW("limits", "unknown_recipients", NUMBER, unknown_recipients, "50",
	BOUNDS("0", "10000")),
    ROW("limits", "messages", NUMBER, messages, "0", BOUNDS("0", "1000000")),
    ROW("limits", "address_sessions", NUMBER, address_sessions, "100",
	BOUNDS("1", "1000000")),
    ROW("limits", "network_sessions", NUMBER, network_sessions, "1000",
	BOUNDS("1", "1000000")),
    ROW("limits", "messages_minute", NUMBER, messages_minute, "1000",
	BOUNDS("0", "1000000")),
    ROW("limits", "recipients_minute", NUMBER, recipients_minute, "5000",
	BOUNDS("0", "1000000")),
    ROW("limits", "user_messages_minute", NUMBER, user_messages_minute, "100",
	BOUNDS("0", "1000000")),
    ROW("limits", "user_recipients_minute", NUMBER, user_recipients_minute,
	"1000", BOUNDS("0", "1000000")),
    ROW("limits", "logins", NUMBER, logins, "3", BOUNDS("1", "100")),
    ROW("limits", "sessions", NUMBER, service.sessions, "10000",
	BOUNDS("1", "1000000")),
    /* RFC 5321 6.3: at least 100.  Fewer are for tests alone. */
    ROW("limits", "hops", NUMBER, hops, "100", BOUNDS("1", "1000")),

    /* From when data_block has passed on: who sends less holds a session and
     * sends no mail. */
    ROW("limits", "data_rate", SIZE, data_rate, "100", BOUNDS("0", "1G")),

    /* RFC 5321 4.5.3.2: what clients wait for, so no less for us; less is for
     * tests alone. */
    ROW("timeouts", "session", DURATION, session, "1d", BOUNDS("100ms", "7d")),
    ROW("timeouts", "command", DURATION, command, "5m", BOUNDS("100ms", "1d")),
    ROW("timeouts", "data_block", DURATION, data_block, "3m",
	BOUNDS("100ms", "1d")),
    ROW("timeouts", "message", DURATION, message, "4h", BOUNDS("100ms", "7d")),
    /* RFC 5321 4.5.3.2.6: the client waits ten minutes for the last reply. */
    ROW("timeouts", "commit", DURATION, commit, "5m", BOUNDS("100ms", "10m")),
    ROW("timeouts", "helper", DURATION, helper, "30s", BOUNDS("100ms", "5m")),
    ROW("timeouts", "drain", DURATION, service.drain, "10m",
	BOUNDS("0s", "1d")),
    ROW("timeouts", "send", DURATION, send, "5m", BOUNDS("100ms", "1d")),
    {.name = NULL}};

const struct conf_spec settings_spec = {rows, sizeof(struct settings), "smtpd"};

int
settings_prepare(void *conf, char *why, size_t size)
{
	struct settings *s = conf;
	char name[ADDRESS_DOMAIN_MAX + 1];

	/* Trace fields give local time, and /etc is out of sight later. */
	tzset();
	if (s->hostname[0] != '\0')
		return 0;
	if (gethostname(name, sizeof(name)) == -1 || name[0] == '\0') {
		snprintf(why, size, "this host has no name: set hostname");
		return -1;
	}
	name[sizeof(name) - 1] = '\0';
	if (check_hostname(name, why, size) == -1)
		return -1;
	free(s->hostname);
	if ((s->hostname = strdup(name)) == NULL) {
		snprintf(why, size, "no memory");
		return -1;
	}
	return 0;
}
