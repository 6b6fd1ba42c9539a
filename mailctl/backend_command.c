#include "backend_command.h"

#include "wire.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As helpers/record.h has them. */
enum { THERE = 1, LEARN = 2 };
/* RFC 8314 7.3: POP3 that begins with TLS. */
#define PORT_TLS  995
#define PORT_MOST 65535

/* A mailbox's place as the helper tells it, NUL included. */
#define PLACE_MAX 1024

/* What the command line says. */
struct wanted {
	const char *name, *as;
	char host[WIRE_HOST_MAX];
	unsigned port;
	int tls; /* enum wire_backend_tls; -1: by the port */
	int new, flags;
};

static enum client_exit
refuse(const char *what, const char *text)
{
	warnx("%s%.200s", what, text);
	return CLIENT_USAGE;
}

/* "host:port", "[::1]:port", or "none". */
static enum client_exit
take_place(struct wanted *w, const char *text)
{
	const char *colon = strrchr(text, ':'), *from = text;
	size_t length;
	char *end;

	if (strcmp(text, "none") == 0)
		return CLIENT_OK;
	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return refuse("no HOST:PORT: ", text);
	w->port = (unsigned)strtoul(colon + 1, &end, 10);
	length = (size_t)(colon - text);
	if (text[0] == '[' && length > 2 && colon[-1] == ']') {
		from++;
		length -= 2;
	}
	if (*end != '\0' || w->port == 0 || w->port > PORT_MOST ||
	    length == 0 || length >= sizeof(w->host))
		return refuse("no HOST:PORT: ", text);
	memcpy(w->host, from, length);
	w->host[length] = '\0';
	return CLIENT_OK;
}

static enum client_exit
take_tls(struct wanted *w, const char *text)
{
	static const char *const ways[] = {"implicit", "stls", "none"};

	for (int i = 0; i < WIRE_BACKEND_TLS_KINDS; i++)
		if (strcmp(ways[i], text) == 0) {
			w->tls = i;
			return CLIENT_OK;
		}
	return refuse("--tls takes implicit, stls or none, not ", text);
}

/* An option, at args[*i], and what belongs to it. */
static enum client_exit
take_option(struct wanted *w, char **args, int count, int *i)
{
	const char *option = args[*i];

	if (strcmp(option, "--new") == 0) {
		w->new = 1;
		w->flags |= THERE;
	} else if (strcmp(option, "--there") == 0) {
		w->flags |= THERE;
	} else if (strcmp(option, "--learn") == 0) {
		w->flags |= THERE | LEARN;
	} else if (strcmp(option, "--tls") == 0 && *i + 1 < count) {
		return take_tls(w, args[++*i]);
	} else if (strcmp(option, "--as") == 0 && *i + 1 < count) {
		w->as = args[++*i];
	} else {
		return refuse("no such option: ", option);
	}
	return CLIENT_OK;
}

static enum client_exit
take_line(struct wanted *w, char **args, int count)
{
	enum client_exit code = CLIENT_OK;
	int i;

	for (i = 0; i < count && args[i][0] == '-'; i++)
		if ((code = take_option(w, args, count, &i)) != CLIENT_OK)
			return code;
	if (count - i != 2)
		return refuse("user backend takes: ", BACKEND_COMMAND_USAGE);
	w->name = args[i];
	if (strlen(w->name) >= WIRE_NAME_MAX || strlen(w->as) >= WIRE_NAME_MAX)
		return refuse("too long a name: ", w->name);
	if ((code = take_place(w, args[i + 1])) != CLIENT_OK)
		return code;
	if (w->tls == -1)
		w->tls = w->port == PORT_TLS ? WIRE_BACKEND_IMPLICIT
					     : WIRE_BACKEND_STLS;
	return CLIENT_OK;
}

enum client_exit
backend_command_set(int fd, char **args, int count)
{
	struct wanted w = {.as = "", .tls = -1};
	struct packet request, reply;
	enum client_exit code;

	if ((code = take_line(&w, args, count)) != CLIENT_OK)
		return code;
	packet_init(&request, WIRE_USER_BACKEND);
	packet_init(&reply, 0);
	packet_put_text(&request, w.name);
	packet_put_u8(&request, (uint8_t)w.new);
	packet_put_text(&request, w.host);
	packet_put_u32(&request, w.port);
	packet_put_u8(&request, (uint8_t)w.tls);
	packet_put_u8(&request, (uint8_t)w.flags);
	packet_put_text(&request, w.as);
	code = client_call(fd, &request, &reply);
	if (code == CLIENT_OK)
		code = client_end(&reply);
	packet_free(&request);
	packet_free(&reply);
	return code;
}

/* One page: those whose mailbox is elsewhere; the last name is left in after.
 */
static enum client_exit
print_page(struct packet *reply, char *after, uint32_t *count)
{
	char place[PLACE_MAX];

	*count = packet_get_u32(reply);
	for (uint32_t i = 0; i < *count && reply->error == 0; i++) {
		packet_get_text(reply, after, WIRE_NAME_MAX);
		packet_get_text(reply, place, sizeof(place));
		if (reply->error == 0 && place[0] != '\0')
			printf("%s: %s\n", after, place);
	}
	return client_end(reply);
}

enum client_exit
backend_command_list(int fd, char **args, int count)
{
	const char *domain = count > 0 ? args[0] : "";
	char after[WIRE_NAME_MAX] = "";
	struct packet request, reply;
	enum client_exit code;
	uint32_t found;

	if (strlen(domain) >= WIRE_NAME_MAX)
		return refuse("too long a domain: ", domain);
	do {
		packet_init(&request, WIRE_BACKEND_LIST);
		packet_init(&reply, 0);
		packet_put_text(&request, after);
		packet_put_text(&request, domain);
		found = 0;
		code = client_call(fd, &request, &reply);
		if (code == CLIENT_OK)
			code = print_page(&reply, after, &found);
		packet_free(&request);
		packet_free(&reply);
	} while (code == CLIENT_OK && found > 0);
	return code;
}
