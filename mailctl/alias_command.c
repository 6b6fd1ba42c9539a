#include "alias_command.h"

#include "ask.h"
#include "wire.h"

#include <err.h>
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
