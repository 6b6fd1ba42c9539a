#include "alias_command.h"

#include "ask.h"
#include "output.h"
#include "wire.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

enum client_exit
alias_command_add(int fd, char **args, int count)
{
	return ask_list(fd, WIRE_ALIAS_ADD, args, count);
}

enum client_exit
alias_command_del(int fd, char **args, int count)
{
	(void)count;
	return ask_text(fd, WIRE_ALIAS_DEL, args[0]);
}

enum client_exit
alias_command_list(int fd, char **args, int count)
{
	(void)args;
	(void)count;
	return ask_pages(fd, WIRE_ALIAS_LIST, "");
}

static void
print_fault(const char *name, const char *text)
{
	if (!output_json)
		printf("%s\n", text);
	output_next();
	output_text("alias", name);
	output_text("fault", text);
}

/* Prints what is wrong with one alias; *faults counts. */
static enum client_exit
check_one(int fd, const char *name, uint32_t *faults)
{
	struct packet request, reply;
	char text[WIRE_FAULT_MAX];
	enum client_exit code;
	uint32_t i, count = 0;

	packet_init(&request, WIRE_ALIAS_CHECK);
	packet_init(&reply, 0);
	packet_put_text(&request, name);
	code = client_call(fd, &request, &reply);
	if (code == CLIENT_OK)
		count = packet_get_u32(&reply);
	for (i = 0; i < count && reply.error == 0; i++) {
		packet_get_text(&reply, text, sizeof(text));
		if (reply.error == 0)
			print_fault(name, text);
	}
	if (code == CLIENT_OK)
		code = client_end(&reply);
	packet_free(&request);
	packet_free(&reply);
	*faults += count;
	return code;
}

/* A page of the list of aliases: those after `after`, which becomes the last of
 * them. */
static enum client_exit
check_page(int fd, char *after, uint32_t *aliases, uint32_t *faults)
{
	static char joined[WIRE_TARGETS_MAX * (WIRE_NAME_MAX + 2) + 16];
	struct packet request, reply;
	enum client_exit code, one = CLIENT_OK;
	uint32_t i;

	*aliases = 0;
	packet_init(&request, WIRE_ALIAS_LIST);
	packet_init(&reply, 0);
	packet_put_text(&request, after);
	code = client_call(fd, &request, &reply);
	if (code == CLIENT_OK)
		*aliases = packet_get_u32(&reply);
	for (i = 0; i < *aliases && one == CLIENT_OK; i++) {
		packet_get_text(&reply, after, WIRE_NAME_MAX);
		packet_get_text(&reply, joined, sizeof(joined));
		if (reply.error != 0)
			break;
		one = check_one(fd, after, faults);
	}
	if (code == CLIENT_OK && one == CLIENT_OK)
		code = client_end(&reply);
	packet_free(&request);
	packet_free(&reply);
	return code != CLIENT_OK ? code : one;
}

enum client_exit
alias_command_check(int fd, char **args, int count)
{
	char after[WIRE_NAME_MAX] = "";
	enum client_exit code;
	uint32_t aliases, faults = 0;

	if (count > 0 && (code = ask_check_length(args[0])) != CLIENT_OK)
		return code;
	output_begin(1);
	if (count > 0)
		code = check_one(fd, args[0], &faults);
	else
		do
			code = check_page(fd, after, &aliases, &faults);
		while (code == CLIENT_OK && aliases > 0);
	if (code == CLIENT_OK)
		output_end();
	return code == CLIENT_OK && faults > 0 ? CLIENT_REFUSED : code;
}

enum client_exit
alias_command_rule_set(int fd, char **args, int count)
{
	struct packet request;
	uint8_t kind = WIRE_RULE_ONLY;
	int i;

	for (i = 0; i < count; i++)
		if (ask_check_length(args[i]) != CLIENT_OK)
			return CLIENT_USAGE;
	if (strcmp(args[1], "not") == 0) {
		kind = WIRE_RULE_NOT;
	} else if (strcmp(args[1], "only") != 0) {
		warnx("rule set takes: NAME only|not "
		      "[ADDRESS|@DOMAIN|logins|<>]...");
		return CLIENT_USAGE;
	}
	packet_init(&request, WIRE_RULE_SET);
	packet_put_text(&request, args[0]);
	packet_put_u8(&request, kind);
	packet_put_u32(&request, (uint32_t)count - 2);
	for (i = 2; i < count; i++)
		packet_put_text(&request, args[i]);
	return ask_finish(fd, &request);
}

enum client_exit
alias_command_rule_del(int fd, char **args, int count)
{
	(void)count;
	return ask_text(fd, WIRE_RULE_DEL, args[0]);
}

enum client_exit
alias_command_rule_list(int fd, char **args, int count)
{
	(void)args;
	(void)count;
	return ask_pages(fd, WIRE_RULE_LIST, "");
}
