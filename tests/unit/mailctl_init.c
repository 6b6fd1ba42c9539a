/*
 * Tests of mailctl/init_conf.c, whose confs stand whole in a folder or not at
 * all, and of the command line of init_command.c.
 */
#include "../../mailctl/hostname.h"
#include "../../mailctl/init_command.h"
#include "../../mailctl/init_conf.h"

#include "../../mailctl/output.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printed.h"
#include "remove_tree.h"
#include <cmocka.h>

static char folder[64], etc[96], text[8192];
static struct init i;

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringmail-init-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(etc, sizeof(etc), "%s/etc", folder);
	i = (struct init){.folder = etc,
	    .domain = "example.org",
	    .hostname = "mx.example.org"};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return remove_tree(folder);
}

/* All of a file of etc. */
static const char *
read_all(const char *name)
{
	char path[160];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", etc, name);
	assert_non_null(f = fopen(path, "r"));
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static mode_t
mode_of(const char *name)
{
	struct stat st;
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", etc, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Writes them, quietly. */
static int
write_confs(void)
{
	int result;

	assert_int_equal(printed_begin(), 0);
	result = init_conf_check(&i);
	if (result == 0)
		result = init_conf_write(&i);
	printed_end();
	return result;
}

static void
confs_without_a_certificate(void **state)
{
	(void)state;
	assert_int_equal(write_confs(), 0);
	assert_non_null(strstr(printed.text, "wrote "));
	assert_non_null(
	    strstr(read_all("smtpd.conf"), "hostname = \"mx.example.org\"\n"));
	/* Nobody is asked for a password in clear. */
	assert_non_null(strstr(text, "\n#listen_submission = "));
	assert_null(strstr(text, "\nlisten_submission = "));
	assert_null(strstr(text, "\ntls {"));
	assert_null(strstr(text, "\nrun = "));
	assert_null(strstr(read_all("pop3d.conf"), "\nlisten_tls = "));
	assert_non_null(strstr(
	    read_all("helpers.conf"), "default_domain = \"example.org\"\n"));
	assert_null(strstr(text, "mail {"));
	assert_int_equal(mode_of("smtpd.conf"), 0644);
	assert_int_equal(mode_of("keys"), 0700);
	assert_int_equal(mode_of("tls"), 0755);
}

static void
confs_with_a_certificate_below_a_folder(void **state)
{
	char below[96], line[160];

	(void)state;
	snprintf(below, sizeof(below), "%s/all", folder);
	i.below = below;
	i.certificate = "/etc/x.pem";
	output_json = 1;
	assert_int_equal(write_confs(), 0);
	output_json = 0;
	assert_string_equal(printed.text, "");
	read_all("smtpd.conf");
	assert_non_null(strstr(text, "\nlisten_submission = "));
	assert_non_null(strstr(text, "\tcertificates = {\"/etc/x.pem\"}\n"));
	snprintf(line, sizeof(line), "\nrun = \"%s/run/smtpd\"\n", below);
	assert_non_null(strstr(text, line));
	assert_non_null(strstr(read_all("pop3d.conf"), "\nlisten_tls = "));
	snprintf(line, sizeof(line), "\troot = \"%s/mail\"\n", below);
	assert_non_null(strstr(read_all("helpers.conf"), line));
}

/* Entries of etc. */
static unsigned
entries(void)
{
	DIR *dir = opendir(etc);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static void
what_is_there_is_kept(void **state)
{
	char first[8192];

	(void)state;
	assert_int_equal(write_confs(), 0);
	assert_int_equal(entries(), 5);
	strcpy(first, read_all("smtpd.conf"));
	i.hostname = "other.example.org";
	assert_int_equal(write_confs(), -1);
	assert_non_null(strstr(printed.text, "nothing was changed"));
	assert_non_null(strstr(printed.text, "smtpd.conf is there already"));
	assert_string_equal(read_all("smtpd.conf"), first);
	i.is_forced = 1;
	assert_int_equal(write_confs(), 0);
	assert_string_equal(read_all("smtpd.conf.old"), first);
	assert_non_null(strstr(
	    read_all("smtpd.conf"), "hostname = \"other.example.org\"\n"));
	/* Nothing else is left over. */
	assert_int_equal(entries(), 8);
}

static void
a_place_that_can_not_be_written(void **state)
{
	char path[160];

	(void)state;
	/* A folder where a conf belongs, which can't be put aside. */
	assert_int_equal(mkdir(etc, 0755), 0);
	snprintf(path, sizeof(path), "%s/smtpd.conf", etc);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/smtpd.conf.old", etc);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/smtpd.conf.old/x", etc);
	assert_int_equal(mkdir(path, 0755), 0);
	i.is_forced = 1;
	assert_int_equal(write_confs(), -1);
	assert_non_null(strstr(printed.text, "smtpd.conf.old.2: "));
	assert_int_equal(entries(), 4); /* and the folders keys and tls */
}

static void
command_lines_that_make_no_sense(void **state)
{
	static const char *const lines[][4] = {{NULL}, {"nodomain"},
	    {"--force"}, {"--hostname", "a.example"},
	    {"--hostname", "x", "a.example"}, {"--below", "x", "a.example"},
	    {"--below", "/a\"b", "a.example"}, {"--unknown", "a.example"},
	    {"a.example", "b.example"}, {"a\"b.example"}, {".a.example"},
	    {"a.example."}, {"-a.example"}, {"a.example", "--force"}};
	char *args[5];

	(void)state;
	for (size_t n = 0; n < sizeof(lines) / sizeof(lines[0]); n++) {
		int count = 0;

		while (count < 4 && lines[n][count] != NULL) {
			args[count] = strdup(lines[n][count]);
			count++;
		}
		assert_int_equal(printed_begin(), 0);
		assert_int_equal(
		    init_command_run(etc, args, count), CLIENT_USAGE);
		assert_non_null(strstr(printed_end(), "init takes: "));
		while (count > 0)
			free(args[--count]);
	}
	assert_int_equal(access(etc, F_OK), -1);
}

static void
names_of_this_host(void **state)
{
	char own[256] = "", name[256] = "", cut[4] = "xxx";

	(void)state;
	assert_int_equal(gethostname(own, sizeof(own) - 1), 0);
	hostname_find(name, sizeof(name));
	/* One that is full already is not asked about. */
	if (strchr(own, '.') != NULL)
		assert_string_equal(name, own);
	assert_true(own[0] == '\0' || name[0] != '\0');
	hostname_find(cut, sizeof(cut));
	assert_true(strlen(cut) < sizeof(cut));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(confs_without_a_certificate),
	    TEST(confs_with_a_certificate_below_a_folder),
	    TEST(what_is_there_is_kept),
	    TEST(a_place_that_can_not_be_written),
	    TEST(command_lines_that_make_no_sense),
	    TEST(names_of_this_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
