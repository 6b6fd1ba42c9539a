/*
 * Tests of common/service_admin.c: two workers with sessions that wait, and a
 * process that asks about them as mailctl does, well and badly.
 */
#include "service_admin.h"

#include "clock.h"
#include "fiber.h"
#include "packet.h"
#include "ring.h"
#include "service.h"
#include "service_accept.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WORKERS	 2
#define SESSIONS 130 /* of each worker: more than a page in all */

static struct service_client clients[WORKERS][SESSIONS];
static const struct service service = {.name = "test"};
static char folder[64], run[80];
static int listener;
static pid_t asker;

/* In the place of service_client.c's, which a whole process belongs to. */
void
service_view_of(const struct service_client *c, struct service_view *v)
{
	v->user = c->session;
	v->command = "NOOP";
	v->in = c->id;
	v->out = 2 * c->id;
}

static void
wait_for_ever(void *arg)
{
	service_crowd_enter(arg);
	while (ring_sleep(ring_self(), CLOCK_NEVER) == -1 && errno == EINTR)
		;
	service_crowd_leave(arg);
}

static void
await_asker(void *arg)
{
	int *status = arg;

	while (waitpid(asker, status, WNOHANG) == 0)
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	worker_stop();
}

static void
worker_main(void *arg)
{
	struct service_client *mine = clients[worker_index()];

	for (unsigned i = 0; i < SESSIONS; i++) {
		/* Ids of the two are mixed, and none is 0. */
		mine[i] = (struct service_client){.fd = -1,
		    .id = 1 + WORKERS * (uint64_t)i + worker_index(),
		    .session = i == 0 ? "ann@example.org" : NULL,
		    .address = "192.0.2.1"};
		if (fiber_spawn("session", wait_for_ever, &mine[i]) == -1)
			abort();
	}
	if (worker_index() == 0) {
		service_admin_serve(listener, WORKERS);
		if (fiber_spawn("asker", await_asker, arg) == -1)
			abort();
	}
	service_accept_serve();
	service_accept_end();
}

/* -- the process that asks: it ends with the number of the line that fails */

#define CHECK(what)                      \
	do {                             \
		if (!(what))             \
			_exit(__LINE__); \
	} while (0)

static int
connect_to(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s.admin/sessions", run);
	CHECK(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

/* What comes next, as packet_receive. */
static int
receive(int fd, struct packet *reply)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	CHECK(poll(&p, 1, 20000) == 1);
	return packet_receive(fd, reply);
}

/* Sends the request and frees it; its reply. */
static struct packet
ask(int fd, struct packet *request)
{
	struct packet reply;

	packet_init(&reply, 0);
	request->head.id = 7;
	CHECK(packet_send(fd, request) == 0);
	CHECK(receive(fd, &reply) == 1);
	CHECK(reply.head.id == 7 && reply.head.type == request->head.type);
	packet_free(request);
	return reply;
}

static struct packet
ask_number(int fd, uint16_t type, uint64_t number)
{
	struct packet request;

	packet_init(&request, type);
	packet_put_u64(&request, number);
	return ask(fd, &request);
}

/* Reads a page of rows, whose ids grow; how many. */
static uint32_t
read_page(struct packet *reply, uint64_t *after)
{
	char address[LISTEN_TEXT_MAX], user[WIRE_NAME_MAX], command[16];
	uint32_t count = packet_get_u32(reply);
	uint64_t id;

	for (uint32_t i = 0; i < count; i++) {
		id = packet_get_u64(reply);
		CHECK(id > *after);
		*after = id;
		packet_get_text(reply, address, sizeof(address));
		packet_get_text(reply, user, sizeof(user));
		packet_get_text(reply, command, sizeof(command));
		CHECK(strcmp(address, "192.0.2.1") == 0);
		CHECK((user[0] != '\0') == (id <= WORKERS));
		CHECK(strcmp(command, "NOOP") == 0);
		CHECK(packet_get_u8(reply) == 0);
		CHECK(packet_get_u64(reply) < 60000);
		CHECK(packet_get_u64(reply) < 60000);
		CHECK(packet_get_u64(reply) == id);
		CHECK(packet_get_u64(reply) == 2 * id);
	}
	CHECK(packet_end(reply) == 0);
	packet_free(reply);
	return count;
}

static unsigned
count_all(int fd)
{
	unsigned all = 0, count;
	uint64_t after = 0;
	struct packet reply;

	do {
		reply = ask_number(fd, WIRE_SESSIONS, after);
		CHECK(reply.head.status == PACKET_OK);
		count = read_page(&reply, &after);
		CHECK(count <= WIRE_SESSIONS_MOST);
		all += count;
	} while (count > 0);
	return all;
}

/* They begin and end when their workers come to it. */
static void
await_count(int fd, unsigned wanted)
{
	for (int i = 0; count_all(fd) != wanted; i++) {
		CHECK(i < 5000);
		usleep(1000);
	}
}

/* A request that makes no sense ends its connection, and no other. */
static void
ask_badly(void)
{
	static const uint16_t types[] = {
	    WIRE_SESSIONS, WIRE_SESSION_DROP, WIRE_LOOKUP, 0};
	struct packet request, reply;
	int fd;

	packet_init(&reply, 0);
	for (size_t i = 0; i < 4; i++) {
		fd = connect_to();
		packet_init(&request, types[i]);
		packet_put_u8(&request, 1);
		CHECK(packet_send(fd, &request) == 0);
		CHECK(receive(fd, &reply) == 0);
		packet_free(&request);
		close(fd);
	}
}

static _Noreturn void
asker_main(void)
{
	struct packet reply;
	int fd = connect_to();

	await_count(fd, WORKERS * SESSIONS);
	reply = ask_number(fd, WIRE_SESSION_DROP, 5);
	CHECK(reply.head.status == PACKET_OK && packet_end(&reply) == 0);
	packet_free(&reply);
	reply = ask_number(fd, WIRE_SESSION_DROP, 1000000);
	CHECK(reply.head.status == PACKET_REFUSED);
	packet_free(&reply);
	ask_badly();
	await_count(fd, WORKERS * SESSIONS - 1);
	_exit(0);
}

static void
sessions_are_told_and_dropped(void **state)
{
	struct stat st;
	char path[128];
	int status = -1;

	(void)state;
	assert_true((listener = service_admin_listen(run, 0)) >= 0);
	snprintf(path, sizeof(path), "%s.admin", run);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	if ((asker = fork()) == 0)
		asker_main();
	assert_true(asker > 0);
	service_accept_begin(&service, WORKERS, 0);
	assert_int_equal(worker_run(WORKERS, worker_main, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	service_admin_remove(run);
	assert_int_equal(rmdir(path), 0);
}

static void
a_folder_that_can_not_be(void **state)
{
	(void)state;
	assert_int_equal(service_admin_listen("/nonexistent/run", 0), -1);
	assert_int_equal(service_admin_listen("/proc/version", 0), -1);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringmail-admin-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(run, sizeof(run), "%s/run", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sessions_are_told_and_dropped),
	    cmocka_unit_test(a_folder_that_can_not_be),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
