/* What a service's parent sends of a reload, and what arrives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet.h"
#include "service.h"
#include "service_conf.h"
#include "service_control.h"
#include "service_listeners.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EACH 2

struct settings {
	struct service_settings service;
	char *name;
	int64_t limit;
	int is_on;
	int choice;
};

static const char *const choices[] = {"one", "two", NULL};

#define ROW(what, type, member, ...)                                     \
	{                                                                \
		.name = what, .kind = CONF_##type,                       \
		.offset = offsetof(struct settings, member), __VA_ARGS__ \
	}
static const struct conf_setting rows[] = {
    ROW("listen", LIST, service.listen, .fallback = "127.0.0.1:0,[::1]:0"),
    ROW("name", TEXT, name, .fallback = "a name"),
    ROW("limit", NUMBER, limit, .fallback = "-5"),
    ROW("is_on", BOOL, is_on, .fallback = "yes"),
    ROW("choice", CHOICE, choice, .fallback = "two", .choices = choices),
    {.name = NULL}};
static const struct conf_spec spec = {rows, sizeof(struct settings), NULL};

static void *
load(void)
{
	char why[256];
	void *conf = conf_load(&spec, NULL, why, sizeof(why));

	assert_non_null(conf);
	return conf;
}

static int
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(d) != NULL)
		count++;
	closedir(d);
	return count;
}

static void
conf_arrives_as_it_was(void **state)
{
	void *conf = load(), *copy;
	const struct settings *s;
	struct packet p;

	(void)state;
	packet_init(&p, 1);
	service_conf_put(&p, &spec, conf);
	copy = service_conf_take(&p, &spec);
	assert_non_null(copy);
	s = copy;
	assert_int_equal(s->service.listen.count, 2);
	assert_string_equal(s->service.listen.items[1], "[::1]:0");
	assert_string_equal(s->name, "a name");
	assert_int_equal(s->limit, -5);
	assert_int_equal(s->is_on, 1);
	assert_int_equal(s->choice, 1);
	packet_free(&p);
	conf_free(&spec, &copy);
	conf_free(&spec, &conf);
}

/* Whatever is cut off, and whatever octet is wrong: no crash, no leak. */
static void
malformed_conf_is_refused(void **state)
{
	void *conf = load(), *copy;
	struct packet p;
	uint32_t whole, cut;

	(void)state;
	packet_init(&p, 1);
	service_conf_put(&p, &spec, conf);
	whole = p.length;
	for (cut = 0; cut < whole; cut++) {
		p.length = cut;
		p.at = 0;
		p.error = 0;
		assert_null(service_conf_take(&p, &spec));
	}
	for (cut = 0; cut < whole; cut++) {
		p.length = whole;
		p.at = 0;
		p.error = 0;
		p.data[cut] ^= 0xff;
		copy = service_conf_take(&p, &spec);
		conf_free(&spec, &copy);
		p.data[cut] ^= 0xff;
	}
	/* The last field is a choice. */
	p.data[whole - 4] = 2;
	p.at = 0;
	p.error = 0;
	assert_null(service_conf_take(&p, &spec));
	packet_free(&p);
	conf_free(&spec, &conf);
}

static void
who_drops_last_frees(void **state)
{
	struct service_conf *a = service_conf_new(&spec, load(), NULL, NULL),
			    *b;
	const struct settings *s;

	(void)state;
	assert_non_null(a);
	b = service_conf_hold(a);
	service_conf_drop(&a);
	assert_null(a);
	s = service_conf_get(b);
	assert_string_equal(s->name, "a name");
	service_conf_drop(&b);
	service_conf_drop(&b);
}

static int
is_listening(int fd)
{
	int on = 0;
	socklen_t length = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &length) == 0 &&
	       on;
}

/* The parent hears of it by a signal, however often it is said. */
static void
files_are_asked_for(void **state)
{
	const struct timespec soon = {.tv_sec = 20};
	sigset_t set;
	int ends[2];

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	assert_int_equal(service_control_open(ends), 0);
	assert_false(service_control_is_asked(ends[0]));
	for (int i = 0; i < 10; i++)
		service_control_ask(ends[1]);
	assert_int_equal(sigtimedwait(&set, NULL, &soon), SIGIO);
	assert_true(service_control_is_asked(ends[0]));
	assert_false(service_control_is_asked(ends[0]));
	close(ends[0]);
	service_control_ask(ends[1]);
	close(ends[1]);
}

/* More than a packet holds. */
#define FILES_SIZE ((size_t)70000)

static struct tls_files
make_files(size_t size)
{
	struct tls_files files = {0};

	for (size_t i = 0; i < size; i++) {
		unsigned char octet = (unsigned char)(i * 7 + i / 251);

		assert_int_equal(tls_files_append(&files, &octet, 1), 0);
	}
	return files;
}

static void
new_listeners_travel_once(void **state)
{
	struct service_listeners listeners, none = {0};
	struct service_news news = {.generation = 1, .each = EACH};
	struct tls_files files = make_files(FILES_SIZE);
	int ends[2], before = count_descriptors();
	void *conf = load();
	const struct settings *s = conf;
	char why[256];

	(void)state;
	assert_int_equal(service_control_open(ends), 0);
	assert_int_equal(service_listeners_open(&listeners, &s->service, EACH,
			     &none, why, sizeof(why)),
	    0);
	assert_int_equal(service_control_receive(ends[1], &spec, &news), 0);
	assert_int_equal(
	    service_control_send(ends[0], 2, &spec, conf, &files, &listeners),
	    0);
	assert_int_equal(
	    service_control_send(ends[0], 3, &spec, conf, &files, &listeners),
	    0);
	assert_int_equal(service_control_receive(ends[1], &spec, &news), 1);
	assert_int_equal(news.generation, 2);
	assert_int_equal(news.count, 2);
	assert_int_equal(news.files.length, FILES_SIZE);
	assert_memory_equal(news.files.data, files.data, FILES_SIZE);
	for (int i = 0; i < 2 * EACH; i++)
		assert_true(is_listening(news.fds[i]));
	assert_int_equal(service_control_receive(ends[1], &spec, &news), 1);
	assert_int_equal(news.generation, 3);
	for (int i = 0; i < 2 * EACH; i++)
		assert_int_equal(news.fds[i], -1);
	service_control_forget(&spec, &news);
	service_listeners_close(&listeners);
	close(ends[0]);
	assert_int_equal(service_control_receive(ends[1], &spec, &news), -1);
	close(ends[1]);
	tls_files_free(&files);
	conf_free(&spec, &conf);
	assert_int_equal(count_descriptors(), before);
}

/* What a process that died has left in the socket. */
static void
old_readings_are_passed_over(void **state)
{
	struct service_listeners listeners, none = {0};
	struct service_news news = {.generation = 5, .each = EACH};
	const struct tls_files files = {0};
	int ends[2], before = count_descriptors();
	void *conf = load();
	const struct settings *s = conf;
	struct packet p;
	char why[256];

	(void)state;
	assert_int_equal(service_control_open(ends), 0);
	assert_int_equal(service_listeners_open(&listeners, &s->service, EACH,
			     &none, why, sizeof(why)),
	    0);
	for (uint32_t generation = 4; generation <= 6; generation++)
		assert_int_equal(service_control_send(ends[0], generation,
				     &spec, conf, &files, &listeners),
		    0);
	assert_int_equal(service_control_receive(ends[1], &spec, &news), 1);
	assert_int_equal(news.generation, 6);
	service_control_forget(&spec, &news);
	/* Nonsense is dropped, and what comes next is taken. */
	packet_init(&p, 1);
	p.head.id = 7;
	packet_put_u8(&p, 1);
	assert_int_equal(packet_send(ends[0], &p), 0);
	packet_free(&p);
	assert_int_equal(service_control_receive(ends[1], &spec, &news), 0);
	assert_int_equal(
	    service_control_send(ends[0], 8, &spec, conf, &files, &listeners),
	    0);
	assert_int_equal(service_control_receive(ends[1], &spec, &news), 1);
	service_control_forget(&spec, &news);
	service_listeners_close(&listeners);
	close(ends[0]);
	close(ends[1]);
	conf_free(&spec, &conf);
	assert_int_equal(count_descriptors(), before);
}

static void
listeners_stay_come_and_go(void **state)
{
	char a[] = "127.0.0.1:0", b[] = "[::1]:0", c[] = "127.0.0.2:0";
	char bad[] = "256.0.0.1:0";
	char *first[] = {a, b}, *second[] = {c, b}, *third[] = {c, bad};
	struct service_listeners now, next, none = {0};
	int before = count_descriptors(), kept;
	char why[256];

	(void)state;
	assert_int_equal(service_listeners_open(&now,
			     &(struct service_settings){.listen = {first, 2}},
			     1, &none, why, sizeof(why)),
	    0);
	kept = now.items[1].fds[0];
	service_listeners_known(&now);
	assert_int_equal(service_listeners_open(&next,
			     &(struct service_settings){.listen = {third, 2}},
			     1, &now, why, sizeof(why)),
	    -1);
	assert_int_equal(count_descriptors(), before + 2);
	assert_int_equal(service_listeners_open(&next,
			     &(struct service_settings){.listen = {second, 2}},
			     1, &now, why, sizeof(why)),
	    0);
	assert_int_equal(next.items[0].is_new, 1);
	assert_int_equal(next.items[1].is_new, 0);
	assert_int_equal(service_listeners_replace(&now, &next), 1);
	assert_int_equal(now.count, 2);
	assert_int_equal(now.items[1].fds[0], kept);
	assert_true(is_listening(kept));
	assert_true(is_listening(now.items[0].fds[0]));
	assert_int_equal(count_descriptors(), before + 2);
	service_listeners_close(&now);
	assert_int_equal(count_descriptors(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conf_arrives_as_it_was),
	    cmocka_unit_test(malformed_conf_is_refused),
	    cmocka_unit_test(who_drops_last_frees),
	    cmocka_unit_test(files_are_asked_for),
	    cmocka_unit_test(new_listeners_travel_once),
	    cmocka_unit_test(old_readings_are_passed_over),
	    cmocka_unit_test(listeners_stay_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
