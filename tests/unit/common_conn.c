/* Buffered connections over socket pairs: cuts, limits, deadlines, errors. */

#include "conn_pair.h"

#include "fiber.h"
#include "sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

static void
say(const char *text)
{
	assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

static enum conn_line
read_one(char **line, size_t *length)
{
	return conn_read_line(&conn, line, length, 100, clock_after(SOON));
}

static void
expect_line(const char *wanted)
{
	char *line;
	size_t length;

	assert_int_equal(read_one(&line, &length), CONN_LINE);
	assert_string_equal(line, wanted);
	assert_int_equal(length, strlen(wanted));
}

static void
say_in_bits(void *arg)
{
	const char *text = arg;

	for (; *text != '\0'; text++) {
		assert_int_equal(write(peer, text, 1), 1);
		fiber_yield();
	}
}

/* The edge of what comes while a read lets others run is not forgotten. */
static void
input_comes_during_a_turn(void)
{
	struct worker *w = sched_worker();

	say("first\r\n");
	expect_line("first");
	conn.watch.ready &= ~(uint32_t)EPOLLIN; /* a read found nothing */
	say("meanwhile\r\n");
	/* The next input or output is the last one of this turn. */
	w->io_calls = 15;
	while (clock_now() - w->now < 50 * CLOCK_MILLISECOND)
		;
	expect_line("meanwhile");
}

static void
lines(void)
{
	char bits[] = "in\r\nbits\r\n";

	say("EHLO one\r\n\r\nbare\nrest");
	expect_line("EHLO one");
	assert_true(conn_has_input(&conn));
	expect_line("");
	expect_line("bare");
	say(" of it\r\n");
	expect_line("rest of it");
	assert_false(conn_has_input(&conn));
	assert_int_equal(fiber_spawn("peer", say_in_bits, bits), 0);
	expect_line("in");
	expect_line("bits");
}

static void
test_input_comes_during_a_turn(void **state)
{
	(void)state;
	run(input_comes_during_a_turn);
}

static void
test_lines(void **state)
{
	(void)state;
	run(lines);
}

static void
say_and_end(void *arg)
{
	(void)arg;
	say("last\r\n");
	shutdown(peer, SHUT_WR);
}

/* What was said last and the end come as one event. */
static void
last_words(void)
{
	char *line;
	size_t length;

	assert_int_equal(fiber_spawn("peer", say_and_end, NULL), 0);
	expect_line("last");
	assert_int_equal(read_one(&line, &length), CONN_LINE_FAILED);
	assert_int_equal(conn_error(&conn), ECONNRESET);
}

static void
test_last_words(void **state)
{
	(void)state;
	run(last_words);
}

static void
too_long(void)
{
	char *line, text[300];
	size_t length;

	memset(text, 'x', sizeof(text));
	memcpy(text + 98, "\r\n", 2);  /* 100 octets: just right */
	memcpy(text + 199, "\r\n", 2); /* 101: too long */
	memcpy(text + 298, "\r\n", 2);
	assert_int_equal(write(peer, text, sizeof(text)), sizeof(text));
	assert_int_equal(read_one(&line, &length), CONN_LINE);
	assert_int_equal(length, 98);
	assert_int_equal(read_one(&line, &length), CONN_LINE_TOO_LONG);
	assert_int_equal(read_one(&line, &length), CONN_LINE);
	assert_int_equal(length, 97);
}

static void
test_too_long_a_line(void **state)
{
	(void)state;
	run(too_long);
}

/* Its time ends also where there is always more to read. */
static void
endless_and_late(void)
{
	static char text[100 * 1024];
	char *line;
	size_t length;

	memset(text, 'x', sizeof(text));
	assert_int_equal(write(peer, text, sizeof(text)), sizeof(text));
	assert_int_equal(
	    conn_read_line(&conn, &line, &length, 100, clock_now()),
	    CONN_LINE_FAILED);
	assert_int_equal(conn.error, ETIMEDOUT);
	assert_true(conn.octets_in < sizeof(text));
}

static void
test_endless_and_late(void **state)
{
	(void)state;
	run(endless_and_late);
}

enum { ENDLESS = 10 * 1024 * 1024 };

static void
say_endlessly(void *arg)
{
	static char block[8192];
	size_t said = 0;

	(void)arg;
	memset(block, 'y', sizeof(block));
	while (said < ENDLESS) {
		ssize_t n = write(peer, block, sizeof(block));

		if (n > 0)
			said += (size_t)n;
		else
			fiber_yield();
	}
	while (write(peer, "\r\nNOOP\r\n", 8) != 8)
		fiber_yield();
}

static void
endless(void)
{
	char *line;
	size_t length;

	assert_int_equal(fiber_spawn("peer", say_endlessly, NULL), 0);
	assert_int_equal(read_one(&line, &length), CONN_LINE_TOO_LONG);
	expect_line("NOOP");
}

static void
test_ten_megabytes_without_an_end(void **state)
{
	(void)state;
	run(endless);
}

static void
deadline(void)
{
	char *line;
	size_t length;

	say("half a li");
	assert_int_equal(conn_read_line(&conn, &line, &length, 100,
			     clock_after(20 * CLOCK_MILLISECOND)),
	    CONN_LINE_FAILED);
	assert_int_equal(conn_error(&conn), ETIMEDOUT);
	/* Sticky: the rest comes too late. */
	say("ne\r\n");
	assert_int_equal(read_one(&line, &length), CONN_LINE_FAILED);
	conn_puts(&conn, "never sent");
	assert_int_equal(conn_flush(&conn), -1);
	assert_int_equal(conn_error(&conn), ETIMEDOUT);
}

static void
test_deadline_is_sticky(void **state)
{
	(void)state;
	run(deadline);
}

static void
hang_up(void)
{
	char *line, got[16] = "";
	size_t length;

	/* A client that closes its side still gets what was said to it. */
	say("QUIT\r\n");
	shutdown(peer, SHUT_WR);
	expect_line("QUIT");
	conn_puts(&conn, "221 bye\r\n");
	assert_int_equal(read_one(&line, &length), CONN_LINE_FAILED);
	assert_int_equal(conn_error(&conn), ECONNRESET);
	assert_true(conn.eof);
	assert_int_equal(read(peer, got, sizeof(got)), 9);
	assert_string_equal(got, "221 bye\r\n");
}

static void
test_hang_up(void **state)
{
	(void)state;
	run(hang_up);
}

enum { MUCH = 1000000 };

static size_t taken;

static void
take_slowly(void *arg)
{
	char block[5000];
	size_t i;

	(void)arg;
	while (taken < MUCH + 12) {
		ssize_t n = read(peer, block, sizeof(block));

		for (i = 0; n > 0 && i < (size_t)n && taken + i < MUCH; i++)
			assert_int_equal(
			    block[i], (char)((taken + i) * 31 % 251));
		if (n > 0)
			taken += (size_t)n;
		fiber_yield();
	}
}

static void
much(void)
{
	char *data = malloc(MUCH);
	size_t i, n;

	assert_non_null(data);
	for (i = 0; i < MUCH; i++)
		data[i] = (char)(i * 31 % 251);
	taken = 0;
	assert_int_equal(fiber_spawn("peer", take_slowly, NULL), 0);
	/* Small, large and formatted pieces must keep their order. */
	for (i = 0; i < MUCH; i += n) {
		n = (i * 7919) % 40000 + 1;
		if (n > MUCH - i)
			n = MUCH - i;
		conn_write(&conn, data + i, n);
	}
	conn_printf(&conn, "%s %d\r\n", "the end", 42);
	assert_int_equal(conn_flush(&conn), 0);
	while (taken < MUCH + 12)
		fiber_yield();
	assert_int_equal(taken, MUCH + 12);
	assert_int_equal(conn.octets_out, MUCH + 12);
	free(data);
}

static void
test_slow_reader_gets_all(void **state)
{
	(void)state;
	run(much);
}

static void
stalled(void)
{
	static char block[CONN_BUFFER];

	conn.send_timeout = 30 * CLOCK_MILLISECOND;
	while (conn_error(&conn) == 0)
		conn_write(&conn, block, sizeof(block));
	assert_int_equal(conn_error(&conn), ETIMEDOUT);
}

static void
test_reader_that_never_reads(void **state)
{
	(void)state;
	run(stalled);
}

static void
idle(void)
{
	char bits[] = "x\r\n";
	say("NOOP\r\n");
	expect_line("NOOP");
	conn_puts(&conn, "250 ok\r\n");
	assert_int_equal(fiber_spawn("peer", say_in_bits, bits), 0);
	assert_non_null(conn.out);
	expect_line("x");
	/* Said and sent: nothing is held for output; input's block is lent
	 * until the next wait. */
	assert_null(conn.out);
	say("some");
	conn_discard_input(&conn);
	assert_null(conn.in);
}

static void
test_idle_holds_no_buffer(void **state)
{
	(void)state;
	run(idle);
}

static void
reading_some(void)
{
	char *data;

	say("abcdef");
	assert_int_equal(conn_read_some(&conn, &data, clock_after(SOON)), 6);
	assert_memory_equal(data, "abcdef", 6);
	conn_consume(&conn, 4);
	assert_int_equal(conn_read_some(&conn, &data, clock_after(SOON)), 2);
	assert_memory_equal(data, "ef", 2);
	conn_consume(&conn, 2);
	close(peer);
	assert_int_equal(conn_read_some(&conn, &data, clock_after(SOON)), 0);
	peer = -1;
}

static void
test_read_some(void **state)
{
	(void)state;
	run(reading_some);
}

/* A large block between small ones, a file, and room in the buffer. */
static void
mixed_output(void)
{
	static char block[100000], got[300000];
	size_t room, length = 0;
	char *to;
	ssize_t n;
	int fd = memfd_create("file", MFD_CLOEXEC);

	memset(block, 'b', sizeof(block));
	assert_int_equal(write(fd, block, 50000), 50000);
	conn_puts(&conn, "one ");
	conn_write(&conn, block, sizeof(block));
	conn_puts(&conn, " two ");
	assert_int_equal(conn_send_file(&conn, fd, 20000, 30000), 0);
	to = conn_room(&conn, 512, &room);
	assert_int_equal(room, CONN_BUFFER);
	memset(to, 'r', room);
	conn_wrote(&conn, room - 100);
	(void)conn_room(&conn, 100, &room);
	assert_int_equal(room, 100);
	to = conn_room(&conn, 101, &room);
	assert_int_equal(room, CONN_BUFFER);
	memcpy(to, " three", 6);
	conn_wrote(&conn, 6);
	conn_flush(&conn);
	while ((n = recv(peer, got + length, sizeof(got) - length,
		    MSG_DONTWAIT)) > 0)
		length += (size_t)n;
	assert_int_equal(
	    length, 4 + 100000 + 5 + 30000 + CONN_BUFFER - 100 + 6);
	assert_int_equal(conn.octets_out, length);
	assert_memory_equal(got, "one bbb", 7);
	assert_memory_equal(got + 100002, "bb two bbb", 10);
	assert_memory_equal(got + 130007, "bbrrr", 5);
	assert_memory_equal(got + length - 7, "r three", 7);
	/* Shorter than was said. */
	assert_int_equal(conn_send_file(&conn, fd, 40000, 20000), -1);
	assert_int_equal(conn_error(&conn), EIO);
	assert_null(conn_room(&conn, 1, &room));
	close(fd);
}

static void
test_mixed_output(void **state)
{
	(void)state;
	run(mixed_output);
}

/* The socket of a closed connection may be another process's, who passed it:
 * what becomes of it there is nothing to us. */
static void
closed_before_another_does(void)
{
	int another = dup(conn.watch.fd);

	assert_int_not_equal(another, -1);
	conn_close(&conn);
	conn.watch.ready = 0;
	say("late");
	assert_int_equal(
	    ring_sleep(ring_self(), clock_after(20 * CLOCK_MILLISECOND)), 0);
	assert_int_equal(conn.watch.ready, 0);
	close(another);
}

static void
test_closed_before_another_does(void **state)
{
	(void)state;
	run(closed_before_another_does);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_input_comes_during_a_turn),
	    cmocka_unit_test(test_last_words),
	    cmocka_unit_test(test_too_long_a_line),
	    cmocka_unit_test(test_endless_and_late),
	    cmocka_unit_test(test_ten_megabytes_without_an_end),
	    cmocka_unit_test(test_deadline_is_sticky),
	    cmocka_unit_test(test_hang_up),
	    cmocka_unit_test(test_slow_reader_gets_all),
	    cmocka_unit_test(test_reader_that_never_reads),
	    cmocka_unit_test(test_idle_holds_no_buffer),
	    cmocka_unit_test(test_read_some),
	    cmocka_unit_test(test_mixed_output),
	    cmocka_unit_test(test_closed_before_another_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
