#include "command.h"
#include "mailbox_command.h"
#include "secret.h"
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An alias's targets in a list, joined; with a NUL. */
#define JOINED_MAX (WIRE_TARGETS_MAX * (WIRE_NAME_MAX + 2))

/* Whether an argument fits into a request. */
static enum client_exit
check_length(const char *text)
{
	if (strlen(text) < WIRE_NAME_MAX)
		return CLIENT_OK;
	warnx(
	    "too long (at most %d octets): %.80s...", WIRE_NAME_MAX - 1, text);
	return CLIENT_USAGE;
}

/* Sends the request, frees it, and expects no fields back. */
static enum client_exit
finish(int fd, struct packet *request)
{
	enum client_exit code;
	struct packet reply;

	packet_init(&reply, 0);
	code = client_call(fd, request, &reply);
	if (code == CLIENT_OK)
		code = client_end(&reply);
	if (request->data != NULL)
		explicit_bzero(request->data, request->length);
	packet_free(request);
	packet_free(&reply);
	return code;
}

/* A request with one text and no answer but yes or no. */
static enum client_exit
ask(int fd, uint16_t type, const char *text)
{
	enum client_exit code;
	struct packet request;

	if ((code = check_length(text)) != CLIENT_OK)
		return code;
	packet_init(&request, type);
	packet_put_text(&request, text);
	return finish(fd, &request);
}

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

	if ((code = check_length(name)) != CLIENT_OK)
		return code;
	packet_init(&request, type);
	if ((code = put_password(&request, name)) == CLIENT_OK)
		return finish(fd, &request);
	packet_free(&request);
	return code;
}

/* One page: prints it, and leaves its last name in after; *count: names. */
static enum client_exit
print_page(struct packet *reply, char *after, uint32_t *count)
{
	static char joined[JOINED_MAX];
	uint32_t i;

	*count = packet_get_u32(reply);
	for (i = 0; i < *count && reply->error == 0; i++) {
		packet_get_text(reply, after, WIRE_NAME_MAX);
		if (reply->head.type == WIRE_ALIAS_LIST)
			packet_get_text(reply, joined, sizeof(joined));
		if (reply->error != 0)
			break;
		if (reply->head.type == WIRE_ALIAS_LIST)
			printf("%s: %s\n", after, joined);
		else
			printf("%s\n", after);
	}
	return client_end(reply);
}

/* Prints a whole list, page by page; domain only for users. */
static enum client_exit
list(int fd, uint16_t type, const char *domain)
{
	char after[WIRE_NAME_MAX] = "";
	struct packet request, reply;
	enum client_exit code;
	uint32_t count;

	do {
		packet_init(&request, type);
		packet_init(&reply, 0);
		packet_put_text(&request, after);
		if (type == WIRE_USER_LIST)
			packet_put_text(&request, domain);
		count = 0;
		code = client_call(fd, &request, &reply);
		if (code == CLIENT_OK)
			code = print_page(&reply, after, &count);
		packet_free(&request);
		packet_free(&reply);
	} while (code == CLIENT_OK && count > 0);
	return code;
}

static enum client_exit
domain_add(int fd, char **args, int count)
{
	(void)count;
	return ask(fd, WIRE_DOMAIN_ADD, args[0]);
}

static enum client_exit
domain_del(int fd, char **args, int count)
{
	(void)count;
	return ask(fd, WIRE_DOMAIN_DEL, args[0]);
}

static enum client_exit
domain_list(int fd, char **args, int count)
{
	(void)args;
	(void)count;
	return list(fd, WIRE_DOMAIN_LIST, "");
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
	return finish(fd, &request);
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
	return finish(fd, &request);
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
	if ((code = check_length(args[i])) != CLIENT_OK)
		return code;
	if (is_pam)
		return ask_pam(fd, args[i], 1, is_system);
	if (is_system)
		return user_add_system(fd, args[i]);
	return ask_with_password(fd, WIRE_USER_ADD, args[i]);
}

/* Reads "BYTES[,MESSAGES]", where BYTES may end in K, M, G or T. */
static int
parse_quota(const char *text, uint64_t *octets, uint64_t *messages)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	*messages = 0;
	errno = 0;
	*octets = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno != 0)
		return -1;
	if (*end != '\0' && (unit = strchr(units, *end)) != NULL) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (*octets > (uint64_t)INT64_MAX >> shift)
			return -1;
		*octets <<= shift;
		end++;
	}
	if (*end == ',') {
		if (end[1] < '0' || end[1] > '9')
			return -1;
		*messages = strtoull(end + 1, &end, 10);
	}
	return *end == '\0' && errno == 0 && *octets <= INT64_MAX &&
		       *messages <= INT64_MAX
		   ? 0
		   : -1;
}

static enum client_exit
user_quota(int fd, char **args, int count)
{
	int is_own = strcmp(args[1], "default") != 0;
	uint64_t octets = 0, messages = 0;
	enum client_exit code;
	struct packet request;

	(void)count;
	if ((code = check_length(args[0])) != CLIENT_OK)
		return code;
	if (is_own && strcmp(args[1], "none") != 0 &&
	    parse_quota(args[1], &octets, &messages) == -1) {
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
	return finish(fd, &request);
}

static enum client_exit
user_del(int fd, char **args, int count)
{
	(void)count;
	return ask(fd, WIRE_USER_DEL, args[0]);
}

static enum client_exit
user_passwd(int fd, char **args, int count)
{
	enum client_exit code;

	if (count == 1)
		return ask_with_password(fd, WIRE_USER_PASSWD, args[0]);
	if (strcmp(args[0], "--pam") != 0) {
		warnx("user passwd takes: [--pam] USER@DOMAIN");
		return CLIENT_USAGE;
	}
	if ((code = check_length(args[1])) != CLIENT_OK)
		return code;
	return ask_pam(fd, args[1], 0, 0);
}

static enum client_exit
user_list(int fd, char **args, int count)
{
	const char *domain = count > 0 ? args[0] : "";

	if (check_length(domain) != CLIENT_OK)
		return CLIENT_USAGE;
	return list(fd, WIRE_USER_LIST, domain);
}

/* A name and what belongs to it. */
static enum client_exit
ask_list(int fd, uint16_t type, char **args, int count)
{
	struct packet request;
	int i;

	for (i = 0; i < count; i++) {
		if (check_length(args[i]) != CLIENT_OK)
			return CLIENT_USAGE;
	}
	packet_init(&request, type);
	packet_put_text(&request, args[0]);
	packet_put_u32(&request, (uint32_t)count - 1);
	for (i = 1; i < count; i++)
		packet_put_text(&request, args[i]);
	return finish(fd, &request);
}

static enum client_exit
alias_add(int fd, char **args, int count)
{
	return ask_list(fd, WIRE_ALIAS_ADD, args, count);
}

static enum client_exit
user_senders(int fd, char **args, int count)
{
	return ask_list(fd, WIRE_USER_SENDERS, args, count);
}

static enum client_exit
alias_del(int fd, char **args, int count)
{
	(void)count;
	return ask(fd, WIRE_ALIAS_DEL, args[0]);
}

static enum client_exit
alias_list(int fd, char **args, int count)
{
	(void)args;
	(void)count;
	return list(fd, WIRE_ALIAS_LIST, "");
}

#define ACCOUNTS "accounts"
#define MAILBOX	 "mailbox"

const struct command commands[] = {
    {"domain", "add", 1, 1, "DOMAIN", ACCOUNTS, domain_add},
    {"domain", "del", 1, 1, "DOMAIN", ACCOUNTS, domain_del},
    {"domain", "list", 0, 0, "", ACCOUNTS, domain_list},
    {"user", "add", 1, 3, "[--system] [--pam] USER@DOMAIN", ACCOUNTS, user_add},
    {"user", "del", 1, 1, "USER@DOMAIN", ACCOUNTS, user_del},
    {"user", "passwd", 1, 2, "[--pam] USER@DOMAIN", ACCOUNTS, user_passwd},
    {"user", "senders", 1, 1 + WIRE_TARGETS_MAX,
	"USER@DOMAIN [ADDRESS|@DOMAIN]...", ACCOUNTS, user_senders},
    {"user", "quota", 2, 2, "USER@DOMAIN BYTES[,MESSAGES]|none|default",
	ACCOUNTS, user_quota},
    {"user", "list", 0, 1, "[DOMAIN]", ACCOUNTS, user_list},
    {"alias", "add", 2, 1 + WIRE_TARGETS_MAX, "ADDRESS TARGET...", ACCOUNTS,
	alias_add},
    {"alias", "del", 1, 1, "ADDRESS", ACCOUNTS, alias_del},
    {"alias", "list", 0, 0, "", ACCOUNTS, alias_list},
    {"mailbox", "list", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_list},
    {"mailbox", "check", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_check},
    {"mailbox", "repair", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_repair},
    {"mailbox", "import", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_import},
    {"mailbox", "visit", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_visit},
    {.noun = NULL},
};
