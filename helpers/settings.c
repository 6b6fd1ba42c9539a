#include "settings.h"

#include "address.h"
#include "backends.h"
#include "helper.h"
#include "listen.h"
#include "listen_path.h"
#include "log.h"
#include "wire.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

static const char *const plaintext[] = {"no", "loopback", "yes", NULL};
static const char *const hashes[] = {"yescrypt", "argon2id", NULL};
static const char *const send_as[] = {"own", "domain", "any", NULL};

static int
check_mechanism(const char *value, char *why, size_t size)
{
	static const char *const known[] = {"SCRAM-SHA-256-PLUS",
	    "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN",
	    "LOGIN", "USER", "EXTERNAL", "OAUTHBEARER", "XOAUTH2", "CRAM-MD5",
	    "APOP", NULL};

	const char *near = conf_nearest(value, known);

	for (int i = 0; known[i] != NULL; i++)
		if (strcasecmp(known[i], value) == 0)
			return 0;
	snprintf(why, size, "'%.32s' is no mechanism that we know%s%s%s", value,
	    near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
	    near == NULL ? "" : "'?");
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
check_file(const char *value, char *why, size_t size)
{
	return value[0] == '\0' ? 0 : check_absolute(value, why, size);
}

/* It becomes a file's name in /etc/pam.d. */
static int
check_service(const char *value, char *why, size_t size)
{
	if (strchr(value, '/') == NULL && value[0] != '.' && strlen(value) < 64)
		return 0;
	snprintf(why, size, "must be the name of a file of /etc/pam.d");
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

static int
check_sensitive(const char *value, char *why, size_t size)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];

	if (strcmp(value, "*") == 0 || address_parse_domain(value, domain) == 0)
		return 0;
	snprintf(why, size, "must be a domain, or \"*\" for all");
	return -1;
}

/* What is shown is for this machine alone: nobody is asked who he is. */
static int
check_loopback(const char *value, char *why, size_t size)
{
	union listen_address address;

	if (listen_parse(value, &address, why, size) == 0)
		return -1;
	if (listen_is_loopback(&address))
		return 0;
	snprintf(why, size,
	    "'%.64s' is no address of loopback (127.0.0.1, [::1]) nor a "
	    "UNIX socket's path",
	    value);
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
    ROW("log", "format", CHOICE, log_format, "text", .choices = log_formats),
    ROW("log", "rate", NUMBER, log_rate, "1000", BOUNDS("0", "1000000")),

    ROW("users", "resolver", TEXT, resolver_user, "ringdns"),
    ROW("users", "accounts", TEXT, accounts_user, "ringacct"),
    ROW("users", "mailbox", TEXT, mailbox_user, "ringbox"),
    ROW("users", "keys", TEXT, keys_user, "ringkey"),
    ROW("users", "hasher", TEXT, hasher_user, "ringhash"),
    ROW("users", "introspect", TEXT, introspect_user, "ringtoken"),
    ROW("users", "metrics", TEXT, metrics_user, "ringstat"),
    ROW("users", "smtpd", TEXT, smtpd_user, "ringsmtp"),
    ROW("users", "pop3d", TEXT, pop3d_user, "ringpop"),

    ROW("resolver", "servers", LIST, resolver_servers, ""),
    ROW("resolver", "dnssec", BOOL, resolver_dnssec, "yes"),
    ROW("resolver", "anchor", TEXT, resolver_anchor, "/usr/share/dns/root.key",
	PATH),
    ROW("resolver", "cache", SIZE, resolver_cache, "4M", BOUNDS("64K", "1G")),

    ROW("backends", "servers", LIST, backends, "", .check = backends_check),

    ROW("metrics", "listen", LIST, metrics, "", .check = check_loopback),
    ROW("metrics", "group", TEXT, metrics_group, "",
	.check = listen_check_group),

    ROW("keys", "folder", TEXT, keys_folder, "/etc/ringmail/keys", PATH),
    ROW("keys", "keep", DURATION, keys_keep, "1d", BOUNDS("0s", "30d")),

    ROW("accounts", "default_domain", TEXT, default_domain, ""),
    ROW("accounts", "plus_separator", TEXT, plus_separator, "+",
	.check = check_separator),
    ROW("accounts", "postmaster", TEXT, postmaster, ""),
    ROW("accounts", "case_sensitive", LIST, case_sensitive, "",
	.check = check_sensitive),
    ROW("accounts", "lists", TEXT, lists, "", .check = check_file),
    ROW("accounts", "login_cache", DURATION, login_cache, "10m",
	BOUNDS("0s", "1d")),
    ROW("accounts", "hash_processes", NUMBER, hash_processes, "2",
	BOUNDS("1", "64")),
    ROW("accounts", "login_queue", NUMBER, login_queue, "256",
	BOUNDS("1", "4096")),
    ROW("accounts", "mechanisms", LIST, mechanisms,
	"SCRAM-SHA-256-PLUS,SCRAM-SHA-1-PLUS,SCRAM-SHA-256,SCRAM-SHA-1,"
	"PLAIN,LOGIN,USER",
	.check = check_mechanism),
    ROW("accounts", "plaintext_login", CHOICE, plaintext_login, "loopback",
	.choices = plaintext),
    ROW("accounts", "exchanges", NUMBER, exchanges, "4096",
	BOUNDS("2", "16000")),
    ROW("accounts", "hash", CHOICE, hash, "yescrypt", .choices = hashes),
    ROW("accounts", "hash_cost", NUMBER, hash_cost, "5", BOUNDS("1", "11")),
    ROW("accounts", "scram_iterations", NUMBER, scram_iterations, "10000",
	BOUNDS("4096", "10000000")),
    ROW("accounts", "store_secrets", BOOL, store_secrets, "no"),
    ROW("accounts", "failed_login", DURATION, failed_login, "1s",
	BOUNDS("0s", "1m")),
    ROW("accounts", "failed_login_most", DURATION, failed_login_most, "30s",
	BOUNDS("0s", "10m")),
    ROW("accounts", "send_as", CHOICE, send_as, "own", .choices = send_as),
    ROW("accounts", "cache", SIZE, accounts_cache, "8M", BOUNDS("1M", "4G")),
    ROW("accounts", "checkpoint", DURATION, accounts_checkpoint, "1m",
	BOUNDS("1s", "1d")),

    ROW("tokens", "keys", TEXT, token_keys, "", .check = check_file),
    ROW("tokens", "program", TEXT, token_program, "", .check = check_file),
    ROW("tokens", "processes", NUMBER, token_processes, "2", BOUNDS("1", "16")),
    ROW("tokens", "issuer", TEXT, token_issuer, ""),
    ROW("tokens", "audience", TEXT, token_audience, ""),
    ROW("tokens", "scope", TEXT, token_scope, ""),
    ROW("tokens", "name", TEXT, token_name, "email"),

    ROW("pam", "service", TEXT, pam_service, "", .check = check_service),
    ROW("pam", "processes", NUMBER, pam_processes, "2", BOUNDS("1", "16")),

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
    ROW("mail", "helpers", NUMBER, mail_helpers, "1",
	BOUNDS("1", WIRE_HELPERS_TEXT)),

    ROW("journal", "size", SIZE, journal_size, "64M", BOUNDS("1M", "4G")),
    ROW("journal", "checkpoint", DURATION, checkpoint_interval, "30s",
	BOUNDS("100ms", "1h")),
    ROW("journal", "batch", NUMBER, batch, "128", BOUNDS("1", "1024")),
    {.name = NULL}};

const struct conf_spec settings_spec = {
    settings, sizeof(struct helpers_conf), "helpers"};

struct helpers_conf *
settings_load(const char *path, char *error, size_t size)
{
	struct helpers_conf *conf =
	    conf_load(&settings_spec, path, error, size);

	if (conf != NULL && conf->metrics.count > HELPER_SHOWS_MAX) {
		snprintf(error, size,
		    "%s: metrics listen: at most %d addresses", path,
		    HELPER_SHOWS_MAX);
		settings_free(&conf);
	}
	return conf;
}

void
settings_free(struct helpers_conf **conf)
{
	void *p = *conf;

	conf_free(&settings_spec, &p);
	*conf = NULL;
}
