#include "sessions_command.h"

#include "output.h"
#include "packet.h"
#include "program.h"
#include "service_admin.h"
#include "sessions.h"
#include "super_pid.h"
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

/* Which of them a command is about. */
enum chosen { NOT_CHOSEN, IF_THERE, NAMED };

static int
is_meant(enum chosen chosen, const char *service, const char *folder)
{
	return chosen == NAMED ||
	       (chosen == IF_THERE && program_has_conf(service, folder));
}

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
	/* One that was killed has left its socket. */
	if (super_pid_read(run) == 0)
		return CLIENT_OK;
	snprintf(path, sizeof(path),
	    "%s" SERVICE_ADMIN_FOLDER "/" SERVICE_ADMIN_NAME, run);
	if (access(path, F_OK) == -1 && errno == ENOENT) {
		warnx("%s runs, but there is no %s: its log says why", service,
		    path);
		return CLIENT_TEMPORARY;
	}
	return client_connect(path, fd);
}

/* Adds one service's. */
static enum client_exit
add(struct sessions *all, const char *service, const char *folder)
{
	enum client_exit code;
	int fd;

	if ((code = connect_to(service, folder, &fd)) != CLIENT_OK)
		return code;
	if (fd == -1) {
		warnx("%s does not run", service);
		return CLIENT_OK;
	}
	code = sessions_collect(all, service, fd);
	close(fd);
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
	enum client_exit code = CLIENT_OK, one;
	uint64_t id = sessions_id(text);
	int fd, is_done = 0;
	char shown[24];

	if (id == 0) {
		warnx("\"%.40s\" is no session: mailctl sessions lists them",
		    text);
		return CLIENT_USAGE;
	}
	for (int i = 0; i < SERVICES && !is_done; i++) {
		if (!program_has_conf(services[i], folder))
			continue;
		one = connect_to(services[i], folder, &fd);
		if (one == CLIENT_OK && fd != -1) {
			one = drop_at(fd, id, &is_done);
			close(fd);
		}
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
