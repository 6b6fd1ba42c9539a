#include "service_admin.h"

#include "clock.h"
#include "log.h"
#include "packet.h"
#include "server.h"
#include "service.h"
#include "service_accept.h"
#include "super_old.h"
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG	  16
#define PEERS_MAX 16
/* How long a busy worker may take to look at its port. */
#define ERRAND_TIME (5 * CLOCK_SECOND)

/* One session, as it is told. */
struct row {
	uint64_t id, age, idle, in, out; /* ms, octets */
	char address[LISTEN_TEXT_MAX], user[WIRE_NAME_MAX];
	char command[WIRE_COMMAND_MAX];
	uint8_t is_tls;
};

struct gather;

/* What one worker finds: its own rows, the smallest ids behind `after`. */
struct part {
	struct service_errand errand;
	struct gather *gather;
	uint64_t *ids;
	size_t ids_count, ids_room;
	unsigned count;
	int failed, dropped;
	struct row rows[WIRE_SESSIONS_MOST];
};

static unsigned workers; /* that serve */

/* What the workers look for. */
struct gather {
	uint64_t after, drop;
};

static int
put_address(struct sockaddr_un *a, const char *run, const char *name)
{
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	n = snprintf(a->sun_path, sizeof(a->sun_path),
	    "%s" SERVICE_ADMIN_FOLDER "%s%s", run, name[0] == '\0' ? "" : "/",
	    name);
	if (n > 0 && (size_t)n < sizeof(a->sun_path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static int
put_old_name(struct sockaddr_un *a, const char *run, pid_t old)
{
	char name[sizeof(SERVICE_ADMIN_NAME) + 16];

	snprintf(name, sizeof(name), SERVICE_ADMIN_NAME ".%d", (int)old);
	return put_address(a, run, name);
}

void
service_admin_forget(const char *run, pid_t old)
{
	struct sockaddr_un a;

	if (put_old_name(&a, run, old) == 0)
		unlink(a.sun_path);
}

/* What the process before serves stays within reach; unless it has a name of
 * its own already, and this socket is nobody's. */
static void
set_aside(const char *run, pid_t old)
{
	struct sockaddr_un from, to;

	if (put_address(&from, run, SERVICE_ADMIN_NAME) == 0 &&
	    put_old_name(&to, run, old) == 0 &&
	    renameat2(AT_FDCWD, from.sun_path, AT_FDCWD, to.sun_path,
		RENAME_NOREPLACE) == -1 &&
	    errno != ENOENT && errno != EEXIST)
		log_warn("admin.not_served", log_text("path", to.sun_path),
		    log_errno(errno));
}

/* Of processes that are no more: their parent was killed. */
static void
remove_left(const char *run)
{
	const size_t length = sizeof(SERVICE_ADMIN_NAME);
	const struct dirent *e;
	struct sockaddr_un a;
	DIR *folder;

	if (put_address(&a, run, "") == -1 ||
	    (folder = opendir(a.sun_path)) == NULL)
		return;
	while ((e = readdir(folder)) != NULL)
		if (strncmp(e->d_name, SERVICE_ADMIN_NAME ".", length) == 0 &&
		    !super_old_has((pid_t)strtol(e->d_name + length, NULL, 10)))
			unlinkat(dirfd(folder), e->d_name, 0);
	closedir(folder);
}

/* Nobody but the parent's user comes near it. */
static int
listen_in(const char *run, struct sockaddr_un *a)
{
	int fd;

	if (put_address(a, run, "") == -1 ||
	    (mkdir(a->sun_path, 0700) == -1 && errno != EEXIST) ||
	    put_address(a, run, SERVICE_ADMIN_NAME) == -1 ||
	    (unlink(a->sun_path) == -1 && errno != ENOENT))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (bind(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 &&
	    chmod(a->sun_path, 0600) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

int
service_admin_listen(const char *run, pid_t old)
{
	struct sockaddr_un a;
	int fd;

	if (old > 0)
		set_aside(run, old);
	remove_left(run);
	fd = listen_in(run, &a);
	if (fd == -1)
		log_warn("admin.not_served", log_text("path", a.sun_path),
		    log_errno(errno));
	return fd;
}

void
service_admin_remove(const char *run)
{
	struct sockaddr_un a;

	if (put_address(&a, run, SERVICE_ADMIN_NAME) == 0)
		unlink(a.sun_path);
}

static int
compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
see_id(struct service_client *c, void *arg)
{
	struct part *p = arg;
	size_t room = p->ids_room == 0 ? 64 : 2 * p->ids_room;
	uint64_t *ids;

	if (c->id <= p->gather->after || p->failed)
		return;
	if (p->ids_count == p->ids_room) {
		ids = reallocarray(p->ids, room, sizeof(*ids));
		if (ids == NULL) {
			p->failed = 1;
			return;
		}
		p->ids = ids;
		p->ids_room = room;
	}
	p->ids[p->ids_count++] = c->id;
}

static uint64_t
ms_since(int64_t then)
{
	int64_t ms = (clock_now() - then) / CLOCK_MILLISECOND;

	return ms > 0 ? (uint64_t)ms : 0;
}

static void
fill(struct row *row, const struct service_client *c)
{
	struct service_view v = {.user = NULL};

	service_view_of(c, &v);
	row->id = c->id;
	row->age = ms_since(c->standing.began);
	row->idle = ms_since(c->standing.heard);
	row->in = v.in;
	row->out = v.out;
	row->is_tls = v.is_tls != 0;
	snprintf(row->address, sizeof(row->address), "%s",
	    v.address != NULL ? v.address : c->address);
	snprintf(
	    row->user, sizeof(row->user), "%s", v.user != NULL ? v.user : "");
	snprintf(row->command, sizeof(row->command), "%s",
	    v.command != NULL ? v.command : "");
}

/* Those that are to be told now. */
static void
see_row(struct service_client *c, void *arg)
{
	struct part *p = arg;

	if (c->id > p->gather->after && c->id <= p->ids[p->ids_count - 1] &&
	    p->count < WIRE_SESSIONS_MOST)
		fill(&p->rows[p->count++], c);
}

static void
see_dropped(struct service_client *c, void *arg)
{
	struct part *p = arg;

	if (c->id != p->gather->drop || p->dropped)
		return;
	p->dropped = 1;
	log_info("client.dropped", log_id("session", c->id),
	    log_text("client", c->address));
	service_crowd_drop(c);
}

/* On each worker; it does not wait. */
static void
look(struct service_errand *e)
{
	struct part *p = (struct part *)(void *)e;
	struct gather *g = p->gather;

	if (g->drop != 0) {
		service_crowd_each(see_dropped, p);
	} else {
		service_crowd_each(see_id, p);
		if (p->ids_count > 0)
			qsort(
			    p->ids, p->ids_count, sizeof(*p->ids), compare_ids);
		if (p->ids_count > WIRE_SESSIONS_MOST)
			p->ids_count = WIRE_SESSIONS_MOST;
		if (p->ids_count > 0 && !p->failed)
			service_crowd_each(see_row, p);
	}
	/* The caller waits for it, whatever happens. */
	port_reply(&e->message);
}

/* Has all workers look, one after the other.  The parts, one each, or NULL. */
static struct part *
ask_workers(struct gather *g)
{
	struct part *parts = calloc(workers, sizeof(*parts));

	for (unsigned i = 0; parts != NULL && i < workers; i++) {
		parts[i].errand.run = look;
		parts[i].gather = g;
		if (service_accept_call(
			i, &parts[i].errand, clock_after(ERRAND_TIME)) == -1)
			parts[i].failed = 1;
	}
	return parts;
}

static void
free_parts(struct part *parts)
{
	for (unsigned i = 0; parts != NULL && i < workers; i++)
		free(parts[i].ids);
	free(parts);
}

/* A worker did not come to it, or had no memory: the list is not whole. */
static int
any_failed(const struct part *parts)
{
	for (unsigned i = 0; i < workers; i++)
		if (parts[i].failed)
			return 1;
	return 0;
}

/* The row with the smallest id behind after; NULL. */
static const struct row *
next_row(const struct part *parts, uint64_t after)
{
	const struct row *best = NULL;

	for (unsigned i = 0; i < workers; i++)
		for (unsigned k = 0; k < parts[i].count; k++)
			if (parts[i].rows[k].id > after &&
			    (best == NULL || parts[i].rows[k].id < best->id))
				best = &parts[i].rows[k];
	return best;
}

static void
put_row(struct packet *p, const struct row *row)
{
	packet_put_u64(p, row->id);
	packet_put_text(p, row->address);
	packet_put_text(p, row->user);
	packet_put_text(p, row->command);
	packet_put_u8(p, row->is_tls);
	packet_put_u64(p, row->age);
	packet_put_u64(p, row->idle);
	packet_put_u64(p, row->in);
	packet_put_u64(p, row->out);
}

static int
answer_sessions(struct request *q)
{
	struct gather g = {.after = packet_get_u64(&q->packet)};
	const struct row *row;
	struct packet fields;
	struct part *parts;
	uint32_t count = 0;

	if (packet_end(&q->packet) == -1)
		return -1;
	if ((parts = ask_workers(&g)) == NULL || any_failed(parts)) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		free_parts(parts);
		return 0;
	}
	packet_init(&fields, WIRE_SESSIONS);
	packet_put_u32(&fields, 0);
	while (count < WIRE_SESSIONS_MOST &&
	       (row = next_row(parts, g.after)) != NULL) {
		put_row(&fields, row);
		g.after = row->id;
		packet_set_u32(&fields, 0, ++count);
	}
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	free_parts(parts);
	return 0;
}

static int
answer_session_drop(struct request *q)
{
	struct gather g = {.drop = packet_get_u64(&q->packet)};
	struct packet fields;
	struct part *parts;
	int dropped = 0, failed;

	if (packet_end(&q->packet) == -1 || g.drop == 0)
		return -1;
	if ((parts = ask_workers(&g)) == NULL) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	for (unsigned i = 0; i < workers; i++)
		dropped |= parts[i].dropped;
	failed = any_failed(parts);
	free_parts(parts);
	if (dropped || failed) {
		request_reply(&q, dropped ? PACKET_OK : PACKET_TEMPORARY, NULL);
		return 0;
	}
	packet_init(&fields, WIRE_SESSION_DROP);
	packet_put_text(&fields, "there is no such session");
	request_reply(&q, PACKET_REFUSED, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_SESSIONS, ROLE_ADMIN, SERVER_FIBER, answer_sessions, "sessions"},
    {WIRE_SESSION_DROP, ROLE_ADMIN, SERVER_FIBER, answer_session_drop,
	"session_drop"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = PEERS_MAX};

void
service_admin_serve(int fd, unsigned count)
{
	workers = count;
	if (server_listen(&server, fd, ROLE_ADMIN) == -1)
		log_warn("admin.not_served", log_text("path", NULL),
		    log_errno(errno));
}
