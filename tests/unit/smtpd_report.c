#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/report.h"

#include "../../smtpd/dsn.h"
#include "../../smtpd/session.h"
#include "clock.h"
#include "mailbox.h"

#include <stdlib.h>
#include <string.h>

static struct recipient list[] = {
    {.path = "a@b.example",
	.orcpt = "rfc822;A+2Bx@b.example",
	.notify = DSN_SUCCESS,
	.result = MAILBOX_OK},
    {.path = "never@b.example", .notify = DSN_NEVER, .result = MAILBOX_OK},
    {.path = "full@b.example", .notify = DSN_SUCCESS, .result = MAILBOX_FULL},
};
static const char header[] = "Subject: x\n";
static const struct report example = {
    .hostname = "mx.example",
    .to = "s@b.example",
    .envid = "id+2B1",
    .trace = 1,
    .id = 2,
    .arrived = 1000000000 * CLOCK_SECOND,
    .time = 1000000001 * CLOCK_SECOND,
    .list = list,
    .count = 3,
    .header = header,
    .header_length = sizeof(header) - 1,
};

static void
writes_a_note(void **state)
{
	char text[4096];
	uint64_t lines = 0, counted = 0;
	size_t length = report_write(&example, text, sizeof(text), &lines);

	(void)state;
	assert_int_equal(length, strlen(text));
	for (size_t i = 0; i < length; i++)
		counted += text[i] == '\n';
	assert_int_equal(lines, counted);
	assert_memory_equal(text, "Return-Path: <>\nFrom: ", 22);
	assert_non_null(strstr(text,
	    "\nOriginal-Envelope-Id: id+1\nReporting-MTA: dns; mx.example\n"
	    "Arrival-Date: Sun, 09 Sep 2001 01:46:40 +0000\n\n"
	    "Original-Recipient: rfc822;A+x@b.example\n"
	    "Final-Recipient: rfc822; a@b.example\n"
	    "Action: delivered\nStatus: 2.0.0\n\n--"));
	assert_non_null(strstr(text, "\n\nSubject: x\n\n--="));
	assert_null(strstr(text, "never@"));
	assert_null(strstr(text, "full@"));
}

/* In a buffer of any size: all of it, or 0, and never a NUL too far. */
static void
fits_or_does_not(void **state)
{
	char text[4096];
	uint64_t lines;
	size_t length = report_write(&example, text, sizeof(text), &lines);

	(void)state;
	for (size_t size = 1; size <= length; size++) {
		char *small = malloc(size);

		assert_non_null(small);
		assert_int_equal(
		    report_write(&example, small, size, &lines), 0);
		free(small);
	}
	assert_int_equal(
	    report_write(&example, text, length + 1, &lines), length);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_a_note),
	    cmocka_unit_test(fits_or_does_not),
	};

	if (setenv("TZ", "UTC", 1) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
