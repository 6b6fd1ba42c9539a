#include "command.h"
#include "alias_command.h"
#include "ask.h"
#include "backend_command.h"
#include "backup_command.h"
#include "doctor_command.h"
#include "explain_command.h"
#include "export_command.h"
#include "import_command.h"
#include "init_command.h"
#include "mailbox_command.h"
#include "quota.h"
#include "secret.h"
#include "service_command.h"
#include "sessions_command.h"
#include "stats_command.h"
#include "trace_command.h"
#include "usage.h"
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Asks for the user's password, and puts both. */
static enum client_exit
put_password(struct packet *request, const char *name)
{
	char password[WIRE_PASSWORD_MAX];

	if (secret_read(name, password, sizeof(password)) == -1)
		return CLIENT_REFUSED;
	packet_put_text(request, name);
	packet_put_text(request, password);
	explicit_bzero(password, sizeof(password));
	return CLIENT_OK;
}

static enum client_exit
ask_with_password(int fd, uint16_t type, const char *name)
{
	enum client_exit code;
	struct packet request;

	if ((code = ask_check_length(name)) != CLIENT_OK)
		return code;
	packet_init(&request, type);
	if ((code = put_password(&request, name)) == CLIENT_OK)
		return ask_finish(fd, &request);
	packet_free(&request);
	return code;
}

static enum client_exit
domain_add(int fd, char **args, int count)
{
	(void)count;
	return ask_text(fd, WIRE_DOMAIN_ADD, args[0]);
}

static enum client_exit
domain_del(int fd, char **args, int count)
{
	(void)count;
	return ask_text(fd, WIRE_DOMAIN_DEL, args[0]);
}

static enum client_exit
domain_list(int fd, char **args, int count)
{
	(void)args;
	(void)count;
	return ask_pages(fd, WIRE_DOMAIN_LIST, "");
}

/* The system user that a mailbox's local part names. */
static enum client_exit
find_system_user(const char *name, const struct passwd **found)
{
	char login[WIRE_NAME_MAX];

	snprintf(login, sizeof(login), "%s", name);
	login[strcspn(login, "@")] = '\0';
	errno = 0;
	if ((*found = getpwnam(login)) != NULL)
		return CLIENT_OK;
	if (errno != 0)
		warn("system user %s", login);
	else
		warnx("there is no system user %s", login);
	return CLIENT_REFUSED;
}

/* A system user's ids, and where his Maildir is. */
struct place {
	uint32_t uid, gid;
	char path[WIRE_NAME_MAX];
};

static enum client_exit
find_place(const char *name, struct place *place)
{
	const struct passwd *user = NULL;
	enum client_exit code;

	if ((code = find_system_user(name, &user)) != CLIENT_OK)
		return code;
	place->uid = user->pw_uid;
	place->gid = user->pw_gid;
	if ((size_t)snprintf(place->path, sizeof(place->path), "%s/Maildir",
		user->pw_dir) < sizeof(place->path))
		return CLIENT_OK;
	warnx("%s: too long a path", user->pw_dir);
	return CLIENT_REFUSED;
}

static void
put_place(struct packet *request, const struct place *place)
{
	packet_put_u32(request, place->uid);
	packet_put_u32(request, place->gid);
	packet_put_text(request, place->path);
}

static enum client_exit
user_add_system(int fd, const char *name)
{
	struct place place = {.path = ""};
	enum client_exit code;
	struct packet request;

	if ((code = find_place(name, &place)) != CLIENT_OK)
		return code;
	packet_init(&request, WIRE_USER_ADD_SYSTEM);
	if ((code = put_password(&request, name)) != CLIENT_OK) {
		packet_free(&request);
		return code;
	}
	put_place(&request, &place);
	return ask_finish(fd, &request);
}

/* A user, new or not, whose password is PAM's matter. */
static enum client_exit
ask_pam(int fd, const char *name, int is_new, int is_system)
{
	struct place place = {.path = ""};
	enum client_exit code;
	struct packet request;

	if (is_system && (code = find_place(name, &place)) != CLIENT_OK)
		return code;
	packet_init(&request, WIRE_USER_PAM);
	packet_put_text(&request, name);
	packet_put_u8(&request, (uint8_t)is_new);
	packet_put_u8(&request, (uint8_t)is_system);
	put_place(&request, &place);
	return ask_finish(fd, &request);
}

static enum client_exit
user_add(int fd, char **args, int count)
{
	int is_system = 0, is_pam = 0, i;
	enum client_exit code;

	for (i = 0; i < count - 1; i++) {
		if (strcmp(args[i], "--system") == 0)
			is_system = 1;
		else if (strcmp(args[i], "--pam") == 0)
			is_pam = 1;
		else
			break;
	}
	if (i != count - 1 || args[i][0] == '-') {
		warnx("user add takes: [--system] [--pam] USER@DOMAIN");
		return CLIENT_USAGE;
	}
	if ((code = ask_check_length(args[i])) != CLIENT_OK)
		return code;
	if (is_pam)
		return ask_pam(fd, args[i], 1, is_system);
	if (is_system)
		return user_add_system(fd, args[i]);
	return ask_with_password(fd, WIRE_USER_ADD, args[i]);
}

static enum client_exit
user_quota(int fd, char **args, int count)
{
	int is_own = strcmp(args[1], "default") != 0;
	uint64_t octets = 0, messages = 0;
	enum client_exit code;
	struct packet request;

	(void)count;
	if ((code = ask_check_length(args[0])) != CLIENT_OK)
		return code;
	if (is_own && strcmp(args[1], "none") != 0 &&
	    quota_parse(args[1], &octets, &messages) == -1) {
		warnx("\"%.80s\" is no quota: write 500M, 500M,1000, none or "
		      "default",
		    args[1]);
		return CLIENT_USAGE;
	}
	packet_init(&request, WIRE_USER_QUOTA);
	packet_put_text(&request, args[0]);
	packet_put_u8(&request, (uint8_t)is_own);
	packet_put_u64(&request, octets);
	packet_put_u64(&request, messages);
	return ask_finish(fd, &request);
}

static enum client_exit
user_del(int fd, char **args, int count)
{
	(void)count;
	return ask_text(fd, WIRE_USER_DEL, args[0]);
}

static enum client_exit
user_passwd(int fd, char **args, int count)
{
	enum client_exit code;

	if (count == 1 && args[0][0] != '-')
		return ask_with_password(fd, WIRE_USER_PASSWD, args[0]);
	if (count == 1 || strcmp(args[0], "--pam") != 0) {
		warnx("user passwd takes: [--pam] USER@DOMAIN");
		return CLIENT_USAGE;
	}
	if ((code = ask_check_length(args[1])) != CLIENT_OK)
		return code;
	return ask_pam(fd, args[1], 0, 0);
}

static enum client_exit
user_list(int fd, char **args, int count)
{
	return ask_pages(fd, WIRE_USER_LIST, count > 0 ? args[0] : "");
}

static enum client_exit
user_senders(int fd, char **args, int count)
{
	return ask_list(fd, WIRE_USER_SENDERS, args, count);
}

#define ACCOUNTS "accounts"
#define MAILBOX	 "mailbox"

const struct command commands[] = {
    {"domain", "add", 1, 1, "DOMAIN", ACCOUNTS, "take mail for a domain",
	domain_add},
    {"domain", "del", 1, 1, "DOMAIN", ACCOUNTS, "take no more mail for it",
	domain_del},
    {"domain", "list", 0, 0, "", ACCOUNTS, "list the domains", domain_list},
    {"domain", "import", 1, IMPORT_COMMAND_MOST, IMPORT_COMMAND_DOMAIN_USAGE,
	ACCOUNTS, "add the domains of a file", import_command_domain},
    {"domain", "export", 0, 0, "", ACCOUNTS, "write the domains",
	export_command_domain},
    {"user", "add", 1, 3, "[--system] [--pam] USER@DOMAIN", ACCOUNTS,
	"add a user, with a mailbox and a login", user_add},
    {"user", "del", 1, 1, "USER@DOMAIN", ACCOUNTS,
	"delete a user; the mail stays on the disk", user_del},
    {"user", "passwd", 1, 2, "[--pam] USER@DOMAIN", ACCOUNTS,
	"give a user another password", user_passwd},
    {"user", "senders", 1, 1 + WIRE_TARGETS_MAX,
	"USER@DOMAIN [ADDRESS|@DOMAIN]...", ACCOUNTS,
	"say which addresses a user may send as", user_senders},
    {"user", "quota", 2, 2, "USER@DOMAIN BYTES[,MESSAGES]|none|default",
	ACCOUNTS, "say how much a mailbox may hold", user_quota},
    {"user", "backend", 2, BACKEND_COMMAND_MOST, BACKEND_COMMAND_USAGE,
	ACCOUNTS, "have the mailbox on another server, or here again",
	backend_command_set},
    {"user", "backends", 0, 1, "[DOMAIN]", ACCOUNTS,
	"list the users whose mailboxes are elsewhere", backend_command_list},
    {"user", "list", 0, 1, "[DOMAIN]", ACCOUNTS, "list the users", user_list},
    {"user", "import", 1, IMPORT_COMMAND_MOST, IMPORT_COMMAND_USER_USAGE,
	ACCOUNTS, "add the users of a file, of Dovecot's too",
	import_command_user},
    {"user", "export", 0, EXPORT_COMMAND_MOST, EXPORT_COMMAND_USER_USAGE,
	ACCOUNTS, "write the users, as import reads them", export_command_user},
    {"alias", "add", 2, 1 + WIRE_TARGETS_MAX, "ADDRESS TARGET...", ACCOUNTS,
	"send mail for an address on to others", alias_command_add},
    {"alias", "del", 1, 1, "ADDRESS", ACCOUNTS, "delete an alias",
	alias_command_del},
    {"alias", "list", 0, 0, "", ACCOUNTS, "list the aliases",
	alias_command_list},
    {"alias", "check", 0, 1, "[ADDRESS]", ACCOUNTS,
	"say what is wrong with aliases", alias_command_check},
    {"alias", "import", 1, IMPORT_COMMAND_MOST, IMPORT_COMMAND_ALIAS_USAGE,
	ACCOUNTS, "add the aliases of a file, of Postfix's too",
	import_command_alias},
    {"alias", "export", 0, EXPORT_COMMAND_MOST, EXPORT_COMMAND_ALIAS_USAGE,
	ACCOUNTS, "write the aliases, as import reads them",
	export_command_alias},
    {"rule", "set", 2, 2 + WIRE_TARGETS_MAX,
	"NAME only|not [ADDRESS|@DOMAIN|logins|<>]...", ACCOUNTS,
	"say from whom an address takes mail", alias_command_rule_set},
    {"rule", "del", 1, 1, "NAME", ACCOUNTS, "take mail from anybody again",
	alias_command_rule_del},
    {"rule", "list", 0, 0, "", ACCOUNTS, "list the rules",
	alias_command_rule_list},
    {"mailbox", "list", 1, 1, "USER@DOMAIN", MAILBOX,
	"list the letters of a mailbox", mailbox_command_list},
    {"mailbox", "check", 1, 1, "USER@DOMAIN", MAILBOX,
	"compare a mailbox's index with its Maildir", mailbox_command_check},
    {"mailbox", "repair", 1, 1, "USER@DOMAIN", MAILBOX,
	"make a mailbox's index anew", mailbox_command_repair},
    {"mailbox", "import", 1, 1, "USER@DOMAIN", MAILBOX,
	"take over the UIDLs of another server", mailbox_command_import},
    {"mailbox", "import-xuidl", 1, 1, "USER@DOMAIN", MAILBOX,
	"the same from the field X-UIDL of the letters", mailbox_command_xuidl},
    {"mailbox", "visit", 1, 1, "USER@DOMAIN", MAILBOX,
	"tell when a user last logged in by POP3", mailbox_command_visit},
    {.noun = NULL},
};

const struct command_local command_locals[] = {
    {"init", INIT_COMMAND_MOST, INIT_COMMAND_USAGE,
	"set this host up for its first domain", init_command_run},
    {"doctor", DOCTOR_COMMAND_MOST, DOCTOR_COMMAND_USAGE,
	"look over the set-up: each finding with its remedy",
	doctor_command_run},
    {"explain", 5, EXPLAIN_COMMAND_USAGE,
	"say what smtpd would answer, and by which line", explain_command_run},
    {"trace", TRACE_COMMAND_MOST, TRACE_COMMAND_USAGE,
	"gather from the logs what became of a message", trace_command_run},
    {"sessions", SESSIONS_COMMAND_MOST, SESSIONS_COMMAND_USAGE,
	"list the sessions there are, or end some", sessions_command_run},
    {"stats", STATS_COMMAND_MOST, STATS_COMMAND_USAGE,
	"show what the services have counted", stats_command_run},
    {"top", STATS_COMMAND_MOST, STATS_COMMAND_TOP,
	"the same a second, looked at again and again", stats_command_top},
    {"conf", 4, "[--all] [smtpd|pop3d|helpers]...",
	"print what the confs change, and where", service_command_conf},
    {"reload", 3, "[smtpd|pop3d|helpers]...",
	"check the confs, and have the services read them",
	service_command_reload},
    {"upgrade", 3, "[smtpd|pop3d|helpers]...",
	"become the programs that were installed", service_command_upgrade},
    {"loglevel", 4, "error|warn|info|debug [smtpd|pop3d|helpers]...",
	"have running services log more or less", service_command_loglevel},
    {"backup", 1, "FILE|FOLDER",
	"write accounts, UIDLs and confs while all runs",
	backup_command_backup},
    {"restore", 3, BACKUP_COMMAND_RESTORE_USAGE,
	"put a backup back, or check its sums", backup_command_restore},
    {"help", 2, "[COMMAND]", "say what there is, and what follows a command",
	usage_help},
    {.name = NULL},
};
