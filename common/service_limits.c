#include "service_limits.h"

#include "log.h"
#include "stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

void
service_limits_raise_files(pid_t pid, int64_t sessions)
{
	rlim_t wanted = 2 * (rlim_t)sessions + 1024;
	struct rlimit limit;

	if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == -1 ||
	    limit.rlim_max >= wanted)
		return;
	/* The client process uses all that it may have. */
	limit.rlim_max = wanted;
	if (pid != 0)
		limit.rlim_cur = wanted;
	if (prlimit(pid, RLIMIT_NOFILE, &limit, NULL) == -1)
		log_warn("limit.files", log_int("wanted", (int64_t)wanted),
		    log_errno(errno));
}

void
service_limits_check_mappings(int64_t sessions)
{
	long wanted = 2 * (long)sessions + 1024, allowed;
	char text[32];
	FILE *file;

	if (stack_mappings() == 1 ||
	    (file = fopen("/proc/sys/vm/max_map_count", "re")) == NULL)
		return;
	allowed = fgets(text, sizeof(text), file) == NULL
		      ? 0
		      : strtol(text, NULL, 10);
	fclose(file);
	if (allowed > 0 && allowed < wanted)
		log_warn("limit.mappings", log_int("wanted", wanted),
		    log_int("allowed", allowed));
}
