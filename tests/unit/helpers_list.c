/* Tests of helpers/list.c, and of aliases that include lists. */
#include "directory_box.h"

#include "../../helpers/list.h"

#include <fcntl.h>
#include <sys/stat.h>

static char lists[96];
static char said[4096];

static void
hear(void *arg, const char *text)
{
	(void)arg;
	strcat(said, text);
	strcat(said, "\n");
}

static const struct list_report report = {hear, NULL};

static int
set_up_lists(void **state)
{
	if (set_up(state) != 0)
		return -1;
	snprintf(lists, sizeof(lists), "%s/lists", folder);
	if (mkdir(lists, 0755) == -1)
		return -1;
	d.lists = lists;
	d.report = &report;
	said[0] = '\0';
	add_user("ann@example.org");
	add_user("bob@example.org");
	return 0;
}

static void
path_of(const char *name, char path[160])
{
	snprintf(path, 160, "%s/%s", lists, name);
}

static void
write_list(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	path_of(name, path);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

/* Reads the list, which has this fault. */
static void
is_refused(const char *name, const char *fault)
{
	said[0] = '\0';
	assert_int_equal(list_read(lists, name, &targets, &report), -1);
	assert_int_equal(targets.count, 0);
	if (strstr(said, fault) == NULL)
		fail_msg("%s: %s", name, said);
}

static void
test_names(void **state)
{
	static const char *const bad[] = {":include:", ":include:a/b",
	    ":include:..", ":include:.hidden", ":include:../x", ":include:a b",
	    "include:a", ":Include:a", ":include:\303\244"};
	char text[128] = ":include:";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(list_name(bad[i]));
	assert_string_equal(list_name(":include:Team-1_a.txt"), "Team-1_a.txt");
	memset(text + 9, 'a', LIST_NAME_MAX - 1);
	assert_non_null(list_name(text));
	text[9 + LIST_NAME_MAX - 1] = 'a';
	assert_null(list_name(text));
}

static void
test_lines(void **state)
{
	static const char text[] =
	    "# all of us\n\n  Ann@Example.org \t# boss\r\n"
	    "bob@example.org#x\n\"c\"@example.org\n:include:more\n"
	    ":include:../etc/passwd\nnobody\na@b c@d\nnul\0@example.org\n"
	    "bob@example.org\0\nlast@example.org";

	(void)state;
	said[0] = '\0';
	assert_int_equal(
	    list_parse(text, sizeof(text) - 1, "team", &targets, &report), 0);
	assert_int_equal(targets.count, 4);
	assert_string_equal(targets.names[0], "ann@example.org");
	assert_string_equal(targets.names[1], "c@example.org");
	assert_string_equal(targets.names[2], ":include:more");
	assert_string_equal(targets.names[3], "last@example.org");
	assert_string_equal(said, "team:4: no address: write user@domain\n"
				  "team:7: no list can have this name\n"
				  "team:8: no address: write user@domain\n"
				  "team:9: no address: write user@domain\n"
				  "team:10: has a NUL\n"
				  "team:11: has a NUL\n");
}

static void
test_bounds(void **state)
{
	static char text[LIST_SIZE_MAX + 2];
	size_t length = 0;
	int i;

	(void)state;
	said[0] = '\0';
	for (i = 0; i <= WIRE_TARGETS_MAX; i++)
		length +=
		    (size_t)sprintf(text + length, "user%d@example.org\n", i);
	assert_int_equal(
	    list_parse(text, length, "team", &targets, &report), -1);
	assert_string_equal(said, "team:101: more than 100 members\n");
	length -= strlen("user100@example.org\n");
	assert_int_equal(
	    list_parse(text, length, "team", &targets, &report), 0);
	assert_int_equal(targets.count, WIRE_TARGETS_MAX);

	memset(text, '#', LIST_SIZE_MAX + 1);
	write_list("large", text);
	is_refused("large", "large: is too large");
	text[LIST_SIZE_MAX] = '\0';
	write_list("large", text);
	assert_int_equal(list_read(lists, "large", &targets, &report), 0);
	memset(text, 'a', 400);
	text[400] = '\0';
	said[0] = '\0';
	assert_int_equal(list_parse(text, 400, "team", &targets, &report), 0);
	assert_string_equal(said, "team:1: too long for an address\n");
}

static void
test_files_that_are_unsafe(void **state)
{
	char path[160], other[160];

	(void)state;
	is_refused("none", "none: No such file");
	write_list("team", "ann@example.org\n");
	path_of("team", path);
	assert_int_equal(list_read(lists, "team", &targets, &report), 0);
	path_of("link", other);
	assert_int_equal(symlink(path, other), 0);
	is_refused("link", "link: is a link");
	path_of("pipe", other);
	assert_int_equal(mkfifo(other, 0644), 0);
	is_refused("pipe", "pipe: is no regular file");
	path_of("folder", other);
	assert_int_equal(mkdir(other, 0755), 0);
	is_refused("folder", "folder: is no regular file");
	assert_int_equal(chmod(path, 0664), 0);
	is_refused("team", "others may write to it");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(lists, 0777), 0);
	is_refused("team", "others may write to its folder");
	assert_int_equal(chmod(lists, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		is_refused("team", "belongs to neither root");
		assert_int_equal(chown(lists, 12345, 0), 0);
		assert_int_equal(
		    list_read(lists, "team", &targets, &report), 0);
		assert_int_equal(chown(path, 0, 0), 0);
		assert_int_equal(
		    list_read(lists, "team", &targets, &report), 0);
	}
	assert_int_equal(
	    list_read("/nonexistent", "team", &targets, &report), -1);
	assert_int_equal(list_read("", "team", &targets, &report), -1);
	assert_int_equal(list_read(NULL, "team", &targets, &report), -1);
}

static void
test_aliases(void **state)
{
	(void)state;
	refuses_alias("team@example.org", ":include:team");
	assert_non_null(strstr(why, "can't be used"));
	refuses_alias("team@example.org", ":include:../team");
	write_list("team", "# nobody yet\n");
	refuses_alias("team@example.org", ":include:team");
	write_list("team", "bob@example.org\n");
	add_alias("team@example.org", ":include:team");
	leads_to("team@example.org", "bob@example.org");
	/* A change counts at once; what is nobody is left out. */
	write_list("team", "gone@example.org\nann@example.org\n:include:two\n");
	write_list("two", "bob+x@example.org\nx@elsewhere.example\n");
	said[0] = '\0';
	leads_to("team+x@example.org", "ann@example.org,bob@example.org");
	assert_string_equal(said,
	    ":include:team: gone@example.org leads to nobody here\n"
	    ":include:two: x@elsewhere.example leads to nobody here\n");
	write_list("team", "# nobody\n");
	leads_nowhere("team@example.org", DIRECTORY_NO_USER);
	/* No mail is lost for a file that is not there for a moment. */
	path_of("team", said);
	assert_int_equal(unlink(said), 0);
	leads_nowhere("team@example.org", DIRECTORY_BAD_LIST);
	d.report = NULL;
	leads_nowhere("team@example.org", DIRECTORY_BAD_LIST);
	/* Nobody but an alias can ask for a list. */
	leads_nowhere(":include:two", DIRECTORY_FOREIGN);
	leads_nowhere("\":include:two\"@example.org", DIRECTORY_NO_USER);
}

static void
test_loops(void **state)
{
	(void)state;
	write_list("one", "ann@example.org\n");
	add_alias("one@example.org", ":include:one");
	write_list("one", "ann@example.org\n:include:one\n");
	leads_nowhere("one@example.org", DIRECTORY_LOOP);
	write_list("one", "ann@example.org\n:include:two\n");
	write_list("two", ":include:one\n");
	leads_nowhere("one@example.org", DIRECTORY_LOOP);
	write_list("two", "one@example.org\n");
	leads_nowhere("one@example.org", DIRECTORY_LOOP);
	refuses_alias("two@example.org", ":include:two");
	write_list("two", "bob@example.org\n");
	leads_to("one@example.org", "ann@example.org,bob@example.org");
	/* Twice is no loop. */
	write_list("one", ":include:two\nann@example.org\n:include:two\n");
	leads_to("one@example.org", "bob@example.org,ann@example.org");
	del_alias("one@example.org");
}

/* Who gets a postmaster's mail does not hang on a file. */
static void
test_postmaster(void **state)
{
	char path[160];

	(void)state;
	write_list("all", "bob@example.org\n");
	add_alias("@example.org", ":include:all");
	leads_to("postmaster@example.org", "bob@example.org");
	path_of("all", path);
	assert_int_equal(unlink(path), 0);
	leads_nowhere("any@example.org", DIRECTORY_BAD_LIST);
	leads_to("postmaster@example.org", "ann@example.org");
}

#define LISTS(name) \
	cmocka_unit_test_setup_teardown(name, set_up_lists, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_lines),
	    LISTS(test_bounds),
	    LISTS(test_files_that_are_unsafe),
	    LISTS(test_aliases),
	    LISTS(test_loops),
	    LISTS(test_postmaster),
	};

	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
