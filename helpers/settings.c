#include "settings.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const log_targets[] = {"stderr", "syslog", NULL};
static const char *const log_levels[] = {
    "error", "warn", "info", "debug", NULL};
static const char *const line_ends[] = {"lf", "crlf", NULL};

/* Letters, digits, blanks, hyphens and underlines: one name of a folder. */
static int
check_folder(const char *value, char *why, size_t size)
{
	for (const char *c = value; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr(" -_", *c) == NULL) {
			snprintf(why, size, "'%s' is no folder's name", value);
			return -1;
		}
	if (strlen(value) <= 64)
		return 0;
	snprintf(why, size, "a folder's name has at most 64 characters");
	return -1;
}

static int
check_absolute(const char *value, char *why, size_t size)
{
	if (value[0] == '/' && strlen(value) < 200)
		return 0;
	snprintf(why, size, "must be an absolute path below 200 octets");
	return -1;
}

static int
check_separator(const char *value, char *why, size_t size)
{
	if (strlen(value) <= 1 && strpbrk(value, "@/.\"") == NULL)
		return 0;
	snprintf(why, size, "must be one character, or nothing");
	return -1;
}

/* The layout may not lead out of the mail root. */
static int
check_layout(const char *value, char *why, size_t size)
{
	const char *c;

	for (c = value; *c != '\0'; c++)
		if (*c == '%' && *++c != 'd' && *c != 'u') {
			snprintf(why, size, "knows only %%d and %%u");
			return -1;
		}
	if (value[0] == '/' || strstr(value, "..") != NULL ||
	    strstr(value, "%u") == NULL) {
		snprintf(why, size, "must be relative and hold %%u");
		return -1;
	}
	return 0;
}

#define ROW(where, what, type, member, value, ...)                 \
	{                                                          \
		.block = where, .name = what, .kind = CONF_##type, \
		.offset = offsetof(struct helpers_conf, member),   \
		.fallback = value, __VA_ARGS__                     \
	}
#define PATH		  .check = check_absolute
#define BOUNDS(low, high) .minimum = low, .maximum = high

static const struct conf_setting settings[] = {
    ROW(NULL, "run", TEXT, run, "/run/ringmail", PATH),
    ROW(NULL, "state", TEXT, state, "/var/lib/ringmail", PATH),
    ROW("log", "target", CHOICE, log, "stderr", .choices = log_targets),
    ROW("log", "level", CHOICE, log_level, "info", .choices = log_levels),

    ROW("users", "resolver", TEXT, resolver_user, "ringdns"),
    ROW("users", "accounts", TEXT, accounts_user, "ringacct"),
    ROW("users", "mailbox", TEXT, mailbox_user, "ringbox"),
    ROW("users", "keys", TEXT, keys_user, "ringkey"),
    ROW("users", "smtpd", TEXT, smtpd_user, "ringsmtp"),
    ROW("users", "pop3d", TEXT, pop3d_user, "ringpop"),

    ROW("resolver", "servers", LIST, resolver_servers, ""),
    ROW("resolver", "dnssec", BOOL, resolver_dnssec, "yes"),
    ROW("resolver", "anchor", TEXT, resolver_anchor, "/usr/share/dns/root.key",
	PATH),
    ROW("resolver", "cache", SIZE, resolver_cache, "4M", BOUNDS("64K", "1G")),

    ROW("keys", "folder", TEXT, keys_folder, "/etc/ringmail/keys", PATH),

    ROW("accounts", "default_domain", TEXT, default_domain, ""),
    ROW("accounts", "plus_separator", TEXT, plus_separator, "+",
	.check = check_separator),
    ROW("accounts", "postmaster", TEXT, postmaster, ""),
    ROW("accounts", "login_cache", DURATION, login_cache, "10m",
	BOUNDS("0s", "1d")),
    ROW("accounts", "hash_threads", NUMBER, hash_threads, "2",
	BOUNDS("1", "64")),
    ROW("accounts", "login_queue", NUMBER, login_queue, "256",
	BOUNDS("1", "65536")),
    ROW("accounts", "cache", SIZE, accounts_cache, "8M", BOUNDS("1M", "4G")),
    ROW("accounts", "checkpoint", DURATION, accounts_checkpoint, "1m",
	BOUNDS("1s", "1d")),

    ROW("mail", "root", TEXT, mail_root, "/var/mail/ringmail", PATH),
    ROW("mail", "layout", TEXT, mail_layout, "%d/%u", .check = check_layout),
    ROW("mail", "user", TEXT, mail_user, "ringmail"),
    ROW("mail", "lowest_uid", NUMBER, lowest_uid, "100",
	BOUNDS("100", "2147483647")),
    ROW("mail", "homes", LIST, homes, "/home", PATH),
    ROW("mail", "line_ends", CHOICE, line_ends, "lf", .choices = line_ends),
    ROW("mail", "quota", SIZE, default_quota, "0"),
    ROW("mail", "quota_messages", NUMBER, quota_messages, "0",
	BOUNDS("0", "1000000000")),
    ROW("mail", "trash", TEXT, trash, "", .check = check_folder),
    ROW("mail", "trash_time", DURATION, trash_time, "7d",
	BOUNDS("1s", "36500d")),
    ROW("mail", "exclusive", BOOL, exclusive, "yes"),

    ROW("journal", "size", SIZE, journal_size, "64M", BOUNDS("1M", "4G")),
    ROW("journal", "checkpoint", DURATION, checkpoint_interval, "30s",
	BOUNDS("100ms", "1h")),
    ROW("journal", "batch", NUMBER, batch, "128", BOUNDS("1", "1024")),
    {.name = NULL}};

const struct conf_spec settings_spec = {settings, sizeof(struct helpers_conf)};

struct helpers_conf *
settings_load(const char *path, char *error, size_t size)
{
	return conf_load(&settings_spec, path, error, size);
}

void
settings_free(struct helpers_conf **conf)
{
	void *p = *conf;

	conf_free(&settings_spec, &p);
	*conf = NULL;
}
