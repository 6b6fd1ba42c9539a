#include "sessions_command.h"

#include "listen.h"
#include "output.h"
#include "packet.h"
#include "program.h"
#include "service_admin.h"
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the two services that have sessions. */
#define SERVICES 2
static const char *const services[SERVICES] = {"smtpd", "pop3d"};

struct session {
	const char *service;
	uint64_t id, age, idle, in, out;
	char address[LISTEN_TEXT_MAX], user[WIRE_NAME_MAX];
	char command[WIRE_COMMAND_MAX];
	int is_tls;
};

struct sessions {
	struct session *list;
	size_t count, room;
};

/* Connects to the service's own socket.  CLIENT_OK with *fd -1: it does not
 * run. */
static enum client_exit
connect_to(const char *service, const char *folder, int *fd)
{
	static const char *const options[] = {"-d", "run", NULL};
	char run[1024], path[1200];

	*fd = -1;
	if (program_run(service, folder, options, run, sizeof(run)) != 0)
		return CLIENT_REFUSED;
	snprintf(path, sizeof(path),
	    "%s" SERVICE_ADMIN_FOLDER "/" SERVICE_ADMIN_NAME, run);
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return CLIENT_OK;
	return client_connect(path, fd);
}

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
		if (s->id <= *after)
			reply->error = EBADMSG;
		*after = s->id;
	}
	return client_end(reply);
}

static enum client_exit
collect(struct sessions *all, const char *service, int fd)
{
	struct packet request, reply;
	enum client_exit code;
	uint64_t after = 0;
	uint32_t count;

	do {
		packet_init(&request, WIRE_SESSIONS);
		packet_init(&reply, 0);
		packet_put_u64(&request, after);
		count = 0;
		code = client_call(fd, &request, &reply);
		if (code == CLIENT_OK)
			code = take_page(all, service, &reply, &after, &count);
		packet_free(&request);
		packet_free(&reply);
	} while (code == CLIENT_OK && count > 0);
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

/* "5s", "12m", "3h", "9d" */
static const char *
print_time(uint64_t ms, char to[24])
{
	uint64_t s = ms / 1000;

	if (s < 100)
		snprintf(to, 24, "%" PRIu64 "s", s);
	else if (s < 6000)
		snprintf(to, 24, "%" PRIu64 "m", s / 60);
	else if (s < 360000)
		snprintf(to, 24, "%" PRIu64 "h", s / 3600);
	else
		snprintf(to, 24, "%" PRIu64 "d", s / 86400);
	return to;
}

static void
print_one(const struct session *s)
{
	char age[24], idle[24];

	if (!output_json)
		printf("%-5s  %016" PRIx64 "  %5s  %5s  %-8s  %10" PRIu64
		       "  %10" PRIu64 "  %-3s  %s%s%s\n",
		    s->service, s->id, print_time(s->age, age),
		    print_time(s->idle, idle),
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
	output_text("encrypted", s->is_tls ? "yes" : "no");
	output_number("age_ms", s->age);
	output_number("idle_ms", s->idle);
	output_number("in", s->in);
	output_number("out", s->out);
}

static void
print_all(struct sessions *all)
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
	output_end();
}

static enum client_exit
list(const char *folder, const int chosen[SERVICES])
{
	struct sessions all = {.list = NULL};
	enum client_exit code = CLIENT_OK;
	int fd;

	for (int i = 0; i < SERVICES && code == CLIENT_OK; i++) {
		if (!chosen[i] || !program_has_conf(services[i], folder))
			continue;
		code = connect_to(services[i], folder, &fd);
		if (code != CLIENT_OK)
			break;
		if (fd == -1) {
			warnx("%s does not run, or could not make its folder "
			      "*" SERVICE_ADMIN_FOLDER
			      " beside its run folder: its log says why",
			    services[i]);
			continue;
		}
		code = collect(&all, services[i], fd);
		close(fd);
	}
	if (code == CLIENT_OK)
		print_all(&all);
	free(all.list);
	return code;
}

/* An id as the list shows it; 0 where it is none. */
static uint64_t
read_id(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	return digits == 0 || digits > 16 || text[digits] != '\0'
		   ? 0
		   : strtoull(text, NULL, 16);
}

static enum client_exit
drop_at(int fd, uint64_t id, int *is_done)
{
	struct packet request, reply;
	enum client_exit code;

	packet_init(&request, WIRE_SESSION_DROP);
	packet_init(&reply, 0);
	packet_put_u64(&request, id);
	code = client_ask(fd, &request, &reply);
	if (code == CLIENT_OK && reply.head.status == PACKET_OK)
		*is_done = 1;
	packet_free(&request);
	packet_free(&reply);
	return code;
}

/* Asks each service: an id is only one's. */
static enum client_exit
drop(const char *folder, const char *text)
{
	enum client_exit code = CLIENT_OK;
	uint64_t id = read_id(text);
	int fd, is_done = 0;

	if (id == 0) {
		warnx("\"%.40s\" is no session: mailctl sessions lists them",
		    text);
		return CLIENT_USAGE;
	}
	for (int i = 0; i < SERVICES && !is_done && code == CLIENT_OK; i++) {
		if (!program_has_conf(services[i], folder))
			continue;
		code = connect_to(services[i], folder, &fd);
		if (code == CLIENT_OK && fd != -1) {
			code = drop_at(fd, id, &is_done);
			close(fd);
		}
	}
	if (code != CLIENT_OK)
		return code;
	if (!is_done) {
		warnx(
		    "there is no session %016" PRIx64 ", or it has ended", id);
		return CLIENT_REFUSED;
	}
	output_next();
	output_text("session", text);
	output_text("state", "dropped");
	return CLIENT_OK;
}

static enum client_exit
drop_all(const char *folder, char **args, int count)
{
	enum client_exit code = CLIENT_OK, one;

	output_begin(1);
	for (int i = 0; i < count; i++)
		if ((one = drop(folder, args[i])) != CLIENT_OK)
			code = one;
	output_end();
	return code;
}

enum client_exit
sessions_command_run(const char *folder, char **args, int count)
{
	int chosen[SERVICES] = {0}, known;

	if (count > 1 && strcmp(args[0], "drop") == 0)
		return drop_all(folder, args + 1, count - 1);
	if (count > 0 && strcmp(args[0], "list") == 0) {
		args++;
		count--;
	} else if (count > 0) {
		count = -1;
	}
	for (int i = 0; i < count; i++) {
		known = 0;
		for (int k = 0; k < SERVICES; k++)
			if (strcmp(args[i], services[k]) == 0)
				chosen[k] = known = 1;
		if (!known)
			count = -1;
	}
	if (count == -1) {
		warnx("sessions takes: " SESSIONS_COMMAND_USAGE);
		return CLIENT_USAGE;
	}
	for (int k = 0; k < SERVICES && count == 0; k++)
		chosen[k] = 1;
	return list(folder, chosen);
}
