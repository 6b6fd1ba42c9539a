#include "ask.h"

#include "output.h"
#include "wire.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

/* What stands behind a name in a list, joined; with a NUL. */
#define JOINED_MAX (WIRE_TARGETS_MAX * (WIRE_NAME_MAX + 2) + 16)

enum client_exit
ask_check_length(const char *text)
{
	if (strlen(text) < WIRE_NAME_MAX)
		return CLIENT_OK;
	warnx(
	    "too long (at most %d octets): %.80s...", WIRE_NAME_MAX - 1, text);
	return CLIENT_USAGE;
}

enum client_exit
ask_finish(int fd, struct packet *request)
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

enum client_exit
ask_text(int fd, uint16_t type, const char *text)
{
	enum client_exit code;
	struct packet request;

	if ((code = ask_check_length(text)) != CLIENT_OK)
		return code;
	packet_init(&request, type);
	packet_put_text(&request, text);
	return ask_finish(fd, &request);
}

/* Lists whose names have something behind them. */
static int
is_pair(uint16_t type)
{
	return type == WIRE_ALIAS_LIST || type == WIRE_RULE_LIST ||
	       type == WIRE_BACKEND_LIST;
}

/* One thing of a list; joined: what belongs to it, or NULL. */
static void
print_one(uint16_t type, const char *name, const char *joined)
{
	static const struct {
		uint16_t type;
		const char *name, *joined;
	} keys[] = {{WIRE_ALIAS_LIST, "alias", "targets"},
	    {WIRE_RULE_LIST, "name", "rule"},
	    {WIRE_BACKEND_LIST, "user", "backend"},
	    {WIRE_USER_LIST, "user", NULL}, {0, "domain", NULL}};
	int i = 0;

	if (!output_json) {
		printf(joined == NULL ? "%s\n" : "%s: %s\n", name, joined);
		return;
	}
	while (keys[i].type != 0 && keys[i].type != type)
		i++;
	output_next();
	output_text(keys[i].name, name);
	if (joined != NULL)
		output_words(keys[i].joined, joined);
}

/* One page: prints it, and leaves its last name in after; *count: names. */
static enum client_exit
print_page(struct packet *reply, char *after, uint32_t *count)
{
	static char joined[JOINED_MAX];
	uint16_t type = reply->head.type;
	uint32_t i;

	*count = packet_get_u32(reply);
	for (i = 0; i < *count && reply->error == 0; i++) {
		packet_get_text(reply, after, WIRE_NAME_MAX);
		if (is_pair(type))
			packet_get_text(reply, joined, sizeof(joined));
		if (reply->error != 0)
			break;
		/* Whose mailbox is here has no backend. */
		if (type != WIRE_BACKEND_LIST || joined[0] != '\0')
			print_one(type, after, is_pair(type) ? joined : NULL);
	}
	return client_end(reply);
}

enum client_exit
ask_pages(int fd, uint16_t type, const char *domain)
{
	char after[WIRE_NAME_MAX] = "";
	struct packet request, reply;
	enum client_exit code;
	uint32_t count;

	if ((code = ask_check_length(domain)) != CLIENT_OK)
		return code;
	output_begin(1);
	do {
		packet_init(&request, type);
		packet_init(&reply, 0);
		packet_put_text(&request, after);
		if (type == WIRE_USER_LIST || type == WIRE_BACKEND_LIST)
			packet_put_text(&request, domain);
		count = 0;
		code = client_call(fd, &request, &reply);
		if (code == CLIENT_OK)
			code = print_page(&reply, after, &count);
		packet_free(&request);
		packet_free(&reply);
	} while (code == CLIENT_OK && count > 0);
	if (code == CLIENT_OK)
		output_end();
	return code;
}

enum client_exit
ask_list(int fd, uint16_t type, char **args, int count)
{
	struct packet request;
	int i;

	for (i = 0; i < count; i++) {
		if (ask_check_length(args[i]) != CLIENT_OK)
			return CLIENT_USAGE;
	}
	packet_init(&request, type);
	packet_put_text(&request, args[0]);
	packet_put_u32(&request, (uint32_t)count - 1);
	for (i = 1; i < count; i++)
		packet_put_text(&request, args[i]);
	return ask_finish(fd, &request);
}
