#include "quota.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
quota_parse(const char *text, uint64_t *octets, uint64_t *messages)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	*messages = 0;
	errno = 0;
	*octets = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno != 0)
		return -1;
	if (*end != '\0' && (unit = strchr(units, *end)) != NULL) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (*octets > (uint64_t)INT64_MAX >> shift)
			return -1;
		*octets <<= shift;
		end++;
	}
	if (*end == ',') {
		if (end[1] < '0' || end[1] > '9')
			return -1;
		*messages = strtoull(end + 1, &end, 10);
	}
	return *end == '\0' && errno == 0 && *octets <= INT64_MAX &&
		       *messages <= INT64_MAX
		   ? 0
		   : -1;
}

void
quota_print(uint64_t octets, uint64_t messages, char *to, size_t size)
{
	if (octets == 0 && messages == 0)
		snprintf(to, size, "none");
	else if (messages == 0)
		snprintf(to, size, "%" PRIu64, octets);
	else
		snprintf(to, size, "%" PRIu64 ",%" PRIu64, octets, messages);
}
