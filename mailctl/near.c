#include "near.h"

#include "conf.h"

#include <stdio.h>

const char *
near_hint(const char *written, const char *const *names)
{
	static char hint[160];
	const char *near = conf_nearest(written, names);

	if (near == NULL)
		return "";
	snprintf(hint, sizeof(hint), "; did you mean %.128s?", near);
	return hint;
}
