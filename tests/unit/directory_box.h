/*
 * directory_box -- a directory on a database of its own, with example.org, for
 * each test.
 */
#ifndef DIRECTORY_BOX_H
#define DIRECTORY_BOX_H

#include "../../helpers/registry.h"
#include "../../helpers/registry_user.h"
#include "log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct directory d;
static char why[REGISTRY_WHY_MAX];
static struct record_targets targets;
static const struct registry_login login = {.made = {.hash = "$y$hash"}};
static const struct registry_login newer = {.made = {.hash = "$y$new"}};

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringmail-directory-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	d = (struct directory){.kv = kv_open(folder, 1U << 20),
	    .default_domain = "Example.org",
	    .postmaster = "",
	    .separator = '+'};
	if (d.kv == NULL)
		return -1;
	return registry_domain_add(&d, "example.org", why) == REGISTRY_OK ? 0
									  : -1;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	kv_close(&d.kv);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static inline void
add_user(const char *name)
{
	assert_int_equal(
	    registry_user_add(&d, name, &login, NULL, why), REGISTRY_OK);
}

static inline void
del_user(const char *name)
{
	assert_int_equal(registry_user_del(&d, name, why), REGISTRY_OK);
}

static inline void
del_alias(const char *name)
{
	assert_int_equal(registry_alias_del(&d, name, why), REGISTRY_OK);
}

/* Adds an alias with the comma-joined targets. */
static inline enum registry_result
alias(const char *name, const char *to)
{
	char copy[512], *rest = copy, *one;

	targets.count = 0;
	strcpy(copy, to);
	while ((one = strsep(&rest, ",")) != NULL)
		strcpy(targets.names[targets.count++], one);
	why[0] = '\0';
	return registry_alias_add(&d, name, &targets, why);
}

static inline void
add_alias(const char *name, const char *to)
{
	assert_int_equal(alias(name, to), REGISTRY_OK);
}

static inline void
refuses_alias(const char *name, const char *to)
{
	assert_int_equal(alias(name, to), REGISTRY_REFUSED);
}

/* Checks that the address comes down to the comma-joined mailboxes. */
static inline void
leads_to(const char *address, const char *mailboxes)
{
	char got[1024] = "";
	unsigned i;

	assert_int_equal(directory_lookup(&d, address, &targets), DIRECTORY_OK);
	for (i = 0; i < targets.count; i++) {
		if (i > 0)
			strcat(got, ",");
		strcat(got, targets.names[i]);
	}
	assert_string_equal(got, mailboxes);
}

static inline void
leads_nowhere(const char *address, enum directory_result result)
{
	assert_int_equal(directory_lookup(&d, address, &targets), result);
	assert_int_equal(targets.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
