#include "settings.h"

#include <stdio.h>
#include <string.h>

static const char *const log_targets[] = {"stderr", "syslog", NULL};
static const char *const log_levels[] = {
    "error", "warn", "info", "debug", NULL};

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

#define AT(member) offsetof(struct helpers_conf, member)

static const struct conf_setting settings[] = {
    {NULL, "run", CONF_TEXT, AT(run), "/run/ringmail", .check = check_absolute},
    {NULL, "state", CONF_TEXT, AT(state), "/var/lib/ringmail",
	.check = check_absolute},
    {"log", "target", CONF_CHOICE, AT(log), "stderr", .choices = log_targets},
    {"log", "level", CONF_CHOICE, AT(log_level), "info", .choices = log_levels},

    {"users", "resolver", CONF_TEXT, AT(resolver_user), "ringdns"},
    {"users", "accounts", CONF_TEXT, AT(accounts_user), "ringacct"},
    {"users", "mailbox", CONF_TEXT, AT(mailbox_user), "ringbox"},
    {"users", "smtpd", CONF_TEXT, AT(smtpd_user), "ringsmtp"},
    {"users", "pop3d", CONF_TEXT, AT(pop3d_user), "ringpop"},

    {"resolver", "servers", CONF_LIST, AT(resolver_servers), ""},
    {"resolver", "dnssec", CONF_BOOL, AT(resolver_dnssec), "yes"},
    {"resolver", "anchor", CONF_TEXT, AT(resolver_anchor),
	"/usr/share/dns/root.key", .check = check_absolute},
    {"resolver", "cache", CONF_SIZE, AT(resolver_cache), "4M", "64K", "1G"},

    {"accounts", "default_domain", CONF_TEXT, AT(default_domain), ""},
    {"accounts", "plus_separator", CONF_TEXT, AT(plus_separator), "+",
	.check = check_separator},
    {"accounts", "postmaster", CONF_TEXT, AT(postmaster), ""},
    {"accounts", "login_cache", CONF_DURATION, AT(login_cache), "10m", "0s",
	"1d"},
    {"accounts", "hash_threads", CONF_NUMBER, AT(hash_threads), "2", "1", "64"},
    {"accounts", "login_queue", CONF_NUMBER, AT(login_queue), "256", "1",
	"65536"},
    {"accounts", "cache", CONF_SIZE, AT(accounts_cache), "8M", "1M", "4G"},
    {"accounts", "checkpoint", CONF_DURATION, AT(accounts_checkpoint), "1m",
	"1s", "1d"},

    {"mail", "root", CONF_TEXT, AT(mail_root), "/var/mail/ringmail",
	.check = check_absolute},
    {"mail", "layout", CONF_TEXT, AT(mail_layout), "%d/%u",
	.check = check_layout},
    {"mail", "user", CONF_TEXT, AT(mail_user), "ringmail"},
    {"mail", "lowest_uid", CONF_NUMBER, AT(lowest_uid), "100", "1",
	"2147483647"},
    {"mail", "quota", CONF_SIZE, AT(default_quota), "0", "0"},

    {"journal", "size", CONF_SIZE, AT(journal_size), "64M", "1M", "4G"},
    {"journal", "checkpoint", CONF_DURATION, AT(checkpoint_interval), "30s",
	"100ms", "1h"},
    {"journal", "batch", CONF_NUMBER, AT(batch), "128", "1", "1024"}, {NULL}};

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
