#include "backend_command.h"

#include "ask.h"
#include "wire.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 8314 7.3: POP3 that begins with TLS. */
#define PORT_TLS  995
#define PORT_MOST 65535

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
		w->flags |= WIRE_BACKEND_THERE;
	} else if (strcmp(option, "--there") == 0) {
		w->flags |= WIRE_BACKEND_THERE;
	} else if (strcmp(option, "--learn") == 0) {
		w->flags |= WIRE_BACKEND_THERE | WIRE_BACKEND_LEARN;
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
	if ((code = ask_check_length(w->name)) != CLIENT_OK ||
	    (code = ask_check_length(w->as)) != CLIENT_OK ||
	    (code = take_place(w, args[i + 1])) != CLIENT_OK)
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
	struct packet request;
	enum client_exit code;

	if ((code = take_line(&w, args, count)) != CLIENT_OK)
		return code;
	packet_init(&request, WIRE_USER_BACKEND);
	packet_put_text(&request, w.name);
	packet_put_u8(&request, (uint8_t)w.new);
	packet_put_text(&request, w.host);
	packet_put_u32(&request, w.port);
	packet_put_u8(&request, (uint8_t)w.tls);
	packet_put_u8(&request, (uint8_t)w.flags);
	packet_put_text(&request, w.as);
	return ask_finish(fd, &request);
}

enum client_exit
backend_command_list(int fd, char **args, int count)
{
	return ask_pages(fd, WIRE_BACKEND_LIST, count > 0 ? args[0] : "");
}
