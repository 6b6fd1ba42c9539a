/*
 * helpers_list -- files of an alias's members: whatever stands in one, what is
 * taken is in the form that it is kept in, and what is not is told of by its
 * line.
 */
#include "../../helpers/address.h"
#include "../../helpers/list.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct count {
	unsigned faults, line;
};

static void
note(void *arg, const char *text)
{
	struct count *c = arg;
	unsigned line;

	/* Lines come in their order, each once. */
	if (sscanf(text, "team:%u: ", &line) != 1 || line <= c->line)
		abort();
	c->line = line;
	c->faults++;
}

static void
check_member(const char *name)
{
	char again[WIRE_NAME_MAX];
	struct address a;

	if (list_is_target(name)) {
		if (list_name(name) == NULL || strchr(name, '/') != NULL)
			abort();
		return;
	}
	if (address_parse(name, &a) != ADDRESS_OK)
		abort();
	address_name(&a, again);
	if (strcmp(name, again) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record_targets members;
	struct count count = {0, 0};
	const struct list_report report = {note, &count};
	char *copy = malloc(size > 0 ? size : 1);
	size_t lines = 1, i;
	int result;

	if (copy == NULL)
		return 0;
	/* On the heap, so that a read past the end is seen. */
	if (size > 0)
		memcpy(copy, data, size);
	for (i = 0; i < size; i++)
		lines += data[i] == '\n';
	result = list_parse(copy, size, "team", &members, &report);
	if (members.count + count.faults > lines ||
	    members.count > WIRE_TARGETS_MAX ||
	    (result == -1 && (members.count > 0 || count.faults == 0)))
		abort();
	for (i = 0; i < members.count; i++)
		check_member(members.names[i]);
	free(copy);
	return 0;
}
