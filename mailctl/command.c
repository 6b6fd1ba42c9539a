#include "command.h"
#include "mailbox_command.h"
#include "secret.h"
#include "wire.h"

#include <err.h>
#include <stdio.h>
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

static enum client_exit
ask_with_password(int fd, uint16_t type, const char *name)
{
	char password[WIRE_PASSWORD_MAX];
	enum client_exit code;
	struct packet request;

	if ((code = check_length(name)) != CLIENT_OK)
		return code;
	if (secret_read(name, password, sizeof(password)) == -1)
		return CLIENT_REFUSED;
	packet_init(&request, type);
	packet_put_text(&request, name);
	packet_put_text(&request, password);
	explicit_bzero(password, sizeof(password));
	return finish(fd, &request);
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

static enum client_exit
user_add(int fd, char **args, int count)
{
	(void)count;
	return ask_with_password(fd, WIRE_USER_ADD, args[0]);
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
	(void)count;
	return ask_with_password(fd, WIRE_USER_PASSWD, args[0]);
}

static enum client_exit
user_list(int fd, char **args, int count)
{
	const char *domain = count > 0 ? args[0] : "";

	if (check_length(domain) != CLIENT_OK)
		return CLIENT_USAGE;
	return list(fd, WIRE_USER_LIST, domain);
}

static enum client_exit
alias_add(int fd, char **args, int count)
{
	struct packet request;
	int i;

	for (i = 0; i < count; i++) {
		if (check_length(args[i]) != CLIENT_OK)
			return CLIENT_USAGE;
	}
	packet_init(&request, WIRE_ALIAS_ADD);
	packet_put_text(&request, args[0]);
	packet_put_u32(&request, (uint32_t)count - 1);
	for (i = 1; i < count; i++)
		packet_put_text(&request, args[i]);
	return finish(fd, &request);
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
    {"user", "add", 1, 1, "USER@DOMAIN", ACCOUNTS, user_add},
    {"user", "del", 1, 1, "USER@DOMAIN", ACCOUNTS, user_del},
    {"user", "passwd", 1, 1, "USER@DOMAIN", ACCOUNTS, user_passwd},
    {"user", "list", 0, 1, "[DOMAIN]", ACCOUNTS, user_list},
    {"alias", "add", 2, 1 + WIRE_TARGETS_MAX, "ADDRESS TARGET...", ACCOUNTS,
	alias_add},
    {"alias", "del", 1, 1, "ADDRESS", ACCOUNTS, alias_del},
    {"alias", "list", 0, 0, "", ACCOUNTS, alias_list},
    {"mailbox", "list", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_list},
    {"mailbox", "check", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_check},
    {"mailbox", "repair", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_repair},
    {"mailbox", "import", 1, 1, "USER@DOMAIN", MAILBOX, mailbox_command_import},
    {.noun = NULL},
};
