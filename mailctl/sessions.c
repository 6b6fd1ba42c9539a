#include "sessions.h"

#include "listen.h"
#include "output.h"
#include "packet.h"
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than a service can have: it lies. */
#define MOST 4000000

/* One of them. */
struct session {
	const char *service;
	uint64_t id, age, idle, in, out;
	char address[LISTEN_TEXT_MAX], user[WIRE_NAME_MAX];
	char command[WIRE_COMMAND_MAX];
	int is_tls;
};

/* What a taken-over process sends is shown as text alone. */
static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void
take_session(struct packet *reply, struct session *s)
{
	s->id = packet_get_u64(reply);
	packet_get_text(reply, s->address, sizeof(s->address));
	packet_get_text(reply, s->user, sizeof(s->user));
	packet_get_text(reply, s->command, sizeof(s->command));
	s->is_tls = packet_get_u8(reply) != 0;
	s->age = packet_get_u64(reply);
	s->idle = packet_get_u64(reply);
	s->in = packet_get_u64(reply);
	s->out = packet_get_u64(reply);
	clean(s->address);
	clean(s->user);
	clean(s->command);
}

static struct session *
add(struct sessions *all)
{
	size_t room = all->room == 0 ? 256 : 2 * all->room;
	struct session *list;

	if (all->count == all->room) {
		list = reallocarray(all->list, room, sizeof(*list));
		if (list == NULL) {
			warn("sessions");
			return NULL;
		}
		all->list = list;
		all->room = room;
	}
	return &all->list[all->count++];
}

/* One page; *after becomes the last id, which has to grow. */
static enum client_exit
take_page(struct sessions *all, const char *service, struct packet *reply,
    uint64_t *after, uint32_t *count)
{
	struct session *s;

	*count = packet_get_u32(reply);
	for (uint32_t i = 0; i < *count && reply->error == 0; i++) {
		if ((s = add(all)) == NULL)
			return CLIENT_TEMPORARY;
		s->service = service;
		take_session(reply, s);
		if (s->id <= *after || all->count > MOST)
			reply->error = EBADMSG;
		*after = s->id;
	}
	return client_end(reply);
}

/* Reads the reply to WIRE_SESSIONS. */
static enum client_exit
take_reply(struct sessions *all, const char *service, struct packet *reply,
    uint64_t *after, uint32_t *count)
{
	if (reply->head.status == PACKET_OK)
		return take_page(all, service, reply, after, count);
	warnx("%s refuses to list its sessions", service);
	return CLIENT_REFUSED;
}

enum client_exit
sessions_collect(
    struct sessions *all, const char *service, int fd, int *is_gone)
{
	const size_t before = all->count;
	struct packet request, reply;
	enum client_exit code;
	uint64_t after = 0;
	uint32_t count;

	do {
		packet_init(&request, WIRE_SESSIONS);
		packet_init(&reply, 0);
		packet_put_u64(&request, after);
		count = 0;
		code = client_ask_if_there(fd, &request, &reply, is_gone);
		if (code == CLIENT_OK && !*is_gone)
			code = take_reply(all, service, &reply, &after, &count);
		packet_free(&request);
		packet_free(&reply);
	} while (code == CLIENT_OK && count > 0);
	if (*is_gone)
		all->count = before;
	return code;
}

/* The oldest first. */
static int
compare_ages(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	if (x->age != y->age)
		return x->age > y->age ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

const char *
sessions_time(uint64_t ms, char to[SESSIONS_TIME])
{
	uint64_t s = ms / 1000;

	if (s < 100)
		snprintf(to, SESSIONS_TIME, "%" PRIu64 "s", s);
	else if (s < 6000)
		snprintf(to, SESSIONS_TIME, "%" PRIu64 "m", s / 60);
	else if (s < 360000)
		snprintf(to, SESSIONS_TIME, "%" PRIu64 "h", s / 3600);
	else
		snprintf(to, SESSIONS_TIME, "%" PRIu64 "d", s / 86400);
	return to;
}

static void
print_one(const struct session *s)
{
	char age[SESSIONS_TIME], idle[SESSIONS_TIME];

	if (!output_json)
		printf("%-5s  %016" PRIx64 "  %5s  %5s  %-8s  %10" PRIu64
		       "  %10" PRIu64 "  %-3s  %s%s%s\n",
		    s->service, s->id, sessions_time(s->age, age),
		    sessions_time(s->idle, idle),
		    s->command[0] == '\0' ? "-" : s->command, s->in, s->out,
		    s->is_tls ? "TLS" : "-",
		    s->address[0] == '\0' ? "unix" : s->address,
		    s->user[0] == '\0' ? "" : "  ", s->user);
	output_next();
	output_text("service", s->service);
	snprintf(age, sizeof(age), "%016" PRIx64, s->id);
	output_text("session", age);
	output_text("address", s->address);
	output_text("user", s->user[0] == '\0' ? NULL : s->user);
	output_text("command", s->command[0] == '\0' ? NULL : s->command);
	output_truth("encrypted", s->is_tls);
	output_number("age_ms", s->age);
	output_number("idle_ms", s->idle);
	output_number("in", s->in);
	output_number("out", s->out);
}

void
sessions_print(struct sessions *all)
{
	if (all->count > 1)
		qsort(all->list, all->count, sizeof(*all->list), compare_ages);
	output_begin(1);
	if (!output_json && all->count > 0)
		printf("%-5s  %-16s  %5s  %5s  %-8s  %10s  %10s  %-3s  "
		       "CLIENT\n",
		    "", "SESSION", "AGE", "IDLE", "COMMAND", "IN", "OUT", "");
	for (size_t i = 0; i < all->count; i++)
		print_one(&all->list[i]);
}

uint64_t
sessions_id(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	return digits == 0 || digits > 16 || text[digits] != '\0'
		   ? 0
		   : strtoull(text, NULL, 16);
}

void
sessions_free(struct sessions *all)
{
	free(all->list);
	*all = (struct sessions){.list = NULL};
}
