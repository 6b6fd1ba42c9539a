/*
 * Tests of mailctl/bulk*.c and csv.c: files as other servers have them, line
 * by line, and the order in which rows are sent.
 */
#include "../../mailctl/bulk_order.h"
#include "../../mailctl/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum format { CSV_DOMAIN, CSV_USER, CSV_ALIAS, PASSWD, ALIASES, VIRTUAL, LIST };

static struct bulk b;
static char complaints[4096]; /* of the last load */

static int
read_as(enum format format, FILE *file)
{
	switch (format) {
	case PASSWD:
		return bulk_read_passwd(&b, file);
	case ALIASES:
		return bulk_read_aliases(&b, file);
	case VIRTUAL:
		return bulk_read_virtual(&b, file);
	case LIST:
		return bulk_read_list(&b, file);
	default:
		return bulk_read_csv(&b, file, (uint8_t)(format - CSV_DOMAIN));
	}
}

/* Reads the text; what is said on standard error goes to complaints. */
static int
load(enum format format, const char *text, struct bulk_options options)
{
	FILE *file = tmpfile(), *said = tmpfile();
	int kept = dup(STDERR_FILENO), result;
	ssize_t n;

	bulk_free(&b);
	b = (struct bulk){.file = "f", .options = options};
	assert_non_null(file);
	assert_non_null(said);
	fputs(text, file);
	rewind(file);
	dup2(fileno(said), STDERR_FILENO);
	result = read_as(format, file);
	dup2(kept, STDERR_FILENO);
	close(kept);
	fclose(file);
	n = pread(fileno(said), complaints, sizeof(complaints) - 1, 0);
	complaints[n > 0 ? n : 0] = '\0';
	fclose(said);
	return result;
}

static const struct bulk_options plain = {.domain = NULL};
static const struct bulk_options ours = {.domain = "example.org"};

/* The row's list, joined by commas. */
static const char *
list(const struct bulk_row *row)
{
	static char text[1024];

	text[0] = '\0';
	for (uint32_t i = 0; i < row->count; i++) {
		if (i > 0)
			strcat(text, ",");
		strcat(text, row->list[i]);
	}
	return text;
}

static void
csv_of_users(void **state)
{
	(void)state;
	assert_int_equal(
	    load(CSV_USER,
		"# ours\r\n"
		"user,Quota,password,senders\r\n"
		"ann@a.org,\"1G,5\",{SHA512-CRYPT}$6$x$y,\"b@a.org, @c.org\"\n"
		"\n"
		"bob@a.org,,\"{PLAIN}a \"\"b\"\"\n,\",none\n"
		"cid@a.org,default,,",
		plain),
	    0);
	assert_string_equal(complaints, "");
	assert_int_equal(b.count, 3);
	assert_int_equal(b.rows[0].line, 3);
	assert_string_equal(b.rows[0].name, "ann@a.org");
	assert_string_equal(b.rows[0].secret, "$6$x$y");
	assert_int_equal(b.rows[0].way, WIRE_IMPORT_HASH);
	assert_true(b.rows[0].octets == 1 << 30 && b.rows[0].messages == 5);
	assert_string_equal(list(&b.rows[0]), "b@a.org,@c.org");
	assert_int_equal(b.rows[1].line, 5);
	assert_string_equal(b.rows[1].secret, "a \"b\"\n,");
	assert_int_equal(b.rows[1].way, WIRE_IMPORT_PLAIN_TEXT);
	assert_int_equal(
	    b.rows[1].fields, WIRE_IMPORT_PASSWORD | WIRE_IMPORT_SENDERS);
	assert_int_equal(b.rows[2].line, 7);
	assert_int_equal(b.rows[2].fields, WIRE_IMPORT_QUOTA);
	assert_int_equal(b.rows[2].own, 0);
}

static void
csv_that_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(load(CSV_USER, "user,pasword\n", plain), -1);
	assert_non_null(strstr(complaints,
	    "f:1: there is no column \"pasword\"; did you mean password?"));
	assert_int_equal(load(CSV_USER, "user,user\na,b\n", plain), -1);
	assert_non_null(strstr(complaints, "user stands there twice"));
	assert_int_equal(load(CSV_USER, "quota\n1\n", plain), -1);
	assert_non_null(strstr(complaints, "the column user is missing"));
	assert_int_equal(load(CSV_USER,
			     "user,password,quota\n"
			     "a@x.y,pw,\n"
			     "b@x.y,{SSHA}abc,\n"
			     "c@x.y,,12Q\n"
			     "d@x.y,\n"
			     "e,,\n"
			     "f@x.y,,1K\n",
			     plain),
	    0);
	assert_int_equal(b.wrong, 5);
	assert_int_equal(b.count, 1);
	assert_non_null(strstr(complaints, "f:2: the password is no {SCHEME}"));
	assert_non_null(strstr(complaints, "f:3: passwords of the scheme "
					   "{SSHA} can't"));
	assert_null(strstr(complaints, "abc"));
	assert_non_null(strstr(complaints, "f:4: \"12Q\" is no quota"));
	assert_non_null(strstr(complaints, "f:5: 2 fields, where"));
	assert_non_null(strstr(complaints, "f:6: e has no domain"));
	assert_int_equal(load(CSV_USER, "user\n\"a@x.y\n", plain), -1);
	assert_non_null(strstr(complaints, "a quote is not closed"));
	assert_int_equal(load(CSV_USER, "user\n\"a\"b@x.y\n", plain), -1);
	assert_non_null(strstr(complaints, "behind a quote"));
}

static void
csv_is_written_as_it_is_read(void **state)
{
	static const char *const texts[] = {
	    "plain", "a,b", "say \"x\"", "two\nlines", "#no comment", ""};
	FILE *file = tmpfile();
	struct csv c = {.text = NULL};

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < 6; i++)
		csv_put(file, texts[i], i == 0);
	rewind(file);
	assert_int_equal(csv_read(&c, file), 1);
	assert_int_equal(c.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(c.fields[i], texts[i]);
	assert_int_equal(csv_read(&c, file), 0);
	csv_free(&c);
	fclose(file);
}

static void
passwd_files(void **state)
{
	struct bulk_options system = {.is_system = 1, .domain = "a.org"};
	static const char text[] =
	    "ann@a.org:{BLF-CRYPT}$2y$05$x:5000:5000::/srv/ann::"
	    "userdb_quota_rule=*:storage=2G:messages=10 "
	    "userdb_mail=maildir:~/Mail:INDEX=/x userdb_acl=1\n"
	    "# nobody\n"
	    "bob:$6$s$h\n";

	(void)state;
	assert_int_equal(load(PASSWD, text, ours), 0);
	assert_string_equal(complaints, "");
	assert_int_equal(b.count, 2);
	assert_int_equal(
	    b.rows[0].fields, WIRE_IMPORT_PASSWORD | WIRE_IMPORT_QUOTA);
	assert_string_equal(b.rows[0].secret, "$2y$05$x");
	assert_true(b.rows[0].octets == 2ULL << 30 && b.rows[0].messages == 10);
	assert_int_equal(b.skipped, 3);
	assert_string_equal(b.rows[1].name, "bob@example.org");
	assert_string_equal(b.rows[1].secret, "$6$s$h");
	assert_int_equal(b.rows[1].line, 3);

	assert_int_equal(load(PASSWD, text, system), 0);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.rows[0].uid, 5000);
	assert_string_equal(b.rows[0].path, "/srv/ann/Mail");
	assert_non_null(strstr(complaints, "f:3: \"\" is no id"));
}

static void
passwd_fields_that_keep_people_off(void **state)
{
	struct bulk_options lax = {.is_lax = 1};
	static const char text[] = "a@x.y:$6$a:::::: nologin=y\n"
				   "b@x.y::::::: userdb_quota_rule=*:x=1\n";

	(void)state;
	assert_int_equal(load(PASSWD, text, plain), 0);
	assert_int_equal(b.count, 0);
	assert_non_null(strstr(complaints, "f:1: the field \"nologin=y\""));
	assert_non_null(strstr(complaints, "f:2: \"*:x=1\" is no quota rule"));
	assert_int_equal(load(PASSWD, text, lax), 0);
	assert_int_equal(b.count, 1);
}

static void
aliases_of_postfix(void **state)
{
	(void)state;
	assert_int_equal(load(ALIASES,
			     "# aliases\n"
			     "postmaster:\troot\n"
			     "root: ann,\n"
			     "   bob@b.org\n"
			     "\n"
			     "\t# a comment\n"
			     "all : :include:staff\n"
			     "\"odd name\": ann\n"
			     "prog: \"|/bin/x -a, b\"\n"
			     "file: /var/x\n"
			     "list: :include:/etc/x\n"
			     "none:\n"
			     "ann@b.org ann\n",
			     ours),
	    0);
	assert_int_equal(b.count, 4);
	assert_string_equal(b.rows[0].name, "postmaster@example.org");
	assert_string_equal(list(&b.rows[0]), "root@example.org");
	assert_int_equal(b.rows[1].line, 3);
	assert_string_equal(list(&b.rows[1]), "ann@example.org,bob@b.org");
	assert_string_equal(list(&b.rows[2]), ":include:staff");
	assert_string_equal(b.rows[3].name, "odd name@example.org");
	assert_int_equal(b.wrong, 5);
	assert_non_null(strstr(complaints, "f:9: |/bin/x -a, b: a program"));
	assert_non_null(strstr(complaints, "f:10: /var/x: mail can't"));
	assert_non_null(strstr(complaints, "f:11: :include:/etc/x: a list"));
	assert_non_null(strstr(complaints, "f:12: none has no target"));
	assert_non_null(strstr(complaints, "f:13: no \"name: target\""));
}

static void
virtual_maps(void **state)
{
	(void)state;
	assert_int_equal(load(VIRTUAL,
			     "b.org\tanything\n"
			     "info@b.org ann@b.org,bob\n"
			     "@b.org ann@b.org\n"
			     "sales@b.org @c.org\n"
			     "odd: ann\n",
			     ours),
	    0);
	assert_int_equal(b.count, 3);
	assert_int_equal(b.rows[0].kind, WIRE_IMPORT_DOMAIN);
	assert_string_equal(b.rows[0].name, "b.org");
	assert_string_equal(list(&b.rows[1]), "ann@b.org,bob@example.org");
	assert_string_equal(b.rows[2].name, "@b.org");
	assert_non_null(strstr(complaints, "f:4: @c.org: mail for a whole"));
	assert_non_null(strstr(complaints, "f:5: no \"address target\""));
	assert_int_equal(load(VIRTUAL, "  goes on\n", ours), 0);
	assert_int_equal(b.wrong, 1);
}

static void
domains_one_a_line(void **state)
{
	(void)state;
	assert_int_equal(
	    load(LIST, "a.org\n# b.org\n  c.org # yes\n", plain), 0);
	assert_int_equal(b.count, 2);
	assert_string_equal(b.rows[1].name, "c.org");
	assert_int_equal(b.rows[1].line, 3);
	assert_int_equal(load(CSV_DOMAIN, "domain\na.org\n", plain), 0);
	assert_string_equal(b.rows[0].name, "a.org");
}

static void
targets_come_first(void **state)
{
	struct bulk_order o;
	static const char *const names[] = {
	    "b.org", "two@a.org", "ONE@a.org", "x@b.org", "l@a.org"};
	static const int needs[] = {0, 0, 1, 1, 1};

	(void)state;
	assert_int_equal(load(VIRTUAL,
			     "ONE@a.org Two@a.org\n"
			     "two@a.org ann@a.org\n"
			     "x@b.org ann@a.org\n"
			     "b.org x\n"
			     "l@a.org one@a.org l@a.org\n",
			     plain),
	    0);
	assert_int_equal(bulk_order_make(&o, &b), 0);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(o.rows[i]->name, names[i]);
		assert_int_equal(o.needs[i], needs[i]);
	}
	bulk_order_free(&o);
	/* Aliases in a circle end, too. */
	assert_int_equal(
	    load(VIRTUAL, "a@a.org b@a.org\nb@a.org a@a.org\n", plain), 0);
	assert_int_equal(bulk_order_make(&o, &b), 0);
	assert_string_equal(o.rows[0]->name, "b@a.org");
	bulk_order_free(&o);
}

static int
tear_down(void **state)
{
	(void)state;
	bulk_free(&b);
	return 0;
}

/* Half a line is never taken for the whole, nor two for one. */
static void
test_what_is_no_text(void **state)
{
	static const char nul[] = "ann@a.org:{PLAIN}se\0cret\nbob@a.org\n";
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(fwrite(nul, sizeof(nul) - 1, 1, file), 1);
	rewind(file);
	bulk_free(&b);
	b = (struct bulk){.file = "f"};
	close(STDERR_FILENO);
	assert_int_equal(bulk_read_passwd(&b, file), 0);
	dup2(kept, STDERR_FILENO);
	close(kept);
	fclose(file);
	assert_int_equal(b.wrong, 1);
	assert_int_equal(b.count, 1);
	assert_string_equal(b.rows[0].name, "bob@a.org");
	assert_int_equal(load(LIST, "a.org\rb.org\r\nc.org\r\n", plain), 0);
	assert_int_equal(b.count, 1);
	assert_non_null(strstr(complaints, "f:1: column 6 has the control"));
	assert_int_equal(load(ALIASES, "a: b\033\nb: c\n", ours), 0);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.wrong, 1);
	assert_int_equal(load(LIST, "a.org b.org\n c.org  # x\n", plain), 0);
	assert_non_null(strstr(complaints, "f:1: more than one word"));
	assert_int_equal(b.count, 1);
	assert_string_equal(b.rows[0].name, "c.org");
	assert_int_equal(load(CSV_USER, "user\n\"x\033[2J\"\n", plain), 0);
	assert_null(strchr(complaints, '\033'));
	assert_int_equal(
	    load(CSV_USER, "user,uid,maildir\na@a.org,5000,\n", plain), 0);
	assert_non_null(strstr(complaints, "f:2: uid and gid are those of"));
	assert_int_equal(b.count, 0);
}

/* As spreadsheets write it. */
static void
test_byte_order_mark(void **state)
{
	(void)state;
	assert_int_equal(
	    load(CSV_USER, "\xef\xbb\xbfuser\r\nann@a.org\r\n", plain), 0);
	assert_int_equal(b.wrong, 0);
	assert_string_equal(b.rows[0].name, "ann@a.org");
	assert_int_equal(
	    load(CSV_USER, "\xef\xbb\xbf\"user\n\"\nann@a.org\n", plain), -1);
	assert_non_null(strstr(complaints, "no column \"user?\""));
	assert_int_equal(load(LIST,
			     "\xef\xbb\xbf"
			     "a.org\n",
			     plain),
	    0);
	assert_string_equal(b.rows[0].name, "a.org");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(csv_of_users),
	    cmocka_unit_test(csv_that_is_wrong),
	    cmocka_unit_test(csv_is_written_as_it_is_read),
	    cmocka_unit_test(passwd_files),
	    cmocka_unit_test(passwd_fields_that_keep_people_off),
	    cmocka_unit_test(aliases_of_postfix),
	    cmocka_unit_test(virtual_maps),
	    cmocka_unit_test(domains_one_a_line),
	    cmocka_unit_test(targets_come_first),
	    cmocka_unit_test(test_what_is_no_text),
	    cmocka_unit_test(test_byte_order_mark),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
