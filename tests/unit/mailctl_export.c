/*
 * Tests of mailctl/export_command.c and import_command.c, over a helper of the
 * test's own: pages, formats, and what an import sends.
 */
#include "../../mailctl/export_command.h"
#include "../../mailctl/import_command.h"

#include "../../mailctl/output.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answering.h"
#include "printed.h"
#include <cmocka.h>

static char path[64];	    /* of the file that is imported */
static unsigned requests;   /* that came */
static char seen[4096];	    /* names of rows, those that were tried in () */
static const char *refused; /* the row of this name is */
static int cuts;	    /* an answer's last field is missing */

static void
put_user(struct packet *p, const char *name, const char *hash, int is_system)
{
	packet_put_text(p, name);
	packet_put_u8(p, hash[0] == '\0' ? WIRE_IMPORT_PAM : WIRE_IMPORT_HASH);
	packet_put_text(p, hash);
	packet_put_u8(p, 1);
	packet_put_u64(p, 1 << 20);
	packet_put_u64(p, is_system ? 0 : 7);
	packet_put_u32(p, is_system ? 0 : 2);
	if (!is_system) {
		packet_put_text(p, "@a.test");
		packet_put_text(p, "b,c@a.test");
	}
	packet_put_u32(p, is_system ? 5000 : 0);
	packet_put_u32(p, is_system ? 5001 : 0);
	packet_put_text(p, is_system ? "/srv/ann/Maildir" : "");
	if (!cuts)
		packet_put_text(p, is_system ? "" : "pop.test:995");
}

/* Two users, one a page. */
static void
answer_export(struct packet *q, struct packet *reply)
{
	char after[WIRE_NAME_MAX], domain[WIRE_NAME_MAX];
	int with_hashes;

	packet_get_text(q, after, sizeof(after));
	packet_get_text(q, domain, sizeof(domain));
	with_hashes = packet_get_u8(q);
	requests++;
	if (packet_end(q) == -1 || strcmp(domain, "x.test") != 0)
		reply->head.status = PACKET_TEMPORARY;
	packet_put_u32(reply, strcmp(after, "bob@x.test") != 0);
	if (after[0] == '\0')
		put_user(reply, "ann@x.test", "", 1);
	else if (strcmp(after, "ann@x.test") == 0)
		put_user(reply, "bob@x.test", with_hashes ? "$y$h" : "$", 0);
}

static enum client_exit export(
    const char *option, const char *value, const char *last) {
	char words[3][32], *args[3];
	const char *const all[] = {option, value, last}; enum client_exit code;
	int count = 0, fd = answering_begin(answer_export);

	for (int i = 0; i < 3; i++) if (all[i] != NULL){
	    snprintf(words[count], 32, "%s", all[i]);
	    args[count] = words[count]; count++;}
assert_int_not_equal(fd, -1);
requests = 0;
assert_int_equal(printed_begin(), 0);
code = export_command_user(fd, args, count);
printed_end();
answering_end();
return code;
}

static void
users_in_each_format(void **state)
{
	(void)state;
	assert_int_equal(export("--hashes", NULL, "x.test"), CLIENT_OK);
	assert_int_equal(requests, 3);
	assert_string_equal(printed.text,
	    "user,password,quota,senders,uid,gid,maildir\n"
	    "ann@x.test,{PAM},1048576,,5000,5001,/srv/ann/Maildir\n"
	    "bob@x.test,{CRYPT}$y$h,\"1048576,7\","
	    "\"@a.test, b,c@a.test\",,,\n");
	assert_int_equal(export("--format", "passwd", "x.test"), CLIENT_OK);
	assert_string_equal(printed.text,
	    "ann@x.test:{PAM}:5000:5001::/srv/ann::userdb_mail=maildir:"
	    "/srv/ann/Maildir userdb_quota_rule=*:bytes=1048576:"
	    "messages=0\n"
	    "bob@x.test:{CRYPT}$::::::userdb_quota_rule=*:bytes=1048576:"
	    "messages=7\n");
	output_json = 1;
	assert_int_equal(export("x.test", NULL, NULL), CLIENT_OK);
	output_json = 0;
	assert_non_null(strstr(printed.text,
	    "{\"user\": \"bob@x.test\", \"password\": \"here\", "
	    "\"quota_octets\": 1048576, \"quota_messages\": 7, "));
	assert_non_null(strstr(printed.text, "\"backend\": \"pop.test:995\""));
	assert_null(strstr(printed.text, "$"));
}

static void
exports_that_fail(void **state)
{
	(void)state;
	assert_int_equal(export("y.test", NULL, NULL), CLIENT_TEMPORARY);
	cuts = 1;
	assert_int_equal(export("x.test", NULL, NULL), CLIENT_TEMPORARY);
	assert_int_equal(requests, 1);
	cuts = 0;
	assert_int_equal(export("--format", "virtual", NULL), CLIENT_USAGE);
	assert_int_equal(export("--format", NULL, NULL), CLIENT_USAGE);
	assert_int_equal(export("x.test", "y.test", NULL), CLIENT_USAGE);
	assert_int_equal(requests, 0);
}

/* Domains alone: takes each row, but the refused one. */
static void
answer_import(struct packet *q, struct packet *reply)
{
	char name[WIRE_NAME_MAX];
	uint8_t flags = packet_get_u8(q);
	uint32_t count = packet_get_u32(q);
	size_t at = strlen(seen);

	requests++;
	packet_put_u32(reply, count);
	for (uint32_t i = 0; i < count && q->error == 0; i++) {
		int is_refused;

		(void)packet_get_u8(q);
		(void)packet_get_u8(q);
		packet_get_text(q, name, sizeof(name));
		is_refused = refused != NULL && strcmp(name, refused) == 0;
		if (i == 0 || i + 1 == count)
			at += (size_t)snprintf(seen + at, sizeof(seen) - at,
			    flags & WIRE_IMPORT_DRY ? "(%s)" : "%s ", name);
		packet_put_u8(reply,
		    is_refused ? WIRE_IMPORT_REFUSED : WIRE_IMPORT_ADDED);
		packet_put_text(reply, is_refused ? "not this one" : "");
	}
	if (packet_end(q) == -1)
		reply->head.status = PACKET_TEMPORARY;
	if (cuts)
		packet_put_u8(reply, 0);
}

/* Of domains d0.test, d1.test, and so on. */
static enum client_exit
import(unsigned count, int is_dry)
{
	char option[] = "--dry-run", *args[2] = {option, path};
	int fd = answering_begin(answer_import);
	enum client_exit code;
	FILE *f = fopen(path, "w");

	assert_int_not_equal(fd, -1);
	assert_non_null(f);
	for (unsigned i = 0; i < count; i++)
		fprintf(f, "d%u.test\n", i);
	fclose(f);
	seen[0] = '\0';
	requests = 0;
	assert_int_equal(printed_begin(), 0);
	code = import_command_domain(fd, args + !is_dry, 1 + is_dry);
	printed_end();
	answering_end();
	return code;
}

static void
a_long_file_is_tried_first(void **state)
{
	(void)state;
	assert_int_equal(import(2, 0), CLIENT_OK);
	assert_string_equal(seen, "d0.test d1.test ");
	assert_non_null(strstr(printed.text, "2 added, 0 changed"));
	assert_int_equal(import(WIRE_IMPORT_ROWS + 1, 0), CLIENT_OK);
	assert_string_equal(
	    seen, "(d0.test)(d99.test)(d100.test)d0.test d99.test d100.test ");
	assert_int_equal(import(WIRE_IMPORT_ROWS + 1, 1), CLIENT_OK);
	assert_string_equal(seen, "(d0.test)(d99.test)(d100.test)");
	assert_non_null(strstr(printed.text, "would be: 101 added"));
}

static void
a_row_that_is_refused_is_told_with_its_line(void **state)
{
	char line[128];

	(void)state;
	refused = "d100.test";
	assert_int_equal(import(WIRE_IMPORT_ROWS + 1, 0), CLIENT_REFUSED);
	refused = NULL;
	/* It was tried alone. */
	assert_string_equal(seen, "(d0.test)(d99.test)(d100.test)");
	snprintf(line, sizeof(line), "%s:101: d100.test: not this one\n", path);
	assert_non_null(strstr(printed.text, line));
	assert_non_null(strstr(printed.text, "nothing was changed"));
}

static void
answers_that_can_not_be_read(void **state)
{
	(void)state;
	cuts = 1;
	assert_int_equal(import(2, 0), CLIENT_TEMPORARY);
	cuts = 0;
	assert_non_null(strstr(printed.text, "can't be read"));
}

static int
set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/ringmail-import-XXXXXX");
	fd = mkstemp(path);
	return fd == -1 || close(fd) == -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(users_in_each_format),
	    cmocka_unit_test(exports_that_fail),
	    cmocka_unit_test(a_long_file_is_tried_first),
	    cmocka_unit_test(a_row_that_is_refused_is_told_with_its_line),
	    cmocka_unit_test(answers_that_can_not_be_read),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
