#include "sessions_command.h"

#include "output.h"
#include "packet.h"
#include "program.h"
#include "service_admin.h"
#include "sessions.h"
#include "super_old.h"
#include "super_pid.h"
#include "wire.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Of the two services that have sessions. */
#define SERVICES 2
/* How often one is asked that ends meanwhile, for another after an upgrade. */
#define TRIES 5
static const char *const services[SERVICES] = {"smtpd", "pop3d"};

/* Which of them a command is about. */
enum chosen { NOT_CHOSEN, IF_THERE, NAMED };

static int
is_meant(enum chosen chosen, const char *service, const char *folder)
{
	return chosen == NAMED ||
	       (chosen == IF_THERE && program_has_conf(service, folder));
}

/* The sockets of one service: its own, and those of old processes, which serve
 * on after an upgrade. */
struct ways {
	int fds[SUPER_OLD_MAX + 1];
	unsigned count; /* 0: it does not run */
};

static void
close_ways(struct ways *w)
{
	while (w->count > 0)
		close(w->fds[--w->count]);
}

/* Those of old processes; one that has just ended has no sessions. */
static void
add_old(struct ways *w, const char *path)
{
	const size_t length = sizeof(SERVICE_ADMIN_NAME);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const struct dirent *e;
	DIR *folder = opendir(path);
	int fd;

	while (folder != NULL && w->count <= SUPER_OLD_MAX &&
	       (e = readdir(folder)) != NULL) {
		if (strncmp(e->d_name, SERVICE_ADMIN_NAME ".", length) != 0 ||
		    (size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s",
			path, e->d_name) >= sizeof(a.sun_path))
			continue;
		fd = socket(
		    AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd == -1)
			continue;
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			w->fds[w->count++] = fd;
		else
			close(fd);
	}
	if (folder != NULL)
		closedir(folder);
}

/* Connects to a service.  CLIENT_OK, also where it does not run. */
static enum client_exit
connect_to(const char *service, const char *folder, struct ways *w)
{
	static const char *const options[] = {"-d", "run", NULL};
	char run[1024], path[1100], name[1200];
	enum client_exit code;

	w->count = 0;
	if (program_run(service, folder, options, run, sizeof(run)) != 0)
		return CLIENT_REFUSED;
	/* One that was killed has left its socket. */
	if (super_pid_read(run) == 0)
		return CLIENT_OK;
	snprintf(path, sizeof(path), "%s" SERVICE_ADMIN_FOLDER, run);
	snprintf(name, sizeof(name), "%s/" SERVICE_ADMIN_NAME, path);
	if (access(name, F_OK) == -1 && errno == ENOENT) {
		warnx("%s runs, but there is no %s: its log says why", service,
		    name);
		return CLIENT_TEMPORARY;
	}
	if ((code = client_connect(name, &w->fds[0])) != CLIENT_OK)
		return code;
	w->count = 1;
	add_old(w, path);
	return CLIENT_OK;
}

/* Adds what each process of a service has; *is_gone: the service's own ended
 * meanwhile, and another may have come. */
static enum client_exit
add_each(struct sessions *all, const char *service, const struct ways *w,
    int *is_gone)
{
	enum client_exit code = CLIENT_OK;
	int ended;

	*is_gone = 0;
	for (unsigned i = 0; i < w->count && code == CLIENT_OK; i++) {
		code = sessions_collect(all, service, w->fds[i], &ended);
		*is_gone |= ended && i == 0;
	}
	return code;
}

/* Adds one service's. */
static enum client_exit
add(struct sessions *all, const char *service, const char *folder)
{
	const size_t before = all->count;
	enum client_exit code = CLIENT_OK;
	int is_gone = 1;
	struct ways w;

	for (int i = 0; i < TRIES && is_gone && code == CLIENT_OK; i++) {
		all->count = before;
		if ((code = connect_to(service, folder, &w)) != CLIENT_OK)
			return code;
		if (w.count == 0)
			warnx("%s does not run", service);
		code = add_each(all, service, &w, &is_gone);
		close_ways(&w);
	}
	if (code == CLIENT_OK && is_gone) {
		warnx(
		    "%s ends whenever it is asked: its log says why", service);
		code = CLIENT_TEMPORARY;
	}
	return code;
}

/* What one service does not tell hides nothing of the other. */
static enum client_exit
list(const char *folder, const enum chosen chosen[SERVICES])
{
	struct sessions all = {.list = NULL};
	enum client_exit code = CLIENT_OK, one;

	for (int i = 0; i < SERVICES; i++) {
		if (!is_meant(chosen[i], services[i], folder))
			continue;
		one = add(&all, services[i], folder);
		if (one != CLIENT_OK)
			code = one;
	}
	sessions_print(&all);
	if (code == CLIENT_OK)
		output_end();
	sessions_free(&all);
	return code;
}

static enum client_exit
drop_at(int fd, uint64_t id, int *is_done)
{
	struct packet request, reply;
	enum client_exit code;
	int is_gone; /* with its sessions */

	packet_init(&request, WIRE_SESSION_DROP);
	packet_init(&reply, 0);
	packet_put_u64(&request, id);
	code = client_ask_if_there(fd, &request, &reply, &is_gone);
	if (code == CLIENT_OK && !is_gone && reply.head.status == PACKET_OK)
		*is_done = 1;
	packet_free(&request);
	packet_free(&reply);
	return code;
}

/* Asks each process of a service. */
static enum client_exit
drop_from(const char *service, const char *folder, uint64_t id, int *is_done)
{
	enum client_exit code, one;
	struct ways w;

	if ((code = connect_to(service, folder, &w)) != CLIENT_OK)
		return code;
	for (unsigned i = 0; i < w.count && !*is_done; i++)
		if ((one = drop_at(w.fds[i], id, is_done)) != CLIENT_OK)
			code = one;
	close_ways(&w);
	return code;
}

/* Asks each service: an id is only one's. */
static enum client_exit
drop(const char *folder, const char *text)
{
	enum client_exit code = CLIENT_OK, one;
	uint64_t id = sessions_id(text);
	char shown[24];
	int is_done = 0;

	if (id == 0) {
		warnx("\"%.40s\" is no session: mailctl sessions lists them",
		    text);
		return CLIENT_USAGE;
	}
	for (int i = 0; i < SERVICES && !is_done; i++) {
		if (!program_has_conf(services[i], folder))
			continue;
		one = drop_from(services[i], folder, id, &is_done);
		if (one != CLIENT_OK)
			code = one;
	}
	if (!is_done && code != CLIENT_OK)
		return code;
	if (!is_done) {
		warnx(
		    "there is no session %016" PRIx64 ", or it has ended", id);
		return CLIENT_REFUSED;
	}
	output_next();
	snprintf(shown, sizeof(shown), "%016" PRIx64, id);
	output_text("session", shown);
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
	if (code == CLIENT_OK)
		output_end();
	return code;
}

enum client_exit
sessions_command_run(const char *folder, char **args, int count)
{
	enum chosen chosen[SERVICES] = {NOT_CHOSEN};
	int known;

	if (program_check_folder(folder) == -1)
		return CLIENT_REFUSED;
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
				chosen[k] = NAMED, known = 1;
		if (!known)
			count = -1;
	}
	if (count == -1) {
		warnx("sessions takes: " SESSIONS_COMMAND_USAGE);
		return CLIENT_USAGE;
	}
	for (int k = 0; k < SERVICES && count == 0; k++)
		chosen[k] = IF_THERE;
	return list(folder, chosen);
}
